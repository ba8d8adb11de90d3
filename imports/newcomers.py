"""Diseases that a run makes, written several at a time.

To write one alone takes some thirty queries and a tick of the search index's clock; thirty together take hardly more.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from diseases.models import Disease
from imports.memory import write_memories
from imports.merging import Merging
from imports.pieces import ROWS
from imports.records import Record
from imports.rows import number
from publishing.verbs import Author, composed, keep_pages, publish_all
from search.letters import folded

MOST = 30


class Newcomers:
    """Those that wait to be written. None of them has an id yet, so none is found by its codes or names."""

    def __init__(self) -> None:
        self.waiting: list[Merging] = []
        self.signs: set[object] = set()  # of all of them

    def add(self, merging: Merging) -> None:
        self.waiting.append(merging)
        self.signs |= _signs(merging.record)

    def must_go_before(self, record: Record) -> bool:
        """Whether they are to be written first: there are many, or one of them may be the record's disease."""
        return len(self.waiting) >= MOST or not self.signs.isdisjoint(_signs(record))

    def take(self) -> list[Merging]:
        """All that wait; they wait no longer."""
        taken, self.waiting, self.signs = self.waiting, [], set()
        return taken


def _signs(record: Record) -> set[object]:
    """All that another record may be known by as the same disease, or perhaps the same."""
    codes = {(code.scheme, code.value) for code in (*record.codes, *record.former)}
    names = {folded(name) for name in (record.name, *(synonym.text for synonym in record.synonyms))}
    return {record.key} | codes | names


@transaction.atomic
def write_newcomers(newcomers: Sequence[Merging], by: Author, origin: str, publish_them: bool) -> None:
    """Saves diseases with their rows, keeps their pages, and makes these live where that is asked for.

    All of them or none: whoever is refused, the others are refused with it.
    """
    Disease.objects.add([merging.disease for merging in newcomers])
    rows: dict[str, list[Any]] = defaultdict(list)
    for merging in newcomers:
        for sort, added in merging.new_rows.items():
            number(added)
            rows[sort] += added
    for sort, added in rows.items():
        ROWS[sort][0]._base_manager.bulk_create(added)
    write_memories([merging.memory for merging in newcomers])
    pages = [(merging.disease, composed(merging.page)) for merging in newcomers]
    editions = keep_pages(pages, by=by, note=newcomers[0].note, origin=origin)
    if publish_them:
        publish_all(editions, by=by)
