"""The public history: what was published and when, and how it differs from the publication that is listed before it.

It lists publications only. Drafts, and the names of the people who wrote or published them, are not public.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from django.core.paginator import Page as ListPage
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from publishing.comparison import Change, Comparison
from publishing.models import Address, Edition, Event, kinds
from publishing.restoring import hidden_comparisons
from publishing.values import Reference

PUBLICATIONS_PER_PAGE = 20
LATEST_PER_PAGE = 30
LATEST = 300
"""The number of entries in the list of the whole site. The history of one page has no such limit."""

MAX_CHARACTERS = 40_000
"""The most characters of one comparison. Further changes are listed without their text, and the page says so."""


class NoComparison(Enum):
    """The reasons why a publication is listed without its changes."""

    FIRST = _("First published.")
    REDACTED = _("We had to remove this version, or the one before it, from the history. So there is no comparison.")
    HIDDEN = _("The comparison is not shown.")
    SAME = _("The page says the same as before.")


@dataclass(frozen=True)
class Publication:
    """One entry in the history of one page."""

    key: int  # the primary key of the event
    at: datetime
    note: str
    changes: list[Change]
    no_comparison: NoComparison | None = None
    is_cut: bool = False  # whether some changes are listed without their text

    @property
    def is_first(self) -> bool:
        return self.no_comparison is NoComparison.FIRST


@dataclass(frozen=True)
class News:
    """One entry in the list of the whole site."""

    key: int
    label: str
    """The word for the kind of page."""
    title: str
    url: str
    at: datetime
    note: str
    is_first: bool


def listed_publications() -> QuerySet[Event]:
    """Returns the public publications, newest first: those that are not minor, and the first of each page.

    Adds `is_first` to each.
    """
    earlier = Event.objects.filter(
        kind=OuterRef("kind"), subject_id=OuterRef("subject_id"), verb=Event.Verb.PUBLISHED, pk__lt=OuterRef("pk")
    )
    published = Event.objects.filter(verb=Event.Verb.PUBLISHED).annotate(is_first=~Exists(earlier))
    return published.filter(Q(minor=False) | Q(is_first=True)).order_by("-pk")


def history(live: Edition, number: str | None) -> ListPage[Publication]:
    """Returns a page of the publications of a live edition's subject. `number` is the page number of the query."""
    events = listed_publications().filter(kind=live.kind, subject_id=live.subject_id)
    page: ListPage[Any] = Paginator(events, PUBLICATIONS_PER_PAGE).get_page(number)
    first = max(page.start_index() - 1, 0)
    # Reads one more than the page shows, because the oldest one shown is compared with it.
    found = list(events.select_related("edition")[first : page.end_index() + 1])
    hidden = hidden_comparisons(event.edition_id for event in found)
    editions = [event.edition for event in found if event.edition]
    title_of = titles({reference for edition in editions for reference in edition.page.references()})

    def publication(event: Event, edition: Edition, older: Edition | None) -> Publication:
        changes: list[Change] = []
        no_comparison = None
        if older is None:
            no_comparison = NoComparison.FIRST
        elif edition.redacted_at or older.redacted_at:
            no_comparison = NoComparison.REDACTED
        elif event.edition_id in hidden:
            no_comparison = NoComparison.HIDDEN
        else:
            changes = Comparison(older.page, edition.page, title_of).changes
            no_comparison = None if changes else NoComparison.SAME
        shown = _truncate(changes)
        note = "" if edition.redacted_at else event.note  # the note may quote what was redacted
        return Publication(event.pk, event.at, note, shown, no_comparison, is_cut=shown != changes)

    entries = zip(found, editions, [*editions[1:], None], strict=True)
    page.object_list = [publication(*entry) for entry in entries][:PUBLICATIONS_PER_PAGE]
    return page


def _truncate(changes: list[Change]) -> list[Change]:
    """Returns the changes; those beyond `MAX_CHARACTERS` without their text."""
    truncated = []
    left = MAX_CHARACTERS
    for change in changes:
        left -= sum(len(segment.text) for block in change.excerpt for segment in block)
        truncated.append(change if left >= 0 else replace(change, blocks=()))
    return truncated


def latest(number: str | None) -> ListPage[News]:
    """Returns a page of the latest publications of all subjects that are live now and may be found by name.

    Portraits are not among them: programs keep what a feed said, even after a person withdraws a portrait.
    """
    live = Edition.objects.searchable().filter(kind=OuterRef("kind"), subject_id=OuterRef("subject_id"))
    events = listed_publications().filter(Exists(live)).select_related("edition").defer("edition__content")
    events = events.annotate(title=Subquery(live.values("title")[:1]), slug=Subquery(live.values("slug")[:1]))
    page: ListPage[Any] = Paginator(events[:LATEST], LATEST_PER_PAGE).get_page(number)
    page.object_list = [
        News(
            key=event.pk,
            label=kinds()[event.kind].label(),
            title=event.title,
            url=kinds()[event.kind].url_of(event.slug, "changes"),
            at=event.at,
            note="" if event.edition.redacted_at else event.note,
            is_first=event.is_first,
        )
        for event in page.object_list
    ]
    return page


def titles(references: set[Reference]) -> Callable[[Reference], str]:
    """Returns a function that names a subject for readers.

    The name is the live title; for a withdrawn subject, the words of its address. It is "" for a subject that was never
    public: a page may refer to one, but does not show it.
    """
    wanted = Q(pk=None)
    for kind in {reference.kind for reference in references}:
        wanted |= Q(kind=kind, slug__in={reference.slug for reference in references if reference.kind == kind})
    own = {"kind": OuterRef("kind"), "subject_id": OuterRef("subject_id")}
    live = Edition.objects.live().filter(**own)
    public = Address.objects.filter(wanted, Exists(Event.objects.filter(**own, verb=Event.Verb.PUBLISHED)))
    known = public.annotate(title=Subquery(live.values("title")[:1])).values_list("kind", "slug", "title")
    names = {(kind, slug): title or slug.replace("-", " ").capitalize() for kind, slug, title in known}
    return lambda reference: names.get((reference.kind, reference.slug), "")
