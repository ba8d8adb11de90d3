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
from publishing.models import ChildRow
from publishing.verbs import compose_page, publish_all, save_editions


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
