"""The permissions of each role, model by model."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from tests.factories import make_user

pytestmark = pytest.mark.django_db

WRITE = {"add", "change", "delete", "view"}
EDITORS = {
    "community.picture": WRITE,
    "community.portrait": WRITE,
    "diseases.disease": WRITE,
    "diseases.identifier": WRITE,
    "diseases.question": WRITE,
    "diseases.source": WRITE,
    "diseases.support": WRITE,
    "diseases.symptom": WRITE,
    "diseases.synonym": WRITE,
    "imports.importrun": WRITE,
    "imports.proposal": WRITE,
    "imports.provenance": WRITE,
    "organizations.organization": WRITE,
    "suggestions.suggestion": WRITE - {"add"},  # only readers create them
}
PUBLISHED = ["community.portrait", "diseases.disease", "organizations.organization"]
PUBLISHERS = EDITORS | {name: WRITE | {"publish"} for name in PUBLISHED}


@pytest.mark.parametrize(("role", "expected"), [("Editors", EDITORS), ("Publishers", PUBLISHERS)])
def test_a_role_has_exactly_these_permissions(role, expected):
    found = {}
    for permission in Group.objects.get(name=role).permissions.select_related("content_type"):
        model = f"{permission.content_type.app_label}.{permission.content_type.model}"
        found.setdefault(model, set()).add(permission.codename.split("_")[0])

    assert found == expected


def test_migrate_corrects_a_role_and_keeps_permissions_in_other_apps():
    group = Group.objects.get(name="Editors")
    publish = Permission.objects.get(codename="publish_disease")
    elsewhere = Permission.objects.get(codename="view_user")
    group.permissions.remove(Permission.objects.get(codename="change_disease"))
    group.permissions.add(publish, elsewhere)

    call_command("migrate", verbosity=0)

    editor = make_user("Editors")
    assert editor.has_perm("diseases.change_disease")
    assert not editor.has_perm("diseases.publish_disease")
    assert editor.has_perm("accounts.view_user")
