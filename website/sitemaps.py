"""The sitemap: every live page that may be found, once, with the day on which readers last saw it change.

Django's own sitemaps count rows from the start to find a part, and so a page that comes or goes moves all after it
into other parts. Here a page's part follows from its subject's number and never changes, and a part is read from one
index, without the texts beside it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from xml.sax.saxutils import escape

from django.db.models import F, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from publishing.caching import cached_until_publish
from publishing.models import Edition, Event, kinds
from website.absolute import absolute

SUBJECTS_PER_PART = 2_000
"""How many subjects a part has room for. Robots take up to 50,000 addresses, but nobody waits gladly for so many."""

SLUG = "slug-of-a-page"

SitemapPart = tuple[str, int]
"""A kind of subject and a number from 1."""

SitemapEntry = tuple[str, datetime | None]


@cached_until_publish
def sitemap_parts() -> Mapping[SitemapPart, datetime | None]:
    """The parts that there are, in order, each with the time when a page last came into it, changed or left it."""
    verbs = [Event.Verb.PUBLISHED, Event.Verb.WITHDRAWN]
    steps = Event.objects.filter(verb__in=verbs).order_by().annotate(part=F("subject_id") / SUBJECTS_PER_PART)
    changed = {(kind, part): last for kind, part, last in steps.values_list("kind", "part").annotate(Max("at"))}
    live = Edition.objects.searchable().annotate(part=F("subject_id") / SUBJECTS_PER_PART)
    found = live.order_by("kind", "part").values_list("kind", "part").distinct()
    return {(kind, part + 1): changed.get((kind, part)) for kind, part in found}


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """The list of the parts."""
    entries: list[SitemapEntry] = [(absolute(request, reverse("sitemap-pages")), None)]
    entries += [
        (absolute(request, reverse("sitemap-part", args=part)), changed) for part, changed in sitemap_parts().items()
    ]
    return _xml("sitemapindex", "sitemap", entries)


@require_safe
def sitemap_part(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    known = sitemap_parts()
    if (kind, number) not in known:
        raise Http404
    room = range((number - 1) * SUBJECTS_PER_PART, number * SUBJECTS_PER_PART)
    live = Edition.objects.of(kinds()[kind]).live().filter(subject_id__gte=room.start, subject_id__lt=room.stop)
    found = live.order_by("subject_id").values_list("slug", "updated_at")
    # The addresses of a kind differ in the slug alone, which needs no quoting; to reverse each takes the most time.
    before, after = absolute(request, kinds()[kind].url_of(SLUG)).split(SLUG)
    response = _xml("urlset", "url", ((f"{before}{slug}{after}", updated) for slug, updated in found))
    changed = known[kind, number]
    if changed:
        response["Last-Modified"] = http_date(changed.timestamp())
    return response


@require_safe
def sitemap_pages(request: HttpRequest, names: list[str]) -> HttpResponse:
    """The pages that no edition stands behind, by the names of their addresses. When they changed is not known."""
    return _xml("urlset", "url", ((absolute(request, reverse(name)), None) for name in names))


def _xml(root: str, element: str, entries: Iterable[SitemapEntry]) -> HttpResponse:
    """Written by hand: a generator of XML takes several times as long for thousands of entries."""
    lines = [
        f"<{element}><loc>{escape(url)}</loc>{_lastmod(changed) if changed else ''}</{element}>"
        for url, changed in entries
    ]
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return HttpResponse("\n".join([head, *lines, f"</{root}>\n"]), content_type="application/xml")


def _lastmod(changed: datetime) -> str:
    return f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>"
