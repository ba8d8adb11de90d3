"""Values that are computed once until something is published."""

import pytest
from django.db import connection, transaction

from publishing.caching import cached_until_publish
from publishing.models import Edition, PublicVersion
from publishing.verbs import publish, save_edition, withdraw
from tests.factories import make_organization, make_publisher, put_live

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def make_titles():
    """Returns a cached function that lists the live titles, and the list of its calls."""
    calls = []

    @cached_until_publish
    def titles():
        calls.append(1)
        return tuple(Edition.objects.live().order_by("sort_key").values_list("title", flat=True))

    return titles, calls


def test_a_value_is_computed_once_until_something_is_published_or_withdrawn(django_assert_num_queries):
    titles, calls = make_titles()
    organization = make_organization(name="Alpha")
    assert titles() == ("Alpha",)
    with django_assert_num_queries(1):  # the token
        assert titles() == ("Alpha",)
    organization.name = "Draft"
    organization.save()
    edition = save_edition(organization, by="test")
    assert (titles(), len(calls)) == (("Alpha",), 1)

    publish(edition, by=make_publisher())
    assert (titles(), titles(), len(calls)) == (("Draft",), ("Draft",), 2)
    withdraw(organization, by=make_publisher(), reason="Gone")
    assert (titles(), titles(), len(calls)) == ((), (), 3)


def test_two_functions_have_two_values():
    titles, _calls = make_titles()
    count = cached_until_publish(lambda: Edition.objects.live().count())
    make_organization(name="Alpha")

    assert (titles(), count(), titles(), count()) == (("Alpha",), 1, ("Alpha",), 1)


def test_no_value_of_a_transaction_that_is_rolled_back_stays_cached():
    titles, _calls = make_titles()
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


def test_a_value_is_not_cached_if_something_is_published_meanwhile():
    calls = []

    @cached_until_publish
    def titles():
        found = tuple(Edition.objects.live().order_by("sort_key").values_list("title", flat=True))
        if not calls:
            make_organization(name="Beta")  # as another process may
        calls.append(1)
        return found

    make_organization(name="Alpha")

    assert titles() == ("Alpha",)
    assert titles() == ("Alpha", "Beta")


def test_nothing_is_cached_before_the_first_publication():
    titles, calls = make_titles()

    assert (titles(), titles(), len(calls)) == ((), (), 2)


def test_each_database_has_its_own_value(monkeypatch):
    titles, calls = make_titles()
    make_organization(name="Alpha")
    for name in ["one", "other", "one", "other"]:
        monkeypatch.setitem(connection.settings_dict, "NAME", name)
        assert titles() == ("Alpha",)

    assert len(calls) == 2
