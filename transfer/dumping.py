"""Content out: one snapshot of everything, in the same bytes for the same content."""

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
from transfer.document import DOCUMENT_DESCRIPTION, FORMAT, PortableError, _json_lines, _state, _subject_batches
from transfer.reading import _path, _problem_text


@contextmanager
def _one_moment() -> Iterator[None]:
    """What is read inside is the database of one moment, and whoever writes meanwhile is not held up."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # atomic() begins SQLite's transactions as a writer's, and would keep every editor waiting.
        connection.cursor().execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            connection.cursor().execute("ROLLBACK")


def dump(write: Callable[[str], Any]) -> list[str]:
    """Writes the document piece by piece. Returns what of it could not be loaded again, in lines for a person."""
    with _one_moment(), SpooledTemporaryFile(32 * 1024 * 1024, "w+", encoding="utf-8", newline="") as spool:
        dumping = _Dump()
        sizes = [(record["kind"], pk, spool.write(_json_lines(record, "  "))) for pk, record in dumping.records()]
        spool.seek(0)
        schemas = {name: kind.PAGE.SCHEMA for name, kind in kinds().items()}
        head = _json_lines({"about": DOCUMENT_DESCRIPTION, "format": FORMAT, "schemas": schemas})
        write(head.removesuffix("\n}") + ',\n "subjects": [')
        for number, (name, pk, size) in enumerate(sizes):
            # Known only now: a working page that was written later may have named the subject first.
            addresses = _json_lines({"addresses": dumping.addresses[name, pk]}, "  ").removesuffix("\n  }")
            write(("," if number else "") + "\n  " + addresses + "," + spool.read(size).removeprefix("{"))
        write(("\n ]" if sizes else "]") + ',\n "unresolved": ' + _json_lines(dumping.unresolved(), " ") + "\n}\n")
    return dumping.warnings


class _Dump:
    def __init__(self) -> None:
        self.slugs = {name: dict(kind.objects.values_list("pk", "slug")) for name, kind in kinds().items()}
        self.by_slug = {name: {slug: pk for pk, slug in slugs.items()} for name, slugs in self.slugs.items()}
        self.addresses: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.owned: set[tuple[str, str]] = set()
        for name, pk, slug in Address.objects.order_by("pk").values_list("kind", "subject_id", "slug"):
            self.addresses[name, pk].append(slug)
            self.owned.add((name, slug))
        self.seen: set[Reference] = set()
        self.warnings: list[str] = []

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Primary key and record of every subject; without its addresses, which are complete only at the end."""
        for name, kind in sorted(kinds().items()):
            pks = [pk for pk, _slug in sorted(self.slugs[name].items(), key=lambda item: item[1])]
            for batch in _subject_batches(pks):
                rows = kind.objects.in_bulk(batch)
                editions = list(self._of(Edition.objects.filter(Q(is_live=True) | Q(is_newest=True)), kind, batch))
                live = {edition.subject_id: edition for edition in editions if edition.is_live}
                newest = {edition.subject_id: edition for edition in editions if edition.is_newest}
                events = self._last_events(kind, batch)
                for pk in batch:
                    yield pk, self._record(rows[pk], live.get(pk), newest.get(pk), events[pk])

    def unresolved(self) -> list[dict[str, str]]:
        """References of pages of the past that lead nowhere even here."""
        lost = {(name.kind, name.slug) for name in self.seen} - self.owned
        lost -= {(name, slug) for name, slugs in self.by_slug.items() for slug in slugs}
        return [{"kind": name, "slug": slug} for name, slug in sorted(lost)]

    def _of(self, records: Any, kind: type[Publishable], pks: Sequence[int]) -> Any:
        return records.filter(kind=kind.KIND, subject_id__in=pks)

    def _last_events(self, kind: type[Publishable], pks: Sequence[int]) -> dict[int, dict[str, Event]]:
        """The last event of each sort, by subject and verb."""
        verbs = [*Event.WORKFLOW, Event.Verb.TRASHED]
        events = self._of(Event.objects.filter(verb__in=verbs), kind, pks)
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
            working = row.compose()
        except pydantic.ValidationError as error:
            faults = [f"{_path(fault['loc'])}: {_problem_text(fault)}" for fault in error.errors()]
            raise PortableError(*(f"The working copy of {name} makes no page: {fault}." for fault in faults)) from error
        for reference in working.references():
            pk = self.by_slug[reference.kind].get(reference.slug)
            if pk and (reference.kind, reference.slug) not in self.owned:
                # The address by which a kept page names a subject becomes its own; so it will where this is loaded.
                self.owned.add((reference.kind, reference.slug))
                self.addresses[reference.kind, pk].append(reference.slug)
        record: dict[str, Any] = {"kind": row.KIND, "slug": row.slug}
        live_page = self._page(live, working, f"{name}, live") if live else None
        if live and live_page:
            record["live"] = live_page.content()
            for date in ["published_at", "updated_at"]:
                if moment := getattr(live, date):
                    record[date] = moment.astimezone(UTC).isoformat()
        if not live_page or live_page.content() != working.content():
            record["working"] = working.content()
            if newest and newest.origin and newest.digest == working.digest():
                record["working_origin"] = newest.origin
            step = max(
                (events[verb] for verb in Event.WORKFLOW if verb in events), key=lambda step: step.pk, default=None
            )
            submitted = step.edition if step and step.verb == Event.Verb.SUBMITTED else None
            if step and submitted and submitted.digest == working.digest():
                record["ready"] = {"note": step.note}
        withdrawal = events.get(Event.Verb.WITHDRAWN)
        seen = live or (withdrawal.edition if withdrawal else None)
        if seen and seen.origin:
            record["live_origin"] = seen.origin
        if withdrawal and not live:
            record["withdrawn"] = self._withdrawal(row, withdrawal, working, name)
        if row.trashed_at:
            trashed = events.get(Event.Verb.TRASHED)
            record["trashed"] = {"reason": trashed.note if trashed else ""}
        pages = [
            working,
            live_page,
            withdrawal.edition.page if withdrawal and withdrawal.edition and not live else None,
        ]
        if named := {digest for page in pages if page for digest in page.files()}:
            files = sorted(row.files(named).items())
            record["files"] = [{"digest": digest, "content": b64encode(file).decode()} for digest, file in files]
        parts = [record.get(part) for part in ["trashed", "live", "working", "ready", "withdrawn"]]
        return record | {"state": _state(*parts).value}

    def _withdrawal(self, row: Publishable, event: Event, working: Page, name: str) -> dict[str, Any]:
        withdrawn: dict[str, Any] = {"reason": event.note}
        page = self._page(event.edition, working, f"{name}, withdrawn")
        if page.content() != working.content():
            withdrawn["page"] = page.content()
        if event.successor_id:
            own = self.addresses.get((row.KIND, event.successor_id)) or [self.slugs[row.KIND][event.successor_id]]
            withdrawn["successor"] = {"kind": row.KIND, "slug": own[0]}
        return withdrawn

    def _page(self, edition: Any, working: Page, name: str) -> Any:
        """The page of an edition, which may be of a day with other rules: what load would say to it is noted."""
        page = edition.page
        self.seen.update(page.references())
        if page != working:
            try:
                type(page).model_validate_json(json.dumps(page.content()), strict=True)
            except pydantic.ValidationError as error:
                self.warnings += [f"{name}: {_path(fault['loc'])} {_problem_text(fault)}" for fault in error.errors()]
        return page
