"""Makes the excerpts of pages that a list of results shows, with the words of the query marked."""

import re
from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from search.folding import fold_word

BEFORE, LENGTH = 60, 220  # characters before the first word that is marked, and of the whole excerpt
_WORD = re.compile(r"[^\W_][\w'’‘ʼ]*")

MarkedText = tuple[tuple[bool, str], ...]
"""A text in parts, each with True where it is a word to mark."""


class IndexedSection(NamedTuple):
    """A section of a page as the index stores it. `words` are the folded words of its text, with spaces between."""

    heading: str
    anchor: str
    text: str
    words: str


def words_as_written(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the words of a text as they are written, each with its folded form."""
    return [(found[0], fold_word(found[0])) for found in _WORD.finditer(text)]


def best_section(
    sections: Sequence[Sequence[str]], wanted: Collection[str]
) -> tuple[IndexedSection, MarkedText] | None:
    """Returns the section with the largest number of the wanted words, and an excerpt of it; None where none has any.

    `wanted` are folded words. Of equals the first is returned.
    """
    wanted = set(wanted)
    best, most_found = None, 0
    for section in (IndexedSection(*stored) for stored in sections):
        found = len(wanted.intersection(section.words.split()))
        if found > most_found:
            best, most_found = section, found
        if most_found == len(wanted):
            break
    return (best, excerpt(best.text, wanted)) if best else None


def excerpt(text: str, wanted: set[str]) -> MarkedText:
    """Returns an excerpt of the text around the first of the words, in parts, so that each word can be marked."""
    as_written = sorted((word for word in set(_WORD.findall(text)) if not wanted.isdisjoint(fold_word(word))), key=len)
    spans: list[tuple[int, int]] = []
    if as_written:
        either = "|".join(map(re.escape, reversed(as_written)))
        for found in re.finditer(rf"(?<![^\W_])(?:{either})(?![^\W_])", text):
            if spans and found.end() > spans[0][0] + LENGTH:
                break
            spans.append(found.span())
    first = spans[0][0] if spans else 0
    start = 0
    if first > BEFORE:
        start = text.rfind(" ", 0, first - BEFORE) + 1
        if start == 0 and first > 2 * BEFORE:
            start = first - BEFORE  # There is no space to cut at, since one word is so long.
    stop = start + LENGTH
    if stop < len(text):
        cut = text.rfind(" ", start, stop)
        stop = cut if cut > max(first, start) else stop
    parts: list[tuple[bool, str]] = []
    at = start
    for start_of_word, end in spans:
        if start_of_word >= stop:
            break
        parts += [(False, text[at:start_of_word]), (True, text[start_of_word : min(end, stop)])]
        at = min(end, stop)
    parts.append((False, text[at:stop]))
    if start > 0:
        parts.insert(0, (False, "… "))
    if stop < len(text):
        parts.append((False, " …"))
    runs = groupby(filter(itemgetter(1), parts), key=itemgetter(0))
    return tuple((is_marked, "".join(part for _is_marked, part in run)) for is_marked, run in runs)
