"""Writes the parts of records into rows, and gives the rows their positions."""

import uuid
from collections.abc import Mapping, Sequence

from django.db.models import F, Max

from diseases.models import Disease, Question, Source
from diseases.models.parts import DiseasePart
from diseases.values import Topic
from imports.parts import ROW_KINDS, Content, ImportedRow, part_kind, row_key
from search.letters import fold_text


class DiseaseRows(dict[str, dict[uuid.UUID, ImportedRow]]):
    """The disease's rows by kind and key. The rows of a kind are read when they are first asked for."""

    def __init__(self, disease: Disease, is_new: bool) -> None:
        super().__init__()
        self.disease, self.is_new = disease, is_new

    def __missing__(self, kind: str) -> dict[uuid.UUID, ImportedRow]:
        rows = [] if self.is_new else getattr(self.disease, ROW_KINDS[kind].relation).all()
        self[kind] = {row.key: row for row in rows}
        return self[kind]


def new_row(disease: Disease, dataset: str, record: str, part: str, content: Content, source: Source) -> ImportedRow:
    """Returns an unsaved row for a part, with the key that it has in every run."""
    model = ROW_KINDS[part_kind(part)].model
    return model(disease=disease, key=row_key(dataset, record, part), source=source, **content)


def assign(row: ImportedRow, content: Content, source: Source) -> None:
    """Writes new content into a row, unsaved. Removes its dates and reviewer: they were given for the old text."""
    for name, value in content.items():
        setattr(row, name, value)
    row.source = source
    if isinstance(row, Question):
        row.last_updated = row.reviewed_on = row.review_due = None
        row.reviewed_by, row.adapted = "", False


def add_rows(disease: Disease, rows: Mapping[str, Sequence[ImportedRow]]) -> None:
    """Saves new rows, by kind, after the existing ones; questions are sorted in by topic.

    The disease's version rises once, as when its form is saved.
    """
    for kind, added in rows.items():
        rows_here = ROW_KINDS[kind].model.objects.filter(disease=disease)
        last = rows_here.aggregate(last=Max("position"))["last"] or 0
        number_rows(added, last)
        model: type[DiseasePart] = ROW_KINDS[kind].model
        model._base_manager.bulk_create(added)
        if model is Question and last:
            _sort_by_topic(disease, {row.key for row in added})
    if rows:
        Disease.objects.filter(pk=disease.pk).update(version=F("version") + 1)


def number_rows(rows: Sequence[ImportedRow], last: int = 0) -> None:
    """Gives rows their positions, after position `last`."""
    for position, row in enumerate(rows, start=last + 1):
        row.position = position


def _sort_by_topic(disease: Disease, new: set[uuid.UUID]) -> None:
    """Moves each new question before the first question of a later topic. The others keep their order."""
    rank = {topic: number for number, topic in enumerate(Topic.values)}
    rows = list(disease.questions.all())
    ordered = [row for row in rows if row.key not in new]
    for row in (row for row in rows if row.key in new):
        later = (index for index, other in enumerate(ordered) if rank[other.topic] > rank[row.topic])
        ordered.insert(next(later, len(ordered)), row)
    for position, row in enumerate(ordered, start=1):
        row.position = position
    Question._base_manager.bulk_update(ordered, ["position"])


def identity(kind: str, content: Content) -> tuple[str, ...]:
    """Returns what is equal for two parts about the same thing, whatever else they say."""
    if kind == "code":
        return content["scheme"], content["value"]
    if kind == "symptom":
        return fold_text(content["term"]), content["frequency"]
    return (fold_text(content["question" if kind == "question" else "text"]),)
