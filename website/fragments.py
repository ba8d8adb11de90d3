"""Keeps parts of public pages in memory, in each process, so that each is made once for the editions that it prints.

What is kept is what `{% fragment %}` encloses in a template and what `keep` is called for in Python. Its key holds all
that it depends on: the edition with its digest (a redacted edition keeps its number), the day, the scheme and host.
So a fragment is never wrong, but only forgotten when others need its place. Previews have no key: nothing of them is
kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from publishing.models import Edition
from publishing.prose import forget_texts
from website.absolute import site_url

MAX_FRAGMENTS = 2_000
"""The most fragments of a process. The page of a disease has five of its own, of about 30 KB together."""

FragmentKey = tuple[Hashable, ...]

_Kept = TypeVar("_Kept")

_fragments: OrderedDict[FragmentKey, Any] = OrderedDict()  # the one that was used last is last
_fragments_lock = Lock()


def edition_key(request: HttpRequest, edition: Edition) -> FragmentKey:
    """Returns the key of what depends on one edition alone, on the day and on the address of the site."""
    return *key_of(edition), edition.updated_at, timezone.localdate(), site_url(request)


def key_of(edition: Edition) -> FragmentKey:
    """Returns the key of what is the same wherever and whenever an edition is shown in this language."""
    return edition.pk, edition.digest, edition.schema, get_language()


def keep(key: FragmentKey, make: Callable[[], _Kept]) -> _Kept:
    """Returns what is kept under a key; makes it where there is nothing yet. Nobody may change it."""
    fragments = _fragments
    with _fragments_lock:
        if key in fragments:
            fragments.move_to_end(key)
            return fragments[key]
    value = make()
    with _fragments_lock:
        fragments[key] = value
        if len(fragments) > MAX_FRAGMENTS:
            fragments.popitem(last=False)
    return value


def clear_fragments() -> None:
    """Forgets all fragments, and the answers they were made from, after a text was removed for good."""
    global _fragments
    with _fragments_lock:
        _fragments = OrderedDict()  # what is being made now goes into the old one
    forget_texts()
