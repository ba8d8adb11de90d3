"""Gives a form of the admin back, with every word, when the database was busy or did not answer."""

import logging
from collections.abc import Callable

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from editorial.policy import with_admin_policy
from editorial.sessions import posted_pairs, readable_fields
from website.outage import DATABASE_ERRORS, RETRY_AFTER

logger = logging.getLogger(__name__)


class BusyMiddleware:
    """Answers a form of the admin that could not be saved now with a page that sends it again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        is_form = request.method == "POST" and request.path.startswith(reverse("admin:index"))
        if not is_form or not isinstance(exception, DATABASE_ERRORS):
            return None
        logger.warning("A form at %s could not be saved now: %s", request.path, exception)
        return not_saved_now(request)


@with_admin_policy
def not_saved_now(request: HttpRequest) -> HttpResponse:
    """Returns the page with what was typed and a button to send it again. It asks the database nothing."""
    typed = posted_pairs(request)
    context = {
        "title": _("Your text is not saved yet"),
        "site_header": admin.site.site_header,
        "site_title": admin.site.site_title,
        "csrf_token": get_token(request),
        "path": request.get_full_path(),
        "typed": typed,
        "readable": readable_fields(typed),
        "has_files": bool(request.FILES),
    }
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    return HttpResponse(render_to_string("editorial/not_saved_now.html", context), status=503, headers=headers)
