"""The WSGI application for the server: Django, with the page cache in front of it."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from website.page_cache import PageCache  # noqa: E402 # it reads a model, so the apps must be loaded before


def only_utf8(inner: WSGIApplication) -> WSGIApplication:
    """Answers 415 to a request in another encoding. No page of this site sends one, and Django fails on some."""

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            _type, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        except ValueError:
            parameters = {"charset": "unknown"}
        if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            start_response("415 Unsupported Media Type", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"Please send UTF-8.\n"]
        return inner(environ, start_response)

    return outer


application = only_utf8(WSGIHandler())
if settings.PAGE_CACHE_BYTES:
    application = PageCache(application)
