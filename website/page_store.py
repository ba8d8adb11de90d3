"""Pages as the page cache keeps them: in the memory of this process, and in Redis where all processes share it."""

import gzip
import hashlib
import logging
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import brotli
from django.core.cache.backends.base import BaseCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Header = tuple[str, str]
Reply = TypeVar("Reply")

OVERHEAD = 2_000
"""About how many bytes a page takes besides its text: its key, its headers and the objects themselves."""

LEAST_COMPRESSED = 200
"""The bytes of a text that is not worth compressing."""

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
    day: str


class Variant(NamedTuple):
    """The text of a page in one encoding, with all of its headers."""

    encoding: str
    body: bytes
    etag: str
    headers: list[Header]


@dataclass(slots=True)
class CachedPage:
    """A page in the encodings that were asked for so far."""

    status: str
    headers: list[Header]
    """Without those that depend on the encoding."""
    stamp: Stamp
    is_private: bool
    """Whether it stays in the memory of this process: a page of search results."""
    variants: dict[str, Variant] = field(default_factory=dict)

    @property
    def headers_of_304(self) -> list[Header]:
        """The headers of an answer without text: nothing has changed."""
        return [(name, value) for name, value in self.headers if name.lower() != "content-type"]

    def variant(self, encoding: str) -> Variant:
        """Returns the page in an encoding: "br", "gzip" or "". A short one stays as it is."""
        return self.variants.get(encoding) or self._convert(encoding)

    def _convert(self, encoding: str) -> Variant:
        known = next(iter(self.variants.values()))
        if not known.encoding and len(known.body) < LEAST_COMPRESSED:
            return known
        return self.add(encoding, COMPRESS[encoding](DECOMPRESS[known.encoding](known.body)))

    def add(self, encoding: str, body: bytes) -> Variant:
        etag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        headers = [*self.headers, ("Content-Length", str(len(body)))]
        if encoding:
            headers.append(("Content-Encoding", encoding))
        if self.status.startswith("200"):
            headers.append(("ETag", etag))
        self.variants[encoding] = Variant(encoding, body, etag, headers)
        return self.variants[encoding]

    def size(self) -> int:
        return OVERHEAD + sum(len(variant.body) for variant in self.variants.values())


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
        size = page.size()
        with self._lock:
            if key in self._pages:
                self.bytes -= self._pages.pop(key)[1]
            if size > self.max_bytes:
                return
            self._pages[key] = (page, size)
            self.bytes += size
            while self.bytes > self.max_bytes:
                self.bytes -= self._pages.popitem(last=False)[1][1]

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()
            self.bytes = 0


class SharedStore:
    """Keeps pages in Redis for all processes. Where Redis does not answer, it finds nothing and keeps nothing."""

    PAUSE = 2.0
    """For how many seconds Redis is not asked after it did not answer."""

    def __init__(self, cache: BaseCache, release: str) -> None:
        self.cache = cache
        self.release = release
        self._paused_until = 0.0
        self._logged_at = -60.0

    def get(self, key: PageKey, stamp: Stamp, encoding: str) -> CachedPage | None:
        stored = self._ask(lambda: self.cache.get(self._name(key, stamp, encoding)))
        if stored is None:
            return None
        status, headers, stored_encoding, body = stored
        page = CachedPage(status, headers, stamp, is_private=False)
        page.add(stored_encoding, body)
        return page

    def put(self, key: PageKey, page: CachedPage, encoding: str) -> None:
        variant = page.variant(encoding)
        stored = (page.status, page.headers, variant.encoding, variant.body)
        self._ask(lambda: self.cache.set(self._name(key, page.stamp, encoding), stored))

    def clear(self) -> None:
        self._ask(self.cache.clear)

    def _name(self, key: PageKey, stamp: Stamp, encoding: str) -> str:
        return hashlib.sha256(repr((self.release, stamp, key, encoding)).encode()).hexdigest()

    def _ask(self, question: Callable[[], Reply]) -> Reply | None:
        now = time.monotonic()
        if now < self._paused_until:
            return None
        try:
            return question()
        except (RedisError, OSError, pickle.UnpicklingError) as error:
            self._paused_until = now + self.PAUSE
            if now - self._logged_at >= 60:
                self._logged_at = now
                logger.warning("Redis does not answer; the site works on without it: %s", error)
            return None
