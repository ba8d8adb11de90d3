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

from search.index import CORRECTED, KEPT
from search.models import Change, Clock, Entry, Word

OPTIONS = 40
"""Misspelt words are compared with no more than so many others."""
REMEMBERED = 500


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

    def beginning_with(self, start: str) -> Iterator[str]:
        for at in range(bisect_left(self.ordered, start), len(self.ordered)):
            if not self.ordered[at].startswith(start):
                return
            yield self.ordered[at]

    def near(self, text: str, slips: int) -> dict[str, int]:
        """The nearest within so many slips, with their slips.

        They are counted by optimal string alignment: a letter too many, too few, wrong, or changed with its neighbour.
        """
        known = self.found.get((text, slips))
        if known is not None:
            return known
        found: list[tuple[int, str]] = []
        for length in range(len(text) - slips, len(text) + slips + 1):
            texts = self.by_length.get(length)
            if texts:
                close = process.extract(text, texts, scorer=OSA.distance, score_cutoff=slips, limit=None)
                found += [(int(distance), other) for other, distance, _at in close]
        if len(self.found) >= REMEMBERED:
            self.found.clear()
        self.found[text, slips] = {other: distance for distance, other in sorted(found)[:OPTIONS]}
        return self.found[text, slips]

    def near_beginnings(self, start: str, slips: int) -> dict[str, int]:
        """Those that begin with something within so many slips."""
        beginnings = [text[: len(start)] for text in self.ordered]
        close = process.extract(start, beginnings, scorer=OSA.distance, score_cutoff=slips, limit=OPTIONS)
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
    glued: dict[str, int | array] = field(default_factory=dict)
    """The names that are the same without spaces."""
    names: Lexicon = field(default_factory=Lexicon)
    """What `glued` holds."""
    words: Lexicon = field(default_factory=Lexicon)
    """What `holding` holds."""
    told: Lexicon = field(default_factory=Lexicon)
    """Words that pages hold below their names. One that has gone stays until all is read anew: it finds nothing."""

    def __len__(self) -> int:
        return len(self.text) - len(self.free)

    def fill(self, entries: Iterable[tuple[int, str, str]], told: Iterable[str]) -> None:
        for pk, sort_key, folded in entries:
            self._append(pk, sort_key, folded)
        self.names.fill(self.glued)
        self.words.fill(self.holding)
        self.told.fill(told)

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
            glued = text.replace(" ", "")
            same = self.glued.get(glued)
            if same is None:
                self.glued[glued] = number
            elif isinstance(same, int):
                self.glued[glued] = array("I", [same, number])
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
            glued = text.replace(" ", "")
            left = array("I", (other for other in self.called(glued) if other != number))
            if left:
                self.glued[glued] = left
            else:
                del self.glued[glued]
                self.names.discard(glued)
            self.text[number] = ""
            self.free.append(number)
        self.sort_key.pop(pk, None)

    def may_be_told(self, word: str) -> bool:
        """Whether a page may hold the word; False is certain."""
        return word in self.holding or word in self.told or not CORRECTED.fullmatch(word)

    def called(self, glued: str) -> array:
        """The names that are this, without spaces."""
        found = self.glued.get(glued)
        return found if isinstance(found, array) else array("I", () if found is None else (found,))

    def rank(self, number: int) -> tuple[bool, str, int]:
        """Where names are alike: a title first, then by the alphabet."""
        pk = self.entry[number]
        return self.place[number] > 0, self.sort_key[pk], pk


@dataclass
class _Memory:
    """What is remembered, of which state of the index."""

    names: Names = field(default_factory=Names)
    token: UUID | None = None
    sure: tuple[int, UUID] | None = None
    """The last tick that was seen outside of any transaction."""
    unsure: set[int] = field(default_factory=set)
    """Entries that were read within one, which may be undone."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def refresh(self) -> None:
        clock = Clock.objects.filter(pk=1).values_list("number", "token").first()
        if clock and clock[1] == self.token:
            if not connection.in_atomic_block and self.unsure:
                self.sure, self.unsure = clock, set()  # it was not undone
            return
        changed = self._changed() if clock else None
        if changed is None:
            names = Names()
            names.fill(
                Entry.objects.values_list("pk", "sort_key", "folded").iterator(),
                Word.objects.values_list("word", flat=True).iterator(),
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
        changes = Change.objects.filter(number__gte=number).order_by("number", "pk")
        found = list(changes.values_list("number", "token", "entry_id")[: KEPT + 1])
        if not found or found[0][:2] != (number, token) or len(found) > KEPT:
            return None
        return {pk for tick, _token, pk in found if tick > number} | self.unsure

    def _read(self, changed: set[int]) -> None:
        for pk in changed:
            self.names.remove(pk)
        for entry in Entry.objects.filter(pk__in=changed).values_list("pk", "sort_key", "folded"):
            self.names.add(*entry)
        if self.sure:
            for word in Word.objects.filter(number__gt=self.sure[0]).values_list("word", flat=True):
                self.names.told.add(word)


_memory = _Memory()


@contextmanager
def current() -> Iterator[Names]:
    """The names as the database has them now. Held for one search at a time: others wait."""
    with _memory.lock:
        try:
            _memory.refresh()
        except BaseException:
            _memory.token = _memory.sure = None  # half of it may have been read
            raise
        yield _memory.names


def forget() -> None:
    """As a process that has just started."""
    with _memory.lock:
        _memory.names, _memory.token, _memory.sure, _memory.unsure = Names(), None, None, set()
