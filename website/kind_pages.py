"""The public pages that every kind has: its list, a page for each subject, what changed on it, and a feed of that.

The app of a kind includes `kind_urls` in its addresses, and registers how a page is rendered where it needs more than
the edition: `@renders(Disease)`.
"""

from collections.abc import Callable
from typing import Protocol

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from publishing.models import Edition, Publishable, kinds
from website.absolute import absolute, page_url
from website.changes import history
from website.feeds import feed_of
from website.lists import letters_of, list_pages, live_entries
from website.views import Preview, of_live_edition


class RenderPage(Protocol):
    """Renders the page of an edition: the live one for the public, any other as a preview for the staff."""

    def __call__(self, request: HttpRequest, edition: Edition, *, preview: Preview | None = None) -> HttpResponse: ...


_registered_pages: dict[str, RenderPage] = {}


def renders(kind: type[Publishable]) -> Callable[[RenderPage], RenderPage]:
    """Registers the decorated function as the one that renders the pages of a kind."""

    def register(render_page: RenderPage) -> RenderPage:
        _registered_pages[kind.KIND] = render_page
        return render_page

    return register


def render_edition(request: HttpRequest, edition: Edition, *, preview: Preview | None = None) -> HttpResponse:
    """Renders the page of an edition with what is registered for its kind, otherwise with the kind's template alone."""
    if edition.kind in _registered_pages:
        return _registered_pages[edition.kind](request, edition, preview=preview)
    kind: type[Publishable] = kinds()[edition.kind]
    context = {
        "edition": edition,
        "preview": preview,
        "page_url": absolute(request, edition.get_absolute_url()),
        kind.KIND: edition.page,
        "noindex": not kind.IS_SEARCHED,
    }
    return render(request, f"{kind._meta.app_label}/{kind._meta.model_name}_detail.html", context)


def kind_urls(
    kind: type[Publishable],
    list_view: Callable[[HttpRequest], HttpResponse] | None = None,
    list_title: str | Promise = "",
) -> list[URLPattern]:
    """Returns the addresses of a kind. Its list may have a view of its own, and another title than "Diseases"."""

    @require_safe
    def subject_list(request: HttpRequest) -> HttpResponse:
        return list_pages(request, kind, live_entries(kind), letters_of(kind))

    @of_live_edition(kind)
    def detail(request: HttpRequest, edition: Edition) -> HttpResponse:
        return render_edition(request, edition)

    @of_live_edition(kind)
    def changes(request: HttpRequest, edition: Edition) -> HttpResponse:
        page = history(edition, request.GET.get("page"))
        context = {
            "edition": edition,
            "page": page,
            "page_url": page_url(request, page),
            "list_url": kind.list_url(),
            "list_title": list_title or capfirst(str(kind._meta.verbose_name_plural)),
            "feed_url": kind.url_of(edition.slug, "feed") if kind.IS_SEARCHED else "",
            "noindex": not kind.IS_SEARCHED,
        }
        return render(request, "website/subject_changes.html", context)

    patterns = [
        path("", list_view or subject_list, name="list"),
        path("<slug:slug>/", detail, name="detail"),
        path("<slug:slug>/changes/", changes, name="changes"),
    ]
    # Programs keep what a feed said, so there is none of pages that nobody should find by name.
    feed = path("<slug:slug>/changes.atom", of_live_edition(kind)(feed_of), name="feed")
    return [*patterns, feed] if kind.IS_SEARCHED else patterns
