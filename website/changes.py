"""What readers are shown of the past: what was published and when, and how it differs from what was listed before.

Only publications are told. A draft between two of them, and who wrote or published it, are nobody's business here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from publishing.comparison import Change, Comparison
from publishing.models import Address, Edition, Event, kinds
from publishing.restoring import hidden_comparisons
from publishing.values import Page, Reference

PUBLICATIONS_PER_PAGE = 20  # publications of one subject, each with its comparison
LATEST_PER_PAGE = 30
LATEST = 300
"""How far back the list of the whole site goes. Every subject's own history is whole."""


MAX_CHARACTERS = 40_000
"""The characters of one comparison. Of the changes that no longer fit only the place is named, and the page says so."""


class NoComparison(Enum):
    """Why a publication is listed without what it changed."""

    FIRST = _("First published.")
    REDACTED = _("We had to take this version, or the one before it, out of the history, so there is no comparison.")
    HIDDEN = _("The comparison is not shown.")
    SAME = _("The page says the same as before.")


@dataclass(frozen=True)
class Publication:
    """One entry of a subject's history."""

    key: int  # of the publication, here and in News
    at: datetime
    note: str
    changes: list[Change]
    no_comparison: NoComparison | None = None
    is_cut: bool = False  # whether there was more to tell than fits

    @property
    def is_first(self) -> bool:
        return self.no_comparison is NoComparison.FIRST


@dataclass(frozen=True)
class News:
    """One entry of the whole site's history."""

    key: int
    kind: str
    title: str
    url: str
    at: datetime
    note: str
    is_first: bool


def listed_publications() -> QuerySet[Event]:
    """The publications that readers are told of, newest first: all but the minor ones. A first one never is minor."""
    earlier = Event.objects.filter(
        kind=OuterRef("kind"), subject_id=OuterRef("subject_id"), verb=Event.Verb.PUBLISHED, pk__lt=OuterRef("pk")
    )
    published = Event.objects.filter(verb=Event.Verb.PUBLISHED).annotate(is_first=~Exists(earlier))
    return published.filter(Q(minor=False) | Q(is_first=True)).order_by("-pk")


def history(live: Edition, number: str | None) -> Any:
    """A page of the publications of a live edition's subject, as a paginator gives it."""
    events = listed_publications().filter(kind=live.kind, subject_id=live.subject_id)
    page: Any = Paginator(events, PUBLICATIONS_PER_PAGE).get_page(number)
    first = max(page.start_index() - 1, 0)
    # One more than is shown: what the oldest on the page is compared with.
    found = list(events.select_related("edition")[first : page.end_index() + 1])
    hidden = hidden_comparisons(event.edition_id for event in found)
    versions: list[Page] = [event.edition.page for event in found if event.edition]
    title_of = titles({reference for version in versions for reference in version.references()})

    def publication(event: Any, version: Page, older: Any, before: Page | None) -> Publication:
        redacted = event.edition.redacted_at
        changes: list[Change] = []
        no_comparison = None
        if before is None:
            no_comparison = NoComparison.FIRST
        elif redacted or older.edition.redacted_at:
            no_comparison = NoComparison.REDACTED
        elif event.edition_id in hidden:
            no_comparison = NoComparison.HIDDEN
        else:
            changes = Comparison(before, version, title_of).changes
            no_comparison = None if changes else NoComparison.SAME
        told = _truncate(changes)
        # A note may quote what was redacted.
        return Publication(
            event.pk, event.at, "" if redacted else event.note, told, no_comparison, is_cut=told != changes
        )

    entries = zip(found, versions, [*found[1:], None], [*versions[1:], None], strict=True)
    page.object_list = [publication(*entry) for entry in entries][:PUBLICATIONS_PER_PAGE]
    return page


def _truncate(changes: list[Change]) -> list[Change]:
    """The changes, as far as they fit with their words."""
    told = []
    left = MAX_CHARACTERS
    for change in changes:
        left -= sum(len(run.text) for block in change.excerpt for run in block)
        told.append(change if left >= 0 else replace(change, blocks=()))
    return told


def latest(number: str | None) -> Any:
    """A page of the latest publications of all subjects that are live now and may be found by name.

    Readers of the feed keep copies for ever, which a person who takes a portrait back could not reach.
    """
    live = Edition.objects.searchable().filter(kind=OuterRef("kind"), subject_id=OuterRef("subject_id"))
    events = listed_publications().filter(Exists(live)).select_related("edition").defer("edition__content")
    events = events.annotate(title=Subquery(live.values("title")[:1]), slug=Subquery(live.values("slug")[:1]))
    page: Any = Paginator(events[:LATEST], LATEST_PER_PAGE).get_page(number)
    page.object_list = [
        News(
            key=event.pk,
            kind=event.kind,
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
    """Names subjects as readers know them: by their live title; what was withdrawn, by the words of its address.

    What never was public has no name here: a page may refer to it before its time, and does not show it until then.
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
