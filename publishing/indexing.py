"""Rebuilds the search index from the live editions. Otherwise `publish` and `withdraw` update it."""

from publishing.models import Edition, PublicVersion
from search import index

INDEX_BATCH_SIZE = 100


def is_indexed() -> bool:
    """Returns whether the index holds exactly the live pages, folded as this version of the site folds searches."""
    return index.is_current() and index.subjects() == _live_subjects()


def index_live_pages() -> int:
    """Puts every live page into the search index, removes all others, and returns the number of pages in the index.

    It locks the index for one batch at a time, so that nobody who publishes waits for the whole index. Each batch reads
    the live editions only after it has the lock: what is published or withdrawn meanwhile is not lost. At the end it
    replaces the public version, since a cached page of search results may come from the index before.
    """
    pks = list(Edition.objects.searchable().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), INDEX_BATCH_SIZE):
        with index.lock_index():
            live = Edition.objects.searchable().filter(pk__in=pks[start : start + INDEX_BATCH_SIZE])
            index.put_all([edition.document() for edition in live])
    with index.lock_index():
        for kind, key in index.subjects() - _live_subjects():
            index.remove(kind, key)
        index.mark_current()
        count = index.entry_count()
    PublicVersion.replace()  # after the lock of the index is released: publishing takes the two in the other order
    return count


def _live_subjects() -> set[tuple[str, int]]:
    return set(Edition.objects.searchable().values_list("kind", "subject_id"))
