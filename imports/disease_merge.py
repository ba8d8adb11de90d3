"""The rules by which a record is merged into a disease, beside those for all kinds: names, codes and topics."""

from collections.abc import Iterator

from diseases.codes import Relation, Scheme
from diseases.models import Disease, Identifier, Question, Synonym, fold_name
from diseases.values import Topic
from imports.matching import without_lost_letters
from imports.models import Proposal, Provenance
from imports.parts import (
    ImportedPart,
    field_content,
    keep_symptom_numbers,
    numbered_symptoms,
    part_of,
    row_content,
)
from imports.provenance import imported_contents
from imports.record_merge import CHANGED_HERE, RecordMerge
from imports.records import DatedQuestionRecord, SynonymRecord
from imports.sources import source_named
from imports.validation import ensure_valid
from publishing.models import ChildRow
from publishing.prose import sanitize
from search.letters import fold_text

TAKEN_TOPIC = "The page already has an answer on this topic that is not from this data set."
DEFINITION = "A definition. Rewrite it as a summary in plain words."
LOST_LETTERS = "Letters seem to be missing here."
REPLACED = "The data set has replaced this code by another."
# The key of the part under which a corrected name is recorded, so that no import corrects it again after an editor.
CORRECTED_NAME = "name:corrected"


class DiseaseMerge(RecordMerge):
    subject: Disease

    def parts(self) -> dict[str, ImportedPart]:
        """Returns the record's parts; its name is one of them, as a synonym, if the disease has another name."""
        if self.is_new:
            self.record_part("name", {"text": self.record.name})
        elif self.record.speaks_of("name") and not self.only_proposes:
            self._merge_name()
        parts: dict[str, ImportedPart] = {}
        for part in self._parts():
            parts.setdefault(part.key, part)
        before = {key: entry.content for key, entry in self.entries.items()}
        return keep_symptom_numbers(parts, before)

    def _parts(self) -> Iterator[ImportedPart]:
        record = self.record
        yield from map(part_of, (*record.synonyms, *record.codes))
        for question in record.questions:
            if isinstance(question, DatedQuestionRecord):
                source = source_named(question.source)
                yield part_of(question, source=str(source.pk) if source else "")
            else:
                yield part_of(question)
        yield from numbered_symptoms(record.symptoms)
        for support in record.supports:
            if organization := self.context.organizations.get(support.identity()):
                yield part_of(support, organization=str(organization.pk))
        for name, text in record.fields.items():
            yield ImportedPart(name, {"text": text})
        if record.definition:
            yield ImportedPart("summary", {"text": record.definition}, DEFINITION)
        if record.speaks_of("name") and "name" not in self.entries and not self._is_named(record.name):
            yield part_of(SynonymRecord(record.name))

    # Names

    def merge_new(self, part: ImportedPart) -> None:
        if part.sort != "synonym" or not self._is_named(part.content["text"]):
            super().merge_new(part)

    def _is_named(self, name: str) -> bool:
        return fold_text(name) == fold_text(self.subject.name)

    def _merge_name(self) -> None:
        entry, new = self.entries.get("name"), {"text": self.record.name}
        current = field_content(self.subject, "name")
        if entry and entry.content != new:
            if current == entry.content and not self._is_taken(self.record.name):
                self._rename(self.record.name)
                self.record_part("name", new)
            elif current != new:
                self.propose("name", Proposal.Action.CHANGE, entry.content, new, CHANGED_HERE)
        elif not entry and CORRECTED_NAME not in self.entries and (name := self._complete_name()):
            new = {"text": name}
            of_subject = Provenance.objects.filter(kind=self.subject.KIND, subject_id=self.subject.pk)
            imported = of_subject.filter(part="name").values_list("content", flat=True)
            if current in list(imported) and not self._is_taken(name):
                self._rename(name)
                self.record_part(CORRECTED_NAME, new)
            else:
                self.propose(CORRECTED_NAME, Proposal.Action.CHANGE, current, new, LOST_LETTERS)

    def _complete_name(self) -> str:
        """Returns the record's spelling of the disease's name if another data set lost letters of it, "" otherwise."""
        name = self.subject.name
        for text in (self.record.name, *(synonym.text for synonym in self.record.synonyms)):
            if not text.isascii() and without_lost_letters(text) == " ".join(name.casefold().split()):
                return text[0].upper() + text[1:] if name[0].isupper() else text
        return ""

    def _is_taken(self, name: str) -> bool:
        return self.context.index.by_name.get(fold_name(name), self.subject.pk) != self.subject.pk

    def _rename(self, name: str) -> None:
        self.report_update(f"name “{self.subject.name}” is now “{name}”")
        self.subject.name = name
        ensure_valid(self.subject, "disease")
        self.subject.save()

    def duplicate(self, part: ImportedPart) -> ChildRow | None:
        """Returns the row that already says the same, also a synonym as another data set has it, with letters lost."""
        row, text = super().duplicate(part), part.content.get("text", "")
        if row is not None or part.sort != "synonym" or text.isascii():
            return row
        row = self.rows_by_identity[part.sort].get((fold_text(without_lost_letters(text)),))
        return row if row is not None and row_content(row, part.content) in imported_contents(row) else None

    def is_better(self, part: ImportedPart, row: ChildRow) -> bool:
        """Tells whether the part has a code's relation, or a name's lost letters."""
        if isinstance(row, Identifier):
            return row.relation == Relation.UNKNOWN and part.content["relation"] != Relation.UNKNOWN
        if isinstance(row, Synonym):
            text = part.content["text"]
            return not text.isascii() and row.text.casefold() == without_lost_letters(text)
        return False

    # Codes

    def conflict(self, part: ImportedPart) -> str:
        """Says which other disease has this GARD id, which only one disease may have; "" if none has it."""
        content = part.content
        if part.sort != "identifier" or content["scheme"] != Scheme.GARD or content["relation"] != Relation.EXACT:
            return ""
        index = self.context.index
        others = index.by_code.get((Scheme.GARD, content["value"]), set()) - {self.subject.pk}
        return "".join(f"GARD {content['value']} is {index.names[pk]}" for pk in others)

    def finish_parts(self) -> None:
        """Proposes to delete codes that their own data set has replaced. They stay until an editor decides."""
        former = {(code.scheme, code.value) for code in self.record.former if code.relation == Relation.EXACT}
        for row in self.rows_of("identifier").values() if former else ():
            if isinstance(row, Identifier) and (row.scheme, row.value) in former:
                content = row_content(row, ("scheme", "value", "relation"))
                key = f"identifier:{row.scheme}:{row.value}"
                if key not in self.entries or self.entries[key].target != row.key:
                    self.record_part(key, content, target=row.key, is_created=False)
                self.propose(key, Proposal.Action.REMOVE, content, None, REPLACED)

    # Questions

    def refusal(self, part: ImportedPart, row: ChildRow | None = None) -> str:
        """Says that a second answer on a topic is an editor's decision."""
        if part.sort != "question" or not self._topic_is_taken(part.content["topic"]):
            return ""
        if isinstance(row, Question):
            answers_it = row.topic == part.content["topic"] and sanitize(row.answer)
            return "" if answers_it or not part.content["answer"] else TAKEN_TOPIC
        return TAKEN_TOPIC

    def _topic_is_taken(self, topic: str) -> bool:
        """Tells whether the page has an answer on a topic that is not from this record."""
        own = {entry.target for entry in self.entries.values()}
        rows = [row for row in self.rows_of("question").values() if isinstance(row, Question)]
        return topic != Topic.OTHER and any(
            row.topic == topic and row.key not in own and bool(sanitize(row.answer)) for row in rows
        )
