"""Differences between two texts, word by word, and between two pages, field by field."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from enum import Enum
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from publishing.pages import Page, Reference, Value, is_html
from publishing.prose import blocks, shape


@dataclass(frozen=True)
class Run:
    """A run of words that both texts have (`same`), or one of them alone (`del`: the old, `ins`: the new)."""

    sort: str
    text: str


@dataclass(frozen=True)
class Change:
    """One difference between two pages: where it is, of what sort, and the words of each block of text."""

    place: str
    sort: str  # added, removed, moved, changed or formatting
    blocks: tuple[tuple[Run, ...], ...] = ()

    @property
    def sort_name(self) -> str:
        return {
            "added": _("added"),
            "removed": _("removed"),
            "moved": _("moved to another place"),
            "changed": _("changed"),
            "formatting": _("formatting alone changed, not a word"),
        }[self.sort]


def word_runs(old: str, new: str) -> list[Run]:
    """How the new text comes from the old one. The runs that are not `ins` spell the old text, those not `del` the new.

    White space belongs to the word before it.
    """
    before, after = re.findall(r"\s*\S+\s*", old), re.findall(r"\s*\S+\s*", new)
    runs = []
    for sort, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if sort == "equal":
            runs.append(Run("same", "".join(before[i:j])))
            continue
        if j > i:
            runs.append(Run("del", "".join(before[i:j])))
        if m > k:
            runs.append(Run("ins", "".join(after[k:m])))
    return runs


def block_runs(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[Run, ...], ...]:
    """The runs of each block of a text; blocks that only one text has stand whole."""
    found: list[tuple[Run, ...]] = []
    for sort, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if sort == "equal":
            found += [(Run("same", block),) for block in old[i:j]]
            continue
        pairs = min(j - i, m - k)
        found += [tuple(word_runs(old[i + n], new[k + n])) for n in range(pairs)]
        found += [(Run("del", block),) for block in old[i + pairs : j]]
        found += [(Run("ins", block),) for block in new[k + pairs : m]]
    return tuple(found)


class Comparison:
    """What differs between two pages of one subject, in the order of the newer page."""

    def __init__(self, old: Page, new: Page, title_of: Callable[[Reference], str]) -> None:
        self.title_of = title_of
        self.changes: list[Change] = []
        self._fields("", old, new)

    def _fields(self, place: str, old: Value, new: Value) -> None:
        for name in type(new).model_fields:
            if name == "key":
                continue
            before, after = getattr(old, name), getattr(new, name)
            if before == after:
                continue
            label = type(new).label_of(name)
            where = f"{place} – {label}" if place else label
            if _is_keyed(before) or _is_keyed(after):
                self._rows(label, before, after)
            elif is_html(type(new), name):
                sort = "formatting" if blocks(before) == blocks(after) else "changed"
                if shape(before) != shape(after):
                    runs = block_runs(blocks(before), blocks(after)) if sort == "changed" else ()
                    self.changes.append(Change(where, sort, runs))
            else:
                self._text(where, before, after)

    def _text(self, place: str, before: Any, after: Any) -> None:
        old, new = self._lines(before), self._lines(after)
        sort = "added" if not old else "removed" if not new else "changed"
        self.changes.append(Change(place, sort, block_runs(old, new)))

    def _rows(self, label: str, before: Sequence[Any], after: Sequence[Any]) -> None:
        old, new = {row.key: row for row in before}, {row.key: row for row in after}
        stayed = _in_order([key for key in old if key in new], [key for key in new if key in old])
        for key, row in new.items():
            place = f"{label} “{self._readable(row.called())}”"
            if key not in old:
                self.changes.append(Change(place, "added", block_runs([], self._words(row))))
                continue
            if key not in stayed:
                self.changes.append(Change(place, "moved"))
            self._fields(f"{label} “{self._readable(old[key].called())}”", old[key], row)
        for key, row in old.items():
            if key not in new:
                place = f"{label} “{self._readable(row.called())}”"
                self.changes.append(Change(place, "removed", block_runs(self._words(row), [])))

    def _words(self, row: Value) -> list[str]:
        found: list[str] = []
        for name in type(row).model_fields:
            value = getattr(row, name)
            if name == "key" or value == type(row).model_fields[name].default:
                continue
            found += blocks(value) if is_html(type(row), name) else self._lines(value)
        return found

    def _lines(self, value: Any) -> list[str]:
        if isinstance(value, tuple):
            return [self._readable(part) for part in value]
        return [line for line in self._readable(value).splitlines() if line.strip()]

    def _readable(self, value: Any) -> str:
        """A value in the words of the page."""
        if value is None or value is False:
            return ""
        if value is True:
            return str(_("yes"))
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


def _is_keyed(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and hasattr(value[0], "key")


def _in_order(old: Sequence[Any], new: Iterable[Any]) -> set[Any]:
    """The keys that kept their place among each other: a longest run in the same order. The others were moved."""
    place = {key: number for number, key in enumerate(old)}
    runs: list[list[Any]] = [[]]
    for key in new:
        longest = max([run for run in runs if not run or place[run[-1]] < place[key]], key=len)
        runs.append([*longest, key])
    longest = max(runs, key=len)
    return set(longest)
