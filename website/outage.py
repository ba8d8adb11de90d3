"""What the site answers while the database does not: a short page, the status 503, and when to try again."""

import logging
import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.views.defaults import server_error as django_server_error

logger = logging.getLogger(__name__)

DATABASE_GONE = "website.database_gone"
"""The key in the WSGI environment by which the page cache says that it could not reach the database."""

RETRY_AFTER = 30
"""The seconds after which a browser or a robot may try again."""

DATABASE_ERRORS = (OperationalError, InterfaceError)


class OutageMiddleware:
    """Answers 503 where the database does not answer: at once if the page cache knows it, else if a view fails."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A form is passed on: the view that fails gives back what was typed.
        if request.META.get(DATABASE_GONE) and request.method != "POST":
            return unavailable()
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DATABASE_ERRORS):
            return None
        logger.warning("The database did not answer %s %s: %s", request.method, request.path, exception)
        return unavailable()


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answers a request that failed outside of a view. Django calls it while it handles the exception."""
    return unavailable() if isinstance(sys.exception(), DATABASE_ERRORS) else django_server_error(request)


def unavailable() -> HttpResponse:
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
