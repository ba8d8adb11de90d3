"""What the admin's first page shows: what waits for whom, over every kind of publishable thing that a user may view.

One query finds all that is in work; the lists and their counts are picked from it. So nothing here takes a query per
row, and a page that is live as it stands costs nothing at all.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import model_ngettext
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.urls import reverse
from django.utils.translation import gettext as _

from publishing.caching import cached_until_publish
from publishing.models import Edition, Event, Publishable, State, kinds
from publishing.verbs import may

MAX_ENTRIES = 10

SubjectKey = tuple[str, int]
"""A kind and the number of one of its rows."""


@dataclass(frozen=True)
class PanelEntry:
    """One line of a list: a subject, and what happened to it last."""

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
    """How many of one kind there are, and where all of them are listed."""

    count: int
    label: str
    url: str


@dataclass(frozen=True)
class Panel:
    key: str
    title: str
    empty: str
    entries: list[PanelEntry]
    counts: list[PanelCount]

    @property
    def count(self) -> int:
        return sum(share.count for share in self.counts)


@dataclass(frozen=True)
class PendingEdition:
    """The newest edition of a subject that is not live as it stands."""

    pk: int
    subject: SubjectKey
    by: int | None
    has_live: bool
    submitted: int | None
    """The event by which it was submitted as ready to publish, where it still says what it said then."""


_registered_panels: list[Callable[[Any], Panel | None]] = []


def register_panel(more: Callable[[Any], Panel | None]) -> Callable[[Any], Panel | None]:
    """Adds a list of another room to the first page: of what waits there for a user, or None for who may not see it."""
    _registered_panels.append(more)
    return more


def panels(user: Any) -> list[Panel]:
    """The lists of the first page, those first that the user is there for; none for who may view nothing."""
    others = [waiting for more in _registered_panels if (waiting := more(user))]
    viewable = {name: kind for name, kind in kinds().items() if may(user, "view", kind) or may(user, "change", kind)}
    if not viewable:
        return others
    found = Dashboard(user, viewable)
    drafts, queue = found.drafts(), found.queue()
    first = [queue, drafts] if found.publishable else [drafts, queue]
    return [*first, *others, found.outdated(), found.recent()]


class Dashboard:
    """What is in work, as one user may see it."""

    def __init__(self, user: Any, viewable: dict[str, type[Publishable]]) -> None:
        self.viewable = viewable
        self.publishable = {name for name, kind in viewable.items() if may(user, "publish", kind)}
        self.author = user.get_full_name() or user.get_username()  # as editions keep it
        self.work = [
            PendingEdition(pk, (kind, subject_id), *rest)
            for pk, kind, subject_id, *rest in unpublished_editions(viewable)
        ]
        self.ready = sorted((found for found in self.work if found.submitted), key=lambda found: found.submitted or 0)
        self.waiting = {found.subject for found in self.ready}
        self.mine = [found for found in self.work if found.by == user.pk]
        self.changed = [found for found in self.work if found.has_live and not found.submitted]
        self.editions = _editions(found.pk for found in [*self.mine[:MAX_ENTRIES], *self.changed[:MAX_ENTRIES]])

    def drafts(self) -> Panel:
        editions = [self.editions[found.pk] for found in self.mine[:MAX_ENTRIES]]
        unfinished = ",".join([State.DRAFT, State.READY, State.CHANGED, State.WITHDRAWN])
        return Panel(
            "mine",
            _("My drafts"),
            _("Nothing of yours waits: what you saved last is live, or somebody else has saved it since."),
            [self._entry(edition, edition.title, state=self._state(edition)) for edition in editions],
            self._counts(_by_kind(self.mine), changed_by=self.author, state__in=unfinished),
        )

    def queue(self) -> Panel:
        events: Any = _events().filter(pk__in=[found.submitted for found in self.ready[:MAX_ENTRIES]]).order_by("pk")
        return Panel(
            "ready",
            _("Ready to publish"),
            _("Nothing waits for a publisher."),
            [
                self._entry(event, event.edition.title, note=event.note, publish_url=self._publish_url(event))
                for event in events
            ],
            self._counts(_by_kind(self.ready), state=State.READY),
        )

    def outdated(self) -> Panel:
        editions = [self.editions[found.pk] for found in self.changed[:MAX_ENTRIES]]
        return Panel(
            "changed",
            _("Live with unpublished changes"),
            _("Nothing: all that is live says what was saved last, or waits for a publisher."),
            [self._entry(edition, edition.title) for edition in editions],
            self._counts(_by_kind(self.changed), state=State.CHANGED),
        )

    def recent(self) -> Panel:
        events: Any = published(self.viewable)[:MAX_ENTRIES]
        live = Counter({kind: count for kind, count in live_pages().items() if kind in self.viewable})
        unsettled = _by_kind(found for found in self.work if found.has_live)
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
            ],
            self._counts(live - unsettled, state=State.LIVE),
        )

    def _entry(self, record: Any, title: str, **more: Any) -> PanelEntry:
        label = str(self.viewable[record.kind]._meta.verbose_name)
        return PanelEntry(label, title, self._url("change", record), record.by_name, record.at, **more)

    def _url(self, step: str, record: Any) -> str:
        options = self.viewable[record.kind]._meta
        return reverse(f"admin:{options.app_label}_{options.model_name}_{step}", args=[record.subject_id])

    def _publish_url(self, event: Event) -> str:
        return self._url("publish", event) if event.kind in self.publishable else ""

    def _state(self, edition: Any) -> str:
        if _subject(edition) in self.waiting:
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


def _own() -> dict[str, Any]:
    return {"kind": OuterRef("kind"), "subject_id": OuterRef("subject_id")}


def unpublished_editions(viewable: dict[str, type[Publishable]]) -> QuerySet[Edition, tuple[Any, ...]]:
    """The newest editions that are not live as they stand, and not of what is in the trash; the newest first.

    As `with_state` tells it: an edition that says the same as the live one is live as it stands.
    """
    # Asked for by their numbers, since PostgreSQL expects many more to be newest and not live than there are, and
    # would prepare for them by reading whole tables.
    candidates = Edition.objects.newest().filter(is_live=False, kind__in=viewable).values_list("pk", flat=True)
    live = Edition.objects.live().filter(**_own())
    is_ready = When(verb=Event.Verb.SUBMITTED, edition__digest=OuterRef("digest"), then=F("pk"))
    last_step = Event.objects.filter(**_own(), verb__in=Event.WORKFLOW).order_by("-pk")
    trashed = Q(pk=None)
    for name, kind in viewable.items():
        row = kind._base_manager.filter(pk=OuterRef("subject_id"), trashed_at__isnull=False)
        trashed |= Q(Exists(row), kind=name)
    return (
        Edition.objects.filter(~Exists(live.filter(digest=OuterRef("digest"))), ~trashed, pk__in=list(candidates))
        .annotate(has_live=Exists(live), submitted=Subquery(last_step.values(ready=Case(is_ready))[:1]))
        .order_by("-pk")
        .values_list("pk", "kind", "subject_id", "by_id", "has_live", "submitted")
    )


def published(viewable: Iterable[str]) -> QuerySet[Event]:
    """Publications, the latest first, each with whether anything of its subject is live."""
    live = Edition.objects.live().filter(**_own())
    # Told what to leave out, SQLite reads the events in their order, and stops after the first few. Told what to
    # take, it collects all of a kind by their index and sorts them.
    hidden = kinds().keys() - set(viewable)
    events = _events().filter(verb=Event.Verb.PUBLISHED).exclude(kind__in=hidden)
    # Asked whether any exists, PostgreSQL would list all that are live, for the few events that are shown.
    return events.annotate(is_still_live=Subquery(live.values("is_live")[:1])).order_by("-pk")


def _events() -> QuerySet[Event]:
    wanted = ["kind", "subject_id", "by_name", "at", "note", "edition__title"]
    return Event.objects.select_related("edition").only(*wanted)


def _editions(pks: Iterable[int]) -> dict[int, Any]:
    """The editions that are shown, each with whether anything of its subject is or was ever live."""
    live = Edition.objects.live().filter(**_own())
    publications = Event.objects.filter(**_own(), verb=Event.Verb.PUBLISHED)
    editions = Edition.objects.only("kind", "subject_id", "title", "by_name", "at")
    return editions.annotate(has_live=Exists(live), was_live=Exists(publications)).in_bulk(set(pks))


@cached_until_publish
def live_pages() -> Mapping[str, int]:
    """How many subjects of each kind are live."""
    return dict(Edition.objects.live().order_by().values_list("kind").annotate(count=Count("pk")))


def _subject(record: Any) -> SubjectKey:
    return record.kind, record.subject_id


def _by_kind(work: Iterable[PendingEdition]) -> Counter[str]:
    return Counter(found.subject[0] for found in work)
