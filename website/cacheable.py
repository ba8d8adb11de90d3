"""Says for which public views the page cache answers, and which parameters of the query these views read.

A view without a mark is never cached: a new view is safe until somebody has thought about it.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from django.http.response import HttpResponseBase
from django.urls import resolve

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def cacheable(*parameters: str) -> Callable[[View], View]:
    """Marks a view: its answer depends on these parameters, the live editions, the settings and the local date only."""

    def mark(view: View) -> View:
        view.cache_parameters = parameters  # type: ignore[attr-defined] # a function may have any attribute
        return view

    return mark


@lru_cache(maxsize=10_000)
def parameters_of(path: str) -> tuple[str, ...] | None:
    """Returns the parameters of the view at a path, or None where the view is not marked.

    Raises Resolver404 where there is no view.
    """
    return getattr(resolve(path).func, "cache_parameters", None)
