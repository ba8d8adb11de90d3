"""A dry run keeps nothing, and others can write while it runs."""

import pytest
from django.db import connection, connections

from diseases.models import Source
from tests.factories import make_source
from transfer.rehearsal import rehearsal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def write_elsewhere(name):
    """Writes from another connection, which waits a fraction of a second for a lock."""
    other = connections.create_connection("default")
    other.settings_dict = other.settings_dict | {"NAME": name}
    try:
        with other.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout = 100")
            cursor.execute("UPDATE diseases_source SET name = 'Written meanwhile'")
    finally:
        other.close()


def test_what_is_rehearsed_is_undone_and_keeps_nobody_waiting():
    name = connection.settings_dict["NAME"]
    make_source(name="Before")

    with rehearsal():
        Source.objects.create(name="Rehearsed", url="https://rehearsed.example.org/")
        assert set(Source.objects.values_list("name", flat=True)) == {"Before", "Rehearsed"}
        write_elsewhere(name)

    assert list(Source.objects.values_list("name", flat=True)) == ["Written meanwhile"]


def test_a_rehearsal_that_fails_leaves_the_database_as_it_was():
    make_source(name="Before")

    def fail():
        with rehearsal():
            make_source(name="Rehearsed")
            raise RuntimeError("a fault")

    with pytest.raises(RuntimeError):
        fail()

    assert list(Source.objects.values_list("name", flat=True)) == ["Before"]
