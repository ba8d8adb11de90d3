"""The page cache: answers readers from memory, in front of Django, and never with a page that is out of date.

It answers GET and HEAD for the views that are marked as `cacheable`. A page is valid while the public version, the
release and the local date are the same. The public version is read for every request: what is published is seen by the
next reader, in every process. While the database does not answer, pages that are in memory are served on, marked as
stale, except where something was taken away from readers since they were made.
"""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.core.cache import caches
from django.http.request import split_domain_port, validate_host
from django.urls import Resolver404
from django.utils import timezone

from publishing.models import PublicVersion
from website.cacheable import parameters_of
from website.fragments import clear_fragments
from website.outage import DATABASE_GONE
from website.page_store import CachedPage, Header, PageKey, PageStore, SharedStore, Stamp, Variant
from website.release import release
from website.version_reader import VersionReader

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

MAX_ADDRESS_LENGTH = 1_000
"""The length of the longest path, and of the longest query, that is cached."""

MAX_PARAMETERS = 50

NOT_FOUND_BYTES = 1_000_000
"""How much memory pages take that say that there is no page, or none any more. Programs ask for any address."""

WAIT_SECONDS = 10
"""How long a request waits for another one that is already rendering the same page."""

PASSED_ON = ["SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SCRIPT_NAME"]
PASSED_ON += ["wsgi.version", "wsgi.errors", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"]
"""What Django is told of a request besides its key. Everything else could make one reader's page another's."""


class Asked(NamedTuple):
    """What a request asks of the cache."""

    key: PageKey
    encoding: str
    if_none_match: str
    is_head: bool
    path: str
    """The path of the key without the prefix of the site."""


class Flight:
    """A page that is being rendered, for the requests that wait for it."""

    def __init__(self) -> None:
        self.is_done = threading.Event()
        self.page: CachedPage | None = None


class PageCache:
    """A WSGI application that answers from memory, or else asks the application inside it."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.pages = PageStore(settings.PAGE_CACHE_BYTES)
        self.not_found = PageStore(min(NOT_FOUND_BYTES, settings.PAGE_CACHE_BYTES))
        self.shared = SharedStore(caches["pages"], release()) if "pages" in settings.CACHES else None
        self.versions = VersionReader(PublicVersion.objects.db)
        self.is_allowed_host = lru_cache(maxsize=1_000)(_is_allowed_host)
        self._never_cached = (f"/{settings.ADMIN_PATH}", settings.STATIC_URL)
        self._removal_token = ""
        self._flights: dict[tuple[PageKey, Stamp], Flight] = {}
        self._lock = threading.Lock()
        self._midnight = 0.0
        self._day = ""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        asked = self._read_request(environ)
        version = self.versions.read()
        if version is None:
            return self._answer_without_database(asked, environ, start_response)
        if asked is None:
            return self.application(environ, start_response)
        if version.removal_token != self._removal_token:
            self._forget(version.removal_token)
        stamp = Stamp(version.token, self._today())
        page = self._find(asked.key)
        if page and page.stamp == stamp:
            return self._answer(page, asked, start_response, "hit")
        if not _is_cacheable(asked.path):
            return self.application(environ, start_response)
        page = self._render_once(asked, environ, stamp)
        if page.status.startswith("5") and self.versions.read() is None:
            return self._answer_without_database(asked, environ, start_response)
        return self._answer(page, asked, start_response, "miss")

    def close(self) -> None:
        self.versions.close()

    # What is asked

    def _read_request(self, environ: Environ) -> Asked | None:
        """Returns what a request asks, or None where it is not for the cache."""
        method = environ["REQUEST_METHOD"]
        path = environ.get("PATH_INFO", "")
        if method not in ("GET", "HEAD") or len(path) > MAX_ADDRESS_LENGTH or path.startswith(self._never_cached):
            return None
        scheme = _scheme_of_request(environ)
        host = environ.get("HTTP_HOST", "").lower()
        if settings.SECURE_SSL_REDIRECT and scheme != "https":
            return None
        if not self.is_allowed_host(host, environ["SERVER_PORT"]):
            return None
        cookies = environ.get("HTTP_COOKIE")
        if cookies and (settings.SESSION_COOKIE_NAME in cookies or settings.CSRF_COOKIE_NAME in cookies):
            return None
        query = environ.get("QUERY_STRING", "")
        if query:
            known = _known_query(path, query)
            if known is None:
                return None
            query = known
        return Asked(
            PageKey(scheme, host, environ.get("SCRIPT_NAME", "") + path, query),
            _encoding(environ.get("HTTP_ACCEPT_ENCODING", "")),
            environ.get("HTTP_IF_NONE_MATCH", ""),
            method == "HEAD",
            path,
        )

    def _today(self) -> str:
        """Returns the local date, on which pages depend: whether an answer is old, for example."""
        now = time.time()
        if not self._midnight - 90_000 <= now < self._midnight:
            local = timezone.localtime()
            tomorrow = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), local.tzinfo)
            self._midnight, self._day = tomorrow.timestamp(), local.date().isoformat()
        return self._day

    # What is kept

    def _find(self, key: PageKey) -> CachedPage | None:
        return self.pages.get(key) or self.not_found.get(key)

    def _keep(self, key: PageKey, page: CachedPage) -> None:
        store = self.not_found if page.status[:3] in ("404", "410") else self.pages
        store.put(key, page)

    def _forget(self, removal_token: str) -> None:
        """Drops every page, since one of them may show what was taken away from readers."""
        with self._lock:
            if removal_token == self._removal_token:
                return
            self.pages.clear()
            self.not_found.clear()
            clear_fragments()
            if self.shared and self._removal_token:
                self.shared.clear()
            self._removal_token = removal_token

    # How a page is made

    def _render_once(self, asked: Asked, environ: Environ, stamp: Stamp) -> CachedPage:
        """Renders a page, or waits for the request that is rendering it."""
        with self._lock:
            flight = self._flights.get((asked.key, stamp))
            is_first = flight is None
            flight = flight or self._flights.setdefault((asked.key, stamp), Flight())
        if not is_first:
            flight.is_done.wait(WAIT_SECONDS)
            return flight.page or self._render(asked, environ, stamp)[0]
        try:
            page, is_kept = self._find_shared(asked, stamp) or self._render(asked, environ, stamp)
            if is_kept:
                flight.page = page
            return page
        finally:
            flight.is_done.set()
            with self._lock:
                del self._flights[asked.key, stamp]

    def _find_shared(self, asked: Asked, stamp: Stamp) -> tuple[CachedPage, bool] | None:
        page = self.shared.get(asked.key, stamp, asked.encoding) if self.shared else None
        if page is None:
            return None
        self._keep(asked.key, page)
        return page, True

    def _render(self, asked: Asked, environ: Environ, stamp: Stamp) -> tuple[CachedPage, bool]:
        """Asks the application for a page. Returns it, and whether it is kept for others."""
        status, headers, body = self._ask_application(asked, environ)
        page = _to_cached_page(status, headers, body, stamp)
        if not _is_for_everyone(status, headers):
            return page, False
        # If something was published meanwhile, the page may belong to either version.
        version = self.versions.read()
        if version is None or (version.token, self._today()) != stamp:
            return page, False
        page.variant(asked.encoding)
        if asked.encoding and len(page.variants) > 1:
            del page.variants[""]  # readers' browsers accept compressed pages, so the memory is better used for these
        self._keep(asked.key, page)
        if self.shared and not page.is_private:
            self.shared.put(asked.key, page, asked.encoding)
        return page, True

    def _ask_application(self, asked: Asked, environ: Environ) -> tuple[str, list[Header], bytes]:
        own = {name: environ[name] for name in PASSED_ON if name in environ}
        own |= {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": asked.path,
            "QUERY_STRING": asked.key.query,
            "HTTP_HOST": asked.key.host,
            "wsgi.url_scheme": asked.key.scheme,
            "wsgi.input": BytesIO(),
        }
        if settings.SECURE_PROXY_SSL_HEADER and asked.key.scheme == "https":
            own |= [settings.SECURE_PROXY_SSL_HEADER]
        answer: list[Any] = []
        chunks = self.application(own, lambda status, headers, error=None: answer.extend([status, headers]))
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return answer[0], answer[1], body

    # How it is answered

    def _answer(
        self, page: CachedPage, asked: Asked, start_response: StartResponse, description: str, *extra: Header
    ) -> Iterable[bytes]:
        variant = page.variants.get(asked.encoding) or self._convert(page, asked)
        timing = ("Server-Timing", f"cache;desc={description}")
        if asked.if_none_match and _is_same_text(asked.if_none_match, variant) and page.status.startswith("200"):
            start_response("304 Not Modified", [*page.headers_of_304, ("ETag", variant.etag), timing, *extra])
            return []
        start_response(page.status, [*variant.headers, timing, *extra])
        return [] if asked.is_head else [variant.body]

    def _convert(self, page: CachedPage, asked: Asked) -> Variant:
        variant = page.variant(asked.encoding)
        if self._find(asked.key) is page:
            self._keep(asked.key, page)  # it has grown
        return variant

    def _answer_without_database(
        self, asked: Asked | None, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        last = self.versions.last_version
        if last and last.removal_token != self._removal_token:
            self._forget(last.removal_token)
        page = self._find(asked.key) if asked else None
        is_recent = time.monotonic() - self.versions.last_read_at < settings.PAGE_CACHE_STALE_SECONDS
        if asked and page and is_recent:
            return self._answer(page, asked, start_response, "stale", ("Warning", '110 - "Response is Stale"'))
        return self.application(environ | {DATABASE_GONE: True}, start_response)


def _is_allowed_host(host: str, port: str) -> bool:
    """Returns whether a host is one of the site's. A port that is not the server's could be any number: not cached."""
    domain, own_port = split_domain_port(host)
    allowed = settings.ALLOWED_HOSTS or [".localhost", "127.0.0.1", "[::1]"]
    return bool(domain) and validate_host(domain, allowed) and own_port in ("", port)


def _scheme_of_request(environ: Environ) -> str:
    """Returns "https" or "http", as Django's `request.scheme` does."""
    if settings.SECURE_PROXY_SSL_HEADER:
        name, secure = settings.SECURE_PROXY_SSL_HEADER
        if (sent := environ.get(name)) is not None:
            return "https" if sent.split(",", 1)[0].strip() == secure else "http"
    return environ["wsgi.url_scheme"]


def _is_cacheable(path: str) -> bool:
    """Returns whether the view at a path is marked, or there is none: then the answer is the page "not found"."""
    try:
        return parameters_of(_decoded(path)) is not None
    except Resolver404:
        return True


def _known_query(path: str, query: str) -> str | None:
    """Returns the parameters of a query that the view knows, in one order, or None where it is not for the cache.

    Of several values for one name the last counts, as in Django.
    """
    try:
        parameters = parameters_of(_decoded(path))
        if parameters is None or len(query) > MAX_ADDRESS_LENGTH:
            return None
        sent = dict(parse_qsl(query, max_num_fields=MAX_PARAMETERS))
    except (Resolver404, ValueError):
        return None
    return urlencode([(name, sent[name]) for name in parameters if name in sent])


def _decoded(path: str) -> str:
    return path.encode("latin-1").decode("utf-8", "replace")


@lru_cache(maxsize=1_000)
def _encoding(accepted: str) -> str:
    """Returns the best encoding that a reader's browser accepts: "br", "gzip", or "" for none."""
    qualities = {}
    for part in accepted.lower().split(","):
        name, _semicolon, quality = part.partition(";")
        qualities[name.strip()] = quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((encoding for encoding in ("br", "gzip") if qualities.get(encoding)), "")


def _is_same_text(if_none_match: str, variant: Variant) -> bool:
    sent = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return if_none_match.strip() == "*" or variant.etag in sent


def _to_cached_page(status: str, headers: list[Header], body: bytes, stamp: Stamp) -> CachedPage:
    """Returns the application's answer as a page, with the headers that the cache sets itself."""
    own = {"content-length", "etag", "vary"}
    kept = [(name, value) for name, value in headers if name.lower() not in own]
    cache_control = _header(headers, "cache-control")
    if not cache_control:
        kept.append(("Cache-Control", settings.PAGE_CACHE_CONTROL))
    kept.append(("Vary", "Accept-Encoding"))
    page = CachedPage(status, kept, stamp, is_private="private" in cache_control)
    page.add("", body)
    return page


def _is_for_everyone(status: str, headers: list[Header]) -> bool:
    """Returns whether an answer may be given to other readers too."""
    return (
        status[:3] in ("200", "301", "404", "410")
        and not _header(headers, "set-cookie")
        and "no-store" not in _header(headers, "cache-control")
        and _header(headers, "vary").lower() in ("", "accept-encoding")
    )


def _header(headers: list[Header], name: str) -> str:
    return next((value for header, value in headers if header.lower() == name), "")
