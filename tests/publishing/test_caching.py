"""What is worked out once for each release."""

import pytest
from django.db import connection, transaction

from publishing.caching import cached_until_publish
from publishing.models import Edition, PublicVersion
from publishing.verbs import publish, save_edition, withdraw
from tests.factories import make_organization, make_publisher, put_live

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def make_titles():
    """A function that lists what is live, and the list of its runs."""
    runs = []

    @cached_until_publish
    def titles():
        runs.append(1)
        return tuple(Edition.objects.live().order_by("sort_key").values_list("title", flat=True))

    return titles, runs


def test_it_is_worked_out_once_until_something_is_published_or_withdrawn(django_assert_num_queries):
    titles, runs = make_titles()
    organization = make_organization(name="Alpha")
    assert titles() == ("Alpha",)
    with django_assert_num_queries(1):  # the stamp
        assert titles() == ("Alpha",)
    organization.name = "Draft"
    organization.save()
    edition = save_edition(organization, by="test")
    assert (titles(), len(runs)) == (("Alpha",), 1)

    publish(edition, by=make_publisher())
    assert (titles(), titles(), len(runs)) == (("Draft",), ("Draft",), 2)
    withdraw(organization, by=make_publisher(), reason="Gone")
    assert (titles(), titles(), len(runs)) == ((), (), 3)


def test_two_functions_do_not_take_each_other_for_themselves():
    titles, _runs = make_titles()
    count = cached_until_publish(lambda: Edition.objects.live().count())
    make_organization(name="Alpha")

    assert (titles(), count(), titles(), count()) == (("Alpha",), 1, ("Alpha",), 1)


def test_nothing_outlives_a_transaction_that_is_rolled_back():
    titles, _runs = make_titles()
    make_organization(name="Alpha")
    beta, gamma = make_organization(name="Beta", live=False), make_organization(name="Gamma", live=False)
    assert titles() == ("Alpha",)

    with transaction.atomic():
        put_live(beta)
        count = PublicVersion.objects.get().value
        assert titles() == ("Alpha", "Beta")
        transaction.set_rollback(True)

    assert titles() == ("Alpha",)
    put_live(gamma)
    assert PublicVersion.objects.get().value == count
    assert titles() == ("Alpha", "Gamma")


def test_what_is_published_meanwhile_is_not_taken_for_what_was_before():
    runs = []

    @cached_until_publish
    def titles():
        found = tuple(Edition.objects.live().order_by("sort_key").values_list("title", flat=True))
        if not runs:
            make_organization(name="Beta")  # as another process may
        runs.append(1)
        return found

    make_organization(name="Alpha")

    assert titles() == ("Alpha",)
    assert titles() == ("Alpha", "Beta")


def test_a_site_on_which_nothing_was_published_has_nothing_to_remember():
    titles, runs = make_titles()

    assert (titles(), titles(), len(runs)) == ((), (), 2)


def test_each_database_has_its_own(monkeypatch):
    titles, runs = make_titles()
    make_organization(name="Alpha")
    for name in ["one", "other", "one", "other"]:
        monkeypatch.setitem(connection.settings_dict, "NAME", name)
        assert titles() == ("Alpha",)

    assert len(runs) == 2
