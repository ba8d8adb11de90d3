"""The parts of a record (a synonym, a code, a question …), and the rows and fields of a disease that hold them."""

import hashlib
import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import eq
from typing import NamedTuple

from diseases.models import Disease, Identifier, Question, Source, Symptom, Synonym
from imports.models import KEY_LENGTH
from imports.records import CodeRecord, QuestionRecord, SourceRecord, SymptomRecord, SynonymRecord
from publishing.prose import sanitize, shape
from search.letters import fold_text

Content = dict[str, str]
"""What a part says: the values of its fields by name."""

ImportedRow = Synonym | Identifier | Question | Symptom
"""A row of a disease that an import can fill."""

AnswerShape = list[tuple[str, str, list[tuple[str, str]]]]
"""The words and the formatting of an answer, as prose.shape returns them."""


class RowKind(NamedTuple):
    """Where the parts of one kind are stored."""

    model: type[ImportedRow]
    relation: str  # the name of the disease's rows of this model
    fields: tuple[str, ...]  # the fields that an import fills


# The kinds of parts that are rows of their own.
ROW_KINDS = {
    "synonym": RowKind(Synonym, "synonyms", ("text", "kind")),
    "code": RowKind(Identifier, "identifiers", ("scheme", "value", "relation")),
    "question": RowKind(Question, "questions", ("topic", "question", "answer", "source_url")),
    "symptom": RowKind(Symptom, "symptoms", ("term", "frequency", "aspect", "hpo_id")),
}
# The kinds of parts that are fields of the disease.
FIELD_KINDS = ("name", "summary")

KEY_NAMESPACE = uuid.UUID("5f3c7a52-93d1-5c0e-8a8b-0d8a5ef1b6c4")


@dataclass(frozen=True)
class ImportedPart:
    """One part of a record. `key` is unique within the record and the same in every delivery: "synonym:nh"."""

    key: str
    content: Content = field(hash=False)

    @property
    def kind(self) -> str:
        return part_kind(self.key)


def part_kind(key: str) -> str:
    """Returns the kind of the part that has this key: "synonym" for "synonym:nh"."""
    return key.partition(":")[0]


def parts_of(record: SourceRecord) -> dict[str, ImportedPart]:
    """Returns the parts of a record by key, without its name. The first of two parts with the same key counts."""
    parts = [ImportedPart(_key("synonym", fold_text(each.text)), _content(each)) for each in record.synonyms]
    parts += [ImportedPart(_key("code", each.scheme, each.value), _content(each)) for each in record.codes]
    for question in record.questions:
        content = _content(question, without="key")
        parts.append(ImportedPart(_key("question", question.key), content | {"answer": sanitize(question.answer)}))
    times: Counter[str] = Counter()
    for symptom in record.symptoms:
        term = fold_text(symptom.term)
        times[term] += 1
        parts.append(ImportedPart(_key("symptom", term, str(times[term])), _content(symptom)))
    if record.summary:
        parts.append(ImportedPart("summary", {"text": record.summary}))
    by_key: dict[str, ImportedPart] = {}
    for part in parts:
        by_key.setdefault(part.key, part)
    return by_key


def keep_symptom_numbers(parts: Mapping[str, ImportedPart], before: Mapping[str, Content]) -> dict[str, ImportedPart]:
    """Returns the parts, where a term with several frequencies keeps the number that each frequency had `before`.

    Without this, a data set that changes the order of its rows, or leaves one out, would change each row into the next.
    """
    if not before:
        return dict(parts)
    keys_before = _symptom_keys_by_term(before)
    new_keys: dict[str, str] = {}
    for term, keys in _symptom_keys_by_term(parts).items():
        free = list(dict.fromkeys([*sorted(keys_before[term]), *keys]))
        for is_same_row in (eq, _has_same_frequency):
            for key in keys:
                matches = (each for each in free if each in before and is_same_row(before[each], parts[key].content))
                if key not in new_keys and (match := next(matches, None)):
                    free.remove(match)
                    new_keys[key] = match
        rest = [key for key in keys if key not in new_keys]
        new_keys |= dict(zip(rest, free, strict=False))
    return {new_keys.get(key, key): _with_key(part, new_keys.get(key, key)) for key, part in parts.items()}


def _with_key(part: ImportedPart, key: str) -> ImportedPart:
    return part if part.key == key else replace(part, key=key)


def _has_same_frequency(one: Content, other: Content) -> bool:
    return one["frequency"] == other["frequency"]


def _symptom_keys_by_term(keys: Iterable[str]) -> dict[str, list[str]]:
    by_term: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if part_kind(key) == "symptom":
            by_term[key.rpartition(":")[0]].append(key)
    return by_term


def _content(each: SynonymRecord | CodeRecord | QuestionRecord | SymptomRecord, without: str = "") -> Content:
    return {name: str(value) for name, value in vars(each).items() if name != without}


def _key(*words: str) -> str:
    """Returns a part's key; the end of a key that does not fit is replaced by its hash."""
    key = ":".join(words)
    return key if len(key) <= KEY_LENGTH else f"{key[: KEY_LENGTH - 65]}:{hashlib.sha256(key.encode()).hexdigest()}"


def digest_of(value: SourceRecord | Content | list[str | Content | None]) -> str:
    """Returns a SHA-256 hash of a whole record (without its place in the file), or of other content."""
    if isinstance(value, SourceRecord):
        value = replace(value, where="")
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=vars).encode()).hexdigest()


def row_key(dataset: str, record: str, part: str) -> uuid.UUID:
    """Returns the permanent key of the row that an import makes from a part: the same in every run, on every site."""
    return uuid.uuid5(KEY_NAMESPACE, f"{dataset}/{record}/{part}")


def row_content(row: ImportedRow, kind: str) -> Content:
    """Returns what a row says now, as the content of a part."""
    return {name: str(getattr(row, name)) for name in ROW_KINDS[kind].fields}


def field_content(disease: Disease, kind: str) -> Content:
    """Returns what a field of the disease says now, as the content of a part."""
    return {"text": getattr(disease, kind)}


def is_same(one: Content | None, other: Content | None) -> bool:
    """Tells whether two contents say the same. Answers are compared without regard to how their HTML is written."""
    return one == other or (
        one is not None and other is not None and _canonical_content(one) == _canonical_content(other)
    )


def _canonical_content(content: Content) -> dict[str, str | AnswerShape]:
    return {name: canonical_value(name, value) for name, value in content.items()}


def canonical_value(name: str, value: str) -> str | AnswerShape:
    """Returns a field's value in the form in which two values are compared."""
    return shape(value) if name == "answer" else value.strip()


def is_edited(row: ImportedRow, kind: str, imported: Content, source: Source) -> bool:
    """Tells whether an editor has worked on a row since the import: changed, dated, reviewed or approved it."""
    editors_fields = ("approved", "last_updated", "reviewed_on", "reviewed_by", "review_due", "adapted")
    is_as_imported = row.source_id == source.pk and is_same(row_content(row, kind), imported)
    return not is_as_imported or any(getattr(row, name, None) for name in editors_fields)
