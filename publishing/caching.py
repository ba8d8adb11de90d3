"""Caches what a function computes from the live editions, in each process, until something is published."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connections

from publishing.models import PublicVersion

_Args = ParamSpec("_Args")
_Value = TypeVar("_Value")


def cached_until_publish(compute: Callable[_Args, _Value]) -> Callable[_Args, _Value]:
    """Returns a function that calls `compute` again only after the public version has changed.

    There is one value for each database and all arguments. Every caller gets the same object, so nobody may change it.
    """
    cache: dict[tuple[str, str, object, object], tuple[str, _Value]] = {}

    @wraps(compute)
    def cached(*args: _Args.args, **options: _Args.kwargs) -> _Value:
        alias = PublicVersion.objects.db
        key = alias, str(connections[alias].settings_dict["NAME"]), args, tuple(sorted(options.items()))
        version = PublicVersion.current()
        entry = cache.get(key)
        if entry and entry[0] == version:
            return entry[1]
        value = compute(*args, **options)
        # If something was published meanwhile, the value may belong to either version, so it is not cached.
        if version and version == PublicVersion.current():
            cache[key] = (version, value)
        return value

    return cached
