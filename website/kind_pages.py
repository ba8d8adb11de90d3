"""The public pages that every kind has: its list, a page for each subject, what changed on it, and a feed of that.

The app of a kind includes `kind_urls` in its addresses, and has a template named after the kind: `disease_detail.html`.
Where the template needs more than the edition, the app registers a function: `@page_context(Disease)`.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from publishing.models import Edition, Publishable, kinds
from website.absolute import absolute, page_url
from website.cacheable import cacheable
from website.changes import history
from website.feeds import feed_of
from website.fragments import edition_key
from website.lists import letters_of, list_pages, live_entries
from website.views import Preview, of_live_edition

PageContext = Callable[[HttpRequest, Edition, Preview | None], dict[str, object]]
"""Returns what the template of a page needs besides `subject_context`, for the public or for a preview."""

_registered_contexts: dict[str, PageContext] = {}


def page_context(kind: type[Publishable]) -> Callable[[PageContext], PageContext]:
    """Registers the decorated function for the pages of a kind."""

    def register(context: PageContext) -> PageContext:
        _registered_contexts[kind.KIND] = context
        return context

    return register


def subject_context(request: HttpRequest, edition: Edition) -> dict[str, object]:
    """Returns what every page about a subject needs. The page itself has the name of its kind: `disease`.

    A template opens it, and asks for a URL, only where it prints it, since a fragment may have it already.
    """
    kind: type[Publishable] = kinds()[edition.kind]
    return {
        "edition": edition,
        edition.kind: lambda: edition.page,
        "page_url": absolute(request, edition.get_absolute_url()),
        "list_url": kind.list_url,
        "list_title": kind.LIST_TITLE or capfirst(str(kind._meta.verbose_name_plural)),
        "changes_url": lambda: kind.url_of(edition.slug, "changes"),
        "feed_url": lambda: kind.url_of(edition.slug, "feed") if kind.IS_SEARCHED else "",
        "noindex": not kind.IS_SEARCHED,
    }


def render_edition(request: HttpRequest, edition: Edition, *, preview: Preview | None = None) -> HttpResponse:
    """Renders the page of an edition: the live one for the public, any other as a preview for the staff."""
    context = subject_context(request, edition) | {"preview": preview}
    if not preview:
        context["edition_key"] = edition_key(request, edition)
    if edition.kind in _registered_contexts:
        context |= _registered_contexts[edition.kind](request, edition, preview)
    return render(request, f"{kinds()[edition.kind]._meta.app_label}/{edition.kind}_detail.html", context)


def subject_changes(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Shows what changed on a page."""
    page = history(edition, request.GET.get("page"))
    context = subject_context(request, edition) | {"page": page, "page_url": page_url(request, page)}
    return render(request, "website/subject_changes.html", context)


def kind_urls(
    kind: type[Publishable], list_view: Callable[[HttpRequest], HttpResponse] | None = None
) -> list[URLPattern]:
    """Returns the addresses of a kind. Its list may have a view of its own."""
    live = of_live_edition(kind)

    @cacheable("letter", "page")
    @require_safe
    def subject_list(request: HttpRequest) -> HttpResponse:
        return list_pages(request, kind, live_entries(kind), letters_of(kind))

    patterns = [
        path("", list_view or subject_list, name="list"),
        path("<slug:slug>/", cacheable()(live(render_edition)), name="detail"),
        path("<slug:slug>/changes/", cacheable("page")(live(subject_changes)), name="changes"),
    ]
    # Programs keep what a feed said, so there is none of pages that nobody should find by name.
    feed = path("<slug:slug>/changes.atom", cacheable()(live(feed_of)), name="feed")
    return [*patterns, feed] if kind.IS_SEARCHED else patterns
