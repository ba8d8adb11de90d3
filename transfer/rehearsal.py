"""Tries out what would change: for dry runs, which keep nothing and should make nobody wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection, transaction


@contextmanager
def rehearsal() -> Iterator[None]:
    """Undoes at the end what is written in it. For commands only, since it is about all threads of a process.

    With SQLite, where one writer keeps all others waiting, the writing goes into a copy of the database, in a temporary
    folder (TMPDIR) that must have room for it. PostgreSQL only locks the rows, so there it is one transaction.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        return
    place = connection.settings_dict
    original = place["NAME"]
    with TemporaryDirectory(prefix="rehearsal-") as folder:
        copy = Path(folder) / "copy.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(copy)])
        connection.close()
        place["NAME"] = copy
        try:
            yield
        finally:
            connection.close()
            place["NAME"] = original
