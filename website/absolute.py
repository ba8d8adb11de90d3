"""Addresses with their scheme and host, as canonical links, feeds, sitemaps and other programs need them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.encoding import iri_to_uri
from django.utils.http import urlencode


def site_url(request: HttpRequest) -> str:
    """How every address of the site begins: https://rare.example.org, as SITE_URL says it or else as it was asked."""
    return settings.SITE_URL or f"{request.scheme}://{request.get_host()}"


def absolute(request: HttpRequest, path: str) -> str:
    """A path of this site as a whole address. Never with `urljoin`, for which "//elsewhere" is another host."""
    return f"{site_url(request)}{iri_to_uri(path)}"


def page_url(request: HttpRequest, page: Any = None, **chosen: str) -> str:
    """The one address of what a request shows, whatever else stood in its query.

    `chosen` are the parameters that made a difference, as they were understood; `page` is a paginator's. The first
    page of a list is the list itself.
    """
    parameters: dict[str, Any] = {name: value for name, value in chosen.items() if value}
    if page and page.number > 1:
        parameters["page"] = page.number
    query = f"?{urlencode(parameters)}" if parameters else ""
    return absolute(request, request.path) + query
