"""The verbs, tested by what they save."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from organizations.models import Organization
from publishing.addresses import Gone, look_up
from publishing.models import Edition, Event, ImmutableError, PublicVersion, State
from publishing.restoring import hide_comparison, restore, show_comparison
from publishing.trash import trash, untrash
from publishing.verbs import PublishingError, forget, publish, publish_all, redact, save_edition, submit, withdraw
from tests.factories import (
    make_disease,
    make_editor,
    make_organization,
    make_portrait,
    make_publisher,
    make_question,
    put_live,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def state(subject):
    return type(subject).objects.with_state().get(pk=subject.pk).state


def change(organization, **fields):
    for name, value in fields.items():
        setattr(organization, name, value)
    organization.save()
    return save_edition(organization, by=make_editor())


def test_save_edition_makes_an_edition_only_when_the_page_changed():
    organization = make_organization(live=False)
    editor = make_editor(first_name="Ada", last_name="Lovelace")

    first = save_edition(organization, by=editor)
    again = save_edition(organization, by=editor)
    organization.staff_notes = "Not on the page."
    organization.save()
    still = save_edition(organization, by=editor)
    second = change(organization, city="Chicago")

    assert (first.number, again.pk, still.pk, second.number) == (1, first.pk, first.pk, 2)
    assert first.by_name == "Ada Lovelace"
    assert first.page.city == "Springfield"
    assert second.page.city == "Chicago"


def test_the_name_of_an_author_stays_when_the_account_is_deleted():
    editor = make_editor(first_name="Ada", last_name="Lovelace")
    edition = save_edition(make_organization(live=False), by=editor)

    editor.delete()

    saved = Edition.objects.get(pk=edition.pk)
    assert (saved.by, saved.by_name) == (None, "Ada Lovelace")


def test_publishing_needs_a_user_with_the_permission():
    edition = save_edition(make_organization(live=False), by="import")

    with pytest.raises(PermissionDenied):
        publish(edition, by=make_editor())
    with pytest.raises(PermissionDenied):
        publish(edition, by=make_publisher(is_active=False))
    with pytest.raises(TypeError):
        publish(edition, by="import")

    assert Edition.objects.live().count() == 0


def test_publish_replaces_the_live_edition_and_records_it():
    organization = make_organization()
    first = Edition.objects.live().get()
    second = change(organization, city="Chicago")
    publisher = make_publisher()

    publish(second, by=publisher, note="New address", minor=False)

    assert list(Edition.objects.live()) == [second]
    event = Event.objects.order_by("pk").last()
    assert (event.verb, event.edition, event.by, event.note) == ("published", second, publisher, "New address")
    assert Edition.objects.get(pk=first.pk).page.city == "Springfield"


def test_publishing_the_live_edition_again_changes_nothing():
    make_organization()
    live = Edition.objects.live().get()
    before = (PublicVersion.current(), Event.objects.count())

    publish(live, by=make_publisher())

    assert (PublicVersion.current(), Event.objects.count()) == before


def test_several_are_published_together_and_those_that_are_live_stay_live():
    organizations = [make_organization(live=False) for _ in range(3)]
    first, second, third = [save_edition(organization, by="test") for organization in organizations]
    publisher = make_publisher()
    publish(first, by=publisher)
    before = Edition.objects.get(pk=first.pk).published_at, first.get_absolute_url()
    events = Event.objects.count()

    published = publish_all([first, second, third], by=publisher, note="Three.")

    assert published == [first, second, third]
    assert set(Edition.objects.live()) == {first, second, third}
    assert (Edition.objects.get(pk=first.pk).published_at, first.get_absolute_url()) == before
    assert [event.edition for event in Event.objects.order_by("pk")[events:]] == [second, third]


def test_if_one_of_several_cannot_be_published_none_is():
    organizations = [make_organization(live=False) for _ in range(2)]
    editions = [save_edition(organization, by="test") for organization in organizations]
    trash(organizations[1], by=make_publisher(is_superuser=True), reason="A mistake.")

    with pytest.raises(PublishingError, match="in the trash"):
        publish_all(editions, by=make_publisher())

    assert not Edition.objects.live().exists()


def test_a_minor_change_does_not_move_the_date_readers_see():
    organization = make_organization()
    updated_at = Edition.objects.live().get().updated_at

    minor = publish(change(organization, city="Chicago"), by=make_publisher(), minor=True)
    major = publish(change(organization, city="Boston"), by=make_publisher())

    assert minor.updated_at == updated_at
    assert major.updated_at > updated_at


def test_the_newest_edition_is_the_one_that_was_saved_last():
    organization, publisher = make_organization(), make_publisher()
    first = Edition.objects.live().get()
    second = change(organization, city="Chicago")
    assert list(Edition.objects.newest()) == [second]
    publish(second, by=publisher)
    publish(first, by=publisher)
    assert list(Edition.objects.newest()) == [second]

    assert save_edition(organization, by="test") == second
    again = restore(first, by="test")

    assert list(Edition.objects.newest()) == [again]
    assert again.number == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        Edition._base_manager.filter(pk=first.pk).update(is_newest=True)


def test_every_change_of_what_the_public_sees_changes_the_token():
    tokens = [PublicVersion.current()]
    organization = make_organization(live=False)
    edition = save_edition(organization, by="test")
    tokens.append(PublicVersion.current())
    publish(edition, by=make_publisher())
    tokens.append(PublicVersion.current())
    withdraw(organization, by=make_publisher(), reason="Gone")
    tokens.append(PublicVersion.current())
    redact(edition, by=make_publisher(), reason="A private number")
    tokens.append(PublicVersion.current())

    before, draft, *changed = tokens
    assert before == draft == ""
    assert len({"", *changed}) == 4
    assert PublicVersion.objects.get().value == 3


def test_only_what_takes_something_from_readers_changes_the_token_of_removals():
    publisher = make_publisher()
    disease = make_disease(live=False)
    acts = {}

    def act(name, change):
        before = PublicVersion.objects.values_list("removal_token", flat=True).first()
        change()
        acts[name] = PublicVersion.objects.values_list("removal_token", flat=True).first() != before

    first = save_edition(disease, by=publisher)
    publish(first, by=publisher)
    disease.summary = "Another summary."
    disease.save()
    second = save_edition(disease, by=publisher)
    act("publish", lambda: publish(second, by=publisher))
    act("hide", lambda: hide_comparison(second, by=publisher, reason="A private number"))
    act("show", lambda: show_comparison(second, by=publisher))
    act("redact", lambda: redact(first, by=publisher, reason="A private number"))
    act("withdraw", lambda: withdraw(disease, by=publisher, reason="Wrong"))
    act("forget", lambda: forget(make_portrait(), by=publisher, reason="Asked for it"))

    assert acts == {
        "publish": False,
        "hide": True,
        "show": False,
        "redact": True,
        "withdraw": True,
        "forget": True,
    }


def test_a_token_never_occurs_twice_although_its_count_does():
    publisher = make_publisher()
    editions = [save_edition(make_organization(live=False), by="test") for _ in range(2)]
    tokens = []

    for edition in editions:
        with transaction.atomic():
            publish(edition, by=publisher)
            tokens.append((PublicVersion.objects.get().value, PublicVersion.current()))
            transaction.set_rollback(True)

    (count, token), (other_count, other_token) = tokens
    assert count == other_count == 1
    assert token != other_token


def test_an_address_is_never_given_to_another_subject():
    organization = make_organization(slug="first")
    publish(change(organization, slug="second"), by=make_publisher())
    other = make_organization(live=False, slug="first")

    with pytest.raises(PublishingError, match="belonged to another page"):
        publish(save_edition(other, by="test"), by=make_publisher())

    assert look_up(Organization, "first").subject_id == organization.pk


def test_a_live_page_goes_on_leading_to_a_draft_that_is_renamed_before_it_is_published():
    organization = make_organization(live=False, slug="first")
    disease = make_disease(organizations=[organization])
    assert state(organization) == State.DRAFT
    assert look_up(Organization, "first") is None

    change(organization, slug="second")
    put_live(organization)

    page = Edition.objects.about(disease).get().page
    assert (
        Edition.objects.live_by_reference(Organization, {page.supports[0].organization.slug})["first"].slug == "second"
    )
    assert look_up(Organization, "first").slug == "second"


def test_a_subject_may_take_its_own_former_address_back():
    organization = make_organization(slug="first")
    publish(change(organization, slug="second"), by=make_publisher())
    publish(change(organization, slug="first"), by=make_publisher())

    assert look_up(Organization, "first").slug == "first"
    assert look_up(Organization, "second").slug == "first"


def test_withdrawing_leaves_the_reason_or_leads_to_the_successor():
    organization, survivor = make_organization(slug="old"), make_organization(slug="new")

    withdraw(organization, by=make_publisher(), reason="Closed for good")
    assert look_up(Organization, "old") == Gone(title=organization.name, reason="Closed for good")

    put_live(organization)
    withdraw(organization, by=make_publisher(), reason="Merged", successor=survivor)
    assert look_up(Organization, "old").slug == "new"

    withdraw(survivor, by=make_publisher(), reason="Closed too")
    assert look_up(Organization, "old") == Gone(title=organization.name, reason="Merged")


def test_a_successor_must_be_another_live_page():
    organization = make_organization()

    with pytest.raises(PublishingError, match="not live"):
        withdraw(organization, by=make_publisher(), reason="Merged", successor=make_organization(live=False))
    with pytest.raises(PublishingError, match="another page"):
        withdraw(organization, by=make_publisher(), reason="Merged", successor=organization)

    assert Edition.objects.live().count() == 1


def test_states():
    organization = make_organization(live=False)
    assert state(organization) == State.DRAFT
    edition = save_edition(organization, by="test")
    assert state(organization) == State.DRAFT
    submit(edition, by=make_editor(), note="Please")
    assert state(organization) == State.READY
    publish(edition, by=make_publisher())
    assert state(organization) == State.LIVE
    submit(change(organization, city="Chicago"), by=make_editor())
    assert state(organization) == State.READY
    change(organization, city="Boston")
    assert state(organization) == State.CHANGED
    change(organization, city="Springfield")
    assert state(organization) == State.LIVE
    withdraw(organization, by=make_publisher(), reason="Gone")
    assert state(organization) == State.WITHDRAWN
    trash(organization, by=make_editor(), reason="Never mind")
    assert state(organization) == State.TRASHED
    untrash(organization, by=make_editor())
    assert state(organization) == State.WITHDRAWN


def test_only_a_publisher_trashes_what_is_live_and_nothing_is_deleted():
    disease = make_disease()

    with pytest.raises(PermissionDenied):
        trash(disease, by=make_editor(), reason="A mistake")
    assert state(disease) == State.LIVE

    trash(disease, by=make_publisher(), reason="A mistake")
    assert (disease.questions.count(), Edition.objects.live().count(), Edition.objects.count()) == (1, 0, 1)
    with pytest.raises(PublishingError, match="in the trash"):
        publish(Edition.objects.get(), by=make_publisher())


def test_restore_puts_rows_back_by_key_and_leaves_the_rest_alone():
    one, two = make_organization(), make_organization()
    disease = make_disease(questions=2, organizations=[one, two], staff_notes="Ask the clinic.")
    page = Edition.objects.about(disease).get().page
    open_question = make_question(disease, answer="", question="Still to answer?")
    first, second, _ = disease.questions.all()
    first.delete()
    second.answer, second.position = "<p>Changed.</p>", 9
    second.save()
    disease.supports.first().delete()
    disease.name = "Renamed"
    disease.save()
    save_edition(disease, by="test")

    restored = restore(Edition.objects.about(disease).get(number=1), by=make_editor())

    disease.refresh_from_db()
    assert restored.page == page == disease.compose()
    assert restored.number == 3
    assert not restored.is_live
    assert disease.staff_notes == "Ask the clinic."
    assert disease.questions.filter(pk=open_question.pk).exists()
    assert disease.questions.get(key=second.key).pk == second.pk


def test_rows_that_exchanged_their_texts_are_restored():
    disease = make_disease()
    first = disease.synonyms.get()
    second = type(first).objects.create(disease=disease, text="Another", position=2)
    before = save_edition(disease, by="test")
    texts = {first.key: first.text, second.key: second.text}
    type(first).objects.filter(pk=first.pk).update(text="Parked")
    type(first).objects.filter(pk=second.pk).update(text=first.text)
    type(first).objects.filter(pk=first.pk).update(text="Another")

    restore(before, by=make_editor())

    assert {row.key: row.text for row in disease.synonyms.all()} == texts


def test_restoring_says_so_when_another_page_has_the_name_now():
    disease = make_disease(name="Old name")
    edition = Edition.objects.about(disease).get()
    disease.name = "New name"
    disease.save()
    make_disease(name="Old name", slug="another")

    with pytest.raises(PublishingError, match="has the name or the address"):
        restore(edition, by=make_editor())

    disease.refresh_from_db()
    assert disease.name == "New name"


def test_a_page_never_shows_another_organization_than_it_mentions():
    named = make_organization(live=False, name="The right society", slug="first")
    disease = make_disease(live=False, organizations=[named])
    edition = save_edition(disease, by="test")
    named.slug = "second"
    named.save()
    put_live(named)
    make_organization(live=False, name="A wrong society", slug="")
    wrong = make_organization(live=False, slug="first")
    with pytest.raises(PublishingError, match="belonged to another page"):
        put_live(wrong)

    page = publish(edition, by=make_publisher()).page

    live = Edition.objects.live_by_reference(Organization, {support.organization.slug for support in page.supports})
    assert [found.title for found in live.values()] == ["The right society"]
    assert restore(edition, by="test").page == page


def test_redacting_removes_the_text_of_an_edition_that_is_not_live():
    organization = make_organization(phone="a private number")
    first = Edition.objects.get()
    with pytest.raises(PublishingError, match="live"):
        redact(first, by=make_publisher(), reason="Private")
    publish(change(organization, phone="217-555-0199"), by=make_publisher())

    redact(first, by=make_publisher(), reason="Private")

    stale, first = first, Edition.objects.get(pk=first.pk)
    assert "private" not in str(first.content) + first.title
    with pytest.raises(PublishingError, match="redacted"):
        restore(stale, by=make_publisher())
    with pytest.raises(PublishingError, match="redacted"):
        publish(first, by=make_publisher())
    with pytest.raises(PublishingError, match="redacted"):
        restore(first, by=make_publisher())


@pytest.mark.parametrize("manager", [Edition.objects, Event.objects])
def test_records_cannot_be_changed_or_deleted(manager):
    make_organization()
    record = manager.get()

    for change_it in [
        lambda: manager.update(kind="x"),
        lambda: manager.all().delete(),
        lambda: manager.bulk_update([record], ["kind"]),
        lambda: manager.update_or_create(pk=record.pk, defaults={"kind": "x"}),
        lambda: manager.bulk_create(
            [type(record)(pk=record.pk, kind="x")],
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=["kind"],
        ),
        record.save,
        record.delete,
    ]:
        with pytest.raises(ImmutableError):
            change_it()

    copy = manager.get()
    copy._state.adding, copy.kind = True, "x"
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save()

    assert manager.get().kind == "organization"


def test_subjects_are_not_deleted_in_the_usual_ways():
    organization = make_organization()

    with pytest.raises(ImmutableError):
        Organization.objects.all().delete()
    with pytest.raises(ImmutableError):
        organization.delete()

    assert Organization.objects.count() == 1


def test_version_rises_with_every_write_to_a_subject_or_its_rows():
    disease = make_disease(live=False)
    stale = type(disease).objects.get(pk=disease.pk)

    def version():
        return type(disease).objects.values_list("version", flat=True).get(pk=disease.pk)

    versions = [version()]
    make_question(disease)
    versions.append(version())
    disease.questions.last().save()
    versions.append(version())
    disease.questions.last().delete()
    versions.append(version())
    disease.questions.update(question="All at once?")
    versions.append(version())
    disease.questions.all().delete()
    versions.append(version())
    stale.save()
    versions.append(version())

    assert versions == sorted(set(versions))
    assert stale.version == version()


def test_every_verb_that_changes_the_draft_saves_who_did():
    disease, publisher = make_disease(), make_publisher(first_name="Grace", last_name="Hopper")
    names = []

    for step in [
        lambda: save_edition(disease, by="import " * 30),
        lambda: restore(Edition.objects.about(disease).newest().get(), by="a command"),
        lambda: trash(disease, publisher, "By mistake."),
        lambda: untrash(disease, publisher),
    ]:
        type(disease).objects.update(saved_by="")
        step()
        disease.refresh_from_db()
        names.append(disease.saved_by)

    assert names == [("import " * 30)[:150], "a command", "Grace Hopper", "Grace Hopper"]
