"""What a request asks of the page cache: the key of the page, and how it is to be sent."""

from functools import lru_cache
from typing import NamedTuple
from wsgiref.types import WSGIEnvironment

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict
from django.http.request import split_domain_port, validate_host
from django.utils.http import urlencode

from website.cacheable import parameters_of
from website.page_store import PageKey

MAX_ADDRESS_LENGTH = 1_000
"""The length of the longest path, and of the longest query, that is cached."""

MAX_HEADER_LENGTH = 200
"""The length of the longest `Host` and `Accept-Encoding` that are read."""


class PageRequest(NamedTuple):
    key: PageKey
    encoding: str
    """The encoding to send: "br", "gzip", or "" for none."""
    if_none_match: str
    is_head: bool
    path: str
    """The path of the key without the prefix of the site, as WSGI has it."""


def read_request(environ: WSGIEnvironment) -> PageRequest | None:
    """Returns what a request asks, or None where it is not for the page cache."""
    method = environ["REQUEST_METHOD"]
    path = environ.get("PATH_INFO", "")
    if method not in ("GET", "HEAD") or len(path) > MAX_ADDRESS_LENGTH or path.startswith(settings.STATIC_URL):
        return None
    scheme = scheme_of(environ)
    host = environ.get("HTTP_HOST", "").lower()
    if settings.SECURE_SSL_REDIRECT and scheme != "https":
        return None
    if len(host) > MAX_HEADER_LENGTH or not _is_allowed_host(host, environ["SERVER_PORT"]):
        return None
    cookies = environ.get("HTTP_COOKIE")
    if cookies and (settings.SESSION_COOKIE_NAME in cookies or settings.CSRF_COOKIE_NAME in cookies):
        return None
    query = _known_query(path, environ.get("QUERY_STRING", ""))
    if query is None:
        return None
    return PageRequest(
        PageKey(scheme, host, environ.get("SCRIPT_NAME", "") + path, query),
        _best_encoding(environ.get("HTTP_ACCEPT_ENCODING", "")[:MAX_HEADER_LENGTH]),
        environ.get("HTTP_IF_NONE_MATCH", ""),
        method == "HEAD",
        path,
    )


def scheme_of(environ: WSGIEnvironment) -> str:
    """Returns "https" or "http", as Django's `request.scheme` does."""
    if settings.SECURE_PROXY_SSL_HEADER:
        name, secure = settings.SECURE_PROXY_SSL_HEADER
        if (value := environ.get(name)) is not None:
            return "https" if value.split(",", 1)[0].strip() == secure else "http"
    return environ["wsgi.url_scheme"]


def _known_query(path: str, query: str) -> str | None:
    """Returns the parameters of a query that the view knows, in one order, or None where it is not for the cache.

    As in Django, the last of several values for one name counts. An empty value is like none.
    """
    parameters = parameters_of(path)
    if not query or parameters is None:
        return "" if parameters is not None else None
    if not parameters.has_view or len(query) > MAX_ADDRESS_LENGTH:
        return None  # Django may redirect it to the address of a view, with its query
    try:
        values = QueryDict(query.encode("latin-1"))
    except SuspiciousOperation:
        return None
    return urlencode([(name, values[name]) for name in parameters.names if values.get(name)])


@lru_cache(maxsize=1_000)
def _is_allowed_host(host: str, port: str) -> bool:
    """Returns whether a host is one of the site's. A port that is not the server's could be any number: not cached."""
    domain, own_port = split_domain_port(host)
    allowed = settings.ALLOWED_HOSTS or [".localhost", "127.0.0.1", "[::1]"]
    return bool(domain) and validate_host(domain, allowed) and own_port in ("", port)


@lru_cache(maxsize=1_000)
def _best_encoding(accepted: str) -> str:
    """Returns the best encoding that a reader's browser accepts."""
    qualities = {}
    for part in accepted.lower().split(","):
        name, _semicolon, quality = part.partition(";")
        qualities[name.strip()] = quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((encoding for encoding in ("br", "gzip") if qualities.get(encoding)), "")
