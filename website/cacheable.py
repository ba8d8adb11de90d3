"""Says for which public views the page cache answers, and which parameters of the query these views read.

A view without a mark is never cached: a new view is safe until somebody has thought about it.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeVar

from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class QueryParameters(NamedTuple):
    """The names of the parameters that a view reads. Where there is no view, the answer is the page "not found"."""

    names: tuple[str, ...] = ()
    has_view: bool = True


def cacheable(*parameters: str) -> Callable[[View], View]:
    """Marks a view: its answer depends on these parameters, the live editions, the settings and the local date only."""

    def mark(view: View) -> View:
        view.cache_parameters = QueryParameters(parameters)  # type: ignore[attr-defined] # a function may have any attribute
        return view

    return mark


@lru_cache(maxsize=10_000)
def parameters_of(path: str) -> QueryParameters | None:
    """Returns the parameters of the view at a path as WSGI has it, or None where the view is not marked."""
    try:
        view = resolve(path.encode("latin-1").decode("utf-8", "replace")).func
    except Resolver404:
        return QueryParameters(has_view=False)
    return getattr(view, "cache_parameters", None)
