"""Shows where in a page the words stand."""

import re
from collections.abc import Collection, Sequence

from search.folding import fold_word

BEFORE, LENGTH = 60, 220
_WORD = re.compile(r"[^\W_][\w'’‘ʼ]*")

Runs = tuple[tuple[bool, str], ...]


def written(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The words of a text as they are written, each with what it is folded to."""
    return [(found[0], fold_word(found[0])) for found in _WORD.finditer(text)]


def best_section(sections: Sequence[Sequence[str]], wanted: Collection[str]) -> tuple[Sequence[str], Runs] | None:
    """The first section of an entry with the most of the words, and a piece of it; None where none has any."""
    wanted = set(wanted)
    best, most = None, 0
    for section in sections:
        held = len(wanted.intersection(section[3].split()))
        if held > most:
            best, most = section, held
        if most == len(wanted):
            break
    return (best, runs(best[2], wanted)) if best else None


def runs(text: str, wanted: set[str]) -> Runs:
    """A piece of the text around the first of the words, cut where marked words begin and end."""
    as_written = sorted((own for own in set(_WORD.findall(text)) if not wanted.isdisjoint(fold_word(own))), key=len)
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
            start = first - BEFORE  # so long a word can only be cut
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
