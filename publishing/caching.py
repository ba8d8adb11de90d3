"""Caches what a function computes from the live editions, in each process, until something is published."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from uuid import UUID

from django.db import connections

from publishing.models import PublicVersion

_Value = TypeVar("_Value")


def cached_until_publish(compute: Callable[[], _Value]) -> Callable[[], _Value]:
    """Returns a function that calls `compute` again only after the public version has changed.

    There is one value for each database. Every caller gets the same object, so nobody may change it.
    """
    cache: dict[tuple[str, str], tuple[UUID, _Value]] = {}

    @wraps(compute)
    def cached() -> _Value:
        alias = PublicVersion.objects.db
        database = alias, str(connections[alias].settings_dict["NAME"])
        version = PublicVersion.current()
        entry = cache.get(database)
        if entry and entry[0] == version:
            return entry[1]
        value = compute()
        # If something was published meanwhile, the value may belong to either version, so it is not cached.
        if version and version == PublicVersion.current():
            cache[database] = (version, value)
        return value

    return cached
