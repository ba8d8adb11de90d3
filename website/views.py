"""What the views of all public pages share, and the page "What changed" of the whole site."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve
from django.views.decorators.http import require_safe

from publishing.addresses import Gone, look_up
from publishing.models import Edition, Publishable
from website.absolute import page_url
from website.cacheable import cacheable
from website.changes import LATEST, latest


@dataclass(frozen=True)
class Preview:
    """Marks a page as a preview for staff, with the addresses that it links to. "" means: no permission to publish."""

    change_url: str
    publish_url: str = ""


EditionView = Callable[[HttpRequest, Edition], HttpResponse]


def of_live_edition(kind: type[Publishable]) -> Callable[[EditionView], Callable[..., HttpResponse]]:
    """Decorates a view of one public page: passes it the live edition at an address.

    A former address redirects to the present one. A withdrawn page answers 410 with the reason.
    """

    def decorate(view: EditionView) -> Callable[..., HttpResponse]:
        @require_safe
        @wraps(view)
        def inner(request: HttpRequest, slug: str) -> HttpResponse:
            found = look_up(kind, slug)
            if found is None:
                raise Http404
            if isinstance(found, Gone):
                return render(request, "410.html", {"gone": found}, status=410)
            if found.slug != slug:
                # Redirects to the same view, because the history and the feed of a page move with it.
                response = redirect(resolve(request.path_info).view_name, found.slug, permanent=True)
                # The page may get its former address again. A browser with a cached redirect would then loop.
                response["Cache-Control"] = "no-cache"
                return response
            return view(request, found)

        return inner

    return decorate


@cacheable("page")
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """Shows the latest publications of the whole site."""
    page = latest(request.GET.get("page"))
    context = {
        "page": page,
        "page_url": page_url(request, page),
        "most": LATEST,
        "is_cut": page.paginator.count == LATEST,
    }
    return render(request, "website/changes.html", context)
