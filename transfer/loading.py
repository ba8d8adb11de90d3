"""Content in: all of a document or nothing of it, through the verbs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from publishing.models import Address, ChildRow, Edition, Publishable, kinds
from publishing.trash import trash
from publishing.values import Reference
from publishing.verbs import (
    PublishingError,
    may,
    publish_with_dates,
    reserve_addresses,
    save_edition,
    save_page_edition,
    submit,
    withdraw,
)
from transfer.document import LOADED_NOTE, PortableError, _subject_batches
from transfer.entries import DocumentReader, SubjectEntry
from transfer.reading import _decode, _values
from transfer.report import LoadReport
from transfer.row_errors import child_rows, database_error, field_messages, is_typed


def load(content: bytes, by: Any, *, publish: bool = False, update: bool = False, dry_run: bool = False) -> LoadReport:
    """Reads a document into the site: all of it, or on any problem nothing, and a PortableError that names them all.

    With `publish` what this call makes and was live in the file goes live. With `update` a subject that is there gets
    the file's working page into its working copy, and never goes live.
    """
    if publish:
        refused = [name for name, kind in kinds().items() if not may(by, "publish", kind)]
        if refused:
            raise PortableError(f"“{by}” may not publish: {', '.join(refused)}. Ask a publisher, or load as drafts.")
    with transaction.atomic():
        loading = _Load(_decode(content), by, publish, update)
        loading.run()
        if loading.problems:
            raise PortableError(*(text for _, text in sorted(loading.problems, key=lambda problem: problem[0])))
        if dry_run:
            transaction.set_rollback(True)
    return loading.report


class _Load(DocumentReader):
    """One run. Each pass goes over all records, so that a problem of one hides none of another."""

    def __init__(self, text: str, by: Any, publish: bool, update: bool) -> None:
        super().__init__(text)
        self.by, self.publish, self.update = by, publish, update
        self.report = LoadReport()

    def run(self) -> None:
        self.read_all()
        self.match()
        self.require()
        for entry in self.good():
            if entry.is_new:
                self.make(entry)
        self.resolve()
        for entry in self.good():
            self.fill(entry)
        for entry in self.good():
            if entry.is_new:
                self.keep(entry)
        if not self.problems:
            self.finish()

    def require(self) -> None:
        """Asks, before anything is written, for the permissions that the verbs will ask for."""
        for action, needed, what in [
            ("delete", "is_trashed", "in the trash"),
            ("change", "is_ready", "ready to publish"),
        ]:
            for entry in self.good():
                if entry.is_new and getattr(entry, needed) and entry.kind and not may(self.by, action, entry.kind):
                    self.fault(entry, "", f"is {what}, and “{self.by}” may not make it so")

    # Against the site

    def match(self) -> None:
        """Finds for each record the subject that has its address here, and refuses what would take another's."""
        owners: dict[Any, int] = {}
        rows: dict[Any, int] = {}
        for kind in kinds().values():
            mine = [entry for entry in self.entries if entry.kind is kind]
            slugs = sorted({slug for entry in mine for slug in (entry.slug, *entry.addresses)})
            for batch in _subject_batches(slugs):
                named = Address.objects.filter(kind=kind.KIND, slug__in=batch)
                owners |= {(kind, slug): pk for slug, pk in named.values_list("slug", "subject_id")}
                rows |= {(kind, slug): pk for slug, pk in kind.objects.filter(slug__in=batch).values_list("slug", "pk")}
        held = self.keys_here()
        matched: dict[Any, SubjectEntry] = {}
        for entry in self.entries:
            kind_, own = entry.kind, (entry.kind, entry.slug)
            found = {slug: owners.get((kind_, slug)) or rows.get((kind_, slug)) for slug in entry.addresses}
            found[entry.slug] = rows.get(own) or owners.get(own)
            clashes = sorted(slug for slug, pk in found.items() if pk)
            pks = {pk for pk in found.values() if pk}
            if clashes and not self.update:
                self.fault(entry, "", f"there is a page here already at {', '.join(clashes)}")
                continue  # and so are its keys, no doubt
            elif len(pks) > 1:
                self.fault(entry, ".addresses", f"belong to different pages here: {', '.join(clashes)}")
            elif pks:
                entry.pk, entry.is_new = pks.pop(), False
                other = matched.setdefault((kind_, entry.pk), entry)
                if other is not entry:
                    self.fault(entry, "", f"is the same page here as {other.path}")
            for key, path in entry.keys.items():
                if held.get(key, (kind_, entry.pk)) != (kind_, entry.pk) or (entry.is_new and key in held):
                    self.fault(entry, f"{path}.key", f"{key} belongs to a page here already")

    def keys_here(self) -> dict[UUID, tuple[type[Publishable], int]]:
        """Which subject has the row of each key that the file names."""
        keys = [key for entry in self.entries for key in entry.keys]
        held: dict[UUID, tuple[type[Publishable], int]] = {}
        for model in apps.get_models():
            if issubclass(model, ChildRow):
                subject: Any = model._meta.get_field(model.SUBJECT).related_model
                for batch in _subject_batches(keys):
                    rows = model._base_manager.filter(key__in=batch).values_list("key", f"{model.SUBJECT}_id")
                    held |= {key: (subject, pk) for key, pk in rows}
        return held

    def make(self, entry: SubjectEntry) -> None:
        """The bare row of a new subject, with its addresses, so that every reference has something to lead to."""
        kind, record = self.record(entry)
        row = kind(name=record.current.title, slug=record.slug)
        try:
            row.full_clean(exclude={column.name for column in kind._meta.get_fields() if not is_typed(column)})
        except ValidationError as error:
            for path, reason in field_messages(error):
                self.fault(entry, entry.current + path.replace(".name", ".title"), reason)
            return
        with self.guarded(entry, entry.current):
            row.save()
            reserve_addresses(row, record.addresses)
            entry.pk = row.pk

    def resolve(self) -> None:
        """Refuses references that lead to nothing, in the file or here."""
        promised = {(entry.kind, slug) for entry in self.entries for slug in (entry.slug, *entry.addresses)}
        promised -= {
            (entry.kind, slug) for entry in self.good() if not entry.is_new for slug in (entry.slug, *entry.addresses)
        }
        asked = {reference for entry in self.entries for _, reference in entry.references}
        found: set[Reference] = set()
        for batch in _subject_batches(sorted(asked, key=lambda name: (name.kind, name.slug))):
            found |= set(Address.objects.subjects(tuple(batch)))
        for entry in self.entries:
            for path, name in entry.references:
                if name in found or (kinds()[name.kind], name.slug) in promised:
                    continue
                if name not in self.unresolved or path.startswith((entry.current, ".withdrawn.successor")):
                    self.fault(entry, path, f"there is no {name.kind} “{name.slug}”, neither in the file nor here")

    # Writing

    @contextmanager
    def guarded(self, entry: SubjectEntry, path: str, keep_nothing: bool = False) -> Iterator[None]:
        """What a row, a verb or the database refuses inside becomes a problem with a path, and is undone."""
        try:
            with transaction.atomic():
                yield
                if keep_nothing:
                    transaction.set_rollback(True)
        except PublishingError as error:
            self.fault(entry, path, error)
        except (IntegrityError, DataError) as error:
            self.fault(entry, path, database_error(error))
        except ValueError as error:  # a reference to the wrong kind; pydantic's too
            self.fault(entry, path, error)

    def apply_page(self, entry: SubjectEntry, subject: Publishable, page: Any, path: str) -> Any:
        """The working copy set to a page, and what it says afterwards: the same, or as this site's rules have it."""
        subject.apply_page(page)
        places = {getattr(value, "key", None): (place, value) for place, value in _values(page, path)}
        places |= {None: (path, page)}
        for row in [subject, *child_rows(subject)]:
            place, value = places.get(getattr(row, "key", None), (path, page))
            try:
                row.clean_fields({column.name for column in row._meta.get_fields() if not is_typed(column)})
                row.clean()
            except ValidationError as error:
                for name, reason in field_messages(error):
                    name = name.replace(".name", ".title") if row is subject else name
                    known = name.removeprefix(".") in type(value).model_fields
                    self.fault(entry, place + (name if known else ""), reason if known else f"{name[1:]}: {reason}")
        return subject.compose()

    def note_differences(self, entry: SubjectEntry, path: str, page: Any, arrived: Any) -> None:
        names = [name for name in type(page).model_fields if getattr(page, name) != getattr(arrived, name)]
        if names:
            self.report.different.append(f"{entry.path}{path} ({entry.name}): {', '.join(names)}")

    def fill(self, entry: SubjectEntry) -> None:
        kind, record = self.record(entry)
        path, page = entry.current, record.current
        subject = kind.objects.get(pk=entry.pk)
        for number, file in enumerate(record.files):
            with self.guarded(entry, f".files[{number}]"):
                kind.take_file(file.content)
        if not entry.is_good:
            return
        if not entry.is_new:
            origin = record.working_origin if record.working else record.live_origin
            self.update_working_copy(entry, subject, page, path, origin)
            return
        with self.guarded(entry, path):
            self.note_differences(entry, path, page, self.apply_page(entry, subject, page, path))

    def update_working_copy(self, entry: SubjectEntry, subject: Publishable, page: Any, path: str, origin: str) -> None:
        if subject.trashed_at:
            self.report.left_alone.append(f"{entry.name}: is in the trash here, and stays there")
            return
        if entry.is_trashed:
            self.report.left_alone.append(f"{entry.name}: is in the trash in the file, and not here")
            return
        with self.guarded(entry, path):
            if subject.compose() == page:
                self.report.unchanged.append(entry.name)
                return
            before = save_edition(subject, by=self.by)  # so that what stands there now is in the history
            arrived = self.apply_page(entry, subject, page, path)
            if save_edition(subject, by=self.by, note=LOADED_NOTE, origin=origin).pk == before.pk:
                transaction.set_rollback(True)
                self.report.unchanged.append(entry.name)
                return
            self.report.updated.append(entry.name)
            self.note_differences(entry, path, page, arrived)

    def keep(self, entry: SubjectEntry) -> None:
        """Editions of a new subject: what readers saw, then what the working copy says."""
        kind, record = self.record(entry)
        subject = kind.objects.get(pk=entry.pk)
        seen = record.last_seen
        if seen and seen != record.current and not self.unresolved.intersection(seen.references()):
            path = ".live" if record.live else ".withdrawn.page"
            with self.guarded(entry, path, keep_nothing=True):
                self.apply_page(entry, kind.objects.get(pk=entry.pk), seen, path)
        if not entry.is_good:
            return
        with self.guarded(entry, ""):
            if seen:
                edition = save_page_edition(subject, seen, by=self.by, note=LOADED_NOTE, origin=record.live_origin)
                if self.publish and (record.live or not subject.publish_blocker(seen)):
                    publish_with_dates(edition, self.by, record.published_at, record.updated_at)
            save_edition(subject, by=self.by, note=LOADED_NOTE, origin=record.working_origin)
        self.report.created.append(entry.name)
        if seen and not self.publish:
            self.report.held_back.append(entry.name)
        elif record.live:
            self.report.published.append(entry.name)

    def finish(self) -> None:
        """Withdraws, hands over and bins, once everything that a successor may name is live."""
        new = [entry for entry in self.entries if entry.is_new]
        if self.publish:
            self.withdraw(new)
        for entry in new:
            if not entry.is_ready and not entry.is_trashed:
                continue
            kind, record = self.record(entry)
            subject = kind.objects.get(pk=entry.pk)
            if record.ready:
                latest = Edition.objects.about(subject).order_by("-number")[0]
                submit(latest, by=self.by, note=record.ready.note)
                self.report.submitted.append(entry.name)
            if record.trashed:
                trash(subject, by=self.by, reason=record.trashed.reason)
                self.report.trashed.append(entry.name)

    def withdraw(self, new: list[SubjectEntry]) -> None:
        """Each before its successor, which must be live when readers are sent there and may be withdrawn later."""
        subjects = Address.objects.subjects(tuple({entry.successor for entry in new if entry.successor}))
        waiting = {(entry.kind, entry.pk): entry for entry in new if entry.is_withdrawn}

        def led_to(entry: SubjectEntry) -> Any:
            return (entry.kind, subjects[entry.successor].pk) if entry.successor else None

        while waiting:
            wanted = {led_to(entry) for entry in waiting.values()}
            # In a circle nobody is first: the verb then says what is wrong.
            for own in [own for own in waiting if own not in wanted] or list(waiting):
                entry = waiting.pop(own)
                kind, record = self.record(entry)
                successor = subjects[entry.successor] if entry.successor else None
                with self.guarded(entry, ".withdrawn.successor" if successor else ".withdrawn"):
                    withdraw(kind.objects.get(pk=entry.pk), self.by, record.withdrawn.reason, successor)  # type: ignore[union-attr]
                self.report.withdrawn.append(entry.name)
