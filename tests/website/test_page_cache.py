"""The page cache: it answers without Django, never with a page that is out of date, and never with another's page."""

import gzip
import os
import threading
from contextlib import contextmanager
from pathlib import Path

import brotli
import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections
from django.urls import get_resolver
from hypothesis import given
from hypothesis import strategies as st

from publishing.models import Edition
from publishing.restoring import hide_comparison
from publishing.verbs import forget, publish, redact, save_edition, withdraw
from tests.factories import make_disease, make_organization, make_portrait, make_publisher, put_live
from tests.website.wsgi import ask
from website.page_cache import PageCache
from website.page_store import OVERHEAD, CachedPage, PageKey, PageStore, SharedStore, Stamp
from website.release import release

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def address(subject):
    return subject.url_of(subject.slug)


class Site:
    """The site as a WSGI application that counts how often it is asked."""

    def __init__(self):
        self.handler = WSGIHandler()
        self.asked = []

    def __call__(self, environ, start_response):
        self.asked.append(environ)
        return self.handler(environ, start_response)


@pytest.fixture
def make_cache():
    caches = []

    def make(application=None):
        caches.append(PageCache(application or Site()))
        return caches[-1]

    yield make
    for cache in caches:
        cache.close()


@pytest.fixture
def cache(make_cache):
    return make_cache()


def test_a_second_request_is_answered_without_django(cache):
    disease = make_disease()
    path = address(disease)

    first, second = ask(cache, path), ask(cache, path)

    assert (first.verdict, second.verdict, len(cache.application.asked)) == ("miss", "hit", 1)
    assert first.body == second.body
    assert disease.name.encode() in first.body
    assert first.headers | {"server-timing": ""} == second.headers | {"server-timing": ""}
    assert second.headers["vary"] == "Accept-Encoding"
    assert second.headers["cache-control"] == "public, max-age=0, must-revalidate"


def test_the_headers_are_those_of_django(cache):
    path = address(make_disease())

    behind, before = ask(cache.application, path), ask(cache, path)

    changed = {"cache-control", "vary", "etag", "server-timing"}
    assert {name: value for name, value in behind.headers.items() if name not in changed} == {
        name: value for name, value in before.headers.items() if name not in changed
    }
    assert "content-security-policy" in before.headers


def test_a_page_that_the_reader_has_is_not_sent_again(cache):
    path = address(make_disease())
    etag = ask(cache, path).headers["etag"]
    assert not etag.startswith("W/")

    for sent in [etag, f'"other", {etag}', f"W/{etag}", "*"]:
        answer = ask(cache, path, HTTP_IF_NONE_MATCH=sent)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert ask(cache, path, HTTP_IF_NONE_MATCH='"other"').status == 200
    assert len(cache.application.asked) == 1


def test_each_browser_gets_an_encoding_that_it_accepts(cache):
    path = address(make_disease())
    plain = ask(cache, path).body
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
    etags = set()

    for accepted, encoding in [
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("GZIP", "gzip"),
        ("identity", None),
        ("*", None),
    ]:
        answer = ask(cache, path, HTTP_ACCEPT_ENCODING=accepted)
        assert answer.headers.get("content-encoding") == encoding
        assert unpack[encoding](answer.body) == plain
        assert int(answer.headers["content-length"]) == len(answer.body)
        etags.add(answer.headers["etag"])
    assert (len(etags), len(cache.application.asked)) == (3, 1)


def change_organization(disease, publisher):
    organization = disease.supports.get().organization
    organization.phone = "217-555-0199"
    put_live(organization)


def change_summary(disease, publisher):
    disease.summary = "As corrected."
    put_live(disease)


def rename(disease, publisher):
    disease.slug = "another-address"
    put_live(disease)


ACTS = {
    "publish": change_summary,
    "an organization of the page": change_organization,
    "another address": rename,
    "withdraw": lambda disease, publisher: withdraw(disease, by=publisher, reason="Wrong"),
    "withdraw an organization": lambda disease, publisher: withdraw(
        disease.supports.get().organization, by=publisher, reason="Closed"
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_changes_is_seen_by_the_next_reader_in_every_process(act, make_cache):
    one, other = make_cache(), make_cache()
    disease = make_disease(organizations=[make_organization()])
    publisher = make_publisher()
    path = address(disease)
    before = [ask(cache, path) for cache in (one, other)]
    assert [ask(cache, path).verdict for cache in (one, other)] == ["hit", "hit"]

    ACTS[act](disease, publisher)

    for cache, old in zip((one, other), before, strict=True):
        answer = ask(cache, path)
        assert (answer.verdict, answer.body != old.body) == ("miss", True)
        assert answer.body == ask(cache.application, path).body


def test_a_redacted_or_hidden_text_goes_from_the_history_at_once(cache):
    publisher = make_publisher()
    disease = make_disease(summary="The private number 555.")
    first = Edition.objects.about(disease).get()
    disease.summary = "No number."
    put_live(disease)
    second = Edition.objects.about(disease).live().get()
    path = f"{address(disease)}changes/"
    assert b"555" in ask(cache, path).body

    hide_comparison(second, by=publisher, reason="A private number")
    assert b"555" not in ask(cache, path).body
    redact(first, by=publisher, reason="A private number")

    assert (ask(cache, path).verdict, ask(cache, path).verdict) == ("miss", "hit")


def test_a_draft_or_a_refused_publication_keeps_the_pages(cache):
    disease = make_disease()
    ask(cache, address(disease))
    disease.summary = "Half a thought."
    disease.save()
    save_edition(disease, by=make_publisher())

    assert ask(cache, address(disease)).verdict == "hit"


def test_at_midnight_in_the_sites_time_zone_every_page_is_made_again(cache):
    path = address(make_disease())
    with time_machine.travel("2026-05-03 23:59:58Z") as clock:
        assert [ask(cache, path).verdict for _ in range(2)] == ["miss", "hit"]
        clock.shift(1)
        assert ask(cache, path).verdict == "hit"
        clock.shift(2)
        assert [ask(cache, path).verdict for _ in range(2)] == ["miss", "hit"]


def test_a_publication_while_a_page_is_made_keeps_the_page_out_of_the_cache(make_cache):
    disease = make_disease()
    site = Site()

    def slow(environ, start_response):
        answer = site(environ, start_response)
        if len(site.asked) == 1:
            change_summary(disease, None)
        return answer

    cache = make_cache(slow)

    assert b"As corrected." not in ask(cache, address(disease)).body
    assert b"As corrected." in ask(cache, address(disease)).body


def test_readers_who_ask_at_once_have_the_page_made_once(make_cache):
    path = address(make_disease())
    site, release = Site(), threading.Event()

    def slow(environ, start_response):
        release.wait(5)
        return site(environ, start_response)

    cache = make_cache(slow)
    answers = []

    def read():
        answers.append(ask(cache, path))
        lose_connection(cache)
        connection.close()

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    release.set()
    for thread in threads:
        thread.join(timeout=20)

    assert (len(site.asked), len({answer.body for answer in answers}), len(answers)) == (1, 1, 8)


def other_hosts(cache, path):
    return {
        "an unknown host": ask(cache, path, HTTP_HOST="evil.example.org").status,
        "no host": ask(cache, path, HTTP_HOST="").status,
        "a host in capitals": ask(cache, path, HTTP_HOST="TESTSERVER").verdict,
        "another allowed host": ask(cache, path, HTTP_HOST="localhost").verdict,
        "an impossible port": ask(cache, path, HTTP_HOST="testserver:99999").verdict,
    }


def test_no_page_holds_the_address_of_another_host(cache):
    path = address(make_disease())
    ask(cache, path)

    assert other_hosts(cache, path) == {
        "an unknown host": 400,
        "no host": 400,
        "a host in capitals": "hit",
        "another allowed host": "miss",
        "an impossible port": "",
    }
    assert b"evil.example.org" not in ask(cache, path).body
    assert b"http://localhost/" in ask(cache, path, HTTP_HOST="localhost").body
    assert b"http://localhost/" not in ask(cache, path).body


POISON = {
    "a forwarded host": {"HTTP_X_FORWARDED_HOST": "evil.example.org"},
    "a forwarded scheme": {"HTTP_X_FORWARDED_PROTO": "https"},
    "a forwarded port": {"HTTP_X_FORWARDED_PORT": "99"},
    "another path": {"HTTP_X_ORIGINAL_URL": "/admin/", "HTTP_X_REWRITE_URL": "/admin/"},
    "another method": {"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"},
    "a language": {"HTTP_ACCEPT_LANGUAGE": "de"},
    "a part of it": {"HTTP_RANGE": "bytes=0-9"},
    "a HEAD request": {"method": "HEAD"},
    "a campaign": {"query": "utm_source=evil.example.org"},
    "a parameter twice": {"query": "page=evil&page=1"},
    "an answer as JSON": {"HTTP_ACCEPT": "application/json", "HTTP_X_REQUESTED_WITH": "XMLHttpRequest"},
    "a stranger's cookie": {"HTTP_COOKIE": "theme=evil.example.org"},
    "a body": {"CONTENT_LENGTH": "4", "CONTENT_TYPE": "text/plain"},
    "a condition": {"HTTP_IF_NONE_MATCH": "*", "HTTP_IF_MODIFIED_SINCE": "Fri, 01 Jan 2100 00:00:00 GMT"},
    "a user": {"REMOTE_USER": "root", "HTTP_AUTHORIZATION": "Basic cm9vdDpyb290"},
}


@pytest.mark.parametrize("poison", POISON)
def test_what_is_not_in_the_key_changes_nothing_for_the_next_reader(poison, make_cache):
    path = f"{address(make_disease())}changes/"
    clean = ask(make_cache(), path)
    cache = make_cache()

    ask(cache, path, **POISON[poison])
    answer = ask(cache, path)

    assert (answer.status, answer.body, answer.headers["content-type"]) == (
        200,
        clean.body,
        clean.headers["content-type"],
    )


@pytest.mark.parametrize("suffix", [";x.css", "/x.css", "%00", "x.css", "?x.css"])
def test_a_name_of_a_file_behind_an_address_is_not_the_page(suffix, cache):
    disease = make_disease()
    path = address(disease).rstrip("/") + suffix

    answer = ask(cache, path)

    assert disease.name.encode() not in answer.body


def test_unknown_parameters_neither_miss_nor_fill_the_cache(cache):
    path = f"{address(make_disease())}changes/"
    ask(cache, path)

    verdicts = [ask(cache, path, query).verdict for query in ["utm_source=x", "fbclid=1&x=2", "page=", "%ff=%ff", "="]]

    assert (verdicts, len(cache.pages)) == (["hit"] * 5, 1)
    assert ask(cache, path, "page=1&utm_source=x").verdict == "miss"
    assert ask(cache, path, "page=7&page=1").verdict == "hit"
    assert b"utm_source" not in ask(cache, path, "page=1&utm_source=x").body


def test_what_is_not_for_everyone_goes_straight_through(cache):
    path = address(make_disease())
    ask(cache, path)
    kept = len(cache.pages)

    for asked in [
        {"path": f"/{settings.ADMIN_PATH}"},
        {"path": "/suggest/"},
        {"path": "/static/site.css"},
        {"path": path, "method": "POST"},
        {"path": path, "method": "PURGE"},
        {"path": path, "HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}=x"},
        {"path": path, "HTTP_COOKIE": f"a=b; {settings.CSRF_COOKIE_NAME}=x"},
        {"path": "/diseases", "query": "page=2"},
    ]:
        before = len(cache.application.asked)
        answer = ask(cache, **asked)
        assert (answer.verdict, len(cache.application.asked)) == ("", before + 1), asked
    assert len(cache.pages) == kept


def test_every_public_view_says_whether_it_may_be_cached():
    """A new view is not cached until somebody marks it. Those that stay without a mark are named here."""

    def views(patterns, prefix=""):
        for pattern in patterns:
            name = f"{prefix}{pattern.pattern}"
            if name != settings.ADMIN_PATH:
                yield from (
                    views(pattern.url_patterns, name)
                    if hasattr(pattern, "url_patterns")
                    else [(name, hasattr(pattern.callback, "cache_parameters"))]
                )

    unmarked = {name for name, is_marked in views(get_resolver().url_patterns) if not is_marked}

    assert {name for name in unmarked if not name.startswith(settings.ADMIN_PATH)} == {
        "suggest/",
        "suggest/thanks/",
        "^pictures/(?P<digest>[0-9a-f]{64})\\.webp$",
    }


def test_a_page_of_search_results_stays_in_this_process_and_tells_nobody_what_was_searched_for(cache):
    make_disease(name="Iron storage")

    first, second = ask(cache, "/search/", "q=iron"), ask(cache, "/search/", "q=iron&utm_source=x")

    assert (first, len(cache.application.asked)) == (second, 1)
    assert second.headers["cache-control"] == "private, no-cache"


def test_words_of_any_language_are_searched_for_as_they_were_sent(cache):
    sent = "q=Sjögren".encode().decode("latin-1")  # as WSGI has the bytes

    assert "“Sjögren”".encode() in ask(cache, "/search/", sent).body
    for query in ["q=iron&q=", "q=", "q=a&q=iron"]:
        assert ask(cache, "/search/", query).body == ask(cache.application, "/search/", query.split("&")[-1]).body


def test_what_programs_ask_for_takes_no_memory_from_the_pages_of_readers(make_cache, settings):
    settings.PAGE_CACHE_BYTES = 400_000
    cache = make_cache()
    path = address(make_disease())
    ask(cache, path)

    for number in range(40):
        assert ask(cache, f"/diseases/no-{number}/").status == 404
        assert ask(cache, "/diseases/", f"page={number}").status == 200

    assert cache.less_asked.bytes <= 100_000
    assert ask(cache, path).verdict == "hit"
    assert ask(cache, "/diseases/", "page=39").verdict == "hit"


def test_an_answer_that_failed_is_not_kept(make_cache):
    site, fails = Site(), [True, False]

    def failing(environ, start_response):
        if fails.pop(0):
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [b"failed"]
        return site(environ, start_response)

    cache = make_cache(failing)
    path = address(make_disease())

    assert [ask(cache, path).status for _ in range(2)] == [500, 200]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("500 Internal Server Error", {}),
        ("200 OK", {"Set-Cookie": "a=b", "Vary": "Cookie"}),
        ("200 OK", {"Cache-Control": "no-store"}),
        ("302 Found", {"Location": "/"}),
    ],
)
def test_an_answer_that_is_not_for_everyone_does_not_say_so_either(status, headers, make_cache):
    def personal(environ, start_response):
        start_response(status, [("Content-Type", "text/html"), *headers.items()])
        return [b"personal" * 100]

    cache = make_cache(personal)

    answers = [ask(cache, "/", HTTP_ACCEPT_ENCODING="br") for _ in range(2)]

    assert [answer.verdict for answer in answers] == ["miss", "miss"]
    assert "public" not in answers[0].headers.get("cache-control", "")
    assert headers.get("Vary", "") in answers[0].headers["vary"]
    assert (len(cache.pages), len(cache.less_asked)) == (0, 0)


def test_an_application_that_raises_blocks_nobody(make_cache):
    site, fails = Site(), [True, False]

    def raising(environ, start_response):
        if fails.pop(0):
            raise RuntimeError("a fault")
        return site(environ, start_response)

    cache = make_cache(raising)
    path = address(make_disease())

    with pytest.raises(RuntimeError):
        ask(cache, path)
    assert ask(cache, path).status == 200


@contextmanager
def no_database():
    """Takes the database away: moves the file, or asks for it where no server listens."""
    connections.close_all()
    place = connection.settings_dict
    before = dict(place)
    if connection.vendor == "sqlite":
        names = [Path(f"{place['NAME']}{end}") for end in ("", "-wal", "-shm")]
        moved = [name for name in names if name.exists()]
        for name in moved:
            os.rename(name, f"{name}.away")
    else:
        place.update(HOST="127.0.0.1", PORT="1")
        settings.DATABASES["default"].update(HOST="127.0.0.1", PORT="1")
    try:
        yield
    finally:
        connections.close_all()
        if connection.vendor == "sqlite":
            for name in names:
                name.unlink(missing_ok=True)
            for name in moved:
                os.rename(f"{name}.away", name)
        place.update(before)
        settings.DATABASES["default"].update(before)


def lose_connection(cache):
    """Ends the kept connection, as a server does that stops."""
    cache.versions.disconnect()


def test_without_the_database_pages_in_memory_are_served_and_marked(cache):
    path, other = (address(make_disease()) for _ in range(2))
    page = ask(cache, path)

    with no_database():
        lose_connection(cache)
        stale = ask(cache, path)
        missing = ask(cache, other)
        admin = ask(cache, f"/{settings.ADMIN_PATH}")

    assert (stale.status, stale.body, stale.verdict) == (200, page.body, "stale")
    assert stale.headers["warning"] == '110 - "Response is Stale"'
    for answer in (missing, admin):
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert b"Not available at the moment" in answer.body
    assert "content-security-policy" in missing.headers
    for _ in range(100):
        if ask(cache, path).verdict == "hit":
            break
        threading.Event().wait(0.1)
    assert ask(cache, path).verdict == "hit"
    assert ask(cache, other).status == 200


def test_a_page_is_served_without_the_database_for_a_limited_time(cache, settings):
    settings.PAGE_CACHE_STALE_SECONDS = 0
    path = address(make_disease())
    ask(cache, path)

    with no_database():
        lose_connection(cache)
        assert ask(cache, path).status == 503


REMOVALS = {
    "withdraw": lambda disease, portrait, publisher: withdraw(disease, by=publisher, reason="Wrong"),
    "redact": lambda disease, portrait, publisher: redact(
        Edition.objects.about(disease).order_by("number").first(), by=publisher, reason="A private number"
    ),
    "forget": lambda disease, portrait, publisher: forget(portrait, by=publisher, reason="Asked for it"),
}


@pytest.mark.parametrize("act", REMOVALS)
def test_what_was_taken_from_readers_is_not_served_without_the_database(act, cache):
    disease, portrait, publisher = make_disease(summary="The private number 555."), make_portrait(), make_publisher()
    disease.summary = "No number."
    put_live(disease)
    paths = [address(disease), f"{address(disease)}changes/", address(portrait)]
    for path in paths:
        assert ask(cache, path).status == 200

    stamp = cache._find(PageKey("http", "testserver", paths[0], "")).stamp

    REMOVALS[act](disease, portrait, publisher)
    for _ in range(100):  # nobody asks: the thread in the background sees it
        if cache.versions.last_version.removal_token != stamp.removal_token:
            break
        threading.Event().wait(0.1)

    with no_database():
        lose_connection(cache)
        assert [ask(cache, path).status for path in paths] == [503] * 3


def test_a_page_that_is_kept_a_moment_too_late_is_not_served_without_the_database(cache):
    disease, publisher = make_disease(), make_publisher()
    path = address(disease)

    class SlowStore(PageStore):
        """Another reader learns that the page was withdrawn, just before it is kept."""

        def put(self, key, page):
            if key.path == path and not self.is_late:
                self.is_late = True
                withdraw(disease, by=publisher, reason="Wrong")
                ask(cache, "/about/")
            super().put(key, page)

    cache.pages = SlowStore(1_000_000)
    cache.pages.is_late = False
    ask(cache, path)

    with no_database():
        lose_connection(cache)
        assert ask(cache, path).status == 503


def test_after_a_publication_elsewhere_a_page_is_still_there_without_the_database(cache):
    path = address(make_disease())
    ask(cache, path)
    make_disease()
    ask(cache, "/")

    with no_database():
        lose_connection(cache)
        assert ask(cache, path).verdict == "stale"


def test_a_page_of_another_release_day_or_publication_is_not_found_in_the_shared_store():
    shared = caches["default"]
    key, stamp = PageKey("https", "testserver", "/", ""), Stamp("token", "removal", "2026-05-03")
    page = CachedPage("200 OK", [("X", "y")], stamp)
    page.add_variant("", b"text" * 100)
    SharedStore(shared, "release 1").put(key, page, "br")

    found = SharedStore(shared, "release 1").get(key, stamp, "br")
    assert (found.variant_in("").body, found.variant_in("br")) == (b"text" * 100, page.variant_in("br"))
    assert SharedStore(shared, "release 2").get(key, stamp, "br") is None
    for other in [stamp._replace(token="another"), stamp._replace(day="2026-05-04")]:
        assert SharedStore(shared, "release 1").get(key, other, "br") is None
    for other in [key._replace(scheme="http"), key._replace(host="localhost"), key._replace(query="page=2")]:
        assert SharedStore(shared, "release 1").get(other, stamp, "br") is None


def test_what_pages_print_makes_another_release_and_a_secret_does_not(settings):
    make_release = release.__wrapped__  # without what it keeps
    settings.SECRET_KEY = "one"
    before = make_release()

    settings.SECRET_KEY = "another"
    settings.CACHE_URL = "redis://:secret@127.0.0.1/0"
    assert make_release() == before
    for name, value in {
        "SITE_NAME": "Another name",
        "MEDICAL_NOTICE": "Another notice.",
        "COMMUNITY_APP_URL": "https://another.example.org/",
        "SUGGEST_EMAIL": "another@example.org",
        "SITE_URL": "https://another.example.org",
        "TIME_ZONE": "Asia/Tokyo",
    }.items():
        last = make_release()
        setattr(settings, name, value)
        assert make_release() != last, name


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3_000)), max_size=60))
def test_the_store_never_takes_more_memory_than_it_may(steps):
    store = PageStore(10 * OVERHEAD)
    newest = {}
    for number, size in steps:
        key = PageKey("https", "testserver", f"/{number}/", "")
        page = CachedPage("200 OK", [], Stamp("token", "removal", "2026-05-03"))
        page.add_variant("", b"x" * size)
        store.put(key, page)
        newest[key] = page
        assert store.get(key) is page
        assert store.bytes <= store.max_bytes
        kept = {key: page for key, page in newest.items() if store.get(key) is page}
        assert store.bytes == sum(page.size() + sum(map(len, key)) for key, page in kept.items())
        assert len(store) == len(kept)


def test_publishing_the_same_page_again_keeps_the_cache(cache):
    disease = make_disease()
    ask(cache, address(disease))

    publish(Edition.objects.about(disease).get(), by=make_publisher())

    assert ask(cache, address(disease)).verdict == "hit"
