"""Makes the search index anew from what is live. In everyday work `publish` and `withdraw` keep it."""

from publishing.models import Edition
from search import index

INDEX_BATCH_SIZE = 100


def is_indexed() -> bool:
    """Whether just what is live is in the index, folded as searches are folded now."""
    return index.is_current() and index.subjects() == _live()


def index_live_pages() -> int:
    """Returns how many are live and searched.

    Batch by batch, so that nobody who wants to publish waits for all of them. What goes live or is withdrawn meanwhile
    waits for the batch: each reads what is live only once it has the index to itself.
    """
    pks = list(Edition.objects.searchable().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), INDEX_BATCH_SIZE):
        with index.lock_index():
            live = Edition.objects.searchable().filter(pk__in=pks[start : start + INDEX_BATCH_SIZE])
            index.put_all([edition.document() for edition in live])
    with index.lock_index():
        for kind, key in index.subjects() - _live():
            index.remove(kind, key)
        index.mark_current()
        return index.entry_count()


def _live() -> set[tuple[str, int]]:
    return set(Edition.objects.searchable().values_list("kind", "subject_id"))
