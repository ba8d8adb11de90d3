"""Keeps the folded names of all entries in the memory of each process, and updates them when the index changes.

Names are searched in memory because only there a misspelt name is found quickly. The words of the pages stay in the
database. For each version of the index, a process reads the names once and works out again only those that differ.
"""

import threading
from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.index import CORRECTABLE
from search.models import IndexedWord, IndexEntry, IndexVersion

MAX_CHANGES = 2_000
"""With more changed entries, it is faster to work out all names."""
MAX_CANDIDATES = 40
"""The number of near words that a misspelt word is compared with."""
MAX_CACHED = 500
"""The number of look-ups whose result a lexicon keeps."""


@dataclass
class Lexicon:
    """Words or names that can be found by their beginning and by a misspelling."""

    ordered: list[str] = field(default_factory=list)
    by_length: dict[int, list[str]] = field(default_factory=dict)
    found: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    """Recent results: one search asks for the same word more than once, and so does a reader who goes on typing."""

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
        """Returns the nearest words with at most `edits` edits, each with its number of edits.

        An edit is a letter too many, too few, wrong, or swapped with its neighbour (optimal string alignment).
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
        """Returns the words whose beginning differs from `start` by at most `edits` edits, each with its edits."""
        beginnings = [text[: len(start)] for text in self.ordered]
        close = process.extract(start, beginnings, scorer=OSA.distance, score_cutoff=edits, limit=MAX_CANDIDATES)
        return {self.ordered[at]: int(distance) for _text, distance, at in close}


@dataclass
class Names:
    """The folded names of all entries. Every name has a number, which is its index in `text`, `entry` and `place`."""

    text: list[str] = field(default_factory=list)
    """The folded words of each name."""
    entry: array = field(default_factory=lambda: array("q"))
    place: array = field(default_factory=lambda: array("H"))
    """The position of each name among the names of its entry; 0 is the title."""
    free: list[int] = field(default_factory=list)
    """The numbers of removed names, which new names may take."""
    own: dict[int, array] = field(default_factory=dict)
    """The numbers of the names of each entry."""
    entries: dict[int, tuple[str, str]] = field(default_factory=dict)
    """The sort key and the folded names of each entry."""
    names_with: dict[str, array] = field(default_factory=dict)
    """The numbers of the names that have a word."""
    joined: dict[str, int | array] = field(default_factory=dict)
    """The numbers of the names that are the same text when spaces are removed."""
    names: Lexicon = field(default_factory=Lexicon)
    """The keys of `joined`."""
    words: Lexicon = field(default_factory=Lexicon)
    """The keys of `names_with`."""
    body_words: Lexicon = field(default_factory=Lexicon)
    """The words in the texts of pages."""

    def __len__(self) -> int:
        return len(self.text) - len(self.free)

    def fill(self, entries: dict[int, tuple[str, str]]) -> None:
        for pk, entry in entries.items():
            self._append(pk, entry)
        self.names.fill(self.joined)
        self.words.fill(self.names_with)

    def update(self, changed: dict[int, tuple[str, str] | None]) -> None:
        """Replaces entries. None stands for an entry that is gone."""
        for pk, entry in changed.items():
            self._remove(pk)
            for number in self._append(pk, entry) if entry else ():
                self.names.add(self.text[number].replace(" ", ""))
                for word in self.text[number].split():
                    self.words.add(word)

    def _append(self, pk: int, entry: tuple[str, str]) -> array:
        self.entries[pk] = entry
        own = self.own[pk] = array("I")
        for line in entry[1].split("\n"):
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
                self.names_with.setdefault(word, array("I")).append(number)
            joined = text.replace(" ", "")
            same = self.joined.get(joined)
            if same is None:
                self.joined[joined] = number
            elif isinstance(same, int):
                self.joined[joined] = array("I", [same, number])
            else:
                same.append(number)
        return own

    def _remove(self, pk: int) -> None:
        for number in self.own.pop(pk, ()):
            text = self.text[number]
            for word in set(text.split()):
                self.names_with[word].remove(number)
                if not self.names_with[word]:
                    del self.names_with[word]
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
        self.entries.pop(pk, None)

    def may_be_on_a_page(self, word: str) -> bool:
        """Returns False where certainly no page has the word."""
        return word in self.names_with or word in self.body_words or not CORRECTABLE.fullmatch(word)

    def numbers_of(self, joined: str) -> array:
        """Returns the numbers of the names that are this text when spaces are removed."""
        found = self.joined.get(joined)
        return found if isinstance(found, array) else array("I", () if found is None else (found,))

    def rank(self, number: int) -> tuple[bool, str, int]:
        """Returns the sort key of names that match equally well: titles first, then in alphabetical order."""
        pk = self.entry[number]
        return self.place[number] > 0, self.entries[pk][0], pk


@dataclass
class _NamesCache:
    """The names that a process has in memory, and the version of the index that they come from."""

    names: Names = field(default_factory=Names)
    token: UUID | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def refresh(self) -> None:
        token = IndexVersion.objects.filter(pk=1).values_list("token", flat=True).first()
        if token != self.token:
            rows = IndexEntry.objects.values_list("pk", "sort_key", "folded").iterator()
            entries = {pk: (sort_key, folded) for pk, sort_key, folded in rows}
            words = sorted(IndexedWord.objects.values_list("word", flat=True).iterator())
            changed = [
                pk for pk in self.names.entries.keys() | entries.keys() if self.names.entries.get(pk) != entries.get(pk)
            ]
            if len(changed) > MAX_CHANGES:
                self.names = Names()
                self.names.fill(entries)
            else:
                self.names.update({pk: entries.get(pk) for pk in changed})
            if words != self.names.body_words.ordered:
                self.names.body_words.fill(words)
            self.token = token


_cache = _NamesCache()


@contextmanager
def current_names() -> Iterator[Names]:
    """Returns the names as the database has them now. Only one search of a process has them at a time; others wait."""
    with _cache.lock:
        try:
            _cache.refresh()
        except BaseException:
            _cache.names, _cache.token = Names(), None  # The names may be only partly updated.
            raise
        yield _cache.names


def reset() -> None:
    """Empties the memory, as in a process that has just started. Tests use it."""
    with _cache.lock:
        _cache.names, _cache.token = Names(), None
