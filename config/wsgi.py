"""The WSGI application for the server: `granian --interface wsgi config.wsgi:application`."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def only_utf8(inner: Application) -> Application:
    """Answers 415 to a request in another encoding. No page of this site sends one, and Django fails on some."""

    def outer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        _type, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            start_response("415 Unsupported Media Type", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"Please send UTF-8.\n"]
        return inner(environ, start_response)

    return outer


application = only_utf8(get_wsgi_application())
