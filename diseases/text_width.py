"""How long a text is on paper. A browser may have other fonts, so it is counted rather too long than too short."""

import unicodedata
from functools import lru_cache

# In ems. Arial and its equals (Helvetica, Liberation Sans) stand on nearly every machine, all with the same widths.
SPACE, WIDEST = 0.3, 1.4
THIN = set("ijlftrI.,:;'’|!()[]{}/\\-·")
BROAD = set("mwMW@%—…æÆœŒ")


def line_count(text: str, width: float, size: float, *, bold: bool = False) -> int:
    """How many lines a text takes at most, in letters of a size in a column of a width, both in millimetres."""
    ems = width / size / (1.1 if bold else 1)
    count, at = 1, 0.0
    for word in text.split():
        long = sum(map(_width, word))
        if at and at + SPACE + long > ems:
            count, at = count + 1, 0.0
        at += long + (SPACE if at else 0)
        if at > ems:  # longer than a line: it is broken wherever a line ends
            full, at = divmod(at, ems - WIDEST)
            count += int(full)
    return count


@lru_cache(maxsize=4096)
def _width(char: str) -> float:
    """How many ems a letter is wide in Arial, or somewhat more; of other scripts, a guess on the safe side."""
    if unicodedata.combining(char):
        return 0.0
    if char > "\u052f" and not "\u1e00" <= char <= "\u2027":
        return WIDEST
    if char in BROAD or unicodedata.category(char) in {"So", "Cc", "Cn", "Co"}:
        return 1.02
    return 0.34 if char in THIN else 0.8 if char.isupper() or char > "\u024f" else 0.56
