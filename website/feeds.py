"""Atom feeds with the entries of the pages "What changed".

Django's `Atom1Feed` writes them. Its `Feed` view is not used, because `of_live_edition` finds the edition of an address
and answers where there is none, for feeds as for pages.
"""

import re
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import linebreaks_filter
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from publishing.models import Edition, kinds
from website.absolute import absolute, site_url
from website.cacheable import cacheable
from website.changes import Publication, history, latest
from website.json_ld import language

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""The characters that a database can store but XML does not allow."""


@cacheable()
@require_safe
def latest_feed(request: HttpRequest) -> HttpResponse:
    """Returns the feed of the whole site."""
    feed = _feed(request, settings.SITE_NAME, _("What we last published and changed."), reverse("changes"))
    for news in latest(None):
        title = _("First published: %(name)s") if news.is_first else _("Changed: %(name)s")
        _add(feed, request, news.key, title % {"name": news.title}, news.url, news.at, _note_paragraphs(news.note))
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


def feed_of(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Returns the feed of one page: the latest publications of its subject."""
    name = edition.title
    changes = kinds()[edition.kind].url_of(edition.slug, "changes")
    subtitle = _("What we changed on the page, and when.")
    feed = _feed(request, f"{name} · {settings.SITE_NAME}", subtitle, changes, f"#{edition.kind}-{edition.subject_id}")
    for publication in history(edition, None):
        title = _("First published: %(name)s") if publication.is_first else _("Changed: %(name)s")
        _add(feed, request, publication.key, title % {"name": name}, changes, publication.at, _summary(publication))
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


def _note_paragraphs(text: str) -> SafeString:
    return linebreaks_filter(text) if text else SafeString("")


def _summary(publication: Publication) -> SafeString:
    """Returns the note and a list of the places that changed. Only the page shows the changed text itself."""
    note = _note_paragraphs(publication.note)
    no_comparison = format_html("<p>{}</p>", publication.no_comparison.value) if publication.no_comparison else ""
    rows = [(change.place, change.type_name) for change in publication.changes]
    listed = format_html_join("", "<li>{}: {}</li>", rows)
    return format_html("{}{}{}", note, no_comparison, format_html("<ul>{}</ul>", listed) if listed else "")


def _feed(request: HttpRequest, title: str, subtitle: str, path: str, fragment: str = "") -> Atom1Feed:
    """Returns an empty feed that belongs to a page. Its id never changes, even if the address of the page does."""
    return Atom1Feed(
        title=_without_control_characters(title),
        description=subtitle,
        subtitle=subtitle,
        link=absolute(request, path),
        feed_url=absolute(request, request.path),
        feed_guid=absolute(request, reverse("feed")) + fragment,
        author_name=_without_control_characters(settings.SITE_NAME),
        language=language(),
    )


def _add(feed: Atom1Feed, request: HttpRequest, key: int, title: str, path: str, at: datetime, html: str) -> None:
    """Adds an entry. Its id has neither the name nor the address of the page, because these may change."""
    host = urlsplit(site_url(request)).hostname
    feed.add_item(
        title=_without_control_characters(title),
        link=absolute(request, path),
        description=_without_control_characters(html),
        unique_id=f"tag:{host},{at:%Y-%m-%d}:publication/{key}",
        pubdate=at,
        updateddate=at,
    )


def _without_control_characters(text: str) -> str:
    return NOT_XML.sub("", text)
