"""Saves the new subjects of a run, several at a time.

Saving one disease alone takes about thirty queries and one update of the search index; saving thirty together takes
hardly more.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction

from diseases.rows import number_rows
from imports.provenance import write_provenance
from imports.record_merge import RecordMerge
from imports.records import SourceRecord
from publishing.models import ChildRow
from publishing.verbs import compose_page, publish_all, save_editions
from search.letters import fold_text

BATCH_SIZE = 30

MatchingKey = str | tuple[str, str]
"""A key, a name or a code (with its scheme) by which two records may be about the same disease."""


class PendingDiseases:
    """New diseases that are not saved yet. They have no ids, so the run cannot find them by codes or names."""

    def __init__(self) -> None:
        self.merges: list[RecordMerge] = []
        self.matching_keys: set[MatchingKey] = set()  # of all these diseases

    def add(self, merge: RecordMerge) -> None:
        self.merges.append(merge)
        self.matching_keys |= _matching_keys(merge.record)

    def conflicts_with(self, record: SourceRecord) -> bool:
        """Tells whether they must be saved before this record: the batch is full, or one may be its disease."""
        return len(self.merges) >= BATCH_SIZE or not self.matching_keys.isdisjoint(_matching_keys(record))

    def pop_all(self) -> list[RecordMerge]:
        """Returns all of them and empties the list."""
        merges, self.merges, self.matching_keys = self.merges, [], set()
        return merges


def _matching_keys(record: SourceRecord) -> set[MatchingKey]:
    """Returns the keys by which another record is, or may be, about the same disease."""
    codes = {(code.scheme, code.value) for code in (*record.codes, *record.former)}
    names = {fold_text(name) for name in (record.name, *(synonym.text for synonym in record.synonyms))}
    return {record.key} | codes | names


@transaction.atomic
def write_pending(pending: Sequence[RecordMerge], publish_them: bool) -> None:
    """Saves new subjects of one kind with their rows and first editions, and publishes them if asked.

    All or nothing: one subject that cannot be saved rolls back the batch.
    """
    context = pending[0].context
    type(pending[0].subject).objects.add([merge.subject for merge in pending])
    rows: dict[type[ChildRow], list[ChildRow]] = defaultdict(list)
    for merge in pending:
        for added in merge.new_rows.values():
            number_rows(added)
            rows[type(added[0])] += added
    for model, added in rows.items():
        model._base_manager.bulk_create(added)
    write_provenance([merge.log for merge in pending])
    pages = [(merge.subject, compose_page(merge.page)) for merge in pending]
    editions = save_editions(pages, by=context.by, note=context.note, origin=context.origin)
    if publish_them:
        publish_all(editions, by=context.by)
