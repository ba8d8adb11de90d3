"""Two people act at the same time, each with their own connection: the state is right, and nobody sees an error."""

import threading

import pytest
from django.db import connection

from organizations.models import Organization
from publishing.models import Edition, Event, PublicVersion
from publishing.restoring import restore
from publishing.trash import trash
from publishing.verbs import publish, save_edition, submit, withdraw
from tests.factories import make_disease, make_organization, make_publisher, make_question

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

ROUNDS = 5


def at_once(*actions):
    """Runs the actions in threads that start together, and returns for each the exception or None."""
    barrier = threading.Barrier(len(actions))
    outcomes = [None] * len(actions)

    def run(number, action):
        try:
            barrier.wait(timeout=10)
            action()
        except Exception as error:
            outcomes[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return outcomes


def test_two_saves_at_once_make_numbered_editions():
    organization = make_organization(live=False)

    for number in range(ROUNDS):
        Organization.objects.filter(pk=organization.pk).update(city=f"City {number}")
        assert at_once(*[lambda: save_edition(organization, by="test")] * 2) == [None, None]

    numbers = Edition.objects.about(organization).order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, ROUNDS + 1))


def test_two_publishes_leave_one_live_edition():
    organization, publisher = make_organization(), make_publisher()
    editions = []
    for number in range(2 * ROUNDS):
        organization.city = f"City {number}"
        organization.save()
        editions.append(save_edition(organization, by="test"))

    for one, other in zip(editions[::2], editions[1::2], strict=True):
        assert at_once(lambda: publish(one, by=publisher), lambda: publish(other, by=publisher)) == [None, None]  # noqa: B023 - they run at once
        live = Edition.objects.live().get()
        assert live in (one, other)
        assert Event.objects.filter(verb="published").order_by("pk").last().edition == live


def test_the_same_edition_published_twice_is_one_publication():
    organization, publisher = make_organization(live=False), make_publisher()
    edition = save_edition(organization, by="test")

    assert at_once(*[lambda: publish(edition, by=publisher)] * 2) == [None, None]

    assert (Event.objects.filter(verb="published").count(), PublicVersion.objects.get().value) == (1, 1)


def test_publish_and_withdraw_at_once_end_in_what_came_last():
    organization, publisher = make_organization(), make_publisher()

    for number in range(ROUNDS):
        organization.city = f"City {number}"
        organization.save()
        edition = save_edition(organization, by="test")
        outcomes = at_once(
            lambda: publish(edition, by=publisher),  # noqa: B023 - they run at once
            lambda: withdraw(organization, by=publisher, reason="Gone"),
        )
        assert outcomes == [None, None]
        last = Event.objects.order_by("pk").last()
        assert Edition.objects.live().count() == (1 if last.verb == "published" else 0)


def test_publishing_different_subjects_at_once_counts_each():
    publisher = make_publisher()
    editions = [save_edition(make_disease(live=False), by="test") for _ in range(4)]

    outcomes = at_once(*[lambda edition=edition: publish(edition, by=publisher) for edition in editions])

    assert outcomes == [None] * 4
    assert (Edition.objects.live().count(), PublicVersion.objects.get().value) == (4, 4)


def test_a_disease_and_the_draft_that_it_mentions_are_published_at_once():
    publisher = make_publisher()

    for _ in range(ROUNDS):
        organization = make_organization(live=False)
        editions = [
            save_edition(make_disease(live=False, organizations=[organization]), by="test"),
            save_edition(organization, by="test"),
        ]
        outcomes = at_once(*[lambda edition=edition: publish(edition, by=publisher) for edition in editions])
        assert outcomes == [None, None]


def test_the_other_verbs_wait_for_each_other():
    publisher = make_publisher()

    for _ in range(ROUNDS):
        organization = make_organization()
        first = Edition.objects.about(organization).get()
        organization.city = "Chicago"
        organization.save()
        second = save_edition(organization, by="test")
        outcomes = at_once(
            lambda: submit(second, by=publisher),  # noqa: B023 - they run at once
            lambda: restore(first, by="test"),  # noqa: B023
            lambda: trash(organization, by=publisher, reason="Twice"),  # noqa: B023
        )
        # Submitting is rightly refused where the restored edition came first.
        assert [str(outcome) for outcome in outcomes if outcome and "newer edition" not in str(outcome)] == []
        assert not Edition.objects.about(organization).live().exists()


def test_writes_to_one_subject_at_once_each_raise_its_version():
    disease = make_disease(live=False)
    before = type(disease).objects.get().version

    assert at_once(*[lambda: make_question(disease)] * 3) == [None] * 3

    assert type(disease).objects.get().version == before + 3
