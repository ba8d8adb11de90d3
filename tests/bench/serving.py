"""`make bench-serving`: how fast the site is served, beside plain Django, into docs/performance.md."""

import json
import os
import platform
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Self
from urllib.parse import urlsplit

import django
import granian
import psycopg

from tests.bench.databases import new_database
from tests.bench.document import write_part
from tests.bench.load import CONNECTIONS, WRK, Load, load
from tests.bench.serving_report import LARGE, SERVED, SMALL, SOME_REQUESTS, Figures, Results, report
from tests.serving import ROOT, SERVE, RunningServer, running
from website.management.commands.serve import THREADS

PEER = ROOT.parent / "shared" / "peer" / "core"
JSON = ROOT / "test-results" / "serving.json"
HOST = "rare.example.org"
HEADERS = {"Host": HOST, "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip, br"}
ROUNDS, SECONDS = 3, 3  # for what is compared with each other; all else is one load of LONGER seconds
LONGER = 5
MOST_WARM_UPS = 10
TIMED_PAGES = 40
PUBLICATIONS = 12
PAGES, QUERIES = 1_000, 200
ADDRESSES, ALL_REQUESTS = 5_000, 100_000
MEMORY_SECONDS = 120

INTRODUCTION = """\
# Serving

How fast readers are answered, beside a bare WSGI function, a constant view and plain Django with its ORM and templates,
all under the same server in the same run. `make bench-serving` measures it and writes this part of the page.

{date} · {versions}

- The site is served by `manage.py serve`, in production mode, and the others by granian with as many processes and
  threads: {workers} and {threads}. Load comes over {connections} connections from {client} on the same machine, so
  only the ratios mean something.
- The others are `shared/peer`, beside the project: the bare function and the constant view send one stored page; the
  ORM's page comes from a database with as many diseases, with answers and organizations of about the same length.
- The page, the two constants and the ORM's page take turns, {rounds} times {seconds} seconds each; the median counts.
  What is asked for "in turn" was asked for before, until it came quickly.
- Processor times are those of Python's process in milliseconds: the median of {timed} pages through Django's test
  client, which takes nothing from the page cache. The site and the ORM's page take turns, each in a process of its own.
  "Hit" is the whole application for a page that it has in memory. "Publishing" is `publish()`, with PostgreSQL's own
  time.
- Memory is that of all processes that answer, for up to {requests:,} requests on {addresses:,} addresses.
"""


class TimedProcess:
    """Starts a process that times pages (`timed_pages.py`), and asks it."""

    def __init__(self, module: str, environment: Mapping[str, str], *arguments: str) -> None:
        command = [sys.executable, "-P", "-m", module, *arguments]
        self.process = subprocess.Popen(  # noqa: S603 # our own
            command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.slugs: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.communicate()

    def wait(self) -> None:
        self.slugs = json.loads(self._read_line())

    def ask(self, command: str, argument: str) -> list[float]:
        assert self.process.stdin
        self.process.stdin.write(f"{command} {argument}\n")
        self.process.stdin.flush()
        return json.loads(self._read_line())

    def _read_line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("A process that times pages has ended; its error is above.")
        return line


@dataclass(frozen=True)
class Place:
    """A kind of database and a size: the site's database, and the peer's."""

    database: str
    size: int
    url: str
    peer: str

    def __str__(self) -> str:
        return f"{self.database} {self.size}"

    def environment(self, common: Mapping[str, str]) -> dict[str, str]:
        return {**common, "DATABASE_URL": self.url}

    def peer_environment(self, **variables: str) -> dict[str, str]:
        """Returns the environment of the peer, in whose folder Python must not even keep compiled files."""
        own = {"DJANGO_SETTINGS_MODULE": "settings", "BENCH_DB": self.peer, "PYTHONPATH": f"{PEER}:{ROOT}"}
        password = {"PGPASSWORD": urlsplit(self.url).password or ""}
        return {**os.environ, **own, **password, "PYTHONDONTWRITEBYTECODE": "1", "BENCH_VARIANT": "orm", **variables}


def make_places(folder: str, database_url: str, stack: ExitStack) -> list[Place]:
    sizes = [SMALL, *SERVED]
    places = [Place("SQLite", n, f"sqlite:///{folder}/{n}.sqlite3", f"{folder}/peer-{n}.sqlite3") for n in sizes]
    if database_url:
        server = stack.enter_context(psycopg.connect(database_url, autocommit=True))
        for size in sizes:
            name = f"bench_serving_{size}"
            url = stack.enter_context(new_database(server, database_url, name))
            stack.enter_context(new_database(server, database_url, f"{name}_peer"))
            parts = urlsplit(database_url)
            peer = f"pg:{parts.hostname}:{parts.port or 5432}:{name}_peer:{parts.username}"
            places.append(Place("PostgreSQL", size, url, peer))
    return places


def spread(slugs: Sequence[str], count: int) -> list[str]:
    """Returns as many slugs, from all parts of the list; where it is too short, some of them again."""
    return list(islice(cycle(slugs[:: max(1, len(slugs) // count)]), count))


def page(slug: str) -> str:
    return f"/diseases/{slug}/"


@dataclass(frozen=True)
class Timed:
    """The processes that time pages of one place, and some slugs of the peer's. No peer: no slugs."""

    site: TimedProcess
    peer: TimedProcess | None
    peer_slugs: list[str]


def time_pages(places: Mapping[Place, Timed]) -> Results:
    """Returns processor times. All sites and peers take turns, so that a busy moment falls on each of them."""
    times: dict[Place, dict[str, list[float]]] = {place: defaultdict(list) for place in places}
    for number in range(TIMED_PAGES + 3):
        for place, timed in places.items():
            path = page(spread(timed.site.slugs, TIMED_PAGES + 3)[number])
            found = {
                "CPU first": timed.site.ask("page", path),
                "CPU again": timed.site.ask("page-after-publication", path),
            }
            if timed.peer:
                found["CPU ORM"] = timed.peer.ask("page", page(timed.peer_slugs[number % len(timed.peer_slugs)]))
            if number % 4 == 0:
                found["CPU hit"] = timed.site.ask("hit", path)
            if number > 2:  # the first ones load templates and much else
                for name, (milliseconds,) in found.items():
                    times[place][name].append(milliseconds)
    results: Results = {}
    for place, timed in places.items():
        slugs = spread(timed.site.slugs, PUBLICATIONS + 2)
        published = [timed.site.ask("publication", slug) for slug in slugs][2:]
        figures = {name: median(values) for name, values in times[place].items()}
        figures["CPU publishing"] = median(milliseconds for milliseconds, _statements in published)
        figures["statements"] = max(statements for _milliseconds, statements in published)
        results[str(place)] = figures
    return results


def fetch(port: int, path: str, headers: Mapping[str, str] = HEADERS) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=dict(headers))
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def check_answer(server: RunningServer, path: str, headers: Mapping[str, str], status: int) -> None:
    response, _body = fetch(server.port, path, headers)
    if response.status != status:
        raise AssertionError(f"{path} answered {response.status} instead of {status}.")


def granian_command(application: str) -> list[str]:
    """Returns a command with the workers and threads of `manage.py serve`."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--workers", f"{os.cpu_count()}"]
    return [*command, "--blocking-threads", f"{THREADS}", application]


@contextmanager
def peers(place: Place, slugs: Sequence[str], folder: str) -> Iterator[dict[str, tuple[RunningServer, str]]]:
    """Starts the three other servers, and returns each with the path of a page. Nothing where there is no peer."""
    if not slugs:
        yield {}
        return
    path = page(slugs[0])
    with running(granian_command("wsgi:application"), place.peer_environment(), PEER) as orm:
        stored = Path(folder) / "page.html"
        stored.write_bytes(fetch(orm.port, path)[1])
        constant_environment = place.peer_environment(BENCH_VARIANT="const", BENCH_PAGE=str(stored))
        with (
            running(granian_command("bare:application"), constant_environment, PEER) as bare,
            running(granian_command("wsgi:application"), constant_environment, PEER) as constant,
        ):
            yield {"bare": (bare, path), "constant": (constant, path), "ORM": (orm, path)}


def warm_up(port: int, paths: Sequence[str]) -> None:
    """Asks for pages until each came several times within some seconds, or it has taken too long."""
    for _time in range(MOST_WARM_UPS):
        if load(port, paths, HEADERS, SECONDS).requests > 3 * len(paths):
            return


def measure_loads(place: Place, environment: Mapping[str, str], timed: Timed, folder: str) -> Figures:
    figures: Figures = {"failures": 0}
    slugs = timed.site.slugs

    def note(name: str, found: Load) -> None:
        figures.update({name: found.rate, f"{name} p50": found.p50, f"{name} p99": found.p99})
        figures["failures"] += found.failures

    with running(SERVE, place.environment(environment)) as site, peers(place, timed.peer_slugs, folder) as others:
        path = page(slugs[len(slugs) // 2])
        targets = {**others, "page": (site, path)}
        for server, own_path in targets.values():
            check_answer(server, own_path, HEADERS, 200)
            load(server.port, [own_path], HEADERS, 1)
        rounds: dict[str, list[Load]] = {name: [] for name in targets}
        for _round in range(ROUNDS):
            for name, (server, own_path) in targets.items():
                rounds[name].append(load(server.port, [own_path], HEADERS, SECONDS))
        for name, loads in rounds.items():
            note(name, sorted(loads, key=lambda each: each.rate)[ROUNDS // 2])
        unchanged = {**HEADERS, "If-None-Match": fetch(site.port, path)[0].getheader("ETag") or ""}
        check_answer(site, path, unchanged, 304)
        note("unchanged", load(site.port, [path], unchanged, SECONDS))
        queries = [f"/search/?q={slug.replace('-', '+')}" for slug in slugs]
        check_answer(site, queries[0], HEADERS, 200)
        load(site.port, queries, HEADERS, LONGER)  # each process reads the names first
        note("search", load(site.port, queries, HEADERS, LONGER))
        warm_up(site.port, queries[:QUERIES])
        note("searches", load(site.port, queries[:QUERIES], HEADERS, SECONDS))
        paths = [page(slug) for slug in spread(slugs, PAGES)]
        warm_up(site.port, paths)
        note("pages", load(site.port, paths, HEADERS, LONGER))
        if place.database == "SQLite" and place.size == LARGE:
            figures |= measure_memory(site, [page(slug) for slug in spread(slugs, ADDRESSES)])
    return figures


def measure_memory(site: RunningServer, paths: Sequence[str]) -> Figures:
    """Returns the megabytes of the processes that answer, after some requests and at the end."""
    figures: Figures = {}
    count, give_up = 0, time.monotonic() + MEMORY_SECONDS
    while count < ALL_REQUESTS and time.monotonic() < give_up:
        count += load(site.port, paths, HEADERS, LONGER).requests
        if count >= SOME_REQUESTS:
            figures.setdefault("memory", resident(site))
    return {"memory": resident(site), **figures, "memory at the end": resident(site), "requests for memory": count}


def resident(site: RunningServer) -> float:
    lines = [line for pid in site.workers().values() for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def measure(places: Sequence[Place], environment: Mapping[str, str], folder: str) -> Results:
    with ExitStack() as stack:
        print("Making the sites …", flush=True)
        timed = {place: stack.enter_context(start_timed(place, environment)) for place in places}
        for each in timed.values():
            each.site.wait()
            if each.peer:
                each.peer.wait()
        print("Processor times …", flush=True)
        results = time_pages(timed)
    for place in places:
        if place.size in SERVED:
            print(f"Loads on {place} diseases …", flush=True)
            results[str(place)] |= measure_loads(place, environment, timed[place], folder)
    return results


@contextmanager
def start_timed(place: Place, environment: Mapping[str, str]) -> Iterator[Timed]:
    """Starts to make a site and a peer, in processes that time their pages afterwards."""
    with ExitStack() as stack:
        own = place.environment(environment)
        site = stack.enter_context(TimedProcess("tests.bench.timed_site", own, str(place.size)))
        if not PEER.is_dir():
            yield Timed(site, None, [])
            return
        command = [sys.executable, "load.py", str(place.size)]
        subprocess.run(command, env=place.peer_environment(), cwd=PEER, check=True)  # noqa: S603 # our own
        peer = stack.enter_context(TimedProcess("tests.bench.timed_pages", place.peer_environment()))
        yield Timed(site, peer, read_peer_slugs(place))


def read_peer_slugs(place: Place) -> list[str]:
    """Returns the slugs of some pages of the peer. The first is the real page, as long as the others."""
    program = (
        f"import content; print(*(disease['slug'] for disease in content.dataset({place.size})[0][:{TIMED_PAGES}]))"
    )
    environment = place.peer_environment(PYTHONPATH=str(PEER.parent))
    done = subprocess.run(  # noqa: S603 # our own
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.split()


def main() -> None:
    database_url = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL") or ""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "ENV_FILE": "",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": f"{HOST},testserver",
        "BEHIND_TLS_PROXY": "true",
    }
    skipped = [] if PEER.is_dir() else [f"SKIPPED: plain Django, and so most ratios. There is no {PEER}."]
    if not database_url:
        skipped.append("SKIPPED: PostgreSQL. Set BENCH_DATABASE_URL=postgres://… to measure it.")
    if not WRK:
        skipped.append("There is no wrk: the load comes from a client in Python, which takes part of the processor.")
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    collecting = {**environment, "DATABASE_URL": "sqlite://:memory:"}
    subprocess.run(collect, env=collecting, cwd=ROOT, check=True)  # noqa: S603 # our own
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        places = make_places(folder, database_url, stack)
        results = measure(places, environment, folder)
    JSON.parent.mkdir(exist_ok=True)
    JSON.write_text(json.dumps(results, indent=2))
    versions = [f"{os.cpu_count()} cores", f"Python {platform.python_version()}", f"Django {django.get_version()}"]
    versions += [f"granian {granian.__version__}", f"SQLite {sqlite3.sqlite_version}"]
    if database_url:
        with psycopg.connect(database_url) as server:
            versions.append(f"PostgreSQL {(server.info.parameter_status('server_version') or '').split()[0]}")
    introduction = INTRODUCTION.format(
        date=datetime.now(UTC).strftime("%-d %B %Y"),
        versions=" · ".join(versions),
        workers=os.cpu_count(),
        threads=THREADS,
        connections=CONNECTIONS,
        client="wrk" if WRK else "a client in Python",
        rounds=ROUNDS,
        seconds=SECONDS,
        timed=TIMED_PAGES,
        requests=ALL_REQUESTS,
        addresses=ADDRESSES,
    )
    sections = report(results)
    write_part("\n\n".join([introduction.strip(), *skipped, sections]))
    print(sections)
    print(*skipped, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
