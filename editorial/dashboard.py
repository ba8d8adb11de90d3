"""The panels of the admin's first page: drafts, editions that are ready to publish, and recent publications.

They cover every kind that the user may view. One query finds all unpublished editions, and the panels and their counts
are taken from its result. So the number of queries does not depend on the number of pages.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlencode

from django.contrib.admin.utils import model_ngettext
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import AnyUser, User
from editorial.models import SubjectKey
from publishing.caching import cached_until_publish
from publishing.models import Edition, Event, Publishable, State, kinds
from publishing.verbs import author_name, may

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

MAX_ENTRIES = 10


@dataclass(frozen=True)
class PanelEntry:
    """One line of a panel: a subject, and what happened to it last."""

    kind: str
    title: str
    change_url: str
    by: str
    at: datetime
    note: str = ""
    state: str = ""
    publish_url: str = ""


@dataclass(frozen=True)
class PanelCount:
    """The number of subjects of one kind, and the address of the list that shows all of them."""

    count: int
    label: str
    url: str


@dataclass(frozen=True)
class Panel:
    """One section of the first page. `empty` is its text where it has no entries."""

    key: str
    title: str
    empty: str
    entries: list[PanelEntry]
    counts: list[PanelCount]

    @property
    def count(self) -> int:
        return sum(each.count for each in self.counts)


@dataclass(frozen=True)
class UnpublishedEdition:
    """The newest edition of a subject, where it differs from the live one or none is live."""

    pk: int
    kind: str
    subject_id: int
    by: int | None
    has_live: bool
    submitted: int | None
    """The event that submitted this text, or None."""

    @property
    def subject(self) -> SubjectKey:
        return self.kind, self.subject_id


class EditionState(TypedDict):
    """What `_editions` adds to an edition."""

    has_live: bool
    was_live: bool


class EventState(TypedDict):
    """What `published` adds to an event."""

    is_still_live: bool | None


PanelFunction = Callable[[AnyUser], Panel | None]
"""Returns a panel for a user, or None where the user may not see it."""

_registered_panels: list[PanelFunction] = []


def register_panel(function: PanelFunction) -> PanelFunction:
    """Adds a panel to the first page. Apps above this one call it, as a decorator."""
    _registered_panels.append(function)
    return function


def viewable_kinds(user: AnyUser) -> dict[str, type[Publishable]]:
    """Returns the kinds that a user may view, by name."""
    return {name: kind for name, kind in kinds().items() if may(user, "view", kind) or may(user, "change", kind)}


def panels(user: AnyUser) -> list[Panel]:
    """Returns the panels that a user may see. For a publisher, the queue comes first; for an editor, the drafts do."""
    others = [panel for function in _registered_panels if (panel := function(user))]
    if not (viewable := viewable_kinds(user)):
        return others
    dashboard = Dashboard(user, viewable)
    drafts, queue = dashboard.drafts(), dashboard.queue()
    first = [queue, drafts] if dashboard.publishable else [drafts, queue]
    return [*first, *others, dashboard.unpublished_changes(), dashboard.recent()]


class Dashboard:
    """Builds the panels about unpublished and published editions of the kinds that one user may view."""

    def __init__(self, user: AnyUser, viewable: dict[str, type[Publishable]]) -> None:
        self.viewable = viewable
        self.publishable = {name for name, kind in viewable.items() if may(user, "publish", kind)}
        self.author = author_name(user) if isinstance(user, User) else ""
        self.unpublished = unpublished_editions(viewable)
        self.ready = sorted((each for each in self.unpublished if each.submitted), key=lambda each: each.submitted or 0)
        self.ready_subjects = {each.subject for each in self.ready}
        self.mine = [each for each in self.unpublished if each.by == user.pk]
        self.changed = [each for each in self.unpublished if each.has_live and not each.submitted]
        self.editions = _editions(each.pk for each in [*self.mine[:MAX_ENTRIES], *self.changed[:MAX_ENTRIES]])

    def drafts(self) -> Panel:
        editions = [self.editions[each.pk] for each in self.mine[:MAX_ENTRIES]]
        unfinished = ",".join([State.DRAFT, State.READY, State.CHANGED, State.WITHDRAWN])
        return Panel(
            "mine",
            _("My drafts"),
            _("You have no drafts."),
            [self._entry(edition, edition.title, state=self._state(edition)) for edition in editions],
            self._counts(_by_kind(self.mine), changed_by=self.author, state__in=unfinished),
        )

    def queue(self) -> Panel:
        events = _events().filter(pk__in=[each.submitted for each in self.ready[:MAX_ENTRIES]]).order_by("pk")
        return Panel(
            "ready",
            _("Ready to publish"),
            _("No page is ready to publish."),
            [
                self._entry(event, event.edition.title, note=event.note, publish_url=self._publish_url(event))
                for event in events
                if event.edition
            ],
            self._counts(_by_kind(self.ready), state=State.READY),
        )

    def unpublished_changes(self) -> Panel:
        editions = [self.editions[each.pk] for each in self.changed[:MAX_ENTRIES]]
        return Panel(
            "changed",
            _("Live with unpublished changes"),
            _("No live page has unpublished changes, except pages that are ready to publish."),
            [self._entry(edition, edition.title) for edition in editions],
            self._counts(_by_kind(self.changed), state=State.CHANGED),
        )

    def recent(self) -> Panel:
        events = published(self.viewable)[:MAX_ENTRIES]
        live = Counter({kind: count for kind, count in live_pages().items() if kind in self.viewable})
        with_changes = _by_kind(each for each in self.unpublished if each.has_live)
        return Panel(
            "published",
            _("Recently published"),
            _("Nothing has been published yet."),
            [
                self._entry(
                    event,
                    event.edition.title,
                    note=event.note,
                    state="" if event.is_still_live else _("no longer live"),
                )
                for event in events
                if event.edition
            ],
            self._counts(live - with_changes, state=State.LIVE),
        )

    def _entry(
        self, record: Edition | Event, title: str, note: str = "", state: str = "", publish_url: str = ""
    ) -> PanelEntry:
        label = str(self.viewable[record.kind]._meta.verbose_name)
        url = self._url("change", record)
        return PanelEntry(label, title, url, record.by_name, record.at, note, state, publish_url)

    def _url(self, step: str, record: Edition | Event) -> str:
        options = self.viewable[record.kind]._meta
        return reverse(f"admin:{options.app_label}_{options.model_name}_{step}", args=[record.subject_id])

    def _publish_url(self, event: Event) -> str:
        return self._url("publish", event) if event.kind in self.publishable else ""

    def _state(self, edition: "WithAnnotations[Edition, EditionState]") -> str:
        if (edition.kind, edition.subject_id) in self.ready_subjects:
            return str(State.READY.label)
        if edition.has_live:
            return str(State.CHANGED.label)
        return str((State.WITHDRAWN if edition.was_live else State.DRAFT).label)

    def _counts(self, by_kind: Counter[str], **lookups: str) -> list[PanelCount]:
        counts = []
        for name, kind in self.viewable.items():
            if by_kind[name]:
                changelist = reverse(f"admin:{kind._meta.app_label}_{kind._meta.model_name}_changelist")
                label = model_ngettext(kind._meta, by_kind[name])
                counts.append(PanelCount(by_kind[name], label, f"{changelist}?{urlencode(lookups)}"))
        return counts


def _same_subject() -> dict[str, OuterRef]:
    """Returns the filter of a subquery for the rows about the subject of the outer row."""
    return {"kind": OuterRef("kind"), "subject_id": OuterRef("subject_id")}


def unpublished_editions(viewable: dict[str, type[Publishable]]) -> list[UnpublishedEdition]:
    """Returns the newest editions of subjects that are not in the trash, where they are not live; the latest first.

    As in `with_state`, an edition with the same text as the live one counts as live.
    """
    # Two queries, because PostgreSQL overestimates the number of candidates and would read whole tables for one.
    candidates = Edition.objects.newest().filter(is_live=False, kind__in=viewable).values_list("pk", flat=True)
    live = Edition.objects.live().filter(**_same_subject())
    is_ready = When(verb=Event.Verb.SUBMITTED, edition__digest=OuterRef("digest"), then=F("pk"))
    last_step = Event.objects.filter(**_same_subject(), verb__in=Event.WORKFLOW).order_by("-pk")
    trashed = Q(pk=None)
    for name, kind in viewable.items():
        row = kind._base_manager.filter(pk=OuterRef("subject_id"), trashed_at__isnull=False)
        trashed |= Q(Exists(row), kind=name)
    found = (
        Edition.objects.filter(~Exists(live.filter(digest=OuterRef("digest"))), ~trashed, pk__in=list(candidates))
        .annotate(has_live=Exists(live), submitted=Subquery(last_step.values(ready=Case(is_ready))[:1]))
        .order_by("-pk")
        .values_list("pk", "kind", "subject_id", "by_id", "has_live", "submitted")
    )
    return [UnpublishedEdition(*row) for row in found]


def published(viewable: Iterable[str]) -> "QuerySet[WithAnnotations[Event, EventState]]":
    """Returns the publications, the latest first, each with `is_still_live`: whether its subject is live now."""
    live = Edition.objects.live().filter(**_same_subject())
    # Excludes kinds instead of filtering by them: then SQLite reads the events in order and stops after the first ten.
    hidden = kinds().keys() - set(viewable)
    events = _events().filter(verb=Event.Verb.PUBLISHED).exclude(kind__in=hidden)
    # A subquery instead of Exists(): for Exists(), PostgreSQL would read all live editions.
    return events.annotate(is_still_live=Subquery(live.values("is_live")[:1])).order_by("-pk")


def _events() -> QuerySet[Event]:
    fields = ["kind", "subject_id", "by_name", "at", "note", "edition__title"]
    return Event.objects.select_related("edition").only(*fields)


def _editions(pks: Iterable[int]) -> "dict[int, WithAnnotations[Edition, EditionState]]":
    """Returns editions by key, each with whether its subject is live (`has_live`) or ever was (`was_live`)."""
    live = Edition.objects.live().filter(**_same_subject())
    publications = Event.objects.filter(**_same_subject(), verb=Event.Verb.PUBLISHED)
    editions = Edition.objects.annotate(has_live=Exists(live), was_live=Exists(publications))
    editions = editions.only("kind", "subject_id", "title", "by_name", "at")
    return editions.in_bulk(set(pks))  # type: ignore[return-value] # annotated above


@cached_until_publish
def live_pages() -> Mapping[str, int]:
    """Returns the number of live subjects of each kind."""
    return dict(Edition.objects.live().order_by().values_list("kind").annotate(count=Count("pk")))


def _by_kind(editions: Iterable[UnpublishedEdition]) -> Counter[str]:
    """Returns the number of editions of each kind."""
    return Counter(each.kind for each in editions)
