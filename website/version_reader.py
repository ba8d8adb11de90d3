"""Reads the public version for the page cache, on a connection to the database that is kept open."""

import logging
import os
import select
import threading
import time
from contextlib import suppress
from typing import Any, NamedTuple

import django.db
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import pq

from publishing.models import PublicVersion

logger = logging.getLogger(__name__)

WATCH_SECONDS = 1.0
"""How often the version is read while nobody asks for a page, and while the database does not answer."""

MAX_WAIT_SECONDS = 2
"""How long the database may take to answer. Readers wait for it, and then get the page from memory."""


class Version(NamedTuple):
    """The tokens of the public version. Both are "" where nothing was ever published."""

    token: str
    removal_token: str


DatabaseFile = tuple[int, int] | None
"""What identifies the file of an SQLite database; None for another database."""


class ConnectionOfThread(threading.local):
    """The connection that a thread keeps, the driver's own object of it, and the file that it has opened."""

    connection: BaseDatabaseWrapper | None = None
    raw: Any = None
    file: DatabaseFile = None


class VersionReader:
    """Reads the public version for all threads of this process, each on a connection of its own.

    Where the database does not answer, `read` returns None at once from then on, until a thread in the background has
    read the version again. The same thread reads it while there are no requests, so that this process soon knows what
    another one took away from readers.
    """

    def __init__(self, alias: str = DEFAULT_DB_ALIAS) -> None:
        self.alias = alias
        self.last_version: Version | None = None
        self.last_read_at = 0.0
        """The time of the last answer of the database, on the clock `time.monotonic`."""
        self._is_gone = False
        self._is_closed = threading.Event()
        self._own = ConnectionOfThread()
        self._file: DatabaseFile = None
        self._watcher: threading.Thread | None = None
        self._start_lock = threading.Lock()
        database: Any = connections[alias]
        self._driver_error: type[Exception] = database.Database.Error
        table = database.ops.quote_name(PublicVersion._meta.db_table)
        self._statement = f"SELECT token, removal_token FROM {table} WHERE id = 1"  # noqa: S608 # the name is our own

    def read(self) -> Version | None:
        """Returns the present version, or None while the database does not answer."""
        if self._watcher is None:
            self._start_watcher()
        return None if self._is_gone else self._ask()

    def close(self) -> None:
        """Ends the thread in the background, and the connection of this thread."""
        self._is_closed.set()
        self.disconnect()

    def disconnect(self) -> None:
        """Ends the connection of this thread. The next reading makes a new one."""
        if self._own.connection is not None:
            with suppress(django.db.Error):
                self._own.connection.close()
            self._own.connection = None

    def _ask(self) -> Version | None:
        """Returns the version from the database. The database may have closed the kept connection: then a new one."""
        try:
            version = self._select() or self._select(is_last=True)
        except (django.db.Error, OSError, self._driver_error) as error:
            if not self._is_gone:
                self._is_gone = True
                logger.error("The database does not answer; pages come from memory: %s", error)
            return None
        if self._is_gone:
            self._is_gone = False
            logger.warning("The database answers again.")
        self.last_version, self.last_read_at = version, time.monotonic()
        return version

    def _select(self, *, is_last: bool = False) -> Version | None:
        """Returns the version. Where that fails, disconnects, and returns None or, at the last attempt, raises."""
        try:
            if self._own.connection is None or self._own.file != self._file:
                self._connect()
            connection: Any = self._own.raw
            if self._file is None:
                row = row_within_time(connection.pgconn, self._statement)
            else:
                row = connection.execute(self._statement).fetchone()
        except (django.db.Error, OSError, self._driver_error):
            self.disconnect()
            if is_last:
                raise
            return None
        return Version(str(row[0]), str(row[1])) if row else Version("", "")

    def _connect(self) -> None:
        self.disconnect()
        self._file = _file_of(connections[self.alias])
        connection = connections.create_connection(self.alias)
        limits = {"timeout": MAX_WAIT_SECONDS} if self._file else {"connect_timeout": MAX_WAIT_SECONDS}
        options = connection.settings_dict.get("OPTIONS", {})
        connection.settings_dict = connection.settings_dict | {"OPTIONS": options | limits}
        connection.connect()
        self._own.connection, self._own.raw, self._own.file = connection, connection.connection, self._file

    def _start_watcher(self) -> None:
        with self._start_lock:
            if self._watcher is None:
                watcher = threading.Thread(target=self._watch, name="public version", daemon=True)
                watcher.start()
                self._watcher = watcher

    def _watch(self) -> None:
        while not self._is_closed.wait(WATCH_SECONDS):
            try:
                if self._file and self._file != _file_of(connections[self.alias]):
                    self.disconnect()  # the file was replaced; `_connect` tells the other threads
                if self._is_gone or time.monotonic() - self.last_read_at > WATCH_SECONDS or not self._own.connection:
                    self._ask()
            except FileNotFoundError:
                self.disconnect()  # it still reads the file that is gone
                self._ask()
            except Exception:  # without this thread, the site would never find the database again
                logger.exception("The public version could not be read.")
        self.disconnect()


def row_within_time(connection: pq.abc.PGconn, statement: str) -> tuple[str, ...] | None:
    """Returns the only row of a statement on PostgreSQL. Raises OperationalError where the answer takes too long.

    A server that hangs answers nothing and closes nothing, and psycopg has no limit for that.
    """
    connection.send_query(statement.encode())
    connection.flush()
    poll = select.poll()
    poll.register(connection.socket, select.POLLIN)
    ends_at = time.monotonic() + MAX_WAIT_SECONDS
    while connection.is_busy():
        if not poll.poll(max(ends_at - time.monotonic(), 0) * 1000):
            raise OperationalError(f"PostgreSQL did not answer within {MAX_WAIT_SECONDS} seconds.")
        connection.consume_input()
    result = connection.get_result()
    while connection.get_result():  # the last one is None
        pass
    if result is None or result.status != pq.ExecStatus.TUPLES_OK:
        raise OperationalError(result.get_error_message() if result else "PostgreSQL closed the connection.")
    if not result.ntuples:
        return None
    return tuple((result.get_value(0, column) or b"").decode() for column in range(result.nfields))


def _file_of(connection: BaseDatabaseWrapper) -> DatabaseFile:
    """Returns the file of an SQLite database. Raises FileNotFoundError where there is none."""
    if connection.vendor != "sqlite":
        return None
    found = os.stat(connection.settings_dict["NAME"])
    return found.st_dev, found.st_ino
