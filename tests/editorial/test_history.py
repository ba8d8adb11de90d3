"""The pages for the history of a subject, the actions for many subjects, and the pruning of editions."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from publishing.models import Edition, Event
from publishing.restoring import hidden_comparisons
from publishing.verbs import publish, save_edition, submit
from tests.factories import make_disease, make_editor, make_organization, make_publisher, make_question
from tests.forms import fields_of

pytestmark = pytest.mark.django_db


def url(step, subject, *arguments):
    return reverse(f"admin:{subject._meta.app_label}_{subject._meta.model_name}_{step}", args=[subject.pk, *arguments])


@pytest.fixture
def publisher(client):
    user = make_publisher()
    client.force_login(user)
    return user


def change(organization, *, live=True, **fields):
    for name, value in fields.items():
        setattr(organization, name, value)
    organization.save()
    edition = save_edition(organization, by=make_editor())
    return publish(edition, by=make_publisher()) if live else edition


def take(client, subject, step, *arguments, **fields):
    address = url(step, subject, *arguments)
    return client.post(address, fields_of(client.get(address).text) | fields, follow=True)


def live_city(organization):
    return Edition.objects.about(organization).live().get().page.city


@pytest.mark.usefixtures("publisher")
def test_the_newest_edition_is_compared_with_the_live_edition(client):
    disease = make_disease(summary="As approved.", questions=0)
    make_question(disease, question="Moved?", answer="<p>One two three.</p>")
    make_question(disease, question="Second?")
    save_edition(disease, by="test")
    publish(save_edition(disease, by="test"), by=make_publisher())
    first, second = disease.questions.all()
    first.position, first.answer = second.position + 1, "<p>One 2 <strong>three</strong>.</p>"
    first.save()
    disease.summary = "As changed."
    disease.save()
    save_edition(disease, by="test")

    page = client.get(url("compare", disease))

    assert [(change.place, change.type) for change in page.context["changes"]] == [
        ("Summary", "changed"),
        ("Question “Second?”", "moved"),
        ("Question “Moved?” – Answer", "changed"),
    ]
    assert "<del>approved.</del><ins>changed.</ins>" in page.text
    assert "<del>two </del><ins>2 </ins>" in page.text


@pytest.mark.usefixtures("publisher")
def test_any_two_editions_are_compared_and_invalid_numbers_do_not_crash(client):
    organization = make_organization(city="One")
    change(organization, city="Two")
    change(organization, city="Three", live=False)

    page = client.get(url("compare", organization), {"old": 1, "new": 3})
    assert "<del>One</del><ins>Three</ins>" in page.text
    assert client.get(url("compare", organization), {"old": 9}).status_code == 404
    assert client.get(url("compare", organization), {"old": "x" * 99, "new": "-1"}).status_code == 200
    assert client.get(url("compare", organization), {"old": 2, "new": 2}).context["changes"] == []


@pytest.mark.usefixtures("publisher")
def test_a_restored_edition_is_not_live(client):
    organization = make_organization(city="One")
    change(organization, city="Two")

    done = take(client, organization, "restore", 1)

    organization.refresh_from_db()
    assert (organization.city, live_city(organization)) == ("One", "Two")
    assert "Edition 1 was restored and saved as edition 3." in done.text


@pytest.mark.usefixtures("publisher")
def test_a_refused_restore_shows_the_reason(client):
    disease = make_disease(name="Old name")
    disease.name = "New name"
    disease.save()
    save_edition(disease, by="test")
    make_disease(name="Old name", slug="another")

    assert "has the name or the address" in take(client, disease, "restore", 1).text


@pytest.mark.usefixtures("publisher")
def test_the_previous_edition_is_published_again(client):
    organization = make_organization(city="One")
    change(organization, city="Two")
    change(organization, city="Three", live=False)

    take(client, organization, "previous", note="The address was wrong.")

    organization.refresh_from_db()
    assert (live_city(organization), organization.city) == ("One", "Three")
    assert Event.objects.order_by("pk").last().note == "The address was wrong."


@pytest.mark.usefixtures("publisher")
def test_without_an_earlier_publication_there_is_no_previous_edition(client):
    page = client.get(url("previous", make_organization()))

    assert "There is no earlier published edition." in page.text


@pytest.mark.usefixtures("publisher")
def test_an_edition_is_redacted_with_a_reason(client):
    organization = make_organization(phone="555 private")
    change(organization, phone="217-555-0100")

    refused = take(client, organization, "redact", 2, reason="x")
    take(client, organization, "redact", 1, reason="A private number")

    assert "This edition is live" in refused.text
    assert "private" not in str(Edition.objects.about(organization).get(number=1).content)
    assert "A private number" in client.get(url("history", organization)).text


@pytest.mark.usefixtures("publisher")
def test_a_comparison_is_hidden_from_readers_and_shown_again(client):
    organization = make_organization(city="One")
    edition = change(organization, city="Two")
    page = f"{organization.url_of(organization.slug)}changes/"
    assert "Two" in client.get(page).text

    take(client, organization, "comparison", 2, reason="It named a person")
    assert hidden_comparisons([edition.pk]) == {edition.pk}
    assert "Two" not in client.get(page).text

    take(client, organization, "comparison", 2, reason="Settled")
    assert "Two" in client.get(page).text


@pytest.mark.parametrize(
    ("step", "arguments", "allowed"),
    [
        ("compare", [], True),
        ("restore", [1], True),
        ("previous", [], False),
        ("redact", [1], False),
        ("comparison", [1], False),
    ],
)
def test_an_editor_compares_and_restores_but_changes_nothing_public(client, step, arguments, allowed):
    client.force_login(make_editor())
    organization = make_organization()
    change(organization, city="Two")

    status = {
        client.get(url(step, organization, *arguments)).status_code,
        client.post(url(step, organization, *arguments), {"reason": "x", "edition": 1}).status_code,
    }

    assert (403 not in status) is allowed
    assert live_city(organization) == "Two"


def test_the_history_makes_no_query_per_edition(client, publisher, django_assert_max_num_queries):
    organization = make_organization()
    for number in range(20):
        change(organization, city=f"City {number}")

    with django_assert_max_num_queries(14):
        page = client.get(url("history", organization))

    assert len(page.context["records"]) == 42


# Actions for many subjects


def bulk(client, action, subjects, **fields):
    """Returns the page that says what will happen, and the response to its confirmation."""
    address = reverse("admin:organizations_organization_changelist")
    preview = client.post(address, {"action": action, "_selected_action": [subject.pk for subject in subjects]})
    if "form" not in (preview.context or {}) or not preview.context.get("possible"):
        return preview, None
    again = fields_of(preview.text) | {"_selected_action": [subject.pk for subject in subjects]} | fields
    return preview, client.post(address, again, follow=True)


def outcomes(response):
    return {outcome.subject.name: (outcome.is_refused, outcome.text) for outcome in response.context["outcomes"]}


@pytest.mark.usefixtures("publisher")
def test_many_are_published_and_the_refused_ones_are_listed_before(client):
    draft, live, trashed = (
        make_organization(live=False, name="A"),
        make_organization(name="B"),
        make_organization(name="C"),
    )
    save_edition(draft, by="test")
    changed = make_organization(name="D")
    change(changed, city="Elsewhere", live=False)
    take(client, trashed, "trash", reason="Twice")

    preview, done = bulk(client, "publish_many", [draft, live, changed], note="All checked.")

    assert outcomes(preview) == {
        "A": (False, "edition 1 will go live for the first time"),
        "B": (True, "is already live"),
        "D": (False, "edition 2 will go live and replace edition 1"),
    }
    assert Edition.objects.live().count() == 3
    assert live_city(changed) == "Elsewhere"
    assert "Publish: 2 done." in done.text
    assert Event.objects.filter(verb="published", note="All checked.").count() == 2


@pytest.mark.usefixtures("publisher")
def test_the_page_before_the_confirmation_changes_nothing(client):
    draft = make_organization(live=False)
    save_edition(draft, by="test")
    before = (Event.objects.count(), Edition.objects.count())

    client.post(
        reverse("admin:organizations_organization_changelist"),
        {"action": "publish_many", "_selected_action": [draft.pk]},
    )

    assert (Event.objects.count(), Edition.objects.count(), Edition.objects.live().count()) == (*before, 0)


@pytest.mark.usefixtures("publisher")
def test_a_subject_that_was_changed_since_the_list_was_shown_is_refused(client):
    draft = make_organization(live=False)
    save_edition(draft, by="test")
    address = reverse("admin:organizations_organization_changelist")
    preview = client.post(address, {"action": "publish_many", "_selected_action": [draft.pk]})
    change(draft, city="Elsewhere", live=False)

    done = client.post(address, fields_of(preview.text), follow=True)

    assert "Somebody else saved this after you opened the form" in done.text
    assert not Edition.objects.live().exists()


@pytest.mark.usefixtures("publisher")
def test_deleting_many_says_how_many_pages_mention_them(client):
    organization = make_organization()
    make_disease(organizations=[organization])

    preview, _ = bulk(client, "trash_many", [organization], reason="Closed")

    assert outcomes(preview) == {organization.name: (False, "will go to the trash; 1 live page will no longer show it")}
    organization.refresh_from_db()
    assert organization.trashed_at
    assert client.get(organization.url_of(organization.slug)).status_code == 410


def test_an_editor_submits_many_but_publishes_none(client):
    client.force_login(make_editor())
    draft = make_organization(live=False)
    save_edition(draft, by="test")

    _, done = bulk(client, "submit_many", [draft], note="Please.")
    bulk(client, "publish_many", [draft])

    assert "Submit: 1 done." in done.text
    assert Event.objects.get().verb == "submitted"


# Pruning


def test_only_old_editions_without_events_are_pruned():
    with time_machine.travel(timezone.now() - timedelta(days=400)):
        organization = make_organization(city="Published")
        change(organization, city="Forgotten", live=False)
        submit(change(organization, city="Submitted", live=False), by=make_editor())
        change(organization, city="Also forgotten", live=False)
    change(organization, city="Young", live=False)
    change(organization, city="Newest", live=False)
    out = StringIO()

    call_command("prune_editions", "--dry-run", stdout=out)
    assert Edition.objects.count() == 6
    call_command("prune_editions", stdout=out)

    cities = [edition.page.city for edition in Edition.objects.order_by("number")]
    assert cities == ["Published", "Submitted", "Young", "Newest"]
    assert out.getvalue() == "2 editions would be deleted.\n2 editions deleted.\n"
