"""The site as it is served: several processes on one database, with and without Redis, and what happens in a fault."""

import threading
import time
from contextlib import ExitStack

import pytest
from django.db import connection

from publishing.models import Edition
from publishing.verbs import forget, redact, withdraw
from tests.factories import make_disease, make_organization, make_portrait, make_publisher, put_live
from tests.website.servers import DatabaseDoor, Redis, read, serving, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

ROUNDS = 200


def address(subject):
    return subject.url_of(subject.slug)


@pytest.fixture
def start():
    """Starts web servers that run until the test ends, and returns all that were started so far."""
    with ExitStack() as stack:
        servers = []

        def start_servers(count=1, **options):
            servers.extend(stack.enter_context(serving(**options)) for _ in range(count))
            return servers

        yield start_servers


@pytest.fixture
def redis():
    own = Redis()
    yield own
    own.stop()


def test_of_200_publications_the_next_reader_of_another_process_sees_each(start):
    disease = make_disease()
    [server] = start(workers=2)

    seen = 0
    for number in range(ROUNDS):
        disease.summary = f"As corrected for the {number}th time."
        put_live(disease)
        seen += disease.summary.encode() in read(server, address(disease)).body

    assert seen == ROUNDS
    assert read(server, address(disease)).status == 200


@pytest.mark.parametrize("shared", [False, True], ids=["without Redis", "with Redis"])
def test_two_servers_show_every_change_to_the_next_reader(shared, start, request):
    redis = request.getfixturevalue("redis") if shared else None
    publisher = make_publisher()
    organization = make_organization()
    disease, portrait = make_disease(organizations=[organization]), make_portrait()
    start_of_disease = Edition.objects.about(disease).get()
    servers = start(2, **{"CACHE_URL": redis.url} if redis else {})

    def everywhere(path, text=b""):
        """Returns the status at each server, and whether the page holds the text, asked twice."""
        return {(reply.status, text in reply.body) for server in servers * 2 for reply in [read(server, path)]}

    assert everywhere(address(disease), organization.phone.encode()) == {(200, True)}
    for number in range(20):
        disease.summary = f"As corrected for the {number}th time."
        put_live(disease)
        assert everywhere(address(disease), disease.summary.encode()) == {(200, True)}
    if redis:
        assert redis.count() > 20  # at least each publication, once for both servers
    organization.phone = "217-555-0199"
    put_live(organization)
    assert everywhere(address(disease), b"217-555-0199") == {(200, True)}
    assert everywhere(f"{address(disease)}changes/", b"Summary") == {(200, True)}
    redact(start_of_disease, by=publisher, reason="A private number")
    assert everywhere(f"{address(disease)}changes/", b"We had to remove this version") == {(200, True)}
    assert everywhere(address(portrait)) == {(200, True)}
    forget(portrait, by=publisher, reason="Asked for it")
    assert everywhere(address(portrait)) == {(410, True)}
    withdraw(disease, by=publisher, reason="It was wrong.")
    assert everywhere(address(disease), b"It was wrong.") == {(410, True)}


def test_redis_may_stop_and_start_at_any_time(start, redis):
    disease = make_disease()
    [server] = start(CACHE_URL=redis.url)
    assert read(server, address(disease)).status == 200

    redis.stop()
    for number in range(5):
        disease.summary = f"Without Redis {number}."
        put_live(disease)
        reply = read(server, address(disease))
        assert (reply.status, disease.summary.encode() in reply.body) == (200, True)
    redis.start()
    time.sleep(2.1)  # for so long Redis is not asked again
    disease.summary = "With Redis again."
    put_live(disease)
    [_first, other] = start(CACHE_URL=redis.url)

    assert b"With Redis again." in read(server, address(disease)).body
    assert b"With Redis again." in read(other, address(disease)).body
    assert redis.count() > 0
    assert server.log.read_text().count("Redis does not answer") == 1


class Reader(threading.Thread):
    """Reads one page all the time and keeps what each answer was."""

    def __init__(self, server, path):
        super().__init__(daemon=True)
        self.server, self.path = server, path
        self.replies = []
        self.is_done = threading.Event()

    def run(self):
        while not self.is_done.wait(0.01):
            reply = read(self.server, self.path)
            self.replies.append((reply.status, reply.verdict))

    def saw(self, verdict):
        return (200, verdict) in self.replies


@pytest.mark.parametrize("fault", ["stops", "hangs"])
def test_a_database_that_fails_under_load_costs_no_reader_a_page_in_memory(fault, start):
    if fault == "hangs" and connection.vendor == "sqlite":
        pytest.skip("SQLite is no server that could hang.")
    door = DatabaseDoor()
    begin, end = (door.close, door.open) if fault == "stops" else (door.hang, door.go_on)
    disease, other = make_disease(), make_disease()
    [server] = start(database=door.url)
    assert read(server, address(disease)).status == 200
    reader = Reader(server, address(disease))
    reader.start()
    wait_until(lambda: reader.saw("hit"))

    begin()
    try:
        wait_until(lambda: reader.saw("stale"))
        reply = read(server, address(other))
        assert (reply.status, b"Not available at the moment" in reply.body) == (503, True)
        assert read(server, "/admin/login/").status == 503
    finally:
        end()
    wait_until(lambda: read(server, address(other)).status == 200)
    hits = len([reply for reply in reader.replies if reply[1] == "hit"])
    wait_until(lambda: len([reply for reply in reader.replies if reply[1] == "hit"]) > hits)
    reader.is_done.set()
    reader.join(30)

    assert {status for status, _verdict in reader.replies} == {200}
    disease.summary = "After the fault."
    put_live(disease)
    assert b"After the fault." in read(server, address(disease)).body
