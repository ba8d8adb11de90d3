"""Writes all content as JSON Lines. The same content gives the same bytes."""

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from tempfile import SpooledTemporaryFile
from typing import Any

import pydantic
from django.db import connection, transaction
from django.db.models import Max, Q

from publishing.models import Address, Edition, Event, Publishable, kinds
from publishing.values import Page, Reference
from transfer.document import (
    DOCUMENT_DESCRIPTION,
    STATE_FIELDS,
    Head,
    PortableError,
    record_state,
    subject_batches,
    to_json,
)
from transfer.reading import problems_of


@contextmanager
def _read_snapshot() -> Iterator[None]:
    """Reads the database as it is at one moment, without blocking anybody who writes meanwhile."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # atomic() would start a write transaction on SQLite, and every editor would have to wait.
        connection.cursor().execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            connection.cursor().execute("ROLLBACK")


def dump(write: Callable[[str], Any]) -> list[str]:
    """Writes the document line by line. Returns which pages could not be loaded again and why, each as a line."""
    with _read_snapshot(), SpooledTemporaryFile(32 * 1024 * 1024, "w+", encoding="utf-8", newline="\n") as spool:
        dumping = _Dump()
        subjects = []
        for pk, record in dumping.records():
            subjects.append((record["kind"], pk))
            spool.write(to_json(record) + "\n")
        spool.seek(0)
        schemas = tuple((name, kind.PAGE.SCHEMA) for name, kind in kinds().items())
        head = Head(about=DOCUMENT_DESCRIPTION, format=1, schemas=schemas, unresolved=dumping.unresolved())
        write(to_json(head.model_dump(mode="json")) + "\n")
        for subject in subjects:
            # The addresses are complete only now: a later draft page may have used another address of the subject.
            addresses = to_json({"addresses": dumping.addresses[subject]}).removesuffix("}")
            write(f"{addresses}, {spool.readline().removeprefix('{')}")
    return dumping.warnings


class _Dump:
    """One dump, with the addresses and references that were found so far."""

    def __init__(self) -> None:
        self.slugs = {name: dict(kind.objects.values_list("pk", "slug")) for name, kind in kinds().items()}
        self.by_slug = {name: {slug: pk for pk, slug in slugs.items()} for name, slugs in self.slugs.items()}
        self.addresses: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.reserved: set[tuple[str, str]] = set()
        for name, pk, slug in Address.objects.order_by("pk").values_list("kind", "subject_id", "slug"):
            self.addresses[name, pk].append(slug)
            self.reserved.add((name, slug))
        self.references: set[Reference] = set()
        self.warnings: list[str] = []

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yields the primary key and the record of every subject, without the addresses: see `dump`."""
        for name, kind in sorted(kinds().items()):
            pks = [pk for pk, _slug in sorted(self.slugs[name].items(), key=lambda item: item[1])]
            for batch in subject_batches(pks):
                rows = kind.objects.in_bulk(batch)
                current = Q(is_live=True) | Q(is_newest=True)
                editions = list(Edition.objects.of(kind).filter(current, subject_id__in=batch))
                live = {edition.subject_id: edition for edition in editions if edition.is_live}
                newest = {edition.subject_id: edition for edition in editions if edition.is_newest}
                events = self._last_events(kind, batch)
                for pk in batch:
                    yield pk, self._record(rows[pk], live.get(pk), newest.get(pk), events[pk])

    def unresolved(self) -> tuple[Reference, ...]:
        """Returns the references of old pages that lead nowhere on this site either."""
        lost = {(name.kind, name.slug) for name in self.references} - self.reserved
        lost -= {(name, slug) for name, slugs in self.by_slug.items() for slug in slugs}
        return tuple(Reference(kind=name, slug=slug) for name, slug in sorted(lost))

    def _last_events(self, kind: type[Publishable], pks: Sequence[int]) -> dict[int, dict[str, Event]]:
        """Returns the last event of each verb, by subject and verb."""
        verbs = [*Event.WORKFLOW, Event.Verb.TRASHED]
        events = Event.objects.filter(kind=kind.KIND, subject_id__in=pks, verb__in=verbs)
        last = events.order_by().values("subject_id", "verb").annotate(last=Max("pk")).values_list("last", flat=True)
        found: dict[int, dict[str, Event]] = defaultdict(dict)
        for event in Event.objects.filter(pk__in=list(last)).select_related("edition"):
            found[event.subject_id][event.verb] = event
        return found

    def _record(
        self, row: Publishable, live: Edition | None, newest: Edition | None, events: dict[str, Event]
    ) -> dict[str, Any]:
        name = f"{row.KIND} “{row.slug}”"
        try:
            draft = row.compose()
        except pydantic.ValidationError as error:
            problems = [f"The draft of {name} makes no valid page: {path}: {why}." for path, why in problems_of(error)]
            raise PortableError(*problems) from error
        for reference in draft.references():
            pk = self.by_slug[reference.kind].get(reference.slug)
            if pk and (reference.kind, reference.slug) not in self.reserved:
                # Loading saves an edition, which reserves this address for the subject.
                self.reserved.add((reference.kind, reference.slug))
                self.addresses[reference.kind, pk].append(reference.slug)
        record: dict[str, Any] = {"kind": row.KIND, "slug": row.slug}
        live_page = self._page(live, draft, f"{name}, live") if live else None
        if live and live_page:
            record["live"] = live_page.content()
            for date in ["published_at", "updated_at"]:
                if moment := getattr(live, date):
                    record[date] = moment.astimezone(UTC).isoformat()
        if not live_page or live_page.content() != draft.content():
            record["draft"] = draft.content()
            if newest and newest.origin and newest.digest == draft.digest():
                record["draft_origin"] = newest.origin
            step = max(
                (events[verb] for verb in Event.WORKFLOW if verb in events), key=lambda step: step.pk, default=None
            )
            submitted = step.edition if step and step.verb == Event.Verb.SUBMITTED else None
            if step and submitted and submitted.digest == draft.digest():
                record["ready"] = {"note": step.note}
        withdrawal = events.get(Event.Verb.WITHDRAWN)
        withdrawn = withdrawal.edition if withdrawal and not live else None
        last_public = live or withdrawn
        if last_public and last_public.origin:
            record["live_origin"] = last_public.origin
        if withdrawal and withdrawn:
            record["withdrawn"] = self._withdrawal(row, withdrawal, withdrawn, draft, name)
        if row.trashed_at:
            trashed = events.get(Event.Verb.TRASHED)
            record["trashed"] = {"reason": trashed.note if trashed else ""}
        pages = [draft, live_page, withdrawn.page if withdrawn else None]
        if digests := {digest for page in pages if page for digest in page.files()}:
            files = sorted(row.files(digests).items())
            record["files"] = [{"digest": digest, "content": b64encode(file).decode()} for digest, file in files]
        return record | {"state": record_state(**{field: field in record for field in STATE_FIELDS}).value}

    def _withdrawal(self, row: Publishable, event: Event, edition: Edition, draft: Page, name: str) -> dict[str, Any]:
        withdrawn: dict[str, Any] = {"reason": event.note}
        page = self._page(edition, draft, f"{name}, withdrawn")
        if page.content() != draft.content():
            withdrawn["page"] = page.content()
        if event.successor_id:
            addresses = self.addresses.get((row.KIND, event.successor_id)) or [self.slugs[row.KIND][event.successor_id]]
            withdrawn["successor"] = {"kind": row.KIND, "slug": addresses[0]}
        return withdrawn

    def _page(self, edition: Edition, draft: Page, name: str) -> Page:
        """Returns the page of an edition. Adds a warning where it breaks today's rules, since load would reject it."""
        page: Page = edition.page
        self.references.update(page.references())
        if page != draft:
            try:
                type(page).model_validate_json(json.dumps(page.content()), strict=True)
            except pydantic.ValidationError as error:
                self.warnings += [f"{name}: {path} {reason}" for path, reason in problems_of(error)]
        return page
