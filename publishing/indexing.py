"""Makes the search index anew from what is live. In everyday work `publish` and `withdraw` keep it."""

from publishing.models import Edition
from search import index

BATCH = 100


def is_indexed() -> bool:
    """Whether just what is live is in the index, folded as searches are folded now."""
    return index.is_current() and index.subjects() == _live()


def index_live_pages() -> int:
    """Returns how many are live and searched.

    Batch by batch, so that nobody who wants to publish waits for all of them. What goes live or is withdrawn meanwhile
    waits for the batch: each reads what is live only once it has the index to itself.
    """
    pks = list(Edition.objects.to_be_found().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), BATCH):
        with index.locked():
            live = Edition.objects.to_be_found().filter(pk__in=pks[start : start + BATCH])
            index.put_all([edition.document() for edition in live])
    with index.locked():
        for kind, key in index.subjects() - _live():
            index.remove(kind, key)
        index.mark_current()
        return index.count()


def _live() -> set[tuple[str, int]]:
    return set(Edition.objects.to_be_found().values_list("kind", "subject_id"))
