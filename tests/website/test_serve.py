"""`manage.py serve`: what it refuses, and that the site goes on answering."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from tests.serving import ROOT, SERVE, RunningServer, running


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """Environment variables of a site with an empty, migrated database and a file of settings that is empty."""
    folder = tmp_path_factory.mktemp("served")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "true",
        "SECRET_KEY": "secret",
        "ALLOWED_HOSTS": "127.0.0.1",
        "ENV_FILE": str(folder / "env"),
        "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
    }
    (folder / "env").touch()
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, env=environment, cwd=ROOT, check=True)  # noqa: S603 # our own
    return environment


@pytest.fixture(scope="module")
def server(environment) -> Iterator[RunningServer]:
    with running([*SERVE, "--workers", "2"], environment) as server:
        wait_until(lambda: server.log.read_text().count("Started worker") == 2)
        yield server


@pytest.fixture
def settings_file(environment) -> Iterator[Path]:
    """Returns the file of settings, which each new process of the site reads. Afterwards it is empty."""
    file = Path(environment["ENV_FILE"])
    yield file
    file.write_text("")


def wait_until(is_true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def home_page(server: RunningServer) -> str:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/")
    response = connection.getresponse()
    assert response.status == 200
    text = response.read().decode()
    connection.close()
    return text


def test_failed_system_checks_stop_the_start(settings):
    settings.STATICFILES_DIRS = [settings.STATIC_ROOT]

    with pytest.raises(SystemCheckError, match=r"staticfiles\.E002"):
        call_command("serve", skip_checks=False)


def refusal(environment: dict[str, str], *options: str) -> str:
    """Returns what `serve` says where it does not start."""
    command = [*SERVE, *options]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)  # noqa: S603 # our own
    assert done.returncode == 1
    return done.stderr


def test_a_database_without_the_migrations_stops_the_start(environment, tmp_path):
    environment = environment | {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}"}

    assert refusal(environment) == "CommandError: The database is older than the code. Run: manage.py migrate\n"


def test_a_port_that_another_server_has_stops_the_start(server, environment):
    message = refusal(environment, "--port", str(server.port))

    assert message.startswith(f"CommandError: Cannot listen on 127.0.0.1, port {server.port}: Address already in use")


def test_a_worker_that_is_killed_is_replaced_every_time_and_the_site_goes_on_answering(server):
    killed = set()
    for _time in range(3):
        before = server.workers()[1]
        os.kill(before, signal.SIGKILL)
        killed.add(before)
        wait_until(lambda before=before: server.workers()[1] != before)

        assert "</html>" in home_page(server)

    for pid in server.workers().values():
        os.kill(pid, signal.SIGKILL)
    killed |= set(server.workers().values())
    wait_until(lambda: not killed & set(server.workers().values()))
    wait_until(server.answers)

    assert server.process.poll() is None
    assert len(server.workers()) == 2


def test_hup_loads_the_code_again_and_no_request_fails(server, settings_file):
    before = server.workers()
    is_over = threading.Event()

    def read() -> list[str]:
        """Returns what the site answered. Raises the first failure."""
        texts = []
        while not is_over.is_set():
            texts.append(home_page(server))
        return texts

    settings_file.write_text("SITE_TAGLINE=Loaded again")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        server.process.send_signal(signal.SIGHUP)
        try:
            wait_until(lambda: not any(is_running(pid) for pid in before.values()))
        finally:
            is_over.set()
    texts = reading.result()

    assert "Loaded again" not in texts[0]
    assert "Loaded again" in home_page(server)
    assert len(server.workers()) == 2


def test_hup_with_code_that_does_not_start_changes_nothing(server, settings_file):
    before = server.workers()
    settings_file.write_text("SUGGESTIONS_PER_HOUR=0")

    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "The new code does not start." in server.log.read_text())

    assert "</html>" in home_page(server)
    assert all(is_running(pid) for pid in before.values())


def test_sigterm_ends_all_processes_within_some_seconds(environment):
    with running([*SERVE, "--workers", "1"], environment) as server:
        server.process.terminate()

        assert server.process.wait(timeout=15) == 0
        assert not is_running(server.workers()[1])
