"""Public pages: the live edition behind an address, and what was published last."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve
from django.views.decorators.http import require_safe

from publishing.addresses import Gone, look_up
from publishing.models import Edition, Publishable
from website.absolute import page_url
from website.changes import LATEST, latest


@dataclass(frozen=True)
class Preview:
    """Says that a page is shown to staff before its time, and where they go from there ("" where they may not)."""

    change_url: str
    publish_url: str = ""


def of_live_edition(kind: type[Publishable]) -> Callable[..., Any]:
    """Gives a view of one public page the live edition at its address.

    A former address leads on to today's; where nothing is live any more the answer is 410 with the reason.
    """

    def decorate(view: Callable[[HttpRequest, Edition], HttpResponse]) -> Callable[..., HttpResponse]:
        @require_safe
        @wraps(view)
        def inner(request: HttpRequest, slug: str) -> HttpResponse:
            found = look_up(kind, slug)
            if found is None:
                raise Http404
            if isinstance(found, Gone):
                return render(request, "410.html", {"gone": found}, status=410)
            if found.slug != slug:
                # To the same page of today's address: an answer that is more than the page itself has one too.
                response = redirect(resolve(request.path_info).view_name, found.slug, permanent=True)
                # An address may be taken back one day, and a browser that remembers would run in a circle.
                response["Cache-Control"] = "no-cache"
                return response
            return view(request, found)

        return inner

    return decorate


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """What was published last, of everything that is live and may be found by name."""
    page = latest(request.GET.get("page"))
    context = {
        "page": page,
        "page_url": page_url(request, page),
        "most": LATEST,
        "is_cut": page.paginator.count == LATEST,
    }
    return render(request, "website/changes.html", context)
