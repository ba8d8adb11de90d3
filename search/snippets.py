"""Shows where in a page the words stand."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from search.folding import words

BEFORE, LENGTH = 60, 220
_WORD = re.compile(r"[^\W_]+(?:['’‘ʼ][^\W_]+)*")

Runs = tuple[tuple[bool, str], ...]


@lru_cache(8192)
def folded(word: str) -> tuple[str, ...]:
    return tuple(words(word))


def written(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The words of a text as they are written, each with what it is folded to."""
    return [(found[0], folded(found[0])) for found in _WORD.finditer(text)]


def best_section(sections: Sequence[Sequence[str]], wanted: Collection[str]) -> tuple[Sequence[str], Runs] | None:
    """The first section with the most of the words, as heading, anchor and text; None where none has any."""
    wanted = set(wanted)
    best, most = None, 0
    for section in sections:
        heading, _anchor, text = section
        held = {word for _written, own in written(heading) for word in own if word in wanted}
        for found in _WORD.finditer(text):
            for word in folded(found[0]):
                if word in wanted:
                    held.add(word)
            if len(held) == len(wanted):
                break
        if len(held) > most:
            best, most = section, len(held)
        if most == len(wanted):
            break
    return (best, runs(best[2], wanted)) if best else None


def runs(text: str, wanted: set[str]) -> Runs:
    """A piece of the text around the first of the words, cut where marked words begin and end."""
    spans: list[tuple[int, int]] = []
    end = len(text)
    for found in _WORD.finditer(text):
        if found.start() > end:
            break
        if any(word in wanted for word in folded(found[0])):
            if not spans:
                end = found.start() + LENGTH - BEFORE
            spans.append(found.span())
    first = spans[0][0] if spans else 0
    start = 0 if first <= BEFORE else text.rfind(" ", 0, first - BEFORE) + 1 or first - BEFORE
    stop = start + LENGTH
    if stop < len(text):
        cut = text.rfind(" ", start, stop)
        stop = cut if cut > max(first, start) else stop
    pieces: list[tuple[bool, str]] = []
    at = start
    for begin, finish in spans:
        if begin >= stop:
            break
        pieces += [(False, text[at:begin]), (True, text[begin : min(finish, stop)])]
        at = min(finish, stop)
    pieces.append((False, text[at:stop]))
    if start > 0:
        pieces.insert(0, (False, "… "))
    if stop < len(text):
        pieces.append((False, " …"))
    joined: list[tuple[bool, str]] = []
    for is_marked, piece in pieces:
        if joined and joined[-1][0] == is_marked:
            joined[-1] = (is_marked, joined[-1][1] + piece)
        elif piece:
            joined.append((is_marked, piece))
    return tuple(joined)
