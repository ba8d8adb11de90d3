"""A save that waits too long for the database: the editor gets the form back with every word, and can send it again."""

from contextlib import contextmanager

import pytest
from django.db import connection, connections
from django.urls import reverse

from organizations.models import Organization
from tests.factories import make_editor, make_organization
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@contextmanager
def someone_else_writes():
    """Holds the lock that a save needs, and lets the save wait for a fraction of a second only."""
    impatience = "PRAGMA busy_timeout = 200" if connection.vendor == "sqlite" else "SET lock_timeout = '200ms'"
    with connection.cursor() as cursor:
        cursor.execute(impatience)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            else:
                cursor.execute("BEGIN")
                cursor.execute("LOCK TABLE organizations_organization, accounts_user IN EXCLUSIVE MODE")
        yield
    finally:
        other.close()
        connection.close()


@pytest.mark.parametrize("step", ["change", "trash"])
def test_a_form_that_cannot_be_saved_now_comes_back_with_every_word(step, client):
    client.force_login(make_editor(is_superuser=True))
    organization = make_organization(live=False)
    url = reverse(f"admin:organizations_organization_{step}", args=[organization.pk])
    form_id = "organization_form" if step == "change" else "form 1"
    name = "description" if step == "change" else "reason"
    typed = fields_of(client.get(url).text, form_id) | {name: "<p>Every “word” & more.\nA second line.</p>"}

    with someone_else_writes():
        refused = client.post(url, typed)

    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    assert "Nothing that you typed is lost" in refused.text
    assert "script-src 'self'" in refused["Content-Security-Policy"]
    again = fields_of(refused.text, "form 0")
    assert {key: value for key, value in again.items() if key != "csrfmiddlewaretoken"} == {
        key: value for key, value in typed.items() if key != "csrfmiddlewaretoken"
    }
    assert client.post(url, again).status_code == 302
    saved = Organization.objects.get(pk=organization.pk)
    assert saved.trashed_at if step == "trash" else "A second line." in saved.description


def test_a_password_is_not_in_the_page_that_comes_back(client):
    client.force_login(make_editor(is_superuser=True))

    with someone_else_writes():
        url = reverse("admin:accounts_user_add")
        refused = client.post(url, {"username": "new", "password1": "correct horse 1", "password2": "correct horse 1"})

    assert (refused.status_code, fields_of(refused.text, "form 0")["username"]) == (503, "new")
    assert "correct horse 1" not in refused.text
