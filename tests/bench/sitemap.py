"""`make bench-sitemap`: times the sitemap and the feed of 20,000 diseases, into docs/performance.md."""

import os
import platform
import sqlite3
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import django
import psycopg
from django.conf import settings

from tests.bench.databases import new_database
from tests.bench.document import write_part
from tests.bench.run import set_up
from tests.bench.timings import Timings

SIZE = 20_000
TARGET = 300
RUNS = 25
DATABASE = "bench_sitemap"

INTRODUCTION = """\
# Sitemap

What search engines and feed readers ask for, on a site of 20,000 diseases and 2,100 organizations, all live.
`make bench-sitemap` measures it and writes this part of the page.

**Target:** no part of the sitemap takes more than {target} ms. One that does is in bold.

{date} · {versions}

- The site, the requests and the times are those of the first part of this page. Before each request something is
  published, so that no answer comes from a cache.
- Before the times are taken, all parts are read and compared with what is live: each page once, with its date.
- Times are milliseconds: the median of {runs} requests, and the longest of them by the clock, on a machine with other
  work.
"""


def measure(url: str) -> list[tuple[str, Timings, int]]:
    """Runs in a process of its own, since Django is set up once and for one kind of database."""
    set_up(url)
    with tempfile.TemporaryDirectory() as folder:
        settings.STATIC_ROOT = folder
        django.setup()
        from tests.bench.measure import measure_other_programs  # models can be imported only now

        return measure_other_programs(SIZE, RUNS)


def in_its_own_process(url: str) -> Any:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measure, url).result()


def measure_postgresql(url: str) -> tuple[str, Any]:
    with psycopg.connect(url, autocommit=True) as server:
        number = (server.info.parameter_status("server_version") or "").split()[0]
        with new_database(server, url, DATABASE) as database_url:
            return number, in_its_own_process(database_url)


def table(results: list[tuple[str, Timings, int]]) -> str:
    lines = [["request", "shows", "KB", "SQL", "CPU", "elapsed", "longest"], ["---"] * 2 + ["--:"] * 5]
    for address, timings, size in results:
        longest = f"{max(timings.wall):.0f}"
        if address.startswith("/sitemap") and max(timings.wall) > TARGET:
            longest = f"**{longest}**"
        times = [f"{median(timings.cpu):.0f}", f"{median(timings.wall):.0f}", longest]
        lines.append([f"`{address}`", timings.rows, f"{size / 1000:.0f}", f"{timings.statements}", *times])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    url = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL") or ""
    versions = [f"{os.cpu_count()} cores", f"Python {platform.python_version()}", f"Django {django.get_version()}"]
    versions.append(f"SQLite {sqlite3.sqlite_version}")
    with tempfile.TemporaryDirectory() as folder:
        print("SQLite …", flush=True)
        path = Path(folder) / "sitemap.sqlite3"
        sections = ["## Sitemap on SQLite", table(in_its_own_process(f"sqlite:///{path}")), "## Sitemap on PostgreSQL"]
    if url:
        print("PostgreSQL …", flush=True)
        number, results = measure_postgresql(url)
        versions.append(f"PostgreSQL {number}")
        sections.append(table(results))
    else:
        sections.append("Not measured: `BENCH_DATABASE_URL` named no database.")
    introduction = INTRODUCTION.format(
        target=TARGET,
        date=datetime.now(UTC).strftime("%-d %B %Y"),
        versions=" · ".join(versions),
        runs=RUNS,
    )
    write_part("\n\n".join([introduction.strip(), *sections]))
    print("\n\n".join(sections))
    if not url:
        print("\nSKIPPED: PostgreSQL. Set BENCH_DATABASE_URL=postgres://… to measure it.", file=sys.stderr)


if __name__ == "__main__":
    main()
