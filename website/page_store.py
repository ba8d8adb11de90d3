"""Pages as the page cache keeps them: in the memory of this process, and in Redis where all processes share it."""

import gzip
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import brotli
from django.core.cache.backends.base import BaseCache

logger = logging.getLogger(__name__)

Header = tuple[str, str]
Reply = TypeVar("Reply")

OVERHEAD = 3_000
"""About how many bytes a page takes besides its texts: the objects themselves."""

MIN_COMPRESSED_BYTES = 200
"""A shorter text is not compressed: that would make it longer."""

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
    "": lambda body: body,
}
DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "": lambda body: body,
}


class PageKey(NamedTuple):
    """What two requests must have in common to get the same page."""

    scheme: str
    host: str
    path: str
    query: str


class Stamp(NamedTuple):
    """While this is the same, a page says the same. The release cannot change while the process runs."""

    token: str
    removal_token: str
    day: str


class Variant(NamedTuple):
    """The text of a page in one encoding, with all of its headers."""

    encoding: str
    body: bytes
    etag: str
    headers: list[Header]


@dataclass(slots=True)
class CachedPage:
    """An answer of the application, in the encodings that were asked for so far."""

    status: str
    headers: list[Header]
    """Without those that depend on the encoding."""
    stamp: Stamp
    is_for_everyone: bool = True
    """Whether it may be given to other readers too."""
    is_private: bool = False
    """Whether it stays in the memory of this process: a page of search results."""
    variants: dict[str, Variant] = field(default_factory=dict)

    @property
    def headers_of_304(self) -> list[Header]:
        """The headers of an answer without text: nothing has changed."""
        return [(name, value) for name, value in self.headers if name.lower() != "content-type"]

    def variant_in(self, encoding: str) -> Variant:
        """Returns the page in an encoding: "br", "gzip" or "". A short one stays as it is."""
        if variant := self.variants.get(encoding):
            return variant
        known = next(iter(list(self.variants.values())))
        if not known.encoding and len(known.body) < MIN_COMPRESSED_BYTES:
            self.variants[encoding] = known
            return known
        return self.add_variant(encoding, COMPRESS[encoding](DECOMPRESS[known.encoding](known.body)))

    def add_variant(self, encoding: str, body: bytes) -> Variant:
        etag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        headers = [*self.headers, ("Content-Length", str(len(body)))]
        if encoding:
            headers.append(("Content-Encoding", encoding))
        if self.status.startswith("200"):
            headers.append(("ETag", etag))
        self.variants[encoding] = Variant(encoding, body, etag, headers)
        return self.variants[encoding]

    def size(self) -> int:
        """Returns about how many bytes of memory the page takes."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return OVERHEAD + headers + sum(len(variant.body) for variant in list(self.variants.values()))


class PageStore:
    """Keeps pages up to a number of bytes. The page that was not asked for the longest goes first."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._pages: OrderedDict[PageKey, tuple[CachedPage, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: PageKey) -> CachedPage | None:
        found = self._pages.get(key)
        if found is None:
            return None
        try:
            self._pages.move_to_end(key)
        except KeyError:  # another thread has just removed it
            return None
        return found[0]

    def put(self, key: PageKey, page: CachedPage) -> None:
        """Keeps a page. To be called again when the page has grown by an encoding."""
        size = page.size() + sum(map(len, key))
        with self._lock:
            self._drop(key)
            if size > self.max_bytes:
                return
            self._pages[key] = (page, size)
            self.bytes += size
            while self.bytes > self.max_bytes:
                self.bytes -= self._pages.popitem(last=False)[1][1]

    def drop(self, key: PageKey) -> None:
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()
            self.bytes = 0

    def _drop(self, key: PageKey) -> None:
        if key in self._pages:
            self.bytes -= self._pages.pop(key)[1]


class SharedStore:
    """Keeps pages in Redis for all processes. Where Redis does not answer, it finds nothing and keeps nothing.

    The name of a page there is made of everything on which it depends. So a page that is out of date is never found.
    """

    SECONDS_AFTER_FAILURE = 2.0
    """For how long Redis is not asked after it did not answer."""

    def __init__(self, cache: BaseCache, release: str) -> None:
        self.cache = cache
        self.release = release
        self._asked_again_at = 0.0
        self._logged_at = -60.0

    def get(self, key: PageKey, stamp: Stamp, encoding: str) -> CachedPage | None:
        def read() -> CachedPage | None:
            stored = self.cache.get(self._name(key, stamp, encoding))
            if stored is None:
                return None
            status, headers, stored_encoding, body = stored
            page = CachedPage(status, headers, stamp)
            page.add_variant(stored_encoding, body)
            return page

        return self._ask(read)

    def put(self, key: PageKey, page: CachedPage, encoding: str) -> None:
        variant = page.variant_in(encoding)
        stored = (page.status, page.headers, variant.encoding, variant.body)
        self._ask(lambda: self.cache.set(self._name(key, page.stamp, encoding), stored))

    def _name(self, key: PageKey, stamp: Stamp, encoding: str) -> str:
        return hashlib.sha256(repr((self.release, stamp, key, encoding)).encode()).hexdigest()

    def _ask(self, question: Callable[[], Reply]) -> Reply | None:
        now = time.monotonic()
        if now < self._asked_again_at:
            return None
        try:
            return question()
        except Exception as error:  # whatever is wrong with Redis, or with what it holds, a reader gets the page
            self._asked_again_at = now + self.SECONDS_AFTER_FAILURE
            if now - self._logged_at >= 60:
                self._logged_at = now
                logger.warning("Redis does not answer; the site works on without it: %r", error)
            return None
