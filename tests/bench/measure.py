"""Times requests at several sizes in one kind of database. Imported once Django is set up."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import close_old_connections, connection, connections
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from diseases.models import Disease
from organizations.models import Organization
from publishing.models import Edition, PublicVersion
from tests.bench.generate import IN_WORK, SUPPORTS, TOPICS, UNLINKED, change, check, generate
from tests.bench.timings import Timings
from tests.factories import make_publisher
from tests.forms import fields_of

RUNS = 25
SAVES = 12
WARM_UP = 3
VACUUM = {"sqlite": "ANALYZE", "postgresql": "VACUUM (ANALYZE)"}


class Site:
    """A site of one size, in a database of its own."""

    def __init__(self, database: str, size: int) -> None:
        self.size = size
        self.connection = connections.create_connection("default")
        self.connection.settings_dict = self.connection.settings_dict | {"NAME": database}
        self.use()
        call_command("migrate", verbosity=0)
        user = make_publisher()
        generate(size, user)
        self.diseases = list(Disease.objects.order_by("pk").values_list("pk", "slug"))
        self.organizations = list(Organization.objects.order_by("pk").values_list("pk", "slug"))[UNLINKED:]
        for i in range(0, size, size // 5):
            check(Disease.objects.get(pk=self.diseases[i][0]), user)
        check(Organization.objects.get(pk=self.organizations[-1][0]), user)
        for i, organization in enumerate(Organization.objects.order_by("pk")[:IN_WORK]):
            change(organization, user, is_ready=i % 2 == 1)
        with connection.cursor() as cursor:
            cursor.execute(VACUUM[connection.vendor])
        self.reader, self.editor = Client(), Client()
        self.editor.force_login(user)

    def use(self) -> None:
        connections["default"] = self.connection

    def disease(self, i: int) -> tuple[int, str]:
        """Returns the i-th of some diseases that are spread over the whole table."""
        return self.diseases[(i * 67 + 3) * (self.size // 200) % self.size]

    def organization(self, i: int) -> tuple[int, str]:
        return self.organizations[i * 67 % len(self.organizations)]


Request = Callable[[], Any]


@dataclass(frozen=True)
class Task:
    """A request to time. `prepare` does what is not timed and returns the request for the i-th run."""

    name: str
    prepare: Callable[[Site, int], Request]
    rows: str
    count: int = 1
    marker: str = ""
    runs: int = RUNS

    def verify(self, response: HttpResponse) -> None:
        """Raises AssertionError where the answer has another number of rows, since then the times do not compare."""
        if response.status_code != (200 if self.marker else 302):
            raise AssertionError(f"{self.name}: status {response.status_code}")
        found = response.content.decode().count(self.marker)
        if self.marker and found != self.count:
            raise AssertionError(f"{self.name}: {found} rows instead of {self.count}")


def reading(path: Callable[[Site, int], str]) -> Callable[[Site, int], Request]:
    def prepare(site: Site, i: int) -> Request:
        address = path(site, i)
        return lambda: site.reader.get(address, secure=True)

    return prepare


def opening(path: Callable[[Site, int], str]) -> Callable[[Site, int], Request]:
    def prepare(site: Site, i: int) -> Request:
        address = path(site, i)
        return lambda: site.editor.get(address, secure=True)

    return prepare


def change_address(site: Site, i: int) -> str:
    return reverse("admin:diseases_disease_change", args=[site.disease(i)[0]])


def saving(site: Site, i: int) -> Request:
    address = change_address(site, i)
    fields = fields_of(site.editor.get(address, secure=True).text, "disease_form")
    fields["questions-0-answer"] = fields["questions-0-answer"].replace("</strong> ", "</strong> changed ", 1)
    return lambda: site.editor.post(address, fields, secure=True)


def publishing(site: Site, i: int) -> Request:
    """Publishes what the i-th save wrote."""
    address = reverse("admin:diseases_disease_publish", args=[site.disease(i)[0]])
    fields = fields_of(site.editor.get(address, secure=True).text)
    return lambda: site.editor.post(address, fields | {"note": "One word"}, secure=True)


TASKS = [
    Task(
        "Disease page",
        reading(lambda site, i: reverse("diseases:detail", args=[site.disease(i)[1]])),
        f"{len(TOPICS)} answers, {SUPPORTS} organizations",
        len(TOPICS),
        '<section class="answer"',
    ),
    Task(
        "A to Z, first page",
        reading(lambda site, i: reverse("diseases:list")),
        "100 diseases",
        100,
        '<li><a href="/diseases/a',
    ),
    Task(
        "A to Z, half-way",
        reading(lambda site, i: reverse("diseases:list") + f"?page={site.size // 200}"),
        "100 diseases",
        100,
        '<li><a href="/diseases/a',
    ),
    Task(
        "Organization page",
        reading(lambda site, i: reverse("organizations:detail", args=[site.organization(i)[1]])),
        "20 diseases",
        20,
        "-disease-type-",
    ),
    Task(
        "Organization list",
        reading(lambda site, i: reverse("organizations:list")),
        "100 organizations",
        100,
        '<a href="/organizations/a',
    ),
    Task("Home", reading(lambda site, i: reverse("home")), "6 diseases", 6, '<time class="quiet"'),
    Task(
        "Admin: first page",
        opening(lambda site, i: reverse("admin:index")),
        "40 entries",
        40,
        '<span class="about">',
    ),
    Task(
        "Admin: list",
        opening(lambda site, i: reverse("admin:diseases_disease_changelist")),
        "50 diseases",
        50,
        '<th class="field-name">',
    ),
    Task(
        "Admin: change form",
        opening(change_address),
        f"{len(TOPICS)} questions",
        len(TOPICS),
        'has_original" id="questions-',
    ),
    Task(
        "Admin: organization form",
        opening(lambda site, i: reverse("admin:organizations_organization_change", args=[site.organization(i)[0]])),
        "1 organization",
        1,
        'id="organization_form"',
    ),
    Task("Admin: save one word", saving, f"{len(TOPICS)} questions", runs=SAVES),
    Task("Admin: publish", publishing, f"{len(TOPICS)} questions", runs=SAVES),
]


def server_time() -> float:
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


def time_request(request: Request, timings: Timings) -> Any:
    """Times a request. Connections are kept or closed around it as a server does."""
    wall, cpu, server = time.perf_counter(), time.process_time(), server_time()
    close_old_connections()
    response = request()
    close_old_connections()
    timings.cpu.append((time.process_time() - cpu + max(0, server_time() - server)) * 1000)
    timings.wall.append((time.perf_counter() - wall) * 1000)
    return response


def count_statements(request: Request) -> tuple[Any, int]:
    count = 0

    def counting(execute: Any, *args: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*args)

    with connection.execute_wrapper(counting):
        return request(), count


def measure_sites(databases: dict[int, str]) -> dict[str, dict[int, Timings]]:
    """Times all tasks at each size. The sites take turns, so that a busy moment does not fall on one of them alone."""
    call_command("collectstatic", verbosity=0, interactive=False)
    sites = [Site(database, size) for size, database in databases.items()]
    results: dict[str, dict[int, Timings]] = {}
    for task in TASKS:
        found = results[task.name] = {site.size: Timings(task.rows) for site in sites}
        for i in range(task.runs + WARM_UP):
            for site in sites:
                site.use()
                request = task.prepare(site, i)
                if i < WARM_UP:
                    response, found[site.size].statements = count_statements(request)
                else:
                    response = time_request(request, found[site.size])
                task.verify(response)
    for site in sites:
        site.connection.close()
    return results


PROGRAMS = {
    "/sitemap.xml": "the parts",
    "/sitemap-disease-1.xml": "1,999 pages",
    "/sitemap-disease-6.xml": "2,000 pages",
    "/sitemap-organization-1.xml": "1,999 pages",
    "/feeds/changes.atom": "30 publications",
}


def measure_other_programs(size: int, runs: int) -> list[tuple[str, Timings, int]]:
    """Times the sitemap and the feed, each after a publication, and returns them with the bytes of each answer."""
    call_command("collectstatic", verbosity=0, interactive=False)
    site = Site(connection.settings_dict["NAME"], size)
    check_sitemap(site.reader)
    results = []
    for address, rows in PROGRAMS.items():
        timings = Timings(rows)
        request = reading(lambda site, i, address=address: address)(site, 0)
        for _ in range(runs):
            PublicVersion.replace()
            response, timings.statements = count_statements(request)
            PublicVersion.replace()
            time_request(request, timings)
        count = response.text.count("<url>") or response.text.count("<entry>") or response.text.count("<sitemap>")
        if not timings.rows.startswith((f"{count:,}", "the parts")):
            raise AssertionError(f"{address}: {count} rows, not {rows}")
        results.append((address, timings, len(response.content)))
    site.connection.close()
    return results


def check_sitemap(reader: Client) -> None:
    """Raises AssertionError where the sitemap does not list each live page once with its date, and the fixed pages."""

    def entries(url: str) -> list[tuple[str, str]]:
        text = reader.get(url.removeprefix("https://testserver"), secure=True).text
        return re.findall("<loc>(.*?)</loc>(?:<lastmod>(.*?)</lastmod>)?", text)

    listed = [entry for part, _changed in entries("/sitemap.xml") for entry in entries(part)]
    live = Edition.objects.live().defer("content")
    expected = [(edition.get_absolute_url(), edition.updated_at.isoformat(timespec="seconds")) for edition in live]
    dated = [(url.removeprefix("https://testserver"), changed) for url, changed in listed if changed]
    if sorted(dated) != sorted(expected):
        raise AssertionError(f"The sitemap has {len(dated)} dated pages, which are not the {len(expected)} live ones.")
    print(f"The sitemap lists each of {len(expected):,} live pages once with its date.", flush=True)
