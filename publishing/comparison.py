"""Differences between two texts, word by word, and between two pages, field by field."""

import html
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from enum import Enum
from functools import cached_property
from itertools import pairwise, zip_longest
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from publishing.prose import blocks
from publishing.values import Page, Reference, Value, is_html

MAX_WORDS = 2_000
"""A passage in which more words changed is not compared word by word, which would take too long: it stands whole."""

MAX_PAIRS = 400  # of paragraphs that are tried for which became which
MIN_SIMILARITY = 0.3  # the share of common words from which two paragraphs count as one that was changed
CONTEXT_WORDS = 20  # words around a change that an excerpt keeps


@dataclass(frozen=True)
class Run:
    """A run of words that both texts have (`same`), or one of them alone (`del`: the old, `ins`: the new).

    In an excerpt, a `gap` stands for words that both have and that are left out.
    """

    sort: str
    text: str


Block = tuple[Run, ...]
GAP = Run("gap", "")


@dataclass(frozen=True)
class Change:
    """One difference between two pages: where it is, of what sort, and the words of each block of text."""

    row: str  # 'Question “What causes it?”'; "" where a field of the page itself changed
    field: str  # "Answer"; "" where a row as a whole was added, removed or moved
    sort: str  # added, removed, moved, changed, links or formatting
    blocks: tuple[Block, ...] = ()

    @property
    def place(self) -> str:
        return " – ".join(filter(None, [self.row, self.field]))

    @property
    def sort_name(self) -> str:
        return {
            "added": _("added"),
            "removed": _("removed"),
            "moved": _("moved to another place"),
            "changed": _("changed"),
            "links": _("where its links lead changed"),
            "formatting": _("formatting alone changed, not a word"),
        }[self.sort]

    @property
    def is_coarse(self) -> bool:
        """Whether a passage was too long to be compared word by word."""
        return any(
            old.sort == "del" and new.sort == "ins" and max(len(old.text.split()), len(new.text.split())) > MAX_WORDS
            for block in self.blocks
            for old, new in pairwise(block)
        )

    @cached_property
    def excerpt(self) -> tuple[Block, ...]:
        """The blocks that changed, with the words near each change; publish_warnings stand for the rest."""
        found: list[Block] = []
        for block in self.blocks:
            short = (GAP,) if all(run.sort == "same" for run in block) else _excerpt_of(block)
            if found and found[-1] == (GAP,) and short[0] == GAP:
                found.pop()  # one gap is enough
            if not (found and found[-1][-1] == GAP and short == (GAP,)):
                found.append(short)
        return tuple(found)


def _excerpt_of(block: Block) -> Block:
    runs: list[Run] = []
    for number, run in enumerate(block):
        words = _split_words(run.text)
        before = CONTEXT_WORDS if number else 0
        after = CONTEXT_WORDS if number < len(block) - 1 else 0
        if run.sort != "same" or len(words) <= before + after + CONTEXT_WORDS:
            runs.append(run)
            continue
        near = [Run("same", "".join(words[:before])), GAP, Run("same", "".join(words[len(words) - after :]))]
        runs += [run for run in near if run == GAP or run.text]
    return tuple(runs)


def word_runs(old: str, new: str) -> list[Run]:
    """How the new text comes from the old one. The runs that are not `ins` spell the old text, those not `del` the new.

    White space belongs to the word before it, and where it alone differs, nothing does.
    """
    before, after = _split_words(old), _split_words(new)
    runs = []
    pieces = _stretches([word.strip() for word in before], [word.strip() for word in after])
    for is_same, i, j, k, m in _settled(pieces):
        if is_same:
            # The new text's own last word has no white space after it, and more may follow here.
            words = [*after[k : m - 1], before[j - 1] if m == len(after) else after[m - 1]]
            runs.append(Run("same", "".join(words)))
            continue
        if j > i:
            runs.append(Run("del", "".join(before[i:j])))
        if m > k:
            runs.append(Run("ins", "".join(after[k:m])))
    return runs


def block_runs(old: Sequence[str], new: Sequence[str]) -> tuple[Block, ...]:
    """The runs of each block of a text; blocks that only one text has stand whole."""
    found: list[Block] = []
    for is_same, i, j, k, m in _stretches(old, new):
        if is_same:
            found += [(Run("same", block),) for block in old[i:j]]
            continue
        for one, other in _pair_blocks(old[i:j], new[k:m]):
            if one is not None and other is not None:
                found.append(tuple(word_runs(one, other)))
            else:
                found.append((Run("del", one) if one is not None else Run("ins", other or ""),))
    return tuple(found)


Stretch = tuple[bool, int, int, int, int]  # as SequenceMatcher counts: old[i:j] became new[k:m]


def _split_words(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*", text)


def _stretches(old: Sequence[str], new: Sequence[str]) -> Iterator[Stretch]:
    """The stretches of two sequences in turn, and whether each is the same in both."""
    most = min(len(old), len(new))
    start = next((n for n in range(most) if old[n] != new[n]), most)
    end = next((n for n in range(most - start) if old[-1 - n] != new[-1 - n]), most - start)
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if start:
        yield True, 0, start, 0, start
    if max(len(before), len(after)) > MAX_WORDS:
        yield False, start, len(old) - end, start, len(new) - end
    else:
        for sort, i, j, k, m in SequenceMatcher(None, before, after).get_opcodes():
            yield sort == "equal", start + i, start + j, start + k, start + m
    if end:
        yield True, len(old) - end, len(old), len(new) - end, len(new)


def _settled(pieces: Iterable[Stretch]) -> list[Stretch]:
    """Without islands: a word or two that stayed by chance, amid more that changed, only make it hard to read."""
    settled: list[Stretch] = []
    for piece in pieces:
        if len(settled) > 1 and not piece[0] and not settled[-2][0]:
            first, island = settled[-2:]
            if _stretch_length(island) <= 2 and _stretch_length(island) < min(
                _stretch_length(first), _stretch_length(piece)
            ):
                settled[-2:] = [(False, first[1], piece[2], first[3], piece[4])]
                continue
        settled.append(piece)
    return settled


def _stretch_length(piece: Stretch) -> int:
    _is_same, i, j, k, m = piece
    return max(j - i, m - k)


def _pair_blocks(old: Sequence[str], new: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Which paragraph of a stretch became which, in order, by the words that they have in common."""
    if len(old) == len(new) == 1 or len(old) * len(new) > MAX_PAIRS:
        return list(zip_longest(old, new))
    before, after = [set(block.split()) for block in old], [set(block.split()) for block in new]
    likeness = [[len(one & other) / max(len(one), len(other), 1) for other in after] for one in before]
    # best[i][j]: the most likeness that old[i:] and new[j:] can have.
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            paired = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] >= MIN_SIMILARITY else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], paired)
    found: list[tuple[str | None, str | None]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if best[i][j] == best[i + 1][j]:
            found.append((old[i], None))
            i += 1
        elif best[i][j] == best[i][j + 1]:
            found.append((None, new[j]))
            j += 1
        else:
            found.append((old[i], new[j]))
            i, j = i + 1, j + 1
    return found + [(block, None) for block in old[i:]] + [(None, block) for block in new[j:]]


class Comparison:
    """What differs between two pages of one subject, in the order of the newer page.

    `title_of` names a subject that a page refers to; what it names "" is left out.
    """

    def __init__(self, old: Page, new: Page, title_of: Callable[[Reference], str]) -> None:
        self.title_of = title_of
        self.changes: list[Change] = []
        self._fields("", old, new)

    def _fields(self, row: str, old: Value, new: Value) -> None:
        for name in type(new).model_fields:
            if name == "key" or getattr(old, name) == getattr(new, name):
                continue
            before, after = _displayed(old, name), _displayed(new, name)
            label = type(new).label_of(name)
            if _is_keyed(before) or _is_keyed(after):
                self._rows(label, before, after)
            elif is_html(type(new), name):
                self._html(row, label, before, after)
            elif isinstance(before or after, str | tuple) and not isinstance(before, Enum):
                self._text(row, label, self._lines(before), self._lines(after))
            else:
                self._datum(row, label, before, after)

    def _text(self, row: str, label: str, old: list[str], new: list[str]) -> None:
        sort = "formatting" if old == new else "added" if not old else "removed" if not new else "changed"
        self.changes.append(Change(row, label, sort, () if old == new else block_runs(old, new)))

    def _html(self, row: str, label: str, before: str, after: str) -> None:
        old, new = blocks(before), blocks(after)
        links = [_link_targets(text) for text in (before, after)]
        if links[0] != links[1]:
            self.changes.append(Change(row, label, "links", block_runs(*links)))
        if old != new or links[0] == links[1]:
            self._text(row, label, old, new)

    def _datum(self, row: str, label: str, before: Any, after: Any) -> None:
        """What is said whole: a date, a choice, a number, a name."""
        if isinstance(before, Value) and isinstance(after, Value) and before.display_name() != after.display_name():
            before, after = before.display_name(), after.display_name()
        old, new = self._readable(before), self._readable(after)
        if not old and not new:
            return
        sort = "added" if not old else "removed" if not new else "changed"
        runs = [Run("del", old), Run("ins", new)] if old != new else [Run("same", old)]
        self.changes.append(Change(row, label, sort, (tuple(run for run in runs if run.text),)))

    def _rows(self, label: str, before: Sequence[Any], after: Sequence[Any]) -> None:
        old, new = {row.key: row for row in before}, {row.key: row for row in after}
        stayed = _in_order([key for key in old if key in new], [key for key in new if key in old])
        for key, row in (new | {key: row for key, row in old.items() if key not in new}).items():
            called = self._readable(row.display_name())
            if not called and isinstance(row.display_name(), Reference):
                continue
            place = f"{label} “{called}”"
            if key not in old:
                self.changes.append(Change(place, "", "added", block_runs([], self._says(row, called))))
            elif key not in new:
                self.changes.append(Change(place, "", "removed", block_runs(self._says(row, called), [])))
            else:
                if key not in stayed:
                    self.changes.append(Change(place, "", "moved"))
                self._fields(place, old[key], row)

    def _says(self, row: Value, called: str) -> list[str]:
        """What a row says besides the name it is called by, each with its label; an answer speaks for itself."""
        found: list[str] = []
        fields = type(row).model_fields
        names = [name for name in fields if name != "key" and getattr(row, name) != fields[name].default]
        lines = {name: self._lines(getattr(row, name)) for name in names}
        # The name may be made of several fields: a code is called by its scheme and its value.
        its_name = next((names[:n] for n in range(len(names) + 1) if _joined(lines, names[:n]) == called), [])
        for name in names:
            if is_html(type(row), name):
                found += blocks(getattr(row, name))
            elif name not in its_name and lines[name] and lines[name] != [called]:
                label = type(row).label_of(name)
                found += [_("%(label)s: %(text)s") % {"label": label, "text": lines[name][0]}, *lines[name][1:]]
        return found

    def _lines(self, value: Any) -> list[str]:
        parts = value if isinstance(value, tuple) else self._readable(value).splitlines()
        lines = [" ".join(self._readable(part).split()) for part in parts]
        return [line for line in lines if line]

    def _readable(self, value: Any) -> str:
        """A value in the words of the page."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, Reference):
            return self.title_of(value)
        if isinstance(value, Enum):
            return str(getattr(value, "label", value.value))
        if isinstance(value, date):
            return date_format(value)
        if isinstance(value, Value):
            parts = (self._readable(getattr(value, name)) for name in type(value).model_fields if name != "key")
            return ", ".join(part for part in parts if part)
        return str(value)


def _displayed(value: Value, name: str) -> Any:
    """What a field says. A page may say it in other words: `country_name` stands beside `country`."""
    return getattr(value, f"{name}_name", "") or getattr(value, name)


def _is_keyed(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and hasattr(value[0], "key")


def _joined(lines: dict[str, list[str]], names: list[str]) -> str:
    return " ".join(" ".join(lines[name]) for name in names)


def _link_targets(text: str) -> list[str]:
    """Where the links of an answer lead."""
    return [html.unescape(link) for link in re.findall(r'<a\b[^>]*?\shref="([^"]*)"', text)]


def _in_order(old: Sequence[Any], new: Iterable[Any]) -> set[Any]:
    """The keys that kept their place among each other: a longest run in the same order. The others were moved."""
    place = {key: number for number, key in enumerate(old)}
    ends: list[int] = []  # the least place at which a run of each length can end
    runs: list[tuple[Any, ...]] = []  # such a run: its last key, and the run before it
    for key in new:
        length = bisect_left(ends, place[key])
        ends[length : length + 1] = [place[key]]
        runs[length : length + 1] = [(key, runs[length - 1] if length else ())]
    stayed = set()
    run = runs[-1] if runs else ()
    while run:
        stayed.add(run[0])
        run = run[1]
    return stayed
