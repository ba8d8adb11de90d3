import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier


@contextmanager
def new_database(server: psycopg.Connection, url: str, name: str) -> Iterator[str]:
    """Makes a database, returns its URL and drops it afterwards. Stops the run where it exists already."""
    try:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    except psycopg.errors.DuplicateDatabase as error:
        sys.exit(f"{error}\nIf an earlier run was cut off and left the database, drop it first.")
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
