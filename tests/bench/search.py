"""`make bench-search`: how well and how quickly readers find a disease, on both databases, into docs/performance.md."""

import os
import platform
import resource
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import django
import psycopg

from tests.bench.databases import new_database
from tests.bench.document import write_part

DATABASE = "bench_search"

INTRODUCTION = """\
# Search

How well and how quickly readers find a disease by what they type. `make bench-search` measures it and writes this part
of the page. A figure that misses its target is in bold.

{date} · {versions}

- {pages} pages, each live name of Orphanet with its synonyms, codes and definition, and four answers of some 120 words;
  every other page has one certain word in an answer. They are put into the index as `manage.py reindex` does it.
- Queries are made from those names by rules that know nothing of the search, always the same ones
  (`tests/bench/search_queries.py` has them all). **A slip** hits a letter in a word of at least four: left out, doubled
  or a neighbour on the keyboard hit as well, a neighbour hit instead, two letters changed round; two slips are two of
  those anywhere. **British** words come from a list of whole words as a dictionary has them; for the reverse the pages
  are renamed by it within a transaction that is rolled back, and asked for as they were. **Possessives** are put on
  names before "disease", "syndrome" and the like (`'s`, `’s`, `s`, `s'`); accents are left out, or put on any letter;
  two words change places.
- "Right" means that the disease comes first; where several share a name or synonym to the letter, any of them does.
  A shared code must list all that have it, and nothing else before them. A word of 5 to 12 random letters is answered
  rightly with nothing.
- Times are milliseconds for `search()`, all its queries to the database included: of the process, with PostgreSQL's
  own for the connection where it runs on the same machine (CPU), and by the clock, on a machine with other work
  (elapsed).
- Memory is what the process grew by, from before the search was first imported to after the last of {queries} searches.
"""


@dataclass
class Row:
    label: str
    count: int
    share: float | None = None
    target: str = ""
    missed: bool = False
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def cells(self) -> list[str]:
        share = "" if self.share is None else f"{100 * self.share:.1f} %"
        share = f"**{share}**" if self.missed else share
        times = [f"{nth(self.cpu, 50):.1f}", f"{nth(self.cpu, 95):.1f}", f"{nth(self.wall, 95):.1f}"]
        return [self.label, f"{self.count:,}", share, self.target, *times]


@dataclass
class Report:
    rows: list[Row]
    facts: list[str]
    pages: int
    queries: int


def nth(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def memory() -> float:
    """Returns the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def server_time(connection: Any) -> float:
    """Returns the CPU time of PostgreSQL's process for this connection in seconds; 0 where it is on another machine."""
    if connection.vendor != "postgresql" or connection.connection is None:
        return 0
    process = Path(f"/proc/{connection.connection.info.backend_pid}")
    try:
        if (process / "comm").read_text().strip() != "postgres":
            return 0
        return int((process / "schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0


class Bench:
    def __init__(self) -> None:
        from django.core.management import call_command
        from django.db import connection

        from search import index
        from tests.bench.search_pages import subjects
        from tests.bench.search_queries import Queries

        self.connection = connection
        call_command("migrate", verbosity=0)
        self.subjects = subjects()
        self.queries = Queries(self.subjects)
        self.rows: list[Row] = []
        self.facts: list[str] = []
        self.asked = 0
        start = time.process_time()
        for at in range(0, len(self.subjects), 100):
            index.put_all(subject.document() for subject in self.subjects[at : at + 100])
        index.mark_current()
        took = (time.process_time() - start) / len(self.subjects) * 1000
        self.facts.append(f"Putting a page into the index in batches: {took:.1f} ms of this process.")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM (ANALYZE)")

    def ask(self, text: str, row: Row, call: Callable[[str], Any]) -> Any:
        wall, cpu, server = time.perf_counter(), time.process_time(), server_time(self.connection)
        answer = call(text)
        row.cpu.append((time.process_time() - cpu + max(0, server_time(self.connection) - server)) * 1000)
        row.wall.append((time.perf_counter() - wall) * 1000)
        self.asked += 1
        return answer

    def measure(
        self, label: str, asked: Iterable[tuple[str, Any]], is_right: Callable[[Any, Any], bool], target: float = 0
    ) -> None:
        from search.engine import search

        row = Row(label, 0)
        right = 0
        for text, wanted in asked:
            answer = self.ask(text, row, search)
            row.count += 1
            if is_right(answer, wanted):
                right += 1
            elif len(row.examples) < 10:
                row.examples.append(f"{text!r} → {[hit.title for hit in answer.hits[:2]]}")
        row.share = right / row.count
        row.target = f"≥ {target:g} %" if target else ""
        row.missed = bool(target) and 100 * row.share < target
        self.rows.append(row)
        print(" | ".join(row.cells()), *row.examples, sep="\n    ", flush=True)

    def run(self) -> Report:
        from tests.bench import search_queries as rules
        from tests.bench.search_pages import WIDESPREAD

        queries = self.queries
        titles, others = queries.titles(), queries.other_names()

        def pairs(found: list[rules.Query]) -> list[tuple[str, frozenset[int]]]:
            return [(query.text, query.right) for query in found]

        self.measure("names as they are", [(name, queries.right(name)) for name in titles[::5]], first_is_right)
        self.measure("as people type", rules.EXAMPLES.items(), is_called, 100)
        slips = [("one slip", rules.slip, 97), ("two slips", rules.two_slips, 94)]
        for label, change, target in slips:
            self.measure(f"{label} in a name", pairs(queries.changed(titles, change)), first_is_right, target)
            self.measure(f"{label} in a synonym", pairs(queries.changed(others, change)), first_is_right, target)
        british = queries.changed(titles + others, rules.other_words(rules.BRITISH), 100_000)
        self.measure("British for American", pairs(british), first_is_right, 99)
        self.measure_american_for_british()
        every = titles + others
        self.measure("possessive", pairs(queries.changed(every, rules.possessive)), first_is_right, 99)
        self.measure("accents left out", pairs(queries.changed(every, rules.without_accents)), first_is_right, 99)
        self.measure("accents put on", pairs(queries.changed(titles, rules.with_accents)), first_is_right, 99)
        self.measure("words swapped", pairs(queries.changed(titles, rules.swapped)), first_is_right, 98)
        self.measure_codes()
        self.measure("random letters", [(word, None) for word in rules.nonsense(2_000)], is_empty, 95)
        names = [row for row in self.rows if "code" not in row.label and row.label != "random letters"]
        cpu = nth([value for row in names for value in row.cpu], 95)
        self.measure("word on half of all pages", [(WIDESPREAD, None)] * 100, is_half(len(self.subjects)))
        self.measure("word in most names and texts", [("syndrome", None)] * 100, lambda answer, _: answer.total > 1000)
        self.measure_suggestions()
        self.facts += [
            f"p95 of all queries by name: {cpu:.1f} ms CPU (target ≤ 15).",
            f"p95 for the word on half of all pages: {nth(self.rows[-3].cpu, 95):.1f} ms CPU (target ≤ 40).",
        ]
        self.measure_changes()
        return Report(self.rows, self.facts, len(self.subjects), self.asked)

    def measure_american_for_british(self) -> None:
        """Gives the pages British names inside a transaction, and searches for the American ones."""
        from django.db import transaction

        from search import index
        from tests.bench.search_queries import AMERICAN, BRITISH, Queries, other_words, reworded

        renamed = [subject.renamed(lambda name: reworded(name, BRITISH)) for subject in self.subjects]
        changed = [new for new, old in zip(renamed, self.subjects, strict=True) if new != old]
        queries = Queries(renamed)
        names = [name for subject in changed for name in subject.names if len(name) > 6]
        asked = queries.changed(names, other_words(AMERICAN), 100_000)
        with transaction.atomic():
            for at in range(0, len(changed), 100):
                index.put_all(subject.document() for subject in changed[at : at + 100])
            self.measure("American for British", [(query.text, query.right) for query in asked], first_is_right, 99)
            transaction.set_rollback(True)

    def measure_codes(self) -> None:
        having: dict[str, set[int]] = {}
        bare: dict[str, set[int]] = {}
        for subject in self.subjects:
            for scheme, value in subject.codes:
                having.setdefault(f"{scheme}:{value}", set()).add(subject.number)
                if scheme in {"ORPHA", "GARD"}:
                    bare.setdefault(value, set()).add(subject.number)
        random = Random(2026)  # noqa: S311
        unique = sorted(code for code, numbers in having.items() if len(numbers) == 1)
        ways = [
            lambda scheme, value: f"{scheme}:{value}",
            lambda scheme, value: f"{scheme.lower()} {value}",
            lambda scheme, value: f"{scheme}{value}" if scheme.isalpha() else f"{scheme} {value}",
            lambda scheme, value: f"{scheme}:{value:0>7}" if scheme == "GARD" else f"{scheme}: {value}",
        ]
        asked = [
            (random.choice(ways)(*code.split(":")), frozenset(having[code])) for code in random.sample(unique, 2_000)
        ]
        self.measure("unique code with its scheme", asked, first_is_right, 100)
        shared = sorted(code for code, numbers in having.items() if 1 < len(numbers) <= 100)
        asked_shared = [(code, frozenset(having[code])) for code in random.sample(shared, 500)]
        self.measure("shared code", asked_shared, lists_all, 100)
        both = sorted(value for value, numbers in bare.items() if len(numbers) > 1)
        self.measure("bare number of two", [(value, frozenset(bare[value])) for value in both], lists_all, 100)

    def measure_suggestions(self) -> None:
        from search.engine import suggest_names

        random = Random(2026)  # noqa: S311
        row = Row("suggestions while a name is typed", 0)
        for name in random.sample(self.queries.titles(), 300):
            for length in range(2, min(len(name), 30), 3):
                self.ask(name[:length], row, suggest_names)
                row.count += 1
        self.rows.append(row)
        print(" | ".join(row.cells()), flush=True)

    def measure_changes(self) -> None:
        """Measures how much slower the first search after a publication is."""
        from search import index
        from search.engine import search

        put, after = Row("put", 0), Row("after", 0)
        for subject in self.subjects[:50]:
            self.ask("", put, lambda _text, subject=subject: index.put_all([subject.document()]))
            self.ask(subject.name, after, search)
        self.facts.append(
            f"Putting one page again: {nth(put.cpu, 50):.0f} ms CPU. The first search after it: "
            f"{nth(after.cpu, 50):.1f} ms CPU at the median, {nth(after.cpu, 95):.1f} at p95."
        )


def number_of(hit: Any) -> int:
    return int(hit.url.strip("/").rpartition("-")[2])


def first_is_right(answer: Any, right: frozenset[int]) -> bool:
    return bool(answer.hits) and number_of(answer.hits[0]) in right


def is_called(answer: Any, name: str) -> bool:
    return bool(answer.hits) and name.casefold() in answer.hits[0].reason.text.casefold()


def lists_all(answer: Any, right: frozenset[int]) -> bool:
    from search.engine import search

    found = list(answer.hits)
    for page in range(2, min(answer.pages, 6) + 1):
        found += search(answer.query, page=page).hits
    return {number_of(hit) for hit in found[: len(right)]} == right


def is_empty(answer: Any, _right: None) -> bool:
    return not answer.hits and not answer.similar


def is_half(pages: int) -> Callable[[Any, Any], bool]:
    return lambda answer, _right: abs(answer.total * 2 - pages) < pages / 10


def set_up(url: str) -> None:
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        ENV_FILE="",
        DEBUG="false",
        SECRET_KEY=secrets.token_urlsafe(64),
        ALLOWED_HOSTS="testserver",
        DATABASE_URL=url,
    )
    django.setup()


def measure(url: str) -> Report:
    set_up(url)
    return Bench().run()


def measure_memory(url: str) -> float:
    """In a process that does nothing but search."""
    set_up(url)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    from tests.bench.search_queries import EXAMPLES

    before = memory()
    from search.engine import search, suggest_names

    for text in [*EXAMPLES] * 20:
        search(text)
        suggest_names(text)
    return memory() - before


def in_its_own_process(work: Callable[[str], Any], url: str) -> Any:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, url).result()


def measure_database(url: str) -> Report:
    report: Report = in_its_own_process(measure, url)
    grown = in_its_own_process(measure_memory, url)
    report.facts.append(f"Memory of a process for the search: {grown:.0f} MB (target ≤ 60).")
    return report


def measure_postgresql(url: str) -> tuple[str, Report]:
    with psycopg.connect(url, autocommit=True) as server:
        number = (server.info.parameter_status("server_version") or "").split()[0]
        with new_database(server, url, DATABASE) as database_url:
            return number, measure_database(database_url)


def table(report: Report) -> str:
    lines = [["queries", "how many", "right", "target", "CPU p50", "CPU p95", "elapsed p95"]]
    lines.append(["---", "--:", "--:", "--:", "--:", "--:", "--:"])
    lines += [row.cells() for row in report.rows]
    listed = "\n".join(f"- {fact}" for fact in report.facts)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + f"\n\n{listed}"


def main() -> None:
    url = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL") or ""
    with tempfile.TemporaryDirectory() as folder:
        print("SQLite …", flush=True)
        sqlite = measure_database(f"sqlite:///{folder}/search.sqlite3")
    versions = [f"{os.cpu_count()} cores", f"Python {platform.python_version()}", f"RapidFuzz {version('rapidfuzz')}"]
    versions.append(f"SQLite {sqlite3.sqlite_version}")
    parts = ["## Search on SQLite", table(sqlite), "## Search on PostgreSQL"]
    if url:
        print("PostgreSQL …", flush=True)
        number, postgresql = measure_postgresql(url)
        versions.append(f"PostgreSQL {number}")
        parts.append(table(postgresql))
    else:
        parts.append("Not measured: `BENCH_DATABASE_URL` named no database.")
    introduction = INTRODUCTION.format(
        date=datetime.now(UTC).strftime("%-d %B %Y"),
        versions=" · ".join(versions),
        pages=f"{sqlite.pages:,}",
        queries=f"{sqlite.queries:,}",
    )
    write_part("\n\n".join([introduction.strip(), *parts]))
    print("\n\n".join(parts))
    if not url:
        print("\nSKIPPED: PostgreSQL. Set BENCH_DATABASE_URL=postgres://… to measure it.", file=sys.stderr)


if __name__ == "__main__":
    main()
