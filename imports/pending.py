"""Diseases that a run makes, written several at a time.

To write one alone takes some thirty queries and a tick of the search index's clock; thirty together take hardly more.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from diseases.models import Disease
from imports.parts import ROW_KINDS
from imports.provenance import write_provenance
from imports.record_merge import RecordMerge
from imports.records import SourceRecord
from imports.rows import number_rows
from publishing.verbs import Author, compose_page, publish_all, save_editions
from search.letters import fold_text

BATCH_SIZE = 30


class PendingDiseases:
    """Those that wait to be written. None of them has an id yet, so none is found by its codes or names."""

    def __init__(self) -> None:
        self.waiting: list[RecordMerge] = []
        self.matching_keys: set[object] = set()  # of all of them

    def add(self, merging: RecordMerge) -> None:
        self.waiting.append(merging)
        self.matching_keys |= _matching_keys(merging.record)

    def conflicts_with(self, record: SourceRecord) -> bool:
        """Whether they are to be written first: there are many, or one of them may be the record's disease."""
        return len(self.waiting) >= BATCH_SIZE or not self.matching_keys.isdisjoint(_matching_keys(record))

    def pop_all(self) -> list[RecordMerge]:
        """All that wait; they wait no longer."""
        taken, self.waiting, self.matching_keys = self.waiting, [], set()
        return taken


def _matching_keys(record: SourceRecord) -> set[object]:
    """All that another record may be known by as the same disease, or perhaps the same."""
    codes = {(code.scheme, code.value) for code in (*record.codes, *record.former)}
    names = {fold_text(name) for name in (record.name, *(synonym.text for synonym in record.synonyms))}
    return {record.key} | codes | names


@transaction.atomic
def write_pending(pending: Sequence[RecordMerge], by: Author, origin: str, publish_them: bool) -> None:
    """Saves diseases with their rows, keeps their pages, and makes these live where that is asked for.

    All of them or none: whoever is refused, the others are refused with it.
    """
    Disease.objects.add([merging.disease for merging in pending])
    rows: dict[str, list[Any]] = defaultdict(list)
    for merging in pending:
        for sort, added in merging.new_rows.items():
            number_rows(added)
            rows[sort] += added
    for sort, added in rows.items():
        ROW_KINDS[sort][0]._base_manager.bulk_create(added)
    write_provenance([merging.log for merging in pending])
    pages = [(merging.disease, compose_page(merging.page)) for merging in pending]
    editions = save_editions(pages, by=by, note=pending[0].note, origin=origin)
    if publish_them:
        publish_all(editions, by=by)
