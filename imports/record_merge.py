"""One record of a dataset and the disease here that it is about: what is added, followed, proposed and left alone."""

from collections import defaultdict
from typing import Any, Protocol

from django.core.exceptions import ValidationError

from diseases.codes import Relation, Scheme
from diseases.models import Disease, Source, fold_name
from diseases.values import DiseasePage, SynonymKind, Topic
from imports.matching import DiseaseIndex, without_lost_letters
from imports.models import Proposal, Provenance
from imports.parts import (
    Content,
    ImportedPart,
    content_here,
    content_of,
    is_same,
    is_touched,
    keep_symptom_numbers,
    part_kind,
    parts_of,
    row_key,
)
from imports.provenance import ProvenanceLog
from imports.records import SourceRecord
from imports.report import ImportReport
from imports.rows import DiseaseRows, add_rows, assign, identity, new_row
from imports.validation import field_errors
from publishing.prose import sanitize
from publishing.verbs import Author, lock, save_edition
from search.letters import fold_text

IN_THE_TRASH = "it is in the trash, and stays there"
SAME_NAME = "A record of this name has this code. Accept where it is the same disease; the next import then joins them."
TAKEN_TOPIC = "The page has an answer on this topic already, from elsewhere."
SAME_QUESTION = "The page asks this already, and answers it in other words or not at all."
CHANGED_HERE = "An editor changed this, and the dataset has changed too."
STANDS_ALREADY = "Another row says this already. Delete one of the two."
VANISHED = "The dataset no longer says this."
DEFINITION = "A definition, to be made a summary."
RESTORED_SPELLING = (
    "name:mended"  # what is noted once letters were given back, so that an editor may take them away again
)
LOST_LETTERS = "Letters seem to be lost here."
REPLACED = "The dataset has replaced this code by another."


class RunContext(Protocol):
    """What one record needs to know of the run that it belongs to."""

    dataset: str
    source: Source
    by: Author
    origin: str
    here: DiseaseIndex


class RecordMerge:
    """One record and the disease that it is about. A new disease is not written here: that is done in `pending`."""

    def __init__(
        self,
        merge: RunContext,
        record: SourceRecord,
        digest: str,
        disease: Disease,
        outcome: ImportReport,
        is_new: bool = False,
    ) -> None:
        self.merge, self.record, self.digest, self.disease, self.outcome = merge, record, digest, disease, outcome
        self.dataset = merge.dataset
        self.is_new = is_new
        self.changed = False
        self.is_done = False
        self.by_identity: dict[str, dict[tuple[str, ...], Any]] = {}
        self.new_rows: dict[str, list[Any]] = defaultdict(list)
        self.log = ProvenanceLog(merge.dataset, record.key, disease, outcome, is_new)
        self.notes, self.record_content, self.propose = self.log.notes, self.log.record, self.log.propose
        self.rows = DiseaseRows(disease, is_new)

    def run(self) -> None:
        if self.disease.trashed_at:
            self.outcome.add("skipped", f"{self.record.where}, {self.disease}", IN_THE_TRASH)
            return
        self._merge_name()
        pieces = self._pieces()
        for piece in pieces.values():
            if piece.sort == "summary":
                self._merge_summary(piece)
            elif note := self._note_of(piece):
                self._follow(piece, note)
            elif not self._repeats_name(piece):
                self._bring_in(piece)
        said = {self.notes[key].target for key in pieces if key in self.notes}
        for key, note in list(self.notes.items()):
            if key and note.target and key not in pieces:
                self._vanished(key, note, said)
        self._replace_former_codes()
        self.log.withdraw_stale_proposals()
        self.record_content("", {}, digest=self.digest)
        for line in self.record.remarks:
            self.outcome.add("remarks", f"{self.disease} ({self.record.where})", line)
        if not self.is_new:
            self._write()
        self.is_done = True

    def _write(self) -> None:
        add_rows(self.disease, self.new_rows)
        self.log.write()
        if self.changed or self.new_rows:
            save_edition(self.disease, by=self.merge.by, note=self.note, origin=self.merge.origin)

    @property
    def note(self) -> str:
        """What the kept edition says of how it came about."""
        return f"Imported from {self.merge.source}"

    def page(self) -> DiseasePage:
        """The page of a new disease with its new rows. None of its symptoms is approved yet."""
        rows = self.new_rows
        return self.disease.page_of(rows.get("synonym", ()), rows.get("code", ()), rows.get("question", ()))

    # What the record says of names

    def _pieces(self) -> dict[str, ImportedPart]:
        """The record's pieces; its name too, as a synonym, where the disease has another."""
        pieces = parts_of(self.record)
        if "name" not in self.notes and not self._is_named(self.record.name):
            key = f"synonym:{fold_text(self.record.name)}"
            pieces.setdefault(key, ImportedPart(key, {"text": self.record.name, "kind": str(SynonymKind.EXACT)}))
        return keep_symptom_numbers(pieces, {key: note.content for key, note in self.notes.items()})

    def _is_named(self, name: str) -> bool:
        return fold_text(name) == fold_text(self.disease.name)

    def _undamaged(self) -> str:
        """The record's spelling of the disease's name, where another dataset lost letters of it; "" otherwise."""
        here = self.disease.name
        for text in (self.record.name, *(synonym.text for synonym in self.record.synonyms)):
            if not text.isascii() and without_lost_letters(text) == " ".join(here.casefold().split()):
                return text[0].upper() + text[1:] if here[0].isupper() else text
        return ""

    def _repeats_name(self, piece: ImportedPart) -> bool:
        return piece.sort == "synonym" and self._is_named(piece.content["text"])

    def _merge_name(self) -> None:
        note, content = self.notes.get("name"), {"text": self.record.name}
        here = content_here(self.disease, "name")
        if note and note.content != content:
            if here == note.content and not self._is_taken(self.record.name):
                self._rename(self.record.name)
                self.record_content("name", content)
            elif here != content:
                self.propose("name", Proposal.Action.CHANGE, note.content, content, CHANGED_HERE)
        elif not note and RESTORED_SPELLING not in self.notes and (mended := self._undamaged()):
            content = {"text": mended}
            imported = Provenance.objects.filter(disease=self.disease, part="name").values_list("content", flat=True)
            if here in list(imported) and not self._is_taken(mended):
                self._rename(mended)
                self.record_content(RESTORED_SPELLING, content)
            else:
                self.propose(RESTORED_SPELLING, Proposal.Action.CHANGE, here, content, LOST_LETTERS)

    def _is_taken(self, name: str) -> bool:
        return self.merge.here.by_name.get(fold_name(name), self.disease.pk) != self.disease.pk

    def _rename(self, name: str) -> None:
        self._say_updated(f"name “{self.disease.name}” is now “{name}”")
        self.disease.name = name
        ensure_valid(self.disease, "disease")
        self.disease.save()

    def _merge_summary(self, piece: ImportedPart) -> None:
        """A definition never goes into the page unasked: it is written for specialists."""
        note, here = self.notes.get("summary"), content_here(self.disease, "summary")
        if is_same(here, piece.content) or (note and note.content == piece.content):
            return
        self.propose("summary", Proposal.Action.CHANGE, note.content if note else None, piece.content, DEFINITION)

    # Rows

    def _note_of(self, piece: ImportedPart) -> Provenance | None:
        """What is remembered of a piece. A row with the import's own key came with content from another site."""
        row = self.rows[piece.sort].get(row_key(self.dataset, self.record.key, piece.key))
        if piece.key not in self.notes and row:
            self.record_content(piece.key, content_of(row, piece.sort), target=row.key, made=False)
        return self.notes.get(piece.key)

    def _follow(self, piece: ImportedPart, note: Provenance) -> None:
        """A piece that was imported before."""
        if is_same(note.content, piece.content):
            return
        row = self.rows[piece.sort].get(note.target)
        if row is None:
            self._keep_away(piece)
        elif is_same(content_of(row, piece.sort), piece.content):
            self.record_content(piece.key, piece.content, target=row.key, made=note.made)
        elif conflict := self._belongs_to_another(piece):
            self._say_conflict(conflict)
        elif self._stands_elsewhere(row, piece):
            self.propose(piece.key, Proposal.Action.CHANGE, note.content, piece.content, STANDS_ALREADY)
        elif piece.sort == "question" and self._would_answer_twice(row, piece):
            self.propose(piece.key, Proposal.Action.CHANGE, note.content, piece.content, TAKEN_TOPIC)
        elif note.made and not is_touched(row, piece.sort, note.content, self.merge.source):
            self._set(row, piece)
            self.record_content(piece.key, piece.content, target=row.key)
        else:
            self.propose(piece.key, Proposal.Action.CHANGE, note.content, piece.content, CHANGED_HERE)

    def _bring_in(self, piece: ImportedPart) -> None:
        """A piece that is new to us."""
        twin = self._twin(piece) or self._damaged_twin(piece)
        if conflict := self._belongs_to_another(piece):
            self._say_conflict(conflict)
        elif twin is not None:
            self._agree(piece, twin)
        elif piece.sort == "question" and self._topic_is_taken(piece):
            if piece.content["answer"]:
                self.propose(piece.key, Proposal.Action.ADD, None, piece.content, TAKEN_TOPIC)
        elif self.log.has_declined(piece.key, Proposal.Action.ADD, piece.content):
            self._keep_away(piece)
        else:
            self._add(piece)

    def _add(self, piece: ImportedPart) -> None:
        row = new_row(self.disease, self.dataset, self.record.key, piece.key, piece.content, source=self.merge.source)
        ensure_valid(row, piece.sort)
        self.new_rows[piece.sort].append(row)
        self.rows[piece.sort][row.key] = row
        self.by_identity[piece.sort][identity(piece.sort, piece.content)] = row
        self.record_content(piece.key, piece.content, target=row.key)
        self.outcome.rows[f"{piece.content['scheme']} codes" if piece.sort == "code" else f"{piece.sort}s"] += 1

    def _twin(self, piece: ImportedPart) -> Any:
        """The row that says the same already, whoever wrote it. Of symptoms each source has its own rows."""
        if piece.sort not in self.by_identity:
            rows = [
                row
                for row in self.rows[piece.sort].values()
                if piece.sort != "symptom" or row.source_id == self.merge.source.pk
            ]
            self.by_identity[piece.sort] = {identity(piece.sort, content_of(row, piece.sort)): row for row in rows}
        return self.by_identity[piece.sort].get(identity(piece.sort, piece.content))

    def _damaged_twin(self, piece: ImportedPart) -> Any:
        """The synonym as another dataset has it, with letters lost, where no editor wrote it so."""
        text = piece.content.get("text", "")
        if piece.sort != "synonym" or text.isascii():
            return None
        row = self.by_identity[piece.sort].get((fold_text(without_lost_letters(text)),))
        return row if row is not None and content_of(row, piece.sort) in self._imported_as(row) else None

    def _agree(self, piece: ImportedPart, twin: Any) -> None:
        """Remembers which row says it; where the dataset knows better, and no editor wrote that row, it is mended."""
        if self._knows_better(piece, twin):
            self._set(twin, piece)
        here = content_of(twin, piece.sort)
        answers_otherwise = piece.sort == "question" and piece.content["answer"] and not is_same(here, piece.content)
        said = here if answers_otherwise else piece.content
        self.record_content(piece.key, said, target=twin.key, made=False)
        if answers_otherwise:
            self.propose(piece.key, Proposal.Action.CHANGE, None, piece.content, SAME_QUESTION)

    def _knows_better(self, piece: ImportedPart, twin: Any) -> bool:
        here = content_of(twin, piece.sort)
        if piece.sort == "code":
            better = here["relation"] == Relation.UNKNOWN and piece.content["relation"] != Relation.UNKNOWN
        elif piece.sort == "synonym":
            text = piece.content["text"]
            better = not text.isascii() and here["text"].casefold() == without_lost_letters(text)
        else:
            return False
        return better and here in self._imported_as(twin)

    def _imported_as(self, row: Any) -> list[Content]:
        return list(Provenance.objects.filter(target=row.key, made=True).values_list("content", flat=True))

    def _topic_is_taken(self, piece: ImportedPart) -> bool:
        """Whether the page has an answer on the question's topic that is not of this record."""
        mine = {note.target for note in self.notes.values()}
        return piece.content["topic"] != Topic.OTHER and any(
            row.topic == piece.content["topic"] and row.key not in mine and sanitize(row.answer)
            for row in self.rows["question"].values()
        )

    def _would_answer_twice(self, row: Any, piece: ImportedPart) -> bool:
        """Whether the dataset now answers on a topic where the row did not, and the page has an answer by now."""
        answers_it = row.topic == piece.content["topic"] and sanitize(row.answer)
        return bool(piece.content["answer"]) and not answers_it and self._topic_is_taken(piece)

    def _belongs_to_another(self, piece: ImportedPart) -> str:
        """Whose a code is that can be only one disease's: a GARD id. "" where it is free."""
        content = piece.content
        if piece.sort != "code" or content["scheme"] != Scheme.GARD or content["relation"] != Relation.EXACT:
            return ""
        others = self.merge.here.by_code.get((Scheme.GARD, content["value"]), set()) - {self.disease.pk}
        return "".join(f"GARD {content['value']} is {self.merge.here.names[pk]}" for pk in others)

    def _stands_elsewhere(self, row: Any, piece: ImportedPart) -> bool:
        """Whether another row, an editor's, says already what may stand only once."""
        names = [name for name in row.UNIQUE if name in piece.content]
        others = (other for other in self.rows[piece.sort].values() if other is not row)
        return bool(names) and any(
            all(getattr(other, name).casefold() == piece.content[name].casefold() for name in names)
            and (piece.sort != "symptom" or other.source_id == self.merge.source.pk)
            for other in others
        )

    def _set(self, row: Any, piece: ImportedPart) -> None:
        self._say_updated(f"{piece.sort} “{row}”")
        assign(row, piece.content, self.merge.source)
        ensure_valid(row, piece.sort)
        row.save()

    def _vanished(self, key: str, note: Provenance, said: set[Any]) -> None:
        """`said`: the rows that the record speaks of still, perhaps under another key: a question with a new number."""
        row = self.rows[part_kind(key)].get(note.target)
        if row is None or not note.made or note.target in said:
            return
        others = Provenance.objects.filter(target=note.target).exclude(dataset=self.dataset, record=self.record.key)
        if other := others.first():  # it says so still: when it no longer does, the row is to go
            Provenance.objects.filter(pk=other.pk).update(made=True)
            self.log.forget(key)
        else:
            self.propose(key, Proposal.Action.REMOVE, note.content, None, VANISHED)

    def _replace_former_codes(self) -> None:
        """A code that its own dataset has retired stays until an editor says otherwise."""
        former = {(code.scheme, code.value) for code in self.record.former if code.relation == Relation.EXACT}
        for row in self.rows["code"].values():
            if (row.scheme, row.value) in former:
                content = content_of(row, "code")
                key = f"code:{row.scheme}:{row.value}"
                if key not in self.notes or self.notes[key].target != row.key:
                    self.record_content(key, content, target=row.key, made=False)
                self.propose(key, Proposal.Action.REMOVE, content, None, REPLACED)

    # What is said

    def _keep_away(self, piece: ImportedPart) -> None:
        self.outcome.add("suppressed", f"{self.disease} ({self.record.key}): {piece.key}")

    def _say_conflict(self, what: str) -> None:
        self.outcome.add("conflicts", f"{self.record.where}, {self.disease}", what)

    def _say_updated(self, what: str) -> None:
        self.changed = True
        self.outcome.add("updated", f"{self.disease} ({self.record.key}): {what}")


def lock_disease(pk: int) -> Disease:
    disease = lock(Disease, pk)
    assert isinstance(disease, Disease)  # noqa: S101 # lock() returns a row of the kind it was given
    return disease


def ensure_valid(row: Any, sort: str) -> None:
    if refused := field_errors(row):
        raise ValidationError([f"{sort} “{row}”, {name}: {reason}" for name, reason in refused.items()])
