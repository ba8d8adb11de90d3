"""What a dataset says of a disease, piece by piece, beside the rows and fields that say it here."""

import hashlib
import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import eq
from typing import Any

from diseases.models import Disease, Identifier, Question, Source, Symptom, Synonym
from imports.models import KEY_LENGTH
from imports.records import SourceRecord
from publishing.prose import sanitize, shape
from search.letters import fold_text

Content = dict[str, str]

# The sorts of pieces that are rows: the model, the disease's name for its rows, and the fields that an import fills.
ROW_KINDS: dict[str, tuple[Any, str, tuple[str, ...]]] = {
    "synonym": (Synonym, "synonyms", ("text", "kind")),
    "code": (Identifier, "identifiers", ("scheme", "value", "relation")),
    "question": (Question, "questions", ("topic", "question", "answer", "source_url")),
    "symptom": (Symptom, "symptoms", ("term", "frequency", "aspect", "hpo_id")),
}
# Those that are fields of the disease itself.
FIELD_KINDS = ("name", "summary")

KEY_NAMESPACE = uuid.UUID("5f3c7a52-93d1-5c0e-8a8b-0d8a5ef1b6c4")


@dataclass(frozen=True)
class ImportedPart:
    """`key` is its own within the record, the same in every delivery: "synonym:nh"."""

    key: str
    content: Content = field(hash=False)

    @property
    def sort(self) -> str:
        return part_kind(self.key)


def part_kind(key: str) -> str:
    return key.partition(":")[0]


def parts_of(record: SourceRecord) -> dict[str, ImportedPart]:
    """All that a record says, but for its name; what it says twice, once."""
    found = [ImportedPart(_key("synonym", fold_text(each.text)), _content(each)) for each in record.synonyms]
    found += [ImportedPart(_key("code", each.scheme, each.value), _content(each)) for each in record.codes]
    for asked in record.questions:
        content = _content(asked, leave_out="key")
        found.append(ImportedPart(_key("question", asked.key), content | {"answer": sanitize(asked.answer)}))
    terms: Counter[str] = Counter()
    for each in record.symptoms:
        term = fold_text(each.term)
        terms[term] += 1
        found.append(ImportedPart(_key("symptom", term, str(terms[term])), _content(each)))
    if record.summary:
        found.append(ImportedPart("summary", {"text": record.summary}))
    unique: dict[str, ImportedPart] = {}
    for piece in found:
        unique.setdefault(piece.key, piece)
    return unique


def keep_symptom_numbers(pieces: Mapping[str, ImportedPart], before: Mapping[str, Content]) -> dict[str, ImportedPart]:
    """A term that stands there several times, each time under the number that this frequency had `before`.

    Else a dataset that sorts them otherwise, or leaves one out, would change each row into the next.
    """
    if not before:
        return dict(pieces)
    had = _numbers(before)
    key_of: dict[str, str] = {}
    for term, keys in _numbers(pieces).items():
        free = list(dict.fromkeys([*sorted(had[term]), *keys]))
        for is_same_row in (eq, _has_same_frequency):
            for key in keys:
                found = (each for each in free if each in before and is_same_row(before[each], pieces[key].content))
                if key not in key_of and (same := next(found, None)):
                    free.remove(same)
                    key_of[key] = same
        rest = [key for key in keys if key not in key_of]
        key_of |= dict(zip(rest, free, strict=False))
    return {key_of.get(key, key): _under(key_of.get(key, key), piece) for key, piece in pieces.items()}


def _under(key: str, piece: ImportedPart) -> ImportedPart:
    return piece if piece.key == key else replace(piece, key=key)


def _has_same_frequency(one: Content, other: Content) -> bool:
    return one["frequency"] == other["frequency"]


def _numbers(keys: Iterable[str]) -> dict[str, list[str]]:
    """The keys of symptoms by term."""
    found: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if part_kind(key) == "symptom":
            found[key.rpartition(":")[0]].append(key)
    return found


def _content(each: Any, leave_out: str = "") -> Content:
    return {name: str(value) for name, value in vars(each).items() if name != leave_out}


def _key(*words: str) -> str:
    key = ":".join(words)
    return key if len(key) <= KEY_LENGTH else f"{key[: KEY_LENGTH - 65]}:{hashlib.sha256(key.encode()).hexdigest()}"


def digest_of(said: Any) -> str:
    """SHA-256 over what a dataset says: of a record whole, or of the content of a piece."""
    value = replace(said, where="") if isinstance(said, SourceRecord) else said
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=vars).encode()).hexdigest()


def row_key(dataset: str, record: str, piece: str) -> uuid.UUID:
    """The permanent key of the row that an import makes of a piece: the same in every run, on every site."""
    return uuid.uuid5(KEY_NAMESPACE, f"{dataset}/{record}/{piece}")


def content_of(row: Any, sort: str) -> Content:
    """What a row says now, in the shape of a piece."""
    return {name: str(getattr(row, name)) for name in ROW_KINDS[sort][2]}


def content_here(disease: Disease, sort: str) -> Content:
    """What a field of the disease says now, in the shape of a piece."""
    return {"text": getattr(disease, sort)}


def is_same(one: Content | None, other: Content | None) -> bool:
    """Whether two contents say the same, however a browser wrote the HTML of an answer."""
    return one == other or (
        one is not None and other is not None and _canonical_content(one) == _canonical_content(other)
    )


def _canonical_content(content: Content) -> dict[str, Any]:
    return {name: shape(value) if name == "answer" else value.strip() for name, value in content.items()}


def is_touched(row: Any, sort: str, imported: Content, source: Source) -> bool:
    """Whether an editor had a hand in a row since it was imported: a date, a review, an approval, a source counts."""
    signs = ("approved", "last_updated", "reviewed_on", "reviewed_by", "review_due", "adapted")
    is_as_imported = row.source_id == source.pk and is_same(content_of(row, sort), imported)
    return not is_as_imported or any(getattr(row, name, None) for name in signs)
