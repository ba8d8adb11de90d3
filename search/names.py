"""The folded names of all entries, as each process remembers them, and how it keeps up with the index.

Names are found in memory, since only there a misspelt one is found quickly; the words of the pages stay in the
database. What a process remembers of a transaction that is rolled back, it looks at again.
"""

import threading
from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection
from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.index import CORRECTABLE, MAX_CHANGES
from search.models import IndexChange, IndexedWord, IndexEntry, IndexVersion

MAX_CANDIDATES = 40
"""Misspelt words are compared with no more than so many others."""
MAX_CACHED = 500


@dataclass
class Lexicon:
    """Words or names to look up by how they begin and by how they are misspelt."""

    ordered: list[str] = field(default_factory=list)
    by_length: dict[int, list[str]] = field(default_factory=dict)
    found: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    """What was near lately: one search looks for the same more than once, and so does who types on."""

    def fill(self, texts: Iterable[str]) -> None:
        self.ordered = sorted(texts)
        self.by_length, self.found = {}, {}
        for text in self.ordered:
            self.by_length.setdefault(len(text), []).append(text)

    def __contains__(self, text: str) -> bool:
        at = bisect_left(self.ordered, text)
        return at < len(self.ordered) and self.ordered[at] == text

    def add(self, text: str) -> None:
        if text not in self:
            self.found.clear()
            insort(self.ordered, text)
            insort(self.by_length.setdefault(len(text), []), text)

    def discard(self, text: str) -> None:
        if text in self:
            self.found.clear()
            for texts in (self.ordered, self.by_length[len(text)]):
                del texts[bisect_left(texts, text)]

    def with_prefix(self, start: str) -> Iterator[str]:
        for at in range(bisect_left(self.ordered, start), len(self.ordered)):
            if not self.ordered[at].startswith(start):
                return
            yield self.ordered[at]

    def within_distance(self, text: str, edits: int) -> dict[str, int]:
        """The nearest within so many edits, with their edits.

        They are counted by optimal string alignment: a letter too many, too few, wrong, or changed with its neighbour.
        """
        known = self.found.get((text, edits))
        if known is not None:
            return known
        found: list[tuple[int, str]] = []
        for length in range(len(text) - edits, len(text) + edits + 1):
            texts = self.by_length.get(length)
            if texts:
                close = process.extract(text, texts, scorer=OSA.distance, score_cutoff=edits, limit=None)
                found += [(int(distance), other) for other, distance, _at in close]
        if len(self.found) >= MAX_CACHED:
            self.found.clear()
        self.found[text, edits] = {other: distance for distance, other in sorted(found)[:MAX_CANDIDATES]}
        return self.found[text, edits]

    def within_distance_of_prefix(self, start: str, edits: int) -> dict[str, int]:
        """Those that begin with something within so many edits."""
        beginnings = [text[: len(start)] for text in self.ordered]
        close = process.extract(start, beginnings, scorer=OSA.distance, score_cutoff=edits, limit=MAX_CANDIDATES)
        return {self.ordered[at]: int(distance) for _text, distance, at in close}


@dataclass
class Names:
    """Every name has a number here; `text` is its folded words."""

    text: list[str] = field(default_factory=list)
    entry: array = field(default_factory=lambda: array("q"))
    place: array = field(default_factory=lambda: array("H"))
    """Which name of its entry it is; 0 is the title."""
    free: list[int] = field(default_factory=list)
    own: dict[int, array] = field(default_factory=dict)
    """The names of each entry."""
    sort_key: dict[int, str] = field(default_factory=dict)
    holding: dict[str, array] = field(default_factory=dict)
    """The names that hold a word, each once."""
    joined: dict[str, int | array] = field(default_factory=dict)
    """The names that are the same without spaces."""
    names: Lexicon = field(default_factory=Lexicon)
    """What `joined` holds."""
    words: Lexicon = field(default_factory=Lexicon)
    """What `holding` holds."""
    body_words: Lexicon = field(default_factory=Lexicon)
    """Words that pages hold below their names. One that has gone stays until all is read anew: it finds nothing."""

    def __len__(self) -> int:
        return len(self.text) - len(self.free)

    def fill(self, entries: Iterable[tuple[int, str, str]], body_words: Iterable[str]) -> None:
        for pk, sort_key, folded in entries:
            self._append(pk, sort_key, folded)
        self.names.fill(self.joined)
        self.words.fill(self.holding)
        self.body_words.fill(body_words)

    def add(self, pk: int, sort_key: str, folded: str) -> None:
        for number in self._append(pk, sort_key, folded):
            self.names.add(self.text[number].replace(" ", ""))
            for word in self.text[number].split():
                self.words.add(word)

    def _append(self, pk: int, sort_key: str, folded: str) -> array:
        self.sort_key[pk] = sort_key
        own = self.own[pk] = array("I")
        for line in folded.split("\n"):
            place, _space, text = line.partition(" ")
            if not text:
                continue
            if self.free:
                number = self.free.pop()
                self.text[number], self.entry[number], self.place[number] = text, pk, int(place)
            else:
                number = len(self.text)
                self.text.append(text)
                self.entry.append(pk)
                self.place.append(int(place))
            own.append(number)
            for word in set(text.split()):
                self.holding.setdefault(word, array("I")).append(number)
            joined = text.replace(" ", "")
            same = self.joined.get(joined)
            if same is None:
                self.joined[joined] = number
            elif isinstance(same, int):
                self.joined[joined] = array("I", [same, number])
            else:
                same.append(number)
        return own

    def remove(self, pk: int) -> None:
        for number in self.own.pop(pk, ()):
            text = self.text[number]
            for word in set(text.split()):
                self.holding[word].remove(number)
                if not self.holding[word]:
                    del self.holding[word]
                    self.words.discard(word)
            joined = text.replace(" ", "")
            left = array("I", (other for other in self.numbers_of(joined) if other != number))
            if left:
                self.joined[joined] = left
            else:
                del self.joined[joined]
                self.names.discard(joined)
            self.text[number] = ""
            self.free.append(number)
        self.sort_key.pop(pk, None)

    def may_be_told(self, word: str) -> bool:
        """Whether a page may hold the word; False is certain."""
        return word in self.holding or word in self.body_words or not CORRECTABLE.fullmatch(word)

    def numbers_of(self, joined: str) -> array:
        """The names that are this, without spaces."""
        found = self.joined.get(joined)
        return found if isinstance(found, array) else array("I", () if found is None else (found,))

    def rank(self, number: int) -> tuple[bool, str, int]:
        """Where names are alike: a title first, then by the alphabet."""
        pk = self.entry[number]
        return self.place[number] > 0, self.sort_key[pk], pk


@dataclass
class _NamesCache:
    """What is remembered, of which state of the index."""

    names: Names = field(default_factory=Names)
    token: UUID | None = None
    sure: tuple[int, UUID] | None = None
    """The last tick that was seen outside of any transaction."""
    unsure: set[int] = field(default_factory=set)
    """Entries that were read within one, which may be undone."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def refresh(self) -> None:
        clock = IndexVersion.objects.filter(pk=1).values_list("number", "token").first()
        if clock and clock[1] == self.token:
            if not connection.in_atomic_block and self.unsure:
                self.sure, self.unsure = clock, set()  # it was not undone
            return
        changed = self._changed() if clock else None
        if changed is None:
            names = Names()
            names.fill(
                IndexEntry.objects.values_list("pk", "sort_key", "folded").iterator(),
                IndexedWord.objects.values_list("word", flat=True).iterator(),
            )
            self.names, changed = names, set(names.own)
            self.sure = None if connection.in_atomic_block else clock
            self.unsure = set()
        else:
            self._read(changed)
        if not connection.in_atomic_block:
            self.sure, self.unsure = clock, set()
        elif self.sure:
            self.unsure |= changed
        self.token = clock and clock[1]

    def _changed(self) -> set[int] | None:
        """The entries to look at again; None where nobody knows any more."""
        if not self.sure:
            return None
        number, token = self.sure
        changes = IndexChange.objects.filter(number__gte=number).order_by("number", "pk")
        found = list(changes.values_list("number", "token", "entry_id")[: MAX_CHANGES + 1])
        if not found or found[0][:2] != (number, token) or len(found) > MAX_CHANGES:
            return None
        return {pk for tick, _token, pk in found if tick > number} | self.unsure

    def _read(self, changed: set[int]) -> None:
        for pk in changed:
            self.names.remove(pk)
        for entry in IndexEntry.objects.filter(pk__in=changed).values_list("pk", "sort_key", "folded"):
            self.names.add(*entry)
        if self.sure:
            for word in IndexedWord.objects.filter(number__gt=self.sure[0]).values_list("word", flat=True):
                self.names.body_words.add(word)


_cache = _NamesCache()


@contextmanager
def current_names() -> Iterator[Names]:
    """The names as the database has them now. Held for one search at a time: others wait."""
    with _cache.lock:
        try:
            _cache.refresh()
        except BaseException:
            _cache.token = _cache.sure = None  # half of it may have been read
            raise
        yield _cache.names


def reset() -> None:
    """As a process that has just started."""
    with _cache.lock:
        _cache.names, _cache.token, _cache.sure, _cache.unsure = Names(), None, None, set()
