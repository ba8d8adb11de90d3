"""Reads the public version for the page cache, on a connection to the database that is kept open."""

import logging
import os
import threading
import time
from contextlib import suppress
from typing import Any, NamedTuple

import django.db
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from publishing.models import PublicVersion

logger = logging.getLogger(__name__)

WATCH_SECONDS = 1.0
"""How often the version is read while nobody asks for a page, and while the database does not answer."""

PATIENCE = 2
"""The seconds that PostgreSQL may take to answer. Readers wait for it, and then get the page from memory."""


class Version(NamedTuple):
    """The tokens of the public version. Both are "" where nothing was ever published."""

    token: str
    removal_token: str


class VersionReader:
    """Reads the public version for all threads of this process.

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
        self._lock = threading.Lock()
        self._is_closed = threading.Event()
        self._connection: BaseDatabaseWrapper | None = None
        self._file: tuple[int, int] | None = None
        self._watcher: threading.Thread | None = None
        table = django.db.connection.ops.quote_name(PublicVersion._meta.db_table)
        driver: Any = connections[alias]
        self._driver_error: type[Exception] = driver.Database.Error
        self._statement = f"SELECT token, removal_token FROM {table} WHERE id = 1"  # noqa: S608 # the name is our own

    def read(self) -> Version | None:
        """Returns the present version, or None while the database does not answer."""
        if self._watcher is None:
            self._start_watcher()
        return None if self._is_gone else self._ask()

    def close(self) -> None:
        """Ends the thread in the background and the connection."""
        self._is_closed.set()
        with self._lock:
            self._disconnect()

    def _ask(self) -> Version | None:
        with self._lock:
            for attempt in (1, 2):
                try:
                    self.last_version = self._select()
                except (django.db.Error, OSError, self._driver_error) as error:
                    # The database may have closed the connection that was kept, so a new one is tried.
                    self._disconnect()
                    if attempt == 2:
                        self._say_gone(error)
                        return None
                else:
                    self.last_read_at = time.monotonic()
                    if self._is_gone:
                        self._is_gone = False
                        logger.warning("The database answers again.")
                    return self.last_version
        raise AssertionError("unreachable")

    def _select(self) -> Version:
        connection = self._connected()
        row = connection.connection.execute(self._statement).fetchone()
        return Version(str(row[0]), str(row[1])) if row else Version("", "")

    def _connected(self) -> BaseDatabaseWrapper:
        """Returns the kept connection, or a new one where the file of the database was replaced."""
        file = _file_of(connections[self.alias])
        if self._connection is None or file != self._file:
            self._disconnect()
            connection: Any = connections.create_connection(self.alias)
            connection.inc_thread_sharing()
            if connection.vendor == "postgresql":
                connection.settings_dict = connection.settings_dict | {"OPTIONS": _impatient(connection)}
            connection.connect()
            self._connection, self._file = connection, file
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(django.db.Error):
                self._connection.close()
            self._connection = None

    def _say_gone(self, error: Exception) -> None:
        if not self._is_gone:
            self._is_gone = True
            logger.error("The database does not answer; pages come from memory: %s", error)

    def _start_watcher(self) -> None:
        with self._lock:
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="public version", daemon=True)
                self._watcher.start()

    def _watch(self) -> None:
        while not self._is_closed.wait(WATCH_SECONDS):
            if self._is_gone or time.monotonic() - self.last_read_at > WATCH_SECONDS:
                self._ask()


def _impatient(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    """Returns the options of a PostgreSQL connection with limits to the time that it waits."""
    options = connection.settings_dict.get("OPTIONS", {})
    statement = f"{options.get('options', '')} -c statement_timeout={PATIENCE * 1000}".strip()
    return options | {"connect_timeout": PATIENCE, "tcp_user_timeout": PATIENCE * 1000, "options": statement}


def _file_of(connection: BaseDatabaseWrapper) -> tuple[int, int] | None:
    """Returns what identifies the file of an SQLite database. Raises FileNotFoundError where there is none."""
    if connection.vendor != "sqlite":
        return None
    found = os.stat(connection.settings_dict["NAME"])
    return found.st_dev, found.st_ino
