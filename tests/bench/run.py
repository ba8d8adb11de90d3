"""`make bench`: times the site at 200 and at 20,000 diseases, in SQLite and PostgreSQL, into docs/performance.md."""

import os
import platform
import secrets
import sqlite3
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing import get_context
from statistics import median

import django
import psycopg
from django.conf import settings

from tests.bench.databases import new_database
from tests.bench.document import write_part
from tests.bench.timings import Timings

SMALL, LARGE = SIZES = [200, 20_000]
TARGET = 1.3

Results = dict[str, dict[int, Timings]]
"""The timings of each task at each size."""

INTRODUCTION = """\
# Speed

What one request costs on a site of 200 diseases and on one of 20,000. `make bench` measures it and writes this part
of the page.

**Target:** a page that shows as many rows takes at most {target} times as long on the large site. A ratio above that
is in bold.

{date} · {versions}

## How it was measured

- Each disease has 4 questions with answers of about 1,500 characters, 3 synonyms, 3 codes and 2 organizations. Each
  organization helps with 20 diseases, so there are 20 and 2,000 of them; 100 more help with none, on both sites. All
  are live. Half of the diseases begin with A, so that a page of the A to Z has as many headings on both sites. Of the
  organizations 20 have changes that are not published, on both sites; half of these are ready to publish.
- Rows and editions are written in bulk; a sample is compared with what saving and publishing would have written. Then
  the database gathers its statistics (`ANALYZE`).
- Requests go through Django's test client and all of the middleware, with the settings of production, uncompressed.
  Connections are closed or kept after a request as on a server: SQLite's is closed, PostgreSQL's is kept.
- CPU time is that of the Python process, in which SQLite runs too, and of PostgreSQL's process for the connection where
  that runs on the same machine. Elapsed time is longer on a busy machine.
- Figures are medians in milliseconds of {runs} requests, of {saves} where something is saved, after a few to warm up.
  The sites take turns, and most requests go to another disease each time. "SQL" is the number of statements.
- What the site computes once after each publication is not measured: the letters with their counts, the
  organizations' countries, and how many are live. The first request after a publication is slower, in each process.
- "A to Z, half-way" is page 100 of 200 on the large site, beside the first page of the small one.
"""


def set_up(url: str) -> None:
    """Sets environment variables like those of a production site."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        ENV_FILE="",
        DEBUG="false",
        SECRET_KEY=secrets.token_urlsafe(64),
        ALLOWED_HOSTS="testserver",
        ADMIN_PATH="admin/",
        DATABASE_URL=url,
        COMMUNITY_NAME="Example",
        COMMUNITY_APP_URL="https://app.example.org/{slug}",
        COMMUNITY_JOIN_URL="https://community.example.org/",
    )


def measure(url: str, databases: dict[int, str]) -> Results:
    """Runs in a process of its own, since Django is set up once and for one kind of database."""
    set_up(url)
    with tempfile.TemporaryDirectory() as folder:
        settings.STATIC_ROOT = folder
        django.setup()
        from tests.bench.measure import measure_sites  # models can be imported only now

        return measure_sites(databases)


def in_its_own_process(url: str, databases: dict[int, str]) -> Results:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measure, url, databases).result()


def measure_sqlite() -> Results:
    with tempfile.TemporaryDirectory() as folder:
        databases = {size: f"{folder}/{size}.sqlite3" for size in SIZES}
        return in_its_own_process(f"sqlite:///{databases[SMALL]}", databases)


def measure_postgresql(url: str) -> tuple[str, Results]:
    """Returns the server's version and the results."""
    with psycopg.connect(url, autocommit=True) as server, ExitStack() as stack:
        version = (server.info.parameter_status("server_version") or "").split()[0]
        databases = {size: f"bench_{size}" for size in SIZES}
        urls = [stack.enter_context(new_database(server, url, name)) for name in databases.values()]
        return version, in_its_own_process(urls[0], databases)


def table(results: Results, with_elapsed: bool) -> str:
    measures = {"cpu": "CPU"} | ({"wall": "elapsed"} if with_elapsed else {})
    head = ["request", "shows", "SQL"]
    for label in measures.values():
        head += [f"{label} {SMALL}", f"{label} {LARGE:,}", "ratio"]
    lines = [head, ["---"] * 3 + ["--:"] * (len(head) - 3)]
    for name, found in results.items():
        small, large = found[SMALL], found[LARGE]
        same = small.statements == large.statements
        cells = [name, small.rows, f"{small.statements}" if same else f"{small.statements}, {large.statements}"]
        for measure_ in measures:
            before, after = (median(getattr(timings, measure_)) for timings in (small, large))
            ratio = f"{after / before:.2f}"
            cells += [f"{before:.1f}", f"{after:.1f}", ratio if float(ratio) <= TARGET else f"**{ratio}**"]
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    url = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL") or ""
    print("SQLite …", flush=True)
    sqlite = measure_sqlite()
    versions = [f"{os.cpu_count()} cores", f"Python {platform.python_version()}", f"Django {django.get_version()}"]
    versions.append(f"SQLite {sqlite3.sqlite_version}")
    sections = ["## SQLite", table(sqlite, with_elapsed=False), "## PostgreSQL"]
    if url:
        print("PostgreSQL …", flush=True)
        version, postgresql = measure_postgresql(url)
        versions.append(f"PostgreSQL {version}")
        sections.append(table(postgresql, with_elapsed=True))
    else:
        sections.append("Not measured: `BENCH_DATABASE_URL` named no database.")
    runs = [len(found[SMALL].cpu) for found in sqlite.values()]
    introduction = INTRODUCTION.format(
        target=TARGET,
        date=datetime.now(UTC).strftime("%-d %B %Y"),
        versions=" · ".join(versions),
        runs=max(runs),
        saves=min(runs),
    )
    write_part("\n\n".join([introduction.strip(), *sections]))
    print("\n\n".join(sections))
    if not url:
        print("\nSKIPPED: PostgreSQL. Set BENCH_DATABASE_URL=postgres://… to measure it.", file=sys.stderr)


if __name__ == "__main__":
    main()
