"""Absolute addresses, with scheme and host, for canonical links, feeds, sitemaps and JSON-LD."""

from functools import cache
from typing import Any

from django.conf import settings
from django.core.paginator import Page
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.http import urlencode


def site_url(request: HttpRequest) -> str:
    """Returns the scheme and host: "https://rare.example.org", from SITE_URL or else from the request."""
    return settings.SITE_URL or f"{request.scheme}://{request.get_host()}"


@cache
def path_of(name: str) -> str:
    """Returns the path of a page that has no parameters, by the name of its URL. It is the same for every request."""
    return reverse(name)


def absolute(request: HttpRequest, path: str) -> str:
    """Returns the absolute address of a path of this site."""
    # `urljoin` would read a path like "//elsewhere" as another host.
    return f"{site_url(request)}{iri_to_uri(path)}"


def page_url(request: HttpRequest, page: Page[Any] | None = None, **chosen: str) -> str:
    """Returns the canonical address of a page, without the query parameters that the page does not know.

    `chosen` has the known parameters with their cleaned values; `page` is a page of a paginator. The first page of a
    list has no page number in its address.
    """
    parameters: dict[str, str | int] = {name: value for name, value in chosen.items() if value}
    if page and page.number > 1:
        parameters["page"] = page.number
    query = f"?{urlencode(parameters)}" if parameters else ""
    return absolute(request, request.path) + query
