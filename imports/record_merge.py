"""Merges one record of a data set into its disease: what is added, updated, proposed and left as it is."""

import uuid
from collections import defaultdict
from typing import Protocol

from django.core.exceptions import ValidationError
from django.db.models import Model

from diseases.codes import Relation, Scheme
from diseases.models import Disease, Identifier, Question, Source, fold_name
from diseases.values import SynonymKind, Topic
from imports.matching import DiseaseIndex, without_lost_letters
from imports.models import Proposal, Provenance
from imports.parts import (
    ROW_KINDS,
    Content,
    ImportedPart,
    ImportedRow,
    field_content,
    is_edited,
    is_same,
    keep_symptom_numbers,
    part_kind,
    parts_of,
    row_content,
    row_key,
)
from imports.provenance import ProvenanceLog
from imports.records import SourceRecord
from imports.report import Heading, ImportReport
from imports.rows import DiseaseRows, add_rows, assign, identity, new_row
from imports.validation import field_errors
from publishing.prose import sanitize
from publishing.values import Page
from publishing.verbs import Author, lock, save_edition
from search.letters import fold_text

IN_THE_TRASH = "it is in the trash, and stays there"
SAME_NAME = (
    "The data set has a record with the same name and this code. Accept it if both are one disease. The next import "
    "then updates this page from that record."
)
TAKEN_TOPIC = "The page already has an answer on this topic that is not from this data set."
SAME_QUESTION = "The page already has this question, with other words as the answer or none."
CHANGED_HERE = "An editor changed this, and the data set has changed too."
STANDS_ALREADY = "The page already says this in another place. Delete one of the two."
VANISHED = "The data set no longer says this."
DEFINITION = "A definition. Rewrite it as a summary in plain words."
LOST_LETTERS = "Letters seem to be missing here."
REPLACED = "The data set has replaced this code by another."
# The key of the part under which a corrected name is recorded, so that no import corrects it again after an editor.
CORRECTED_NAME = "name:corrected"


class RunContext(Protocol):
    """What the merge of one record needs to know about its run."""

    dataset: str
    source: Source
    by: Author
    origin: str
    index: DiseaseIndex


class RecordMerge:
    """Merges one record into one disease. A new disease is not saved here, but by `pending.write_pending`."""

    def __init__(
        self,
        context: RunContext,
        record: SourceRecord,
        digest: str,
        disease: Disease,
        report: ImportReport,
        is_new: bool = False,
    ) -> None:
        self.context, self.record, self.digest, self.disease, self.report = context, record, digest, disease, report
        self.dataset = context.dataset
        self.is_new = is_new
        self.is_changed = False
        self.is_done = False
        self.rows_by_identity: dict[str, dict[tuple[str, ...], ImportedRow]] = {}
        self.new_rows: dict[str, list[ImportedRow]] = defaultdict(list)
        self.log = ProvenanceLog(context.dataset, record.key, disease, report, is_new)
        self.entries, self.record_part, self.propose = self.log.entries, self.log.record_part, self.log.propose
        self.rows = DiseaseRows(disease, is_new)

    def run(self) -> None:
        """Merges the record. Raises ValidationError where a new value does not fit."""
        if self.disease.trashed_at:
            self.report.add(Heading.SKIPPED, f"{self.record.where}, {self.disease}", IN_THE_TRASH)
            return
        self._merge_name()
        parts = self._parts()
        for part in parts.values():
            if part.kind == "summary":
                self._merge_summary(part)
            elif entry := self._entry_of(part):
                self._update(part, entry)
            elif not self._repeats_name(part):
                self._merge_new(part)
        mentioned = {self.entries[key].target for key in parts if key in self.entries}
        for key, entry in list(self.entries.items()):
            if key and entry.target and key not in parts:
                self._propose_removal(key, entry, mentioned)
        self._propose_removal_of_former_codes()
        self.log.withdraw_stale_proposals()
        self.record_part("", {}, digest=self.digest)
        for line in self.record.remarks:
            self.report.add(Heading.REMARKS, f"{self.disease} ({self.record.where})", line)
        if not self.is_new:
            self._write()
        self.is_done = True

    def _write(self) -> None:
        add_rows(self.disease, self.new_rows)
        self.log.write()
        if self.is_changed or self.new_rows:
            save_edition(self.disease, by=self.context.by, note=self.note, origin=self.context.origin)

    @property
    def note(self) -> str:
        """Returns the note of the edition that the import saves."""
        return f"Imported from {self.context.source}"

    def page(self) -> Page:
        """Returns the page of a new disease with its new rows. None of its symptoms is approved yet."""
        return self.disease.page_of(**{ROW_KINDS[kind].relation: rows for kind, rows in self.new_rows.items()})

    # Names and the summary

    def _parts(self) -> dict[str, ImportedPart]:
        """Returns the record's parts; its name is one of them, as a synonym, if the disease has another name."""
        parts = parts_of(self.record)
        if "name" not in self.entries and not self._is_named(self.record.name):
            key = f"synonym:{fold_text(self.record.name)}"
            parts.setdefault(key, ImportedPart(key, {"text": self.record.name, "kind": str(SynonymKind.EXACT)}))
        return keep_symptom_numbers(parts, {key: entry.content for key, entry in self.entries.items()})

    def _is_named(self, name: str) -> bool:
        return fold_text(name) == fold_text(self.disease.name)

    def _complete_name(self) -> str:
        """Returns the record's spelling of the disease's name if another data set lost letters of it, "" otherwise."""
        name = self.disease.name
        for text in (self.record.name, *(synonym.text for synonym in self.record.synonyms)):
            if not text.isascii() and without_lost_letters(text) == " ".join(name.casefold().split()):
                return text[0].upper() + text[1:] if name[0].isupper() else text
        return ""

    def _repeats_name(self, part: ImportedPart) -> bool:
        return part.kind == "synonym" and self._is_named(part.content["text"])

    def _merge_name(self) -> None:
        entry, new = self.entries.get("name"), {"text": self.record.name}
        current = field_content(self.disease, "name")
        if entry and entry.content != new:
            if current == entry.content and not self._is_taken(self.record.name):
                self._rename(self.record.name)
                self.record_part("name", new)
            elif current != new:
                self.propose("name", Proposal.Action.CHANGE, entry.content, new, CHANGED_HERE)
        elif not entry and CORRECTED_NAME not in self.entries and (name := self._complete_name()):
            new = {"text": name}
            imported = Provenance.objects.filter(disease=self.disease, part="name").values_list("content", flat=True)
            if current in list(imported) and not self._is_taken(name):
                self._rename(name)
                self.record_part(CORRECTED_NAME, new)
            else:
                self.propose(CORRECTED_NAME, Proposal.Action.CHANGE, current, new, LOST_LETTERS)

    def _is_taken(self, name: str) -> bool:
        return self.context.index.by_name.get(fold_name(name), self.disease.pk) != self.disease.pk

    def _rename(self, name: str) -> None:
        self._report_update(f"name “{self.disease.name}” is now “{name}”")
        self.disease.name = name
        ensure_valid(self.disease, "disease")
        self.disease.save()

    def _merge_summary(self, part: ImportedPart) -> None:
        """Proposes a definition as the summary. It is written for specialists: an editor decides."""
        entry, current = self.entries.get("summary"), field_content(self.disease, "summary")
        if is_same(current, part.content) or (entry and entry.content == part.content):
            return
        self.propose("summary", Proposal.Action.CHANGE, entry.content if entry else None, part.content, DEFINITION)

    # Rows

    def _entry_of(self, part: ImportedPart) -> Provenance | None:
        """Returns the provenance of a part.

        A row that has the import's own key, but no provenance, came with content from another site: it is recorded.
        """
        row = self.rows[part.kind].get(row_key(self.dataset, self.record.key, part.key))
        if part.key not in self.entries and row:
            self.record_part(part.key, row_content(row, part.kind), target=row.key, is_created=False)
        return self.entries.get(part.key)

    def _update(self, part: ImportedPart, entry: Provenance) -> None:
        """Merges a part that was imported before."""
        if is_same(entry.content, part.content):
            return
        row = self.rows[part.kind].get(entry.target) if entry.target else None
        if row is None:
            self._report_suppressed(part)
        elif is_same(row_content(row, part.kind), part.content):
            self.record_part(part.key, part.content, target=row.key, is_created=entry.is_created)
        elif conflict := self._other_owner(part):
            self._report_conflict(conflict)
        elif self._is_in_another_row(row, part):
            self.propose(part.key, Proposal.Action.CHANGE, entry.content, part.content, STANDS_ALREADY)
        elif isinstance(row, Question) and self._would_answer_twice(row, part):
            self.propose(part.key, Proposal.Action.CHANGE, entry.content, part.content, TAKEN_TOPIC)
        elif entry.is_created and not is_edited(row, part.kind, entry.content, self.context.source):
            self._set(row, part)
            self.record_part(part.key, part.content, target=row.key)
        else:
            self.propose(part.key, Proposal.Action.CHANGE, entry.content, part.content, CHANGED_HERE)

    def _merge_new(self, part: ImportedPart) -> None:
        """Merges a part that this data set did not have before."""
        row = self._duplicate(part) or self._damaged_duplicate(part)
        if conflict := self._other_owner(part):
            self._report_conflict(conflict)
        elif row is not None:
            self._use_existing(part, row)
        elif part.kind == "question" and self._topic_is_taken(part):
            if part.content["answer"]:
                self.propose(part.key, Proposal.Action.ADD, None, part.content, TAKEN_TOPIC)
        elif self.log.has_declined(part.key, Proposal.Action.ADD, part.content):
            self._report_suppressed(part)
        else:
            self._add(part)

    def _add(self, part: ImportedPart) -> None:
        row = new_row(self.disease, self.dataset, self.record.key, part.key, part.content, source=self.context.source)
        ensure_valid(row, part.kind)
        self.new_rows[part.kind].append(row)
        self.rows[part.kind][row.key] = row
        self.rows_by_identity[part.kind][identity(part.kind, part.content)] = row
        self.record_part(part.key, part.content, target=row.key)
        self.report.rows[f"{part.content['scheme']} codes" if part.kind == "code" else f"{part.kind}s"] += 1

    def _duplicate(self, part: ImportedPart) -> ImportedRow | None:
        """Returns the row that already says the same, from any source. Each source has its own rows of symptoms."""
        if part.kind not in self.rows_by_identity:
            rows = [
                row
                for row in self.rows[part.kind].values()
                if part.kind != "symptom" or row.source_id == self.context.source.pk
            ]
            self.rows_by_identity[part.kind] = {identity(part.kind, row_content(row, part.kind)): row for row in rows}
        return self.rows_by_identity[part.kind].get(identity(part.kind, part.content))

    def _damaged_duplicate(self, part: ImportedPart) -> ImportedRow | None:
        """Returns the synonym as another data set has it, with letters lost, unless an editor wrote it so."""
        text = part.content.get("text", "")
        if part.kind != "synonym" or text.isascii():
            return None
        row = self.rows_by_identity[part.kind].get((fold_text(without_lost_letters(text)),))
        return row if row is not None and row_content(row, part.kind) in _imported_contents(row) else None

    def _use_existing(self, part: ImportedPart, row: ImportedRow) -> None:
        """Records which row holds the part. The row is corrected if the part is better and no editor wrote the row."""
        if self._is_better(part, row):
            self._set(row, part)
        current = row_content(row, part.kind)
        has_other_answer = part.kind == "question" and part.content["answer"] and not is_same(current, part.content)
        recorded = current if has_other_answer else part.content
        self.record_part(part.key, recorded, target=row.key, is_created=False)
        if has_other_answer:
            self.propose(part.key, Proposal.Action.CHANGE, None, part.content, SAME_QUESTION)

    def _is_better(self, part: ImportedPart, row: ImportedRow) -> bool:
        """Tells whether the part says more than an imported row: a code's relation, or a name's lost letters."""
        current = row_content(row, part.kind)
        if part.kind == "code":
            is_better = current["relation"] == Relation.UNKNOWN and part.content["relation"] != Relation.UNKNOWN
        elif part.kind == "synonym":
            text = part.content["text"]
            is_better = not text.isascii() and current["text"].casefold() == without_lost_letters(text)
        else:
            return False
        return is_better and current in _imported_contents(row)

    def _questions(self) -> list[Question]:
        return [row for row in self.rows["question"].values() if isinstance(row, Question)]

    def _topic_is_taken(self, part: ImportedPart) -> bool:
        """Tells whether the page has an answer on the question's topic that is not from this record."""
        own = {entry.target for entry in self.entries.values()}
        return part.content["topic"] != Topic.OTHER and any(
            row.topic == part.content["topic"] and row.key not in own and bool(sanitize(row.answer))
            for row in self._questions()
        )

    def _would_answer_twice(self, row: Question, part: ImportedPart) -> bool:
        """Tells whether the data set now answers on a topic on which the page has got an answer from elsewhere."""
        answers_it = row.topic == part.content["topic"] and sanitize(row.answer)
        return bool(part.content["answer"]) and not answers_it and self._topic_is_taken(part)

    def _other_owner(self, part: ImportedPart) -> str:
        """Says which other disease has this GARD id, which only one disease may have; "" if none has it."""
        content = part.content
        if part.kind != "code" or content["scheme"] != Scheme.GARD or content["relation"] != Relation.EXACT:
            return ""
        index = self.context.index
        others = index.by_code.get((Scheme.GARD, content["value"]), set()) - {self.disease.pk}
        return "".join(f"GARD {content['value']} is {index.names[pk]}" for pk in others)

    def _is_in_another_row(self, row: ImportedRow, part: ImportedPart) -> bool:
        """Tells whether another row already says what may be on the page only once."""
        names = [name for name in row.UNIQUE if name in part.content]
        others = (other for other in self.rows[part.kind].values() if other is not row)
        return bool(names) and any(
            all(getattr(other, name).casefold() == part.content[name].casefold() for name in names)
            and (part.kind != "symptom" or other.source_id == self.context.source.pk)
            for other in others
        )

    def _set(self, row: ImportedRow, part: ImportedPart) -> None:
        self._report_update(f"{part.kind} “{row}”")
        assign(row, part.content, self.context.source)
        ensure_valid(row, part.kind)
        row.save()

    def _propose_removal(self, key: str, entry: Provenance, mentioned: set[uuid.UUID | None]) -> None:
        """Proposes to delete a row that the record no longer has, unless another data set still has it.

        `mentioned` holds the rows that the record still has, perhaps under another key: a question with a new number.
        """
        row = self.rows[part_kind(key)].get(entry.target) if entry.target else None
        if row is None or not entry.is_created or entry.target in mentioned:
            return
        others = Provenance.objects.filter(target=entry.target).exclude(dataset=self.dataset, record=self.record.key)
        if other := others.first():  # now the other one counts as its source: without it too, the row is to go
            Provenance.objects.filter(pk=other.pk).update(is_created=True)
            self.log.drop(key)
        else:
            self.propose(key, Proposal.Action.REMOVE, entry.content, None, VANISHED)

    def _propose_removal_of_former_codes(self) -> None:
        """Proposes to delete codes that their own data set has replaced. They stay until an editor decides."""
        former = {(code.scheme, code.value) for code in self.record.former if code.relation == Relation.EXACT}
        for row in self.rows["code"].values():
            if isinstance(row, Identifier) and (row.scheme, row.value) in former:
                content = row_content(row, "code")
                key = f"code:{row.scheme}:{row.value}"
                if key not in self.entries or self.entries[key].target != row.key:
                    self.record_part(key, content, target=row.key, is_created=False)
                self.propose(key, Proposal.Action.REMOVE, content, None, REPLACED)

    # The report

    def _report_suppressed(self, part: ImportedPart) -> None:
        self.report.add(Heading.SUPPRESSED, f"{self.disease} ({self.record.key}): {part.key}")

    def _report_conflict(self, line: str) -> None:
        self.report.add(Heading.CONFLICTS, f"{self.record.where}, {self.disease}", line)

    def _report_update(self, line: str) -> None:
        self.is_changed = True
        self.report.add(Heading.UPDATED, f"{self.disease} ({self.record.key}): {line}")


def _imported_contents(row: ImportedRow) -> list[Content]:
    """Returns what data sets said when an import made this row."""
    return list(Provenance.objects.filter(target=row.key, is_created=True).values_list("content", flat=True))


def lock_disease(pk: int) -> Disease:
    disease = lock(Disease, pk)
    assert isinstance(disease, Disease)  # noqa: S101 # lock() returns a row of the kind it was given
    return disease


def ensure_valid(row: Model, kind: str) -> None:
    """Raises ValidationError where a field of the row does not hold its value."""
    if errors := field_errors(row):
        raise ValidationError([f"{kind} “{row}”, {name}: {reason}" for name, reason in errors.items()])
