"""Puts pieces into rows, and rows in their places."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, Max

from diseases.models import Disease, Question, Source
from diseases.values import Topic
from imports.parts import ROW_KINDS, Content, part_kind, row_key
from search.letters import fold_text


class DiseaseRows(dict[str, dict[Any, Any]]):
    """The disease's rows by sort and key, each sort read when it is first asked for."""

    def __init__(self, disease: Disease, is_new: bool) -> None:
        super().__init__()
        self.disease, self.is_new = disease, is_new

    def __missing__(self, sort: str) -> dict[Any, Any]:
        rows = [] if self.is_new else getattr(self.disease, ROW_KINDS[sort][1]).all()
        self[sort] = {row.key: row for row in rows}
        return self[sort]


def new_row(disease: Disease, dataset: str, record: str, piece: str, content: Content, source: Source) -> Any:
    """An unsaved row that says a piece, under the key that is its own in every run."""
    model = ROW_KINDS[part_kind(piece)][0]
    return model(disease=disease, key=row_key(dataset, record, piece), source=source, **content)


def assign(row: Any, content: Content, source: Source) -> None:
    """Gives a row the words of a dataset. What was signed or dated were other words, so dates and reviewers go."""
    for name, value in content.items():
        setattr(row, name, value)
    row.source = source
    if isinstance(row, Question):
        row.last_updated = row.reviewed_on = row.review_due = None
        row.reviewed_by, row.adapted = "", False


def add_rows(disease: Disease, rows: Mapping[str, Sequence[Any]]) -> None:
    """Saves new rows, by sort, behind those that are there; questions in the order of their topics among them.

    All of it is one write to the disease, as saving its form is.
    """
    for sort, added in rows.items():
        model = ROW_KINDS[sort][0]
        last = model.objects.filter(disease=disease).aggregate(last=Max("position"))["last"] or 0
        number_rows(added, last)
        model._base_manager.bulk_create(added)
        if model is Question and last:
            _sort_in(disease, {row.key for row in added})
    if rows:
        Disease.objects.filter(pk=disease.pk).update(version=F("version") + 1)


def number_rows(rows: Sequence[Any], last: int = 0) -> None:
    """Gives rows their positions, behind the last one."""
    for position, row in enumerate(rows, start=last + 1):
        row.position = position


def _sort_in(disease: Disease, new: set[Any]) -> None:
    """Moves new questions before the first of a later topic. Those that were there keep their order."""
    rank = {topic: number for number, topic in enumerate(Topic.values)}
    rows = list(disease.questions.all())
    order = [row for row in rows if row.key not in new]
    for row in (row for row in rows if row.key in new):
        later = (place for place, other in enumerate(order) if rank[other.topic] > rank[row.topic])
        order.insert(next(later, len(order)), row)
    for position, row in enumerate(order, start=1):
        row.position = position
    Question._base_manager.bulk_update(order, ["position"])


def identity(sort: str, content: Content) -> tuple[str, ...]:
    """What makes two rows the same thing, whatever else they say."""
    if sort == "code":
        return content["scheme"], content["value"]
    if sort == "symptom":
        return fold_text(content["term"]), content["frequency"]
    return (fold_text(content["question" if sort == "question" else "text"]),)
