"""Web servers on the test database, Redis, and a way to the database that a test can interrupt."""

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis as RedisClient

from tests.serving import SERVE, running


class Reply(NamedTuple):
    status: int
    body: bytes
    verdict: str


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_until(is_so, seconds=30):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def is_open(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def database_url(port=None):
    """Returns the address of the test database, for another process; on another port of this machine, if given."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{place['NAME']}"
    user = quote(place["USER"]) + (f":{quote(place['PASSWORD'])}" if place["PASSWORD"] else "")
    return f"postgres://{user}@{place['HOST']}:{port or place['PORT']}/{quote(place['NAME'])}"


@contextmanager
def serving(*, workers=1, database="", **variables):
    """Serves the site in production mode, with the test database or another. The variables are settings."""
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "SECRET_KEY": "only-for-the-tests-and-therefore-in-the-repository-0123456789",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": database or database_url(),
        "BEHIND_TLS_PROXY": "true",
        "DJANGO_SETTINGS_MODULE": "tests.website.server_settings",
        **variables,
    }
    with running([*SERVE, "--workers", str(workers)], environment) as server:
        yield server


def read(server, path):
    """Returns the answer of a server to one request, on a connection of its own."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        client.request("GET", path, headers={"X-Forwarded-Proto": "https"})
        answer = client.getresponse()
        verdict = (answer.getheader("Server-Timing") or "").removeprefix("cache;desc=")
        return Reply(answer.status, answer.read(), verdict)
    finally:
        client.close()


class Redis:
    """A Redis of our own, in memory only."""

    def __init__(self):
        program = shutil.which("redis-server")
        if not program:
            message = "SKIPPED: there is no redis-server on this machine."
            if os.environ.get("REQUIRE_REDIS") == "1":
                pytest.fail(message)
            pytest.skip(message)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, cwd="/")  # noqa: S603 # our own command
        wait_until(lambda: is_open(self.port))

    def stop(self):
        self.process.kill()
        self.process.wait()

    def count(self):
        """Returns the number of pages that it keeps."""
        with RedisClient(port=self.port) as client:
            return client.dbsize()


class DatabaseDoor:
    """What a server goes through to reach the database, and what a test can close and open again."""

    def __init__(self):
        self.connections = []
        self.listener = None
        self.passes = threading.Event()
        self.passes.set()
        if connection.vendor == "sqlite":
            self.file = Path(connection.settings_dict["NAME"])
            self.url = database_url()
        else:
            self.port = free_port()
            self.url = database_url(self.port)
            self.open()

    def open(self):
        if connection.vendor == "sqlite":
            for name in self._files(".away"):
                name.rename(name.with_name(name.name.removesuffix(".away")))
            return
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def close(self):
        connection.close()
        if connection.vendor == "sqlite":
            for name in self._files():
                name.rename(f"{name}.away")
            return
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        for end in self.connections:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.connections.clear()

    def hang(self):
        """Makes the database answer nothing, and close nothing, until `go_on`. For PostgreSQL."""
        self.passes.clear()

    def go_on(self):
        self.passes.set()

    def _files(self, end=""):
        names = [self.file.with_name(f"{self.file.name}{part}{end}") for part in ("", "-wal", "-shm")]
        return [name for name in names if name.exists()]

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                client, _address = listener.accept()
                place = settings.DATABASES["default"]
                server = socket.create_connection((place["HOST"], int(place["PORT"])))
                self.connections += [client, server]
                for source, target in [(client, server), (server, client)]:
                    threading.Thread(target=self._copy, args=[source, target], daemon=True).start()

    def _copy(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.passes.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
