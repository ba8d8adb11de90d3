"""What is found out about all that is live, worked out once for each release in each process."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from django.db import connections

from publishing.models import PublicVersion

_Value = TypeVar("_Value")


def cached_until_publish(work_out: Callable[[], _Value]) -> Callable[[], _Value]:
    """Remembers what a function says of the live editions for as long as the stamp stays the same.

    One value is kept for each database. Every caller gets the same object, so it must be one that nobody changes.
    """
    kept: dict[tuple[str, str], tuple[object, _Value]] = {}

    @wraps(work_out)
    def remembered() -> _Value:
        alias = PublicVersion.objects.db
        database = alias, str(connections[alias].settings_dict["NAME"])
        stamp = PublicVersion.current()
        found = kept.get(database)
        if found and found[0] == stamp:
            return found[1]
        value = work_out()
        if (
            stamp and stamp == PublicVersion.current()
        ):  # or something went live meanwhile, and nobody knows whose value it is
            kept[database] = (stamp, value)
        return value

    return remembered
