"""Estimates how many lines a text takes on paper. Fonts differ, so the estimate is too long rather than too short."""

import unicodedata
from functools import lru_cache

# In ems. Nearly every computer has Arial or a font of the same widths (Helvetica, Liberation Sans).
SPACE, WIDEST = 0.3, 1.4
NARROW = set("ijlftrI.,:;'’|!()[]{}/\\-·")
WIDE = set("mwMW@%—…æÆœŒ")


def line_count(text: str, width: float, size: float, *, bold: bool = False) -> int:
    """Returns how many lines a text takes at most. `width` of the column and font `size` are in millimetres."""
    ems = width / size / (1.1 if bold else 1)
    count, used = 1, 0.0
    for word in text.split():
        length = sum(map(_width, word))
        if used and used + SPACE + length > ems:
            count, used = count + 1, 0.0
        used += length + (SPACE if used else 0)
        if used > ems:  # the word is longer than a line, so the browser breaks it at the end of each line
            full, used = divmod(used, ems - WIDEST)
            count += int(full)
    return count


@lru_cache(maxsize=4096)
def _width(char: str) -> float:
    """Returns the width of a letter in ems: in Arial or a little more, and for other scripts the largest width."""
    if unicodedata.combining(char):
        return 0.0
    if char > "\u052f" and not "\u1e00" <= char <= "\u2027":
        return WIDEST
    if char in WIDE or unicodedata.category(char) in {"So", "Cc", "Cn", "Co"}:
        return 1.02
    return 0.34 if char in NARROW else 0.8 if char.isupper() or char > "\u024f" else 0.56
