"""Compares two texts word by word, and two pages field by field."""

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
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from publishing.labels import label_of
from publishing.prose import blocks, link_targets
from publishing.values import FieldValue, Page, Reference, Value, is_html

MAX_WORDS = 2_000
"""A passage in which more words changed is shown whole: to compare it word by word would take too long."""

MAX_PAIRS = 400  # pairs of an old and a new paragraph that are compared with each other
MIN_SIMILARITY = 0.3  # the share of common words that makes a new paragraph a changed version of an old one
CONTEXT_WORDS = 20  # words before and after a change that an excerpt shows


@dataclass(frozen=True)
class Segment:
    """Words that are in both texts (`same`), only in the old one (`del`) or only in the new one (`ins`).

    In an excerpt, `gap` stands for words of both texts that are left out.
    """

    tag: str
    text: str


Block = tuple[Segment, ...]
GAP = Segment("gap", "")


@dataclass(frozen=True)
class Change:
    """One difference between two pages: its place, its type and the segments of each block of text."""

    row_label: str  # 'Question “What causes it?”', or "" where a field of the page itself changed
    field_label: str  # "Answer", or "" where a whole row was added, removed or moved
    type: str  # added, removed, moved, changed, links or formatting
    blocks: tuple[Block, ...] = ()

    @property
    def place(self) -> str:
        return " – ".join(filter(None, [self.row_label, self.field_label]))

    @property
    def type_name(self) -> str:
        return {
            "added": _("added"),
            "removed": _("removed"),
            "moved": _("moved to another place"),
            "changed": _("changed"),
            "links": _("the targets of its links changed"),
            "formatting": _("only the formatting changed, no word"),
        }[self.type]

    @property
    def is_coarse(self) -> bool:
        """Returns whether a passage was too long to be compared word by word."""
        return any(
            old.tag == "del" and new.tag == "ins" and max(len(old.text.split()), len(new.text.split())) > MAX_WORDS
            for block in self.blocks
            for old, new in pairwise(block)
        )

    @cached_property
    def excerpt(self) -> tuple[Block, ...]:
        """The blocks that changed, with the words near each change. Gaps stand for the other words."""
        excerpt: list[Block] = []
        for block in self.blocks:
            short = (GAP,) if all(segment.tag == "same" for segment in block) else _shorten(block)
            if excerpt and excerpt[-1] == (GAP,) and short[0] == GAP:
                excerpt.pop()  # one gap is enough
            if not (excerpt and excerpt[-1][-1] == GAP and short == (GAP,)):
                excerpt.append(short)
        return tuple(excerpt)


def _shorten(block: Block) -> Block:
    """Returns a block in which a gap replaces the words that are far from every change."""
    segments: list[Segment] = []
    for number, segment in enumerate(block):
        words = _split_words(segment.text)
        before = CONTEXT_WORDS if number else 0
        after = CONTEXT_WORDS if number < len(block) - 1 else 0
        if segment.tag != "same" or len(words) <= before + after + CONTEXT_WORDS:
            segments.append(segment)
            continue
        near = [Segment("same", "".join(words[:before])), GAP, Segment("same", "".join(words[len(words) - after :]))]
        segments += [segment for segment in near if segment == GAP or segment.text]
    return tuple(segments)


def word_segments(old: str, new: str) -> list[Segment]:
    """Returns the segments of two texts. Without those with `ins` they make the old text, without `del` the new one.

    White space belongs to the word before it. Texts that differ only in white space are the same.
    """
    before, after = _split_words(old), _split_words(new)
    segments = []
    stretches = _stretches([word.strip() for word in before], [word.strip() for word in after])
    for is_same, i, j, k, m in _without_short_matches(stretches):
        if is_same:
            # The last word of the new text has no white space after it, but another run may follow here.
            words = [*after[k : m - 1], before[j - 1] if m == len(after) else after[m - 1]]
            segments.append(Segment("same", "".join(words)))
            continue
        if j > i:
            segments.append(Segment("del", "".join(before[i:j])))
        if m > k:
            segments.append(Segment("ins", "".join(after[k:m])))
    return segments


def block_segments(old: Sequence[str], new: Sequence[str]) -> tuple[Block, ...]:
    """Returns the segments of each block of two texts. A block that is only in one text is one segment."""
    compared: list[Block] = []
    for is_same, i, j, k, m in _stretches(old, new):
        if is_same:
            compared += [(Segment("same", block),) for block in old[i:j]]
            continue
        for before, after in _pair_blocks(old[i:j], new[k:m]):
            if before is not None and after is not None:
                compared.append(tuple(word_segments(before, after)))
            else:
                compared.append((Segment("del", before) if before is not None else Segment("ins", after or ""),))
    return tuple(compared)


Stretch = tuple[bool, int, int, int, int]
"""Whether both texts are the same here, and four positions as in SequenceMatcher: old[i:j] became new[k:m]."""


def _split_words(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*", text)


def _stretches(old: Sequence[str], new: Sequence[str]) -> Iterator[Stretch]:
    """Yields the stretches of two sequences in order."""
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    end = next((n for n in range(shorter - start) if old[-1 - n] != new[-1 - n]), shorter - start)
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if start:
        yield True, 0, start, 0, start
    if max(len(before), len(after)) > MAX_WORDS:
        yield False, start, len(old) - end, start, len(new) - end
    else:
        for tag, i, j, k, m in SequenceMatcher(None, before, after).get_opcodes():
            yield tag == "equal", start + i, start + j, start + k, start + m
    if end:
        yield True, len(old) - end, len(old), len(new) - end, len(new)


def _without_short_matches(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Returns the stretches without matches of one or two words between longer changes, which make it hard to read."""
    kept: list[Stretch] = []
    for stretch in stretches:
        if len(kept) > 1 and not stretch[0] and not kept[-2][0]:
            previous, match = kept[-2:]
            shorter_change = min(_stretch_length(previous), _stretch_length(stretch))
            if _stretch_length(match) <= 2 and _stretch_length(match) < shorter_change:
                kept[-2:] = [(False, previous[1], stretch[2], previous[3], stretch[4])]
                continue
        kept.append(stretch)
    return kept


def _stretch_length(stretch: Stretch) -> int:
    _is_same, i, j, k, m = stretch
    return max(j - i, m - k)


def _pair_blocks(old: Sequence[str], new: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Pairs each old paragraph with the new one that has the most words in common with it, in the order of the text.

    None stands for the partner of a paragraph that was removed or added.
    """
    if len(old) == len(new) == 1 or len(old) * len(new) > MAX_PAIRS:
        return list(zip_longest(old, new))
    before, after = [set(block.split()) for block in old], [set(block.split()) for block in new]
    similarity = [
        [len(old_words & new_words) / max(len(old_words), len(new_words), 1) for new_words in after]
        for old_words in before
    ]
    # best[i][j]: the highest sum of similarities that pairs of old[i:] and new[j:] can have.
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            paired = similarity[i][j] + best[i + 1][j + 1] if similarity[i][j] >= MIN_SIMILARITY else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], paired)
    pairs: list[tuple[str | None, str | None]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if best[i][j] == best[i + 1][j]:
            pairs.append((old[i], None))
            i += 1
        elif best[i][j] == best[i][j + 1]:
            pairs.append((None, new[j]))
            j += 1
        else:
            pairs.append((old[i], new[j]))
            i, j = i + 1, j + 1
    return pairs + [(block, None) for block in old[i:]] + [(None, block) for block in new[j:]]


class Comparison:
    """The differences between two pages of one subject, in the order of the newer page.

    `title_of` returns the title of a subject that a page refers to. A subject with the title "" is left out.
    """

    def __init__(self, old: Page, new: Page, title_of: Callable[[Reference], str]) -> None:
        self.title_of = title_of
        self.changes: list[Change] = []
        self._fields("", old, new)

    def _fields(self, row: str, old: Value, new: Value) -> None:
        """Compares the fields of two pages or of two versions of a row."""
        for name in type(new).model_fields:
            if name == "key" or getattr(old, name) == getattr(new, name):
                continue
            before, after = _displayed(old, name), _displayed(new, name)
            label = label_of(type(new), name)
            if _is_keyed(before) or _is_keyed(after):
                self._rows(label, before, after)
            elif is_html(type(new), name):
                self._html(row, label, before, after)
            elif isinstance(before or after, str | tuple) and not isinstance(before, Enum):
                self._text(row, label, self._lines(before), self._lines(after))
            else:
                self._whole_value(row, label, before, after)

    def _text(self, row: str, label: str, old: Sequence[str], new: Sequence[str]) -> None:
        type_ = "formatting" if old == new else "added" if not old else "removed" if not new else "changed"
        self.changes.append(Change(row, label, type_, () if old == new else block_segments(old, new)))

    def _html(self, row: str, label: str, before: str, after: str) -> None:
        old, new = blocks(before), blocks(after)
        links = [link_targets(text) for text in (before, after)]
        if links[0] != links[1]:
            self.changes.append(Change(row, label, "links", block_segments(*links)))
        if old != new or links[0] == links[1]:
            self._text(row, label, old, new)

    def _whole_value(self, row: str, label: str, before: FieldValue, after: FieldValue) -> None:
        """Compares values that are not compared word by word: dates, choices, numbers, names."""
        if isinstance(before, Value) and isinstance(after, Value) and before.display_name() != after.display_name():
            before, after = before.display_name(), after.display_name()
        old, new = self._display_text(before), self._display_text(after)
        if not old and not new:
            return
        type_ = "added" if not old else "removed" if not new else "changed"
        segments = [Segment("del", old), Segment("ins", new)] if old != new else [Segment("same", old)]
        self.changes.append(Change(row, label, type_, (tuple(segment for segment in segments if segment.text),)))

    def _rows(self, label: str, before: Sequence[Any], after: Sequence[Any]) -> None:
        """Compares rows, which have the same key in both pages."""
        old, new = {row.key: row for row in before}, {row.key: row for row in after}
        not_moved = _keys_in_order([key for key in old if key in new], [key for key in new if key in old])
        for key, row in (new | {key: row for key, row in old.items() if key not in new}).items():
            name = self._display_text(row.display_name())
            if not name and isinstance(row.display_name(), Reference):
                continue
            place = f"{label} “{name}”"
            if key not in old:
                self.changes.append(Change(place, "", "added", block_segments([], self._other_fields(row, name))))
            elif key not in new:
                self.changes.append(Change(place, "", "removed", block_segments(self._other_fields(row, name), [])))
            else:
                if key not in not_moved:
                    self.changes.append(Change(place, "", "moved"))
                self._fields(place, old[key], row)

    def _other_fields(self, row: Value, display_name: str) -> list[str]:
        """Returns the texts of a row's fields except its name, each with its label. HTML has no label."""
        texts: list[str] = []
        fields = type(row).model_fields
        names = [name for name in fields if name != "key" and getattr(row, name) != fields[name].default]
        lines = {name: self._lines(getattr(row, name)) for name in names}
        # The name may come from several fields: the name of an identifier is its scheme and its value.
        in_name = next((names[:n] for n in range(len(names) + 1) if _joined(lines, names[:n]) == display_name), [])
        for name in names:
            if is_html(type(row), name):
                texts += blocks(getattr(row, name))
            elif name not in in_name and lines[name] and lines[name] != [display_name]:
                label = label_of(type(row), name)
                texts += [_("%(label)s: %(text)s") % {"label": label, "text": lines[name][0]}, *lines[name][1:]]
        return texts

    def _lines(self, value: FieldValue) -> list[str]:
        parts = value if isinstance(value, tuple) else self._display_text(value).splitlines()
        lines = [" ".join(self._display_text(part).split()) for part in parts]
        return [line for line in lines if line]

    def _display_text(self, value: FieldValue) -> str:
        """Returns a value as the page shows it."""
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
            parts = (self._display_text(getattr(value, name)) for name in type(value).model_fields if name != "key")
            return ", ".join(part for part in parts if part)
        return str(value)


def _displayed(value: Value, name: str) -> Any:
    """Returns the value that a page shows for a field: `country_name` instead of `country`, if there is one."""
    return getattr(value, f"{name}_name", "") or getattr(value, name)


def _is_keyed(value: FieldValue) -> bool:
    """Returns whether a value is a tuple of rows that have keys."""
    return isinstance(value, tuple) and bool(value) and hasattr(value[0], "key")


def _joined(lines: dict[str, list[str]], names: list[str]) -> str:
    return " ".join(" ".join(lines[name]) for name in names)


def _keys_in_order(old: Sequence[UUID], new: Iterable[UUID]) -> set[UUID]:
    """Returns a longest possible set of keys that are in the same order in both lists. The other keys were moved."""
    old_position = {key: number for number, key in enumerate(old)}
    ends: list[UUID] = []  # for each length, the key with the smallest position that can end a run of that length
    previous: dict[UUID, UUID | None] = {}  # the key before each key in the longest run that it ends
    for key in new:
        length = bisect_left(ends, old_position[key], key=old_position.__getitem__)
        previous[key] = ends[length - 1] if length else None
        ends[length : length + 1] = [key]
    in_order = set()
    last = ends[-1] if ends else None
    while last:
        in_order.add(last)
        last = previous[last]
    return in_order
