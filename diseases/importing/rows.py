"""Puts pieces into rows: where they stand, and what is remembered of where they came from."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, Max

from diseases.importing.pieces import ROWS, Content, digest_of, row_key, sort_of
from diseases.models import Disease, Provenance, Question, Source
from diseases.pages import Topic


def new_row(disease: Disease, dataset: str, record: str, piece: str, content: Content, source: Source) -> Any:
    """An unsaved row that says a piece, under the key that is its own in every run."""
    model = ROWS[sort_of(piece)][0]
    return model(disease=disease, key=row_key(dataset, record, piece), source=source, **content)


def say(row: Any, content: Content, source: Source) -> None:
    """Gives a row the words of a dataset. What was signed or dated were other words, so dates and reviewers go."""
    for name, value in content.items():
        setattr(row, name, value)
    row.source = source
    if isinstance(row, Question):
        row.last_updated = row.reviewed_on = row.review_due = None
        row.reviewed_by, row.adapted = "", False


def add_rows(disease: Disease, rows: Mapping[str, Sequence[Any]], is_new: bool = False) -> None:
    """Saves new rows, by sort, behind those that are there; questions in the order of their topics among them.

    All of it is one write to the disease, as saving its form is. A new disease has no rows yet.
    """
    for sort, added in rows.items():
        model = ROWS[sort][0]
        there = model.objects.filter(disease=disease)
        last = 0 if is_new else there.aggregate(last=Max("position"))["last"] or 0
        for position, row in enumerate(added, start=last + 1):
            row.position = position
        model._base_manager.bulk_create(added)
        if model is Question and last:
            _sort_in(disease, {row.key for row in added})
    if rows:
        Disease.objects.filter(pk=disease.pk).update(version=F("version") + 1)


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


def provenance_of(
    disease: Disease, dataset: str, record: str, piece: str, content: Content, **fields: Any
) -> Provenance:
    """An unsaved note of what a dataset said. `fields`: the row's key as `target`, whether the import `made` it."""
    said = {"part": piece, "content": content, "digest": digest_of(content)}
    return Provenance(disease=disease, dataset=dataset, record=record, **said, **fields)
