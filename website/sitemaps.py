"""The sitemap: every live page that may be found by name, with the date of its last update.

Django's sitemaps count rows to divide the list into parts, so one new page moves all later pages into other parts.
Here the part of a page follows from the primary key of its subject and never changes. The database reads a part from
an index, without the text of the pages.
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
from website.cacheable import cacheable

SUBJECTS_PER_PART = 2_000
"""The most subjects of a part. The protocol allows 50,000 addresses a part; smaller parts answer faster."""

SLUG = "slug-of-a-page"

SitemapPart = tuple[str, int]
"""A kind, and the number of a part, from 1."""

SitemapEntry = tuple[str, datetime | None]


@cached_until_publish
def sitemap_parts() -> Mapping[SitemapPart, datetime | None]:
    """Returns the parts in order, each with the time of the last publication or withdrawal in it."""
    verbs = [Event.Verb.PUBLISHED, Event.Verb.WITHDRAWN]
    steps = Event.objects.filter(verb__in=verbs).order_by().annotate(part=F("subject_id") / SUBJECTS_PER_PART)
    changed = {(kind, part): last for kind, part, last in steps.values_list("kind", "part").annotate(Max("at"))}
    live = Edition.objects.searchable().annotate(part=F("subject_id") / SUBJECTS_PER_PART)
    found = live.order_by("kind", "part").values_list("kind", "part").distinct()
    return {(kind, part + 1): changed.get((kind, part)) for kind, part in found}


@cacheable()
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Returns the list of the parts."""
    entries: list[SitemapEntry] = [(absolute(request, reverse("sitemap-pages")), None)]
    entries += [
        (absolute(request, reverse("sitemap-part", args=part)), changed) for part, changed in sitemap_parts().items()
    ]
    return _xml("sitemapindex", "sitemap", entries)


@cacheable()
@require_safe
def sitemap_part(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    known = sitemap_parts()
    if (kind, number) not in known:
        raise Http404
    pks = range((number - 1) * SUBJECTS_PER_PART, number * SUBJECTS_PER_PART)
    live = Edition.objects.of(kinds()[kind]).live().filter(subject_id__gte=pks.start, subject_id__lt=pks.stop)
    found = live.order_by("subject_id").values_list("slug", "updated_at")
    # The addresses of a kind differ only in the slug, which needs no quoting. Reversing each one would be slow.
    before, after = absolute(request, kinds()[kind].url_of(SLUG)).split(SLUG)
    response = _xml("urlset", "url", ((f"{before}{slug}{after}", updated) for slug, updated in found))
    changed = known[kind, number]
    if changed:
        response["Last-Modified"] = http_date(changed.timestamp())
    return response


@cacheable()
@require_safe
def sitemap_pages(request: HttpRequest, names: list[str]) -> HttpResponse:
    """Returns the given pages, by the names of their URLs, and the list of every kind. Their dates are not known."""
    lists = [kind.list_url() for kind in kinds().values() if kind.IS_SEARCHED]
    return _xml("urlset", "url", ((absolute(request, path), None) for path in [*map(reverse, names), *lists]))


def _xml(root: str, element: str, entries: Iterable[SitemapEntry]) -> HttpResponse:
    """Returns the XML as plain text, because an XML library takes several times as long for thousands of entries."""
    lines = [
        f"<{element}><loc>{escape(url)}</loc>{_lastmod(changed) if changed else ''}</{element}>"
        for url, changed in entries
    ]
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return HttpResponse("\n".join([head, *lines, f"</{root}>\n"]), content_type="application/xml")


def _lastmod(changed: datetime) -> str:
    return f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>"
