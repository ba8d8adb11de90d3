"""The bars of `make bench-serving`, and the tables that it writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SMALL, SERVED = 200, [2_600, 20_000]
LARGE = SERVED[-1]
SOME_REQUESTS = 20_000  # after which the memory is measured for the first time

Figures = dict[str, float]
"""What was measured at one place, by its name."""

Results = dict[str, Figures]
"""The figures of each place: a kind of database and a number of diseases, such as "SQLite 2600"."""

REASONS: dict[str, str] = {
    "warm page / constant view": (
        "a page from memory asks the database for the public version, and sends fourteen headers where the "
        "constant view sends two. The statement takes a third of the processor time on SQLite and most of it "
        "on PostgreSQL, whose server works on the same two cores."
    ),
    "warm page / bare function": ("as above: the statement for the public version, and the headers."),
    "1,000 pages in turn / bare function": ("as above."),
    "p99 / p50 of a warm page": (
        "eight threads and the client share two cores. In the same run it is 5 to 6 for the bare function and "
        "4 to 8 for the constant view."
    ),
    "searches a second, each for another name": (
        "a search that nobody has made yet takes both cores for about 7 ms: to find the names, and to make the page."
    ),
    "CPU: publishing, ms": ("the time of PostgreSQL's own process is in it."),
}
"""Why a bar is missed, by the name of the bar. It is printed below the table."""


@dataclass(frozen=True)
class Bar:
    name: str
    place: str
    measured: float | None
    least: float | None = None
    most: float | None = None

    @property
    def is_missed(self) -> bool:
        if self.measured is None:
            return False
        return (self.least is not None and self.measured < self.least) or (
            self.most is not None and self.measured > self.most
        )

    def cells(self) -> list[str]:
        measured = "not measured" if self.measured is None else f"{self.measured:.3g}"
        if self.measured is not None and self.measured >= 100:
            measured = f"{self.measured:,.0f}"
        target = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"
        return [self.name, self.place, f"**{measured}**" if self.is_missed else measured, target]


def bars(results: Results) -> Iterator[Bar]:
    def ratio(place: str, above: str, below: str) -> float | None:
        figures = results[place]
        return figures[above] / figures[below] if figures.get(above) and figures.get(below) else None

    for place, figures in results.items():
        database, size = place.split()
        if int(size) not in SERVED:
            continue
        is_sqlite = database == "SQLite"
        yield Bar("warm page / constant view", place, ratio(place, "page", "constant"), least=2 if is_sqlite else 1)
        if is_sqlite:
            yield Bar("warm page / bare function", place, ratio(place, "page", "bare"), least=0.5)
            yield Bar("1,000 pages in turn / bare function", place, ratio(place, "pages", "bare"), least=0.4)
        yield Bar("304 / warm page", place, ratio(place, "unchanged", "page"), least=0.95)
        yield Bar("requests that failed", place, figures["failures"], most=0)
        yield Bar("p99 / p50 of a warm page", place, ratio(place, "page p99", "page p50"), most=3)
        yield Bar("CPU: first rendering / ORM's page", place, ratio(place, "CPU first", "CPU ORM"), most=3)
        yield Bar("CPU: after a publication / ORM's page", place, ratio(place, "CPU again", "CPU ORM"), most=1.5)
        yield Bar("CPU: publishing, ms", place, figures["CPU publishing"], most=30)
        yield Bar("publishing, statements", place, figures["statements"], most=20)
        if int(size) == LARGE:
            yield Bar("searches a second, each for another name", place, figures["search"], least=300)
            yield Bar("searches a second, for some names again", place, figures["searches"], least=300)
            small = results[f"{database} {SMALL}"]
            for name in ("first", "hit"):
                measured = figures[f"CPU {name}"] / small[f"CPU {name}"]
                yield Bar(f"CPU: {name}, {LARGE:,} / {SMALL} diseases", place, measured, most=1.2)
        if "memory at the end" in figures:
            measured = figures["memory at the end"] / figures["memory"]
            yield Bar(f"memory at the end / after {SOME_REQUESTS:,} requests", place, measured, most=1.1)


def table(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def table_of_loads(results: Results) -> str:
    names = {
        "bare": "bare WSGI function",
        "constant": "constant view of Django",
        "ORM": "plain Django, ORM and templates",
        "page": "the site: one warm page",
        "unchanged": "the site: 304 Not Modified",
        "pages": "the site: 1,000 pages in turn",
        "search": "the site: searches, each for another name",
        "searches": "the site: searches for some names again",
    }
    places = {place: figures for place, figures in results.items() if int(place.split()[1]) in SERVED}
    lines = [["requests a second (p50, p99 in ms)", *places], ["---", *["--:"] * len(places)]]
    for name, label in names.items():
        cells = [
            f"{figures[name]:,.0f} ({figures[f'{name} p50']:.1f}, {figures[f'{name} p99']:.1f})"
            if name in figures
            else ""
            for figures in places.values()
        ]
        lines.append([label, *cells])
    return table(lines)


def table_of_times(results: Results) -> str:
    names = {
        "CPU ORM": "plain Django, ORM and templates",
        "CPU first": "the site: first rendering",
        "CPU again": "the site: after a publication elsewhere",
        "CPU hit": "the site: hit",
        "CPU publishing": "the site: publishing",
    }
    lines = [["processor time in ms", *results], ["---", *["--:"] * len(results)]]
    for name, label in names.items():
        cells = [f"{figures[name]:.3g}" if name in figures else "" for figures in results.values()]
        lines.append([label, *cells])
    return table(lines)


def report(results: Results) -> str:
    found = list(bars(results))
    lines = [["what", "where", "measured", "bar"], ["---", "---", "--:", "--:"], *(bar.cells() for bar in found)]
    sections = ["## Bars of serving", table(lines)]
    missed = dict.fromkeys(bar.name for bar in found if bar.is_missed)
    if missed:
        sections.append(
            "\n".join(f"- **{name}** is missed: {REASONS.get(name, 'the reason is open.')}" for name in missed)
        )
    sections += ["## Loads", table_of_loads(results), "## Processor times of pages", table_of_times(results)]
    for place, figures in results.items():
        if "memory" in figures:
            sections.append(
                f"Memory on {place} diseases: {figures['memory']:.0f} MB after {SOME_REQUESTS:,} requests, "
                f"{figures['memory at the end']:.0f} MB after {figures['requests for memory']:,.0f}."
            )
    return "\n\n".join(sections)
