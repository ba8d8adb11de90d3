"""The publishing workflow in the admin: save, preview, submit, publish, withdraw, delete and restore."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from diseases.models import Disease
from organizations.models import Organization
from publishing.models import Edition, Event, State
from publishing.verbs import save_edition
from tests.factories import (
    PASSWORD,
    make_disease,
    make_editor,
    make_organization,
    make_publisher,
    make_question,
    make_user,
)
from tests.forms import fields_of
from tests.queries import queries_of

pytestmark = pytest.mark.django_db

STEPS = ["change", "history", "submit", "publish", "withdraw", "trash"]


def url(step, subject, *arguments):
    return reverse(f"admin:{subject._meta.app_label}_{subject._meta.model_name}_{step}", args=[subject.pk, *arguments])


def sign_in(client, user):
    client.force_login(user)
    return user


def save(client, subject, button="_continue", **changes):
    fields = fields_of(client.get(url("change", subject)).text, f"{subject.KIND}_form")
    return client.post(url("change", subject), fields | changes | {button: "1"})


def step(client, subject, name, **fields):
    return client.post(url(name, subject), fields_of(client.get(url(name, subject)).text) | fields, follow=True)


def test_a_save_makes_an_edition_with_the_name_of_the_editor(client):
    editor = sign_in(client, make_editor(first_name="Ada", last_name="Lovelace"))
    organization = make_organization()

    save(client, organization, city="Chicago")

    edition = Edition.objects.about(organization).order_by("number").last()
    assert (edition.number, edition.page.city, edition.by, edition.by_name) == (2, "Chicago", editor, "Ada Lovelace")
    assert Edition.objects.about(organization).live().get().number == 1


def test_opening_and_saving_changes_nothing(client):
    sign_in(client, make_editor())
    disease = make_disease(organizations=[make_organization()])
    before = Disease.objects.values().get()

    response = save(client, disease)

    assert response.status_code == 302
    assert Disease.objects.values().get() == before
    assert Edition.objects.about(disease).count() == 1


def test_adding_makes_a_draft_with_a_unique_address(client):
    sign_in(client, make_editor())
    make_organization(name="Guillain–Barré’s Foundation")
    fields = fields_of(client.get(reverse("admin:organizations_organization_add")).text, "organization_form")

    response = client.post(
        reverse("admin:organizations_organization_add"),
        fields | {"name": "Guillain–Barré’s Foundation", "_preview": "1"},
        follow=True,
    )

    organization = Organization.objects.order_by("pk").last()
    assert organization.slug == "guillain-barres-foundation-2"
    assert response.redirect_chain[-1][0] == url("preview", organization, 1)
    assert Organization.objects.with_state().get(pk=organization.pk).state == State.DRAFT


def test_a_preview_shows_the_public_page_to_staff_only(client):
    organization = make_organization(live=False, name="The Draft Society")
    save_edition(organization, by="test")

    assert client.get(url("preview", organization, 1)).status_code == 302  # to sign-in
    sign_in(client, make_editor())
    response = client.get(url("preview", organization, 1))

    assert "The Draft Society" in response.text
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in response["Cache-Control"]
    assert 'content="noindex' in response.text
    assert client.get(url("preview", organization, 7)).status_code == 404
    assert client.get(organization.url_of(organization.slug)).status_code == 404


def test_an_editor_submits_a_page_and_a_publisher_finds_and_publishes_it(client):
    sign_in(client, make_editor())
    organization = make_organization(live=False)
    save_edition(organization, by="test")
    make_organization(live=False)
    step(client, organization, "submit", note="Please look at the phone.")

    publisher = sign_in(client, make_publisher())
    listed = client.get(reverse("admin:organizations_organization_changelist"), {"state": "ready"})
    step(client, organization, "publish", note="First published")

    assert [row.pk for row in listed.context["cl"].result_list] == [organization.pk]
    live = Edition.objects.live().get()
    assert live.subject_id == organization.pk
    event = Event.objects.get(verb="published")
    assert (event.by, event.note, event.minor) == (publisher, "First published", False)
    assert organization.name in client.get(live.get_absolute_url()).text


def test_publishing_an_outdated_edition_is_refused_and_the_note_is_kept(client):
    sign_in(client, make_publisher())
    organization = make_organization(live=False)
    save_edition(organization, by="test")
    fields = fields_of(client.get(url("publish", organization)).text)
    save(client, organization, city="Chicago")

    refused = client.post(url("publish", organization), fields | {"note": "As I saw it"})

    assert "Somebody else saved this after you opened the form" in refused.text
    assert "As I saw it" in refused.text
    assert not Edition.objects.live().exists()
    client.post(url("publish", organization), fields_of(refused.text))
    assert Edition.objects.live().get().page.city == "Chicago"


def test_a_publisher_sees_the_note_and_the_warnings(client):
    sign_in(client, make_publisher())
    disease = make_disease(live=False, summary="")
    make_question(disease, question="Still open?", answer="")
    save_edition(disease, by="test")
    step(client, disease, "submit", note="Please look at the second answer.")

    page = client.get(url("publish", disease))

    assert "Please look at the second answer." in page.text
    assert page.context["publish_warnings"] == [
        "The page has no summary.",
        "“Still open?” has no answer, so it is left out.",
    ]


def test_the_publish_page_lists_the_organizations_that_are_not_live(client):
    sign_in(client, make_publisher())
    draft, live = make_organization(live=False, name="The Draft Society"), make_organization(name="The Live Society")
    disease = make_disease(live=False, organizations=[draft, live])

    page = client.get(url("publish", disease))

    assert page.context["without_live_page"] == [draft]
    assert "The Draft Society" in page.text


def test_a_withdrawn_page_shows_the_reason_or_redirects_to_the_successor(client):
    sign_in(client, make_publisher())
    organization, survivor = make_organization(), make_organization()
    address = organization.url_of(organization.slug)

    unknown = step(client, organization, "withdraw", reason="Merged", successor="/organizations/nowhere/")
    assert "There is no live" in unknown.text
    step(client, organization, "withdraw", reason="Merged with another", successor=survivor.url_of(survivor.slug))
    assert client.get(address, follow=True).redirect_chain[-1][0] == survivor.url_of(survivor.slug)

    step(client, survivor, "withdraw", reason="It closed")
    gone = client.get(address)
    assert gone.status_code == 410
    assert "Merged with another" in gone.text


def test_a_deleted_page_leaves_the_list_until_it_is_restored_from_the_trash(client):
    sign_in(client, make_publisher())
    organization = make_organization()
    changelist = reverse("admin:organizations_organization_changelist")

    step(client, organization, "trash", reason="Entered twice")
    assert list(client.get(changelist).context["cl"].result_list) == []
    assert len(client.get(changelist, {"state": "trashed"}).context["cl"].result_list) == 1
    assert client.get(organization.url_of(organization.slug)).status_code == 410

    step(client, organization, "untrash")
    assert len(client.get(changelist).context["cl"].result_list) == 1


@pytest.mark.parametrize("seen", ["", "7", "x" * 5000])
def test_a_form_that_shows_no_edition_submits_nothing(client, seen):
    sign_in(client, make_editor())
    organization = make_organization(live=False)
    save_edition(organization, by="test")

    refused = client.post(url("submit", organization), {"seen": seen, "note": "Typed."})

    assert "Somebody else saved this after you opened the form" in refused.text
    assert "Typed." in refused.text
    assert not Event.objects.exists()


def test_an_address_with_a_nul_character_is_refused(client):
    sign_in(client, make_editor())

    response = client.get(reverse("admin:organizations_organization_changelist") + "?status__exact=%00")

    assert response.status_code == 400


def test_cookies_are_sent_to_the_admin_only(client):
    user = make_publisher()
    client.post(reverse("admin:login"), {"username": user.username, "password": PASSWORD})
    organization = make_organization(live=False)
    step(client, organization, "publish")

    assert {cookie["path"] for cookie in client.cookies.values()} == {"/admin/"}


def test_requests_extend_a_session_but_not_every_request_writes_it(client):
    user = make_editor()
    with time_machine.travel("2026-11-22 08:00Z", tick=False) as clock:
        client.post(reverse("admin:login"), {"username": user.username, "password": PASSWORD})
        client.get(reverse("admin:index"))
        assert "sessionid" not in client.get(reverse("admin:index")).cookies
        for _ in range(3):
            clock.shift(timedelta(hours=11))
            assert "sessionid" in client.get(reverse("admin:index")).cookies


def test_a_refused_step_answers_with_a_reason_and_a_link_back(client):
    sign_in(client, make_editor())

    refused = client.get(url("trash", make_organization()))

    assert refused.status_code == 403
    assert "This page is live. Only a publisher may delete it." in refused.text
    assert reverse("admin:index") in refused.text


def test_the_history_lists_who_did_what(client):
    publisher = sign_in(client, make_publisher(first_name="Grace", last_name="Hopper"))
    organization = make_organization(live=False)
    save_edition(organization, by="import_page")
    step(client, organization, "publish", note="First published")

    records = client.get(url("history", organization)).context["records"]

    assert [(record.by_name, record.note) for record in records] == [
        ("Grace Hopper", "First published"),
        ("import_page", ""),
    ]
    assert publisher.get_full_name() == "Grace Hopper"


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("", []),
        ("staff without a role", []),
        ("Editors", ["change", "history", "submit", "trash", "preview"]),
        ("Publishers", ["change", "history", "submit", "publish", "withdraw", "trash", "preview"]),
    ],
)
def test_every_step_checks_the_permission(client, role, allowed):
    organization = make_organization(live=False)
    save_edition(organization, by="test")
    user = make_user(role) if role in {"", "Editors", "Publishers"} else make_user(is_staff=True)
    sign_in(client, user)

    answers = {name: client.get(url(name, organization)).status_code for name in STEPS}
    answers["preview"] = client.get(url("preview", organization, 1)).status_code
    posts = {
        name: client.post(url(name, organization), {"edition": 1, "reason": "x"}) for name in ["publish", "withdraw"]
    }

    assert {name for name, status in answers.items() if status == 200} == set(allowed)
    if "publish" not in allowed:
        assert {response.status_code for response in posts.values()} == {403}
        assert not Edition.objects.live().exists()


def test_an_editor_cannot_delete_a_live_page(client):
    sign_in(client, make_editor())
    organization = make_organization()

    assert client.post(url("trash", organization), {"reason": "x"}).status_code == 403

    assert Edition.objects.live().count() == 1


def test_the_admin_never_deletes_rows(client):
    sign_in(client, make_user(is_superuser=True, is_staff=True))
    organization = make_organization()

    assert client.post(url("delete", organization), {"post": "yes"}).status_code == 403
    client.post(
        reverse("admin:organizations_organization_changelist"),
        {"action": "delete_selected", "_selected_action": organization.pk, "post": "yes"},
    )

    assert Organization.objects.count() == 1


@pytest.mark.database
@pytest.mark.parametrize("name", ["admin:diseases_disease_changelist", "admin:organizations_organization_changelist"])
def test_a_list_needs_no_query_per_row(client, name):
    sign_in(client, make_publisher())

    needed = []
    for count in [1, 3]:
        while Disease.objects.count() < count:
            make_disease(organizations=[make_organization()])
        needed.append(queries_of(lambda: client.get(reverse(name))))
        listed = client.get(reverse(name)).context["cl"].result_list
        assert [row.state for row in listed] == [State.LIVE] * count

    assert needed[0] == needed[1] <= 12


def test_the_admin_has_a_strict_content_security_policy_with_a_nonce(client):
    sign_in(client, make_editor())
    response = client.get(url("change", make_disease()))

    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "'nonce-" in policy
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert f'nonce="{nonce}"' in response.text


def test_a_telephone_number_that_cannot_be_dialled_is_saved_with_a_warning(client):
    sign_in(client, make_editor())
    organization = make_organization()

    response = save(client, organization, phone="ask for Mary")

    messages = [str(message) for message in client.get(response.url).context["messages"]]
    assert any("ask for Mary" in message and "cannot dial" in message for message in messages)
    organization.refresh_from_db()
    assert organization.phone == "ask for Mary"
