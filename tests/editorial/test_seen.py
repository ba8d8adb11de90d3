"""Two people at once in a form of one row: the second learns of the first and loses nothing."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import make_source, make_user
from tests.forms import fields_of

pytestmark = pytest.mark.django_db

WARNING = "Somebody else saved this after you opened the form"


@pytest.fixture
def two_people():
    people = []
    for username in ["first", "second"]:
        client = Client()
        client.force_login(make_user(username=username, is_staff=True, is_superuser=True))
        people.append(client)
    return people


def test_the_second_save_of_an_account_comes_back_with_what_is_saved_and_what_was_typed(two_people):
    first, second = two_people
    account = make_user(first_name="Ada", email="ada@example.org")
    url = reverse("admin:accounts_user_change", args=[account.pk])
    opened = fields_of(second.get(url).text, "user_form")
    first.post(url, fields_of(first.get(url).text, "user_form") | {"email": "new@example.org"})

    refused = second.post(url, opened | {"first_name": "Augusta"})
    kept = User.objects.get(pk=account.pk)
    again = second.post(url, fields_of(refused.text, "user_form"))

    assert (refused.status_code, WARNING in refused.text) == (200, True)
    assert "Email address: new@example.org" in refused.text
    assert "Augusta" in refused.text
    assert (kept.first_name, kept.email) == ("Ada", "new@example.org")
    assert again.status_code == 302
    assert User.objects.get(pk=account.pk).first_name == "Augusta"


def test_an_account_keeps_its_last_sign_in_and_no_password_is_shown(two_people):
    first, second = two_people
    account = make_user(username="third", is_staff=True)
    url = reverse("admin:accounts_user_change", args=[account.pk])
    opened = fields_of(first.get(url).text, "user_form")
    User.objects.filter(pk=account.pk).update(last_login="2026-05-03T12:00Z")
    second.post(url, fields_of(second.get(url).text, "user_form") | {"first_name": "Ada"})

    refused = first.post(url, opened | {"last_name": "Other"})

    account.refresh_from_db()
    assert account.last_login.year == 2026
    assert WARNING in refused.text
    assert account.password not in refused.text


def test_the_permissions_of_a_role_are_not_overwritten_unseen(two_people):
    first, second = two_people
    role = Group.objects.create(name="Translators")
    view, change = (Permission.objects.get(codename=f"{verb}_disease") for verb in ["view", "change"])
    url = reverse("admin:auth_group_change", args=[role.pk])
    opened = fields_of(second.get(url).text, "group_form")
    first.post(url, fields_of(first.get(url).text, "group_form") | {"permissions": [view.pk]})

    refused = second.post(url, opened | {"permissions": [change.pk]})

    assert WARNING in refused.text
    assert list(role.permissions.all()) == [view]


def test_a_source_is_not_overwritten_unseen(two_people):
    first, second = two_people
    source = make_source(name="GARD", licence="public domain")
    url = reverse("admin:diseases_source_change", args=[source.pk])
    opened = fields_of(second.get(url).text, "source_form")
    first.post(url, fields_of(first.get(url).text, "source_form") | {"licence": "CC BY 4.0"})

    refused = second.post(url, opened | {"attribution": "As GARD asks."})
    source.refresh_from_db()
    kept = source.licence, source.attribution
    second.post(url, fields_of(refused.text, "source_form") | {"licence": "CC BY 4.0"})
    source.refresh_from_db()

    assert "Licence: CC BY 4.0" in refused.text
    assert kept == ("CC BY 4.0", "")
    assert (source.licence, source.attribution) == ("CC BY 4.0", "As GARD asks.")


def test_who_types_what_is_saved_already_is_not_stopped(two_people):
    first, second = two_people
    account = make_user(first_name="Ada")
    url = reverse("admin:accounts_user_change", args=[account.pk])
    opened = fields_of(second.get(url).text, "user_form")
    first.post(url, fields_of(first.get(url).text, "user_form") | {"first_name": "Augusta"})

    assert second.post(url, opened | {"first_name": "Augusta"}).status_code == 302
