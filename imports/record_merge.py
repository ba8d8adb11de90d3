"""Merges one record of a data set into its subject: what is added, updated, proposed and left as it is."""

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain

from diseases.models import Source
from diseases.rows import add_rows
from imports.matching import DiseaseIndex
from imports.models import Dataset, Proposal, Provenance
from imports.parts import (
    ImportedPart,
    assign,
    field_content,
    identity,
    is_edited,
    is_same,
    new_row,
    part_sort,
    row_content,
    row_key,
    row_models,
    set_content,
)
from imports.provenance import ProvenanceLog, imported_contents
from imports.records import SourceRecord
from imports.report import Heading, ImportReport
from imports.validation import ensure_valid
from organizations.models import Organization
from publishing.models import ChildRow, Publishable, child_models_of
from publishing.values import Page
from publishing.verbs import Author, save_edition

IN_THE_TRASH = "it is in the trash, and stays there"
SAME_QUESTION = "The page already has this question, with other words as the answer or none."
CHANGED_HERE = "An editor changed this, and the data set has changed too."
STANDS_ALREADY = "The page already says this in another place. Delete one of the two."
VANISHED = "The data set no longer says this."
NOT_MADE_HERE = "The import did not make this page."


@dataclass
class MergeContext:
    """What the merge of one record needs to know about its run."""

    dataset: str
    source: Source | None
    by: Author
    origin: str = ""  # of the editions that this run saves
    index: DiseaseIndex = field(default_factory=DiseaseIndex)
    organizations: dict[str, Organization] = field(default_factory=dict)  # of the present record, by folded name

    @property
    def finds_by_name(self) -> bool:
        """Returns whether a name alone tells the subject. What would be added to it is then proposed, not added."""
        return self.dataset == Dataset.PAGE

    @property
    def note(self) -> str:
        """Returns the note of the editions that this run saves."""
        return f"Imported from {self.source or Dataset(self.dataset).label}"


class RecordMerge:
    """Merges one record into one subject. A new subject is not saved here, but by `pending.write_pending`."""

    def __init__(
        self,
        context: MergeContext,
        record: SourceRecord,
        digest: str,
        subject: Publishable,
        report: ImportReport,
        is_new: bool = False,
    ) -> None:
        self.context, self.record, self.digest, self.subject, self.report = context, record, digest, subject, report
        self.dataset = context.dataset
        self.is_new = is_new
        self.is_changed = False
        self.is_done = False
        self.rows: dict[str, dict[uuid.UUID, ChildRow]] = {}
        self.rows_by_identity: dict[str, dict[tuple[str, ...], ChildRow]] = {}
        self.new_rows: dict[str, list[ChildRow]] = defaultdict(list)
        self.log = ProvenanceLog(context.dataset, record, subject, report, is_new)
        self.entries, self.record_part, self.propose = self.log.entries, self.log.record_part, self.log.propose
        self.only_proposes = context.finds_by_name and not is_new and "name" not in self.entries

    def run(self) -> None:
        """Merges the record. Raises ValidationError where a new value does not fit."""
        if self.subject.trashed_at:
            self.report.add(Heading.SKIPPED, f"{self.record.where}, {self.subject}", IN_THE_TRASH)
            return
        parts = self.parts()
        for part in parts.values():
            if part.sort not in row_models(type(self.subject)):
                self.merge_field(part)
            elif entry := self._entry_of(part):
                self._update(part, entry)
            else:
                self.merge_new(part)
        mentioned = {self.entries[key].target for key in parts if key in self.entries}
        for key, entry in list(self.entries.items()):
            if key and entry.target and key not in parts and self.record.speaks_of(key):
                self._propose_removal(key, entry, mentioned)
        self.finish_parts()
        self.log.withdraw_stale_proposals()
        self.record_part("", {}, digest=self.digest)
        for line in self.record.remarks:
            self.report.add(Heading.REMARKS, f"{self.subject} ({self.record.where})", line)
        if not self.is_new:
            add_rows(self.subject, chain.from_iterable(self.new_rows.values()))
            self.log.write()
            if self.is_changed or self.new_rows:
                save_edition(self.subject, by=self.context.by, note=self.context.note, origin=self.context.origin)
        self.is_done = True

    def page(self) -> Page:
        """Returns the page of a new subject with its new rows."""
        names = {model: name for name, model in child_models_of(type(self.subject)).items()}
        return self.subject.page_of(**{names[type(rows[0])]: rows for rows in self.new_rows.values()})

    # What a kind adds to the rules for all kinds

    def parts(self) -> dict[str, ImportedPart]:
        """Returns the record's parts by key."""
        fields = {"name": self.record.name} | self.record.fields
        return {name: ImportedPart(name, {"text": text}) for name, text in fields.items() if text}

    def finish_parts(self) -> None:
        """Merges what the record says beside its parts."""

    def conflict(self, part: ImportedPart) -> str:
        """Says why the part cannot be on this page at all, "" where it can."""
        return ""

    def refusal(self, part: ImportedPart, row: ChildRow | None = None) -> str:
        """Says why only an editor may add the part, or change the row that holds it; "" where the import may."""
        return ""

    def is_better(self, part: ImportedPart, row: ChildRow) -> bool:
        """Tells whether the part says more than a row that an import made."""
        return False

    # Fields of the subject

    def merge_field(self, part: ImportedPart) -> None:
        """Sets a field of a new subject, or updates one that holds what was imported. Else an editor decides."""
        entry, current = self.entries.get(part.key), field_content(self.subject, part.key)
        if self.is_new and not part.advice:
            self._set_field(part)
        elif is_same(current, part.content) or (entry and entry.content == part.content):
            return
        elif entry and current == entry.content and not part.advice:
            self.report_update(f"{part.key} “{current['text']}” is now “{part.content['text']}”")
            self._set_field(part)
            self.subject.save()
        else:
            reason = part.advice or (CHANGED_HERE if entry else NOT_MADE_HERE)
            self.propose(part.key, Proposal.Action.CHANGE, entry.content if entry else None, part.content, reason)

    def _set_field(self, part: ImportedPart) -> None:
        set_content(self.subject, {part.key: part.content["text"]})
        ensure_valid(self.subject, self.record.kind)
        self.record_part(part.key, part.content)

    # Rows

    def rows_of(self, sort: str) -> dict[uuid.UUID, ChildRow]:
        """Returns the subject's rows of one sort by key. They are read when they are first asked for."""
        if sort not in self.rows:
            model = row_models(type(self.subject))[sort]
            rows = model._default_manager.filter(**{model.SUBJECT: self.subject}) if not self.is_new else ()
            self.rows[sort] = {row.key: row for row in rows}
        return self.rows[sort]

    def _entry_of(self, part: ImportedPart) -> Provenance | None:
        """Returns the provenance of a part.

        A row that has the import's own key, but no provenance, came with content from another site: it is recorded.
        """
        row = self.rows_of(part.sort).get(row_key(self.dataset, self.record.key, part.key))
        if part.key not in self.entries and row:
            self.record_part(part.key, row_content(row, part.content), target=row.key, is_created=False)
        return self.entries.get(part.key)

    def _update(self, part: ImportedPart, entry: Provenance) -> None:
        """Merges a part that was imported before."""
        if is_same(entry.content, part.content):
            return
        row = self.rows_of(part.sort).get(entry.target) if entry.target else None
        if row is None:
            self._report_suppressed(part)
        elif is_same(row_content(row, part.content), part.content):
            self.record_part(part.key, part.content, target=row.key, is_created=entry.is_created)
        elif conflict := self.conflict(part):
            self._report_conflict(conflict)
        elif reason := self._is_in_another_row(row, part) or self.refusal(part, row):
            self.propose(part.key, Proposal.Action.CHANGE, entry.content, part.content, reason)
        elif entry.is_created and not is_edited(row, entry.content, self.context.source):
            self._set(row, part)
            self.record_part(part.key, part.content, target=row.key)
        else:
            self.propose(part.key, Proposal.Action.CHANGE, entry.content, part.content, CHANGED_HERE)

    def merge_new(self, part: ImportedPart) -> None:
        """Merges a part that this data set did not have before."""
        row = self.duplicate(part)
        if conflict := self.conflict(part):
            self._report_conflict(conflict)
        elif row is not None:
            self._use_existing(part, row)
        elif reason := self.refusal(part) or (NOT_MADE_HERE if self.only_proposes else ""):
            if part.content.get("answer", "x"):
                self.propose(part.key, Proposal.Action.ADD, None, part.content, reason)
        elif self.log.has_declined(part.key, Proposal.Action.ADD, part.content):
            self._report_suppressed(part)
        else:
            self._add(part)

    def _add(self, part: ImportedPart) -> None:
        row = new_row(self.subject, self.dataset, self.record.key, part.key, part.content, self.context.source)
        ensure_valid(row, part.sort)
        self.new_rows[part.sort].append(row)
        self.rows_of(part.sort)[row.key] = row
        self.rows_by_identity[part.sort][identity(part.sort, part.content)] = row
        self.record_part(part.key, part.content, target=row.key)
        self.report.rows[f"{part.content['scheme']} codes" if "scheme" in part.content else f"{part.sort}s"] += 1

    def duplicate(self, part: ImportedPart) -> ChildRow | None:
        """Returns the row that already says the same, from any source. Each source has its own rows of symptoms."""
        if part.sort not in self.rows_by_identity:
            rows = [row for row in self.rows_of(part.sort).values() if self._is_of_source(row)]
            self.rows_by_identity[part.sort] = {
                identity(part.sort, row_content(row, part.content)): row for row in rows
            }
        return self.rows_by_identity[part.sort].get(identity(part.sort, part.content))

    def _is_of_source(self, row: ChildRow) -> bool:
        """Tells whether a row is of this data set, or of a model whose rows are the same from every source."""
        return "source" not in row.UNIQUE or row.serializable_value("source") == getattr(
            self.context.source, "pk", None
        )

    def _use_existing(self, part: ImportedPart, row: ChildRow) -> None:
        """Records which row holds the part. The row is corrected if the part is better and no editor wrote the row."""
        if (
            not self.only_proposes
            and self.is_better(part, row)
            and row_content(row, part.content) in imported_contents(row)
        ):
            self._set(row, part)
        current = row_content(row, part.content)
        has_other_answer = bool(part.content.get("answer")) and not is_same(current, part.content)
        recorded = current if has_other_answer else part.content
        self.record_part(part.key, recorded, target=row.key, is_created=False)
        if has_other_answer:
            self.propose(part.key, Proposal.Action.CHANGE, None, part.content, SAME_QUESTION)

    def _is_in_another_row(self, row: ChildRow, part: ImportedPart) -> str:
        """Says that another row already holds what may be on the page only once; "" where none does."""
        names = [name for name in row.UNIQUE if name in part.content]
        others = [other for other in self.rows_of(part.sort).values() if other is not row and self._is_of_source(other)]
        is_there = bool(names) and any(
            all(row_content(other, names)[name].casefold() == part.content[name].casefold() for name in names)
            for other in others
        )
        return STANDS_ALREADY if is_there else ""

    def _set(self, row: ChildRow, part: ImportedPart) -> None:
        self.report_update(f"{part.sort} “{row}”")
        assign(row, part.content, self.context.source)
        ensure_valid(row, part.sort)
        row.save()

    def _propose_removal(self, key: str, entry: Provenance, mentioned: set[uuid.UUID | None]) -> None:
        """Proposes to delete a row that the record no longer has, unless another data set still has it.

        `mentioned` holds the rows that the record still has, perhaps under another key: a question with a new number.
        """
        row = self.rows_of(part_sort(key)).get(entry.target) if entry.target else None
        if row is None or not entry.is_created or entry.target in mentioned:
            return
        others = Provenance.objects.filter(target=entry.target).exclude(dataset=self.dataset, record=self.record.key)
        if other := others.first():  # now the other one counts as its source: without it too, the row is to go
            Provenance.objects.filter(pk=other.pk).update(is_created=True)
            self.entries.pop(key).delete()
        else:
            self.propose(key, Proposal.Action.REMOVE, entry.content, None, VANISHED)

    # The report

    def _report_suppressed(self, part: ImportedPart) -> None:
        self.report.add(Heading.SUPPRESSED, f"{self.subject} ({self.record.key}): {part.key}")

    def _report_conflict(self, line: str) -> None:
        self.report.add(Heading.CONFLICTS, f"{self.record.where}, {self.subject}", line)

    def report_update(self, line: str) -> None:
        self.is_changed = True
        self.report.add(Heading.UPDATED, f"{self.subject} ({self.record.key}): {line}")
