"""The parts of a record (a synonym, an identifier, a question …), and the rows and fields of a subject that hold them.

A part's key begins with its sort: the name of a model of the kind's child rows ("synonym:nh"), or else the name of a
field of the subject ("summary"). What a part says are the values of the fields of that row by name.
"""

import hashlib
import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from operator import itemgetter

from django.db.models import Model

from diseases.models import Question, Source
from imports.models import KEY_LENGTH
from imports.records import RowRecord, SourceRecord, SymptomRecord
from imports.validation import model_field
from publishing.models import ChildRow, Publishable, child_models_of
from publishing.prose import sanitize, shape
from search.letters import fold_text

Content = dict[str, str]
"""What a part says: the values of its fields by name. A row that a field refers to is named by its primary key."""

AnswerShape = list[tuple[str, str, list[tuple[str, str]]]]
"""The words and the formatting of an answer, as prose.shape returns them."""

KEY_NAMESPACE = uuid.UUID("5f3c7a52-93d1-5c0e-8a8b-0d8a5ef1b6c4")


@cache
def row_models(kind: type[Publishable]) -> dict[str, type[ChildRow]]:
    """Returns the models of the child rows of a kind by the sort of their parts."""
    return {str(model._meta.model_name): model for model in child_models_of(kind).values()}


@dataclass(frozen=True)
class ImportedPart:
    """One part of a record. `key` is unique within the record and the same in every delivery: "synonym:nh"."""

    key: str
    content: Content = field(hash=False)
    advice: str = ""  # why an editor has to look at it first; it is then only proposed

    @property
    def sort(self) -> str:
        return part_sort(self.key)


def part_sort(key: str) -> str:
    """Returns the sort of the part that has this key: "synonym" for "synonym:nh"."""
    return key.partition(":")[0]


def part_of(record: RowRecord, number: int = 0, **values: str) -> ImportedPart:
    """Returns the part of a row. `values` replaces values of the record, such as the name of a row by its key."""
    content = {name: _column_text(value) for name, value in vars(record).items() if name != "key"} | values
    if "answer" in content:
        content["answer"] = sanitize(content["answer"])
    return ImportedPart(shortened(":".join([record.part_key(), *([str(number)] if number else [])])), content)


def numbered_symptoms(symptoms: Iterable[SymptomRecord]) -> Iterable[ImportedPart]:
    """Yields the parts of symptoms. A term may have several frequencies, so its parts are numbered."""
    times: Counter[str] = Counter()
    for symptom in symptoms:
        times[symptom.identity()] += 1
        yield part_of(symptom, times[symptom.identity()])


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
        for same in (dict, itemgetter("frequency")):  # the same row as a whole, or the same frequency
            for key in keys:
                content = same(parts[key].content)
                matches = (each for each in free if each in before and same(before[each]) == content)
                if key not in new_keys and (match := next(matches, None)):
                    free.remove(match)
                    new_keys[key] = match
        rest = [key for key in keys if key not in new_keys]
        new_keys |= dict(zip(rest, free, strict=False))
    renumbered = ((new_keys.get(key, key), part) for key, part in parts.items())
    return {key: replace(part, key=key) for key, part in renumbered}


def _symptom_keys_by_term(keys: Iterable[str]) -> dict[str, list[str]]:
    by_term: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if part_sort(key) == "symptom":
            by_term[key.rpartition(":")[0]].append(key)
    return by_term


def shortened(key: str, length: int = KEY_LENGTH) -> str:
    """Returns a key; the end of a key that does not fit is replaced by its hash."""
    return key if len(key) <= length else f"{key[: length - 65]}:{hashlib.sha256(key.encode()).hexdigest()}"


def digest_of(value: SourceRecord | Content | list[str | Content | None]) -> str:
    """Returns a SHA-256 hash of a whole record (without its place in the file), or of other content."""
    if isinstance(value, SourceRecord):
        value = replace(value, where="")
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=_json_value).encode()).hexdigest()


def _json_value(value: object) -> object:
    return vars(value) if hasattr(value, "__dict__") else str(value)


def row_key(dataset: str, record: str, part: str) -> uuid.UUID:
    """Returns the permanent key of the row that an import makes from a part: the same in every run, on every site."""
    return uuid.uuid5(KEY_NAMESPACE, f"{dataset}/{record}/{part}")


def row_content(row: ChildRow, names: Iterable[str]) -> Content:
    """Returns what a row says now in the fields with these names."""
    return {name: _column_text(row.serializable_value(name)) for name in names}


def _column_text(value: object) -> str:
    return "" if value is None else str(value)


def set_content(row: Model, content: Content) -> None:
    """Writes content into the fields of a row or subject, unsaved."""
    for name, text in content.items():
        column = model_field(row, name)
        setattr(row, column.attname, None if column.null and not text else column.to_python(text))


def new_row(
    subject: Publishable, dataset: str, record: str, part: str, content: Content, source: Source | None
) -> ChildRow:
    """Returns an unsaved row for a part, with the key that it has in every run."""
    model = row_models(type(subject))[part_sort(part)]
    row = model(**{model.SUBJECT: subject}, key=row_key(dataset, record, part))
    _set_source(row, content, source)
    set_content(row, content)
    return row


def assign(row: ChildRow, content: Content, source: Source | None) -> None:
    """Writes new content into a row, unsaved. Removes its dates and reviewer: they were given for the old text."""
    if isinstance(row, Question):
        row.forget_dates()
    _set_source(row, content, source)
    set_content(row, content)


def _set_source(row: ChildRow, content: Content, source: Source | None) -> None:
    if _has_source_of_dataset(row, content):
        setattr(row, "source", source)  # noqa: B010 # not every child row has one


def _has_source_of_dataset(row: ChildRow, names: Iterable[str]) -> bool:
    """Tells whether the source of the row is the source of its data set, and not one that the record names."""
    return hasattr(row, "source_id") and "source" not in names


def identity(sort: str, content: Content) -> tuple[str, ...]:
    """Returns what is equal for two parts about the same thing, whatever else they say."""
    if sort == "identifier":
        return content["scheme"], content["value"]
    if sort == "symptom":
        return fold_text(content["term"]), content["frequency"]
    return (fold_text(content[{"question": "question", "support": "organization"}.get(sort, "text")]),)


def field_content(subject: Publishable, name: str) -> Content:
    """Returns what a field of the subject says now, as the content of a part."""
    lines = _column_text(subject.serializable_value(name)).splitlines()  # browsers send other line breaks
    return {"text": "\n".join(lines)}


def is_same(one: Content | None, other: Content | None) -> bool:
    """Tells whether two contents say the same. Answers are compared without regard to how their HTML is written."""
    if one is None or other is None or one == other:
        return one == other
    return one.keys() == other.keys() and all(
        canonical_value(name, value) == canonical_value(name, other[name]) for name, value in one.items()
    )


def canonical_value(name: str, value: str) -> str | AnswerShape:
    """Returns a field's value in the form in which two values are compared."""
    return shape(value) if name == "answer" else value.strip()


def is_edited(row: ChildRow, imported: Content, source: Source | None) -> bool:
    """Tells whether an editor has worked on a row since the import: changed, dated, reviewed or approved it."""
    if not is_same(row_content(row, imported), imported):
        return True
    if _has_source_of_dataset(row, imported) and row.serializable_value("source") != (source.pk if source else None):
        return True
    editors_fields = {"approved", "last_updated", "reviewed_on", "reviewed_by", "review_due", "adapted"}
    return any(getattr(row, name, None) for name in editors_fields - imported.keys())
