"""Finds the subjects that name a source of texts. Kinds whose pages name sources register a function for it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import models

from publishing.models import Publishable

Finder = Callable[[Any], Iterable[Publishable]]
"""Returns the subjects of one kind whose draft names the given source."""

_finders: list[Finder] = []


def register_source_users(find: Finder) -> None:
    """Registers the function that finds the subjects of one kind."""
    _finders.append(find)


def subjects_naming(source: models.Model) -> Iterator[Publishable]:
    """Yields the subjects of every kind whose draft names a source, each once."""
    for find in _finders:
        yield from find(source)
