"""Which subjects name a source of texts. The kinds whose pages name sources register how they are found."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from publishing.models import Publishable

Finder = Callable[[Any], Iterable[Publishable]]
"""Given a source's row, the subjects of one kind whose working copy names it."""

_finders: list[Finder] = []


def register_source_users(find: Finder) -> None:
    """Adds a kind whose pages name sources."""
    _finders.append(find)


def subjects_naming(source: Any) -> Iterator[Publishable]:
    """The subjects of every kind whose working copy names a source, each once."""
    for find in _finders:
        yield from find(source)
