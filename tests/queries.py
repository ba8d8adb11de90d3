"""How many queries something takes."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def queries_of(step: Callable[[], object]) -> int:
    """How many queries a step takes that has been taken before: what is remembered then needs none."""
    step()
    with CaptureQueriesContext(connection) as queries:
        step()
    return len(queries)
