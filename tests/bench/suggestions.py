"""`make bench-suggestions`: how long readers wait while a program posts suggestions, into docs/performance.md."""

import os
import platform
import re
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

import django

from tests.bench.document import write_part
from tests.serving import SERVE, running

POSTS = 1_000
A_SECOND = 20
HOST = "rare.example.org"
PAGES = ["/", "/diseases/", "/diseases/neonatal-hemochromatosis/", "/diseases/wilson-disease/", "/organizations/"]
PAUSE = 0.05  # of a reader between two pages, in seconds
LIMIT = 60  # suggestions in an hour: the default
FORM = "/suggest/?about=disease&slug=wilson-disease"
COMMANDS = [["migrate", "--verbosity", "0"], ["prepare_demo"], ["collectstatic", "--no-input", "--verbosity", "0"]]
HEADERS = {"Host": HOST, "X-Forwarded-Proto": "https"}

INTRODUCTION = """\
# Suggestions

What readers notice while a program sends {posts:,} suggestions, {a_second} a second, each from another address.
`make bench-suggestions` measures it and writes this part of the page.

**Target:** readers wait no longer than before, no more than {limit} suggestions are kept, and no mail goes out.

{date} · {versions}

- The sample content on SQLite, served by `manage.py serve` with two workers, in production mode. Server, program and
  reader share the machine's cores.
- One reader asks for one page after another over one connection, with {pause:.0f} milliseconds between: first alone for
  as long, then while the program posts. Times are milliseconds by the clock.
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        mail = Path(folder) / "mail"
        database = Path(folder) / "site.sqlite3"
        environment = os.environ | {
            "ENV_FILE": "",
            "DEBUG": "false",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": HOST,
            "DATABASE_URL": f"sqlite:///{database}",
            "BEHIND_TLS_PROXY": "true",
            "EMAIL_URL": f"filemail:///{mail}",
            "SUGGESTIONS_PER_HOUR": str(LIMIT),
        }
        for command in COMMANDS:
            manage = [sys.executable, "manage.py", *command]
            subprocess.run(manage, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 # our own
        with running([*SERVE, "--workers", "2"], environment) as server:
            port = server.port
            read(port, time.monotonic() + 3)
            alone = read(port, time.monotonic() + POSTS / A_SECOND)
            with ThreadPoolExecutor(2) as pool:
                posting = pool.submit(post, port)
                during = pool.submit(read, port, time.monotonic() + POSTS / A_SECOND).result()
                answers = posting.result()
        with sqlite3.connect(database) as connection:
            kept = dict(connection.execute("SELECT state, COUNT(*) FROM suggestions_suggestion GROUP BY state"))
        mails = len(list(mail.glob("*"))) if mail.exists() else 0
    versions = [f"{os.cpu_count()} cores", f"Python {platform.python_version()}", f"Django {django.get_version()}"]
    introduction = INTRODUCTION.format(
        posts=POSTS,
        a_second=A_SECOND,
        limit=LIMIT,
        pause=PAUSE * 1000,
        date=datetime.now(UTC).strftime("%-d %B %Y"),
        versions=" · ".join([*versions, f"SQLite {sqlite3.sqlite_version}"]),
    )
    rows = [["a page", "requests", "median", "95 of 100 within", "longest"], ["---", "--:", "--:", "--:", "--:"]]
    for name, times in (("alone", alone), ("while posts come in", during)):
        figures = [median(times), quantiles(times, n=20)[-1], max(times)]
        rows.append([name, f"{len(times):,}", *(f"{figure:.1f}" for figure in figures)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    by_status = ", ".join(f"{count:,} with {status}" for status, count in sorted(answers.items()))
    by_state = ", ".join(f"{count} {state}" for state, count in sorted(kept.items()))
    summary = (
        f"The {POSTS:,} posts were answered: {by_status}. Kept: {sum(kept.values())} ({by_state}). Mails sent: {mails}."
    )
    write_part("\n\n".join([introduction.strip(), table, summary]))
    print(f"{table}\n\n{summary}")


def get(connection: HTTPConnection, path: str) -> str:
    connection.request("GET", path, headers=HEADERS)
    response = connection.getresponse()
    text = response.read().decode()
    if response.status != 200:
        sys.exit(f"{path} answered {response.status}.")
    return text


def read(port: int, until: float) -> list[float]:
    """Reads pages until a time and returns how long each took, in milliseconds."""
    connection = HTTPConnection("127.0.0.1", port)
    times: list[float] = []
    while time.monotonic() < until:
        start = time.perf_counter()
        get(connection, PAGES[len(times) % len(PAGES)])
        times.append((time.perf_counter() - start) * 1000)
        time.sleep(PAUSE)
    return times


def post(port: int) -> Counter[int]:
    """Sends all suggestions and counts the answers by status. It waits first, or the first would be too quick."""
    connection = HTTPConnection("127.0.0.1", port)
    token = re.search(r'name="token" value="([^"]+)"', get(connection, FORM))
    if not token:
        sys.exit("The form has no token.")
    time.sleep(4)
    answers: Counter[int] = Counter()
    every(1 / A_SECOND, lambda number: answers.update([_post(connection, token[1], number)]))
    return answers


def every(seconds: float, send: Callable[[int], None]) -> None:
    start = time.monotonic()
    for number in range(POSTS):
        time.sleep(max(0, start + number * seconds - time.monotonic()))
        send(number)


def _post(connection: HTTPConnection, token: str, number: int) -> int:
    fields = {"token": token, "kind": "other", "message": f"Suggestion number {number} of a program."}
    address = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
    headers = HEADERS | {"X-Forwarded-For": address, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", FORM, urlencode(fields), headers)
    response = connection.getresponse()
    response.read()
    return response.status


if __name__ == "__main__":
    main()
