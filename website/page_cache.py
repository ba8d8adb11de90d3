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
from io import BytesIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.cache import caches
from django.utils import timezone

from publishing.models import PublicVersion
from website.fragments import clear_fragments
from website.outage import DATABASE_GONE
from website.page_request import PageRequest, read_request
from website.page_store import CachedPage, Header, PageKey, PageStore, SharedStore, Stamp, Variant
from website.release import release
from website.version_reader import Version, VersionReader

WAIT_SECONDS = 10
"""How long a request waits for another one that is already rendering the same page."""

PASSED_ON = ["SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SCRIPT_NAME"]
PASSED_ON += ["wsgi.version", "wsgi.errors", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"]
"""What Django is told of a request besides its key. Everything else could make one reader's page another's."""


class Rendering:
    """A page that is being rendered, for the requests that wait for it."""

    def __init__(self) -> None:
        self.is_done = threading.Event()
        self.page: CachedPage | None = None


class PageCache:
    """A WSGI application that answers from memory, or else asks the application inside it."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.pages = PageStore(settings.PAGE_CACHE_BYTES)
        # Programs ask for any query and any address. What they ask for takes no place from the pages of readers.
        self.less_asked = PageStore(settings.PAGE_CACHE_BYTES // 4)
        self.shared = SharedStore(caches["pages"], release()) if "pages" in settings.CACHES else None
        self.versions = VersionReader(PublicVersion.objects.db)
        self._removal_token = ""
        self._renderings: dict[tuple[PageKey, Stamp], Rendering] = {}
        self._lock = threading.Lock()
        self._day = (0.0, 0.0, "")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = read_request(environ)
        version = self.versions.read()
        if version is None:
            return self._answer_without_database(request, environ, start_response)
        if request is None:
            return self.application(environ, start_response)
        self._purge_after_removal(version)
        stamp = Stamp(*version, self._today())
        page = self._find(request.key)
        if page and page.stamp == stamp:
            return self._answer(page, request, start_response, "hit")
        page = self._render_once(request, environ, stamp)
        if page.status.startswith("5") and self.versions.read() is None:
            return self._answer_without_database(request, environ, start_response)
        return self._answer(page, request, start_response, "miss")

    def close(self) -> None:
        self.versions.close()

    def _today(self) -> str:
        """Returns the local date, on which pages depend: whether an answer is old, for example."""
        begins, ends, day = self._day
        if not begins <= (now := time.time()) < ends:
            local = timezone.localtime()
            tomorrow = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), local.tzinfo)
            day = local.date().isoformat()
            self._day = (now, tomorrow.timestamp(), day)
        return day

    # What is kept

    def _find(self, key: PageKey) -> CachedPage | None:
        return self.pages.get(key) or self.less_asked.get(key)

    def _keep(self, key: PageKey, page: CachedPage) -> None:
        is_less_asked = key.query or page.status[:3] in ("404", "410")
        stores = (self.less_asked, self.pages) if is_less_asked else (self.pages, self.less_asked)
        stores[0].put(key, page)
        stores[1].drop(key)

    def _purge_after_removal(self, version: Version) -> None:
        """Drops every page where something was taken away from readers, since one of them may show it."""
        if version.removal_token != self._removal_token:
            self._removal_token = version.removal_token
            self.pages.clear()
            self.less_asked.clear()
            clear_fragments()

    # How a page is made

    def _render_once(self, request: PageRequest, environ: WSGIEnvironment, stamp: Stamp) -> CachedPage:
        """Renders a page, or waits for the request that is rendering it."""
        key = request.key, stamp
        with self._lock:
            rendering = self._renderings.get(key)
            is_first = rendering is None
            rendering = rendering or self._renderings.setdefault(key, Rendering())
        if not is_first:
            rendering.is_done.wait(WAIT_SECONDS)
            return rendering.page or self._render(request, environ, stamp)
        try:
            page = self._find_shared(request, stamp) or self._render(request, environ, stamp)
            if page.is_for_everyone:
                rendering.page = page
            return page
        finally:
            rendering.is_done.set()
            with self._lock:
                del self._renderings[key]

    def _find_shared(self, request: PageRequest, stamp: Stamp) -> CachedPage | None:
        page = self.shared.get(request.key, stamp, request.encoding) if self.shared and not request.key.query else None
        if page:
            self._keep(request.key, page)
        return page

    def _render(self, request: PageRequest, environ: WSGIEnvironment, stamp: Stamp) -> CachedPage:
        """Asks the application for a page, and keeps it where it may be given to other readers too."""
        page = to_page(*self._ask_application(request, environ), stamp)
        if not page.is_for_everyone:
            return page
        # If something was published meanwhile, the page may belong to either version.
        version = self.versions.read()
        if version is None or Stamp(*version, self._today()) != stamp:
            return page
        page.variant_in(request.encoding)
        if request.encoding and len(page.variants) > 1:
            del page.variants[""]  # browsers accept compressed pages, so the memory is better used for these
        self._keep(request.key, page)
        if self.shared and not page.is_private and not request.key.query and page.status[:3] in ("200", "301"):
            self.shared.put(request.key, page, request.encoding)
        return page

    def _ask_application(self, request: PageRequest, environ: WSGIEnvironment) -> tuple[str, list[Header], bytes]:
        passed_on = {name: environ[name] for name in PASSED_ON if name in environ}
        passed_on |= {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.key.query,
            "HTTP_HOST": request.key.host,
            "wsgi.url_scheme": request.key.scheme,
            "wsgi.input": BytesIO(),
        }
        if settings.SECURE_PROXY_SSL_HEADER and request.key.scheme == "https":
            passed_on |= [settings.SECURE_PROXY_SSL_HEADER]
        started: list[tuple[str, list[Header]]] = []
        body: list[bytes] = []

        def start_response(status: str, headers: list[Header], error: object = None, /) -> Callable[[bytes], object]:
            started.append((status, headers))
            return body.append

        chunks = self.application(passed_on, start_response)
        try:
            body.extend(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return *started[-1], b"".join(body)

    # How it is answered

    def _answer(
        self, page: CachedPage, request: PageRequest, start_response: StartResponse, state: str, *extra: Header
    ) -> Iterable[bytes]:
        variant = page.variants.get(request.encoding)
        if variant is None:
            variant = page.variant_in(request.encoding)
            if self._find(request.key) is page:
                self._keep(request.key, page)  # it has grown
        if not page.is_private:  # nobody else should learn what was searched for
            extra = (("Server-Timing", f"cache;desc={state}"), *extra)
        if request.if_none_match and page.status.startswith("200") and is_same_text(request.if_none_match, variant):
            start_response("304 Not Modified", [*page.headers_of_304, ("ETag", variant.etag), *extra])
            return []
        start_response(page.status, [*variant.headers, *extra])
        return [] if request.is_head else [variant.body]

    def _answer_without_database(
        self, request: PageRequest | None, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        page = self._find(request.key) if request else None
        last, seconds = self.versions.last_version, time.monotonic() - self.versions.last_read_at
        if (
            request
            and page
            and last
            and page.stamp.removal_token == last.removal_token
            and seconds < settings.PAGE_CACHE_STALE_SECONDS
        ):
            return self._answer(page, request, start_response, "stale", ("Warning", '110 - "Response is Stale"'))
        return self.application(environ | {DATABASE_GONE: True}, start_response)


def is_same_text(if_none_match: str, variant: Variant) -> bool:
    """Returns whether the browser has this text already, by the ETags that it names."""
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return if_none_match.strip() == "*" or variant.etag in tags


def to_page(status: str, headers: list[Header], body: bytes, stamp: Stamp) -> CachedPage:
    """Returns an answer of the application as a page. The headers that caches obey are set where all may have it."""
    value_of = {name.lower(): value for name, value in headers}
    cache_control = value_of.get("cache-control", "")
    is_for_everyone = (
        status[:3] in ("200", "301", "404", "410")
        and "set-cookie" not in value_of
        and "no-store" not in cache_control
        and value_of.get("vary", "accept-encoding").lower() == "accept-encoding"
    )
    kept = [(name, value) for name, value in headers if name.lower() not in ("content-length", "etag", "vary")]
    kept.append(("Vary", ", ".join({"Accept-Encoding": 1, value_of.get("vary", "Accept-Encoding"): 1})))
    if is_for_everyone and not cache_control:
        kept.append(("Cache-Control", settings.PAGE_CACHE_CONTROL))
    page = CachedPage(status, kept, stamp, is_for_everyone, is_private="private" in cache_control)
    page.add_variant("", body)
    return page
