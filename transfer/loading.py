"""Loads a document into the site through the verbs: all of it, or nothing where any line has a problem.

Each batch of subjects is tried first: it is written and rolled back. If no line has a problem, each batch is written in
a short transaction of its own, so that nobody has to wait for the whole file. A load that was interrupted continues
when it is run again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from uuid import UUID

import pydantic
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from accounts.models import User
from publishing.models import Address, Edition, Publishable, child_models_of, kinds
from publishing.trash import trash
from publishing.values import Page, Reference
from publishing.verbs import (
    PublishingError,
    lock,
    may,
    publish_with_dates,
    reserve_addresses,
    save_edition,
    save_editions,
    submit,
    withdraw,
)
from transfer.document import LOADED_NOTE, SUBJECTS_PER_WRITE, PortableError, subject_batches
from transfer.entries import DocumentReader, SubjectEntry
from transfer.reading import nested_values
from transfer.report import LoadOutcome, LoadReport
from transfer.row_errors import UniqueValues, child_rows, database_error, field_messages, is_typed, unique_values


def load(file: BinaryIO, by: User, *, publish: bool = False, update: bool = False, dry_run: bool = False) -> LoadReport:
    """Loads a document and returns a report. Raises PortableError with every problem where there are any.

    With `publish`, new subjects that are live in the file are published. With `update`, the draft of a subject
    that exists already is set to the file's draft page; such a subject is never published.
    """
    if publish:
        not_allowed = [name for name, kind in kinds().items() if not may(by, "publish", kind)]
        if not_allowed:
            raise PortableError(
                f"“{by}” may not publish these kinds of pages: {', '.join(not_allowed)}. "
                "Name a publisher with --by, or leave out --publish to load drafts."
            )
    loading = _Load(file, by, publish, update)
    loading.check()
    if not dry_run:
        loading.write_all()
    return loading.report


def _is_empty(kind: type[Publishable], pk: int) -> bool:
    try:
        return kind.objects.get(pk=pk).compose().content().keys() <= {"title", "slug"}
    except pydantic.ValidationError:
        return False  # what the row says makes no page


class _Load(DocumentReader):
    """One load. Each step goes through all records, so that the report names the problems of every record."""

    def __init__(self, file: BinaryIO, by: User, publish: bool, update: bool) -> None:
        super().__init__(file)
        self.by, self.publish, self.update = by, publish, update
        self.report = LoadReport(list)
        self.by_address: dict[tuple[type[Publishable] | None, str], SubjectEntry] = {}
        self.unique_values: dict[UniqueValues, SubjectEntry] = {}

    def check(self) -> None:
        """Finds every problem of the document. Changes nothing, and never keeps others waiting for long."""
        self.read_all()
        self.by_address = {(each.kind, slug): each for each in self.entries for slug in (each.slug, *each.addresses)}
        self.match_subjects()
        self.check_permissions()
        for entry in self.entries:
            entry.can_be_named = entry.is_valid
        self.check_references()
        for batch in self.batches():
            with transaction.atomic():
                created = self.write(batch)
                for entry in batch:
                    self.check_unique_values(entry)
                transaction.set_rollback(True)
            for entry in created:
                entry.pk = None
        self.raise_problems()

    def write_all(self) -> None:
        """Writes the subjects, after `check`. Raises PortableError where somebody made that impossible meanwhile."""
        self.report = LoadReport(list)
        for batch in self.batches():
            try:
                with transaction.atomic():
                    self.write(batch)
                    self.raise_problems()
            except PortableError as error:
                error.is_loaded_in_part = True
                raise

    def raise_problems(self) -> None:
        if self.problems:
            problems = sorted(self.problems, key=lambda problem: problem[0])
            raise PortableError(*dict.fromkeys(text for _, text in problems))

    def batches(self) -> Iterator[list[SubjectEntry]]:
        """Yields the records in batches. A withdrawn subject and its successor are in one batch."""
        group_of = {entry.number: [entry] for entry in self.entries}
        for entry in self.entries:
            successor = self.by_address.get((entry.kind, entry.successor.slug)) if entry.successor else None
            if successor and group_of[successor.number] is not group_of[entry.number]:
                group = group_of[entry.number]
                group += group_of[successor.number]
                group_of |= {member.number: group for member in group}
        batch: list[SubjectEntry] = []
        for entry in self.entries:
            if group_of[entry.number][0] is entry:
                batch += group_of[entry.number]
            if len(batch) >= SUBJECTS_PER_WRITE:
                yield batch
                batch = []
        yield batch

    def write(self, batch: list[SubjectEntry]) -> list[SubjectEntry]:
        """Writes the subjects of a batch. Returns those whose rows it created, also of subjects that they refer to."""
        named = {entry.number: self.named_entries(entry) for entry in batch}
        needed = {entry.number: entry for entries in [batch, *named.values()] for entry in entries}
        created = [entry for entry in needed.values() if entry.can_be_named and entry.is_new and not entry.pk]
        for entry in created:
            self.create_row(entry)
        for entry in batch:
            # What it refers to has a problem, which is reported.
            entry.is_valid = entry.is_valid and all(other.pk for other in named[entry.number])
        for entry in batch:
            if entry.is_valid:
                self.write_draft(entry)
        new = [entry for entry in batch if entry.is_new]
        for entry in new:
            if entry.is_valid:
                self.save_pages(entry)
        if all(entry.is_valid for entry in batch):
            self.set_states(new)
        return created

    def named_entries(self, entry: SubjectEntry) -> list[SubjectEntry]:
        """Returns the records to which a record refers."""
        places = [(kinds()[reference.kind], reference.slug) for _path, reference in entry.references]
        return [self.by_address[place] for place in places if place in self.by_address]

    def check_unique_values(self, entry: SubjectEntry) -> None:
        """Adds a problem where two records of the file have a value that only one subject may have."""
        if not (entry.is_valid and entry.kind and entry.pk):
            return
        subject = entry.kind.objects.get(pk=entry.pk)
        for row in [subject, *child_rows(subject)]:
            for values in unique_values(row):
                other = self.unique_values.setdefault(values, entry)
                if other is not entry:
                    self.add_problem(entry, entry.current, f"has the same {row._meta.verbose_name} as {other.path}")

    def check_permissions(self) -> None:
        """Checks the permissions that the verbs need, before anything is written."""
        for action, flag, problem in [
            ("delete", "is_trashed", "is in the trash, and “{by}” may not move it there"),
            ("change", "is_ready", "is ready to publish, and “{by}” may not submit it"),
        ]:
            for entry in [each for each in self.entries if each.is_valid]:
                if entry.is_new and getattr(entry, flag) and entry.kind and not may(self.by, action, entry.kind):
                    self.add_problem(entry, "", problem.format(by=self.by))

    # Comparing with the site

    def match_subjects(self) -> None:
        """Finds the subject of this site that has the address of each record, and checks that no other has its keys."""
        owners: dict[tuple[type[Publishable] | None, str], int] = {}
        rows: dict[tuple[type[Publishable] | None, str], int] = {}
        notes: dict[tuple[type[Publishable] | None, int], str] = {}
        for kind in kinds().values():
            slugs = sorted(slug for owner, slug in self.by_address if owner is kind)
            for batch in subject_batches(slugs):
                addresses = Address.objects.filter(kind=kind.KIND, slug__in=batch)
                owners |= {(kind, slug): pk for slug, pk in addresses.values_list("slug", "subject_id")}
                rows |= {(kind, slug): pk for slug, pk in kind.objects.filter(slug__in=batch).values_list("slug", "pk")}
            found = sorted({pk for (owner, _slug), pk in [*owners.items(), *rows.items()] if owner is kind})
            for pks_found in subject_batches(found):
                newest = Edition.objects.filter(kind=kind.KIND, subject_id__in=pks_found, is_newest=True)
                notes |= {(kind, pk): note for pk, note in newest.values_list("subject_id", "note")}
        key_owners = self.find_key_owners()
        matched: dict[tuple[type[Publishable] | None, int | None], SubjectEntry] = {}
        for entry in self.entries:
            kind_, own_address = entry.kind, (entry.kind, entry.slug)
            pk_of = {slug: owners.get((kind_, slug)) or rows.get((kind_, slug)) for slug in entry.addresses}
            pk_of[entry.slug] = rows.get(own_address) or owners.get(own_address)
            taken = sorted(slug for slug, pk in pk_of.items() if pk)
            pks = {pk for pk in pk_of.values() if pk}
            # An interrupted load leaves empty rows without an edition, for subjects that come later in the file.
            written = {pk for pk in pks if kind_ and ((kind_, pk) in notes or not _is_empty(kind_, pk))}
            if not self.update and any(notes.get((kind_, pk)) != LOADED_NOTE for pk in written):
                self.add_problem(entry, "", f"this site already has a page at {', '.join(taken)}")
                continue  # its keys are most probably taken too
            elif len(pks) > 1:
                self.add_problem(entry, ".addresses", f"belong to different pages of this site: {', '.join(taken)}")
            elif pks:
                entry.pk, entry.is_new = pks.pop(), not written
                other = matched.setdefault((kind_, entry.pk), entry)
                if other is not entry:
                    self.add_problem(entry, "", f"is the same page of this site as {other.path}")
            subject = (kind_, entry.pk)
            for key, path in entry.keys.items():
                if key_owners.get(key, subject) != subject or (entry.is_new and key in key_owners):
                    self.add_problem(entry, f"{path}.key", f"{key} already belongs to a page of this site")

    def find_key_owners(self) -> dict[UUID, tuple[type[Publishable] | None, int | None]]:
        """Returns the subject of this site whose row has the key, for the keys of the file."""
        keys = [key for entry in self.entries for key in entry.keys]
        owners: dict[UUID, tuple[type[Publishable] | None, int | None]] = {}
        for kind in kinds().values():
            for model in child_models_of(kind).values():
                for batch in subject_batches(keys):
                    rows = model._base_manager.filter(key__in=batch).values_list("key", f"{model.SUBJECT}_id")
                    owners |= {key: (kind, pk) for key, pk in rows}
        return owners

    def create_row(self, entry: SubjectEntry) -> None:
        """Creates the row of a new subject with its name and its addresses, so that other records can refer to it."""
        kind, record = self.record(entry)
        row = kind(name=record.current.title, slug=record.slug)
        try:
            row.full_clean(exclude={column.name for column in kind._meta.get_fields() if not is_typed(column)})
        except ValidationError as error:
            for path, reason in field_messages(error):
                self.add_problem(entry, entry.current + path.replace(".name", ".title"), reason)
            return
        with self.collect_errors(entry, entry.current):
            row.save()
            reserve_addresses(row, record.addresses)
            entry.pk = row.pk

    def check_references(self) -> None:
        """Adds a problem for each reference that leads to nothing in the file or on this site."""
        in_file = {place for place, entry in self.by_address.items() if entry.is_new or not entry.is_valid}
        references = {reference for entry in self.entries for _, reference in entry.references}
        on_site: set[Reference] = set()
        for batch in subject_batches(sorted(references, key=lambda reference: (reference.kind, reference.slug))):
            on_site |= set(Address.objects.subjects(tuple(batch)))
        for entry in self.entries:
            for path, reference in entry.references:
                if reference in on_site or (kinds()[reference.kind], reference.slug) in in_file:
                    continue
                if reference not in self.head.unresolved or path.startswith((entry.current, ".withdrawn.successor")):
                    name = f"{reference.kind} “{reference.slug}”"
                    self.add_problem(entry, path, f"there is no {name}, neither in the file nor on this site")

    # Writing

    @contextmanager
    def collect_errors(self, entry: SubjectEntry, path: str, roll_back: bool = False) -> Iterator[None]:
        """Runs a block in a savepoint. An error rolls it back and becomes a problem of the record."""
        try:
            with transaction.atomic():
                yield
                if roll_back:
                    transaction.set_rollback(True)
        except PublishingError as error:
            self.add_problem(entry, path, error)
        except (IntegrityError, DataError) as error:
            self.add_problem(entry, path, database_error(error))
        except ValueError as error:  # a reference to the wrong kind, or a ValidationError of pydantic
            self.add_problem(entry, path, error)

    def apply_page(self, entry: SubjectEntry, subject: Publishable, page: Page, path: str) -> Page:
        """Sets the draft to a page and returns what it says then, which may differ by this site's rules."""
        subject.apply_page(page)
        places = {getattr(value, "key", None): (place, value) for place, value in nested_values(page, path)}
        places |= {None: (path, page)}
        for row in [subject, *child_rows(subject)]:
            place, value = places.get(getattr(row, "key", None), (path, page))
            try:
                row.clean_fields({column.name for column in row._meta.get_fields() if not is_typed(column)})
                row.clean()
            except ValidationError as error:
                for name, reason in field_messages(error):
                    name = name.replace(".name", ".title") if row is subject else name
                    if name.removeprefix(".") in type(value).model_fields:
                        self.add_problem(entry, place + name, reason)
                    else:
                        self.add_problem(entry, place, f"{name[1:]}: {reason}")
        return subject.compose()

    def report_differences(self, entry: SubjectEntry, path: str, page: Page, result: Page) -> None:
        """Reports the fields in which the draft differs from the page of the file."""
        names = [name for name in type(page).model_fields if getattr(page, name) != getattr(result, name)]
        if names:
            self.report[LoadOutcome.DIFFERENT].append(f"{entry.at(path)}: {', '.join(names)}")

    def write_draft(self, entry: SubjectEntry) -> None:
        """Saves the files of a record, and sets the draft to its page."""
        kind, record = self.record(entry)
        path, page = entry.current, record.current
        subject = kind.objects.get(pk=entry.pk)
        for number, file in enumerate(record.files):
            with self.collect_errors(entry, f".files[{number}]"):
                kind.take_file(file.content)
        if not entry.is_valid:
            return
        if not entry.is_new:
            origin = record.draft_origin if record.draft else record.live_origin
            self.update_draft(entry, subject, page, path, origin)
            return
        with self.collect_errors(entry, path):
            self.report_differences(entry, path, page, self.apply_page(entry, subject, page, path))

    def update_draft(self, entry: SubjectEntry, subject: Publishable, page: Page, path: str, origin: str) -> None:
        """Sets the draft of a subject that exists already, and saves the editions before and after."""
        if subject.trashed_at:
            self.report[LoadOutcome.LEFT_ALONE].append(f"{entry.name}: is in the trash of this site, and stays there")
            return
        if entry.is_trashed:
            self.report[LoadOutcome.LEFT_ALONE].append(
                f"{entry.name}: is in the trash in the file, but not on this site"
            )
            return
        with self.collect_errors(entry, path):
            if subject.compose() == page:
                self.report[LoadOutcome.UNCHANGED].append(entry.name)
                return
            before = save_edition(subject, by=self.by)  # so that the history has the present text
            result = self.apply_page(entry, subject, page, path)
            if save_edition(subject, by=self.by, note=LOADED_NOTE, origin=origin).pk == before.pk:
                transaction.set_rollback(True)
                self.report[LoadOutcome.UNCHANGED].append(entry.name)
                return
            if not self.update:
                self.add_problem(entry, "", f"this site already has a page at {entry.slug}")
            self.report[LoadOutcome.UPDATED].append(entry.name)
            self.report_differences(entry, path, page, result)

    def save_pages(self, entry: SubjectEntry) -> None:
        """Saves the editions of a new subject: first the page that readers saw, then the draft."""
        kind, record = self.record(entry)
        subject = kind.objects.get(pk=entry.pk)
        public_page = record.last_public_page
        if (
            public_page
            and public_page != record.current
            and not set(self.head.unresolved).intersection(public_page.references())
        ):
            path = ".live" if record.live else ".withdrawn.page"
            with self.collect_errors(entry, path, roll_back=True):
                self.apply_page(entry, kind.objects.get(pk=entry.pk), public_page, path)
        if not entry.is_valid:
            return
        with self.collect_errors(entry, ""):
            if public_page:
                pages = [(lock(kind, subject.pk), public_page)]
                edition = save_editions(pages, self.by, note=LOADED_NOTE, origin=record.live_origin)[0]
                if self.publish and (record.live or not subject.publish_blocker(public_page)):
                    publish_with_dates(edition, self.by, record.published_at, record.updated_at)
            save_edition(subject, by=self.by, note=LOADED_NOTE, origin=record.draft_origin)
        self.report[LoadOutcome.CREATED].append(entry.name)
        if public_page and not self.publish:
            self.report[LoadOutcome.HELD_BACK].append(entry.name)
        elif record.live:
            self.report[LoadOutcome.PUBLISHED].append(entry.name)

    def set_states(self, new: list[SubjectEntry]) -> None:
        """Withdraws, submits and trashes subjects, after all successors are live."""
        if self.publish:
            self.withdraw_subjects(new)
        for entry in new:
            if not entry.is_ready and not entry.is_trashed:
                continue
            kind, record = self.record(entry)
            subject = kind.objects.get(pk=entry.pk)
            if record.ready:
                newest = Edition.objects.about(subject).order_by("-number")[0]
                submit(newest, by=self.by, note=record.ready.note)
                self.report[LoadOutcome.SUBMITTED].append(entry.name)
            if record.trashed:
                trash(subject, by=self.by, reason=record.trashed.reason)
                self.report[LoadOutcome.TRASHED].append(entry.name)

    def withdraw_subjects(self, new: list[SubjectEntry]) -> None:
        """Withdraws each subject before its successor, which must be live until then."""
        subjects = Address.objects.subjects(tuple({entry.successor for entry in new if entry.successor}))
        to_withdraw = {(entry.kind, entry.pk): entry for entry in new if entry.is_withdrawn}

        def successor_of(entry: SubjectEntry) -> tuple[type[Publishable] | None, int] | None:
            return (entry.kind, subjects[entry.successor].pk) if entry.successor else None

        while to_withdraw:
            successors = {successor_of(entry) for entry in to_withdraw.values()}
            # Where successors form a circle, every subject is one: the verb then names the problem.
            for subject in [subject for subject in to_withdraw if subject not in successors] or list(to_withdraw):
                entry = to_withdraw.pop(subject)
                kind, record = self.record(entry)
                successor = subjects[entry.successor] if entry.successor else None
                with self.collect_errors(entry, ".withdrawn.successor" if successor else ".withdrawn"):
                    reason = record.withdrawn.reason if record.withdrawn else ""
                    withdraw(kind.objects.get(pk=entry.pk), self.by, reason, successor)
                self.report[LoadOutcome.WITHDRAWN].append(entry.name)
