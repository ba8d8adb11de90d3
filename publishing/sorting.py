"""Order and letters of lists are made here, since databases disagree (SQLite puts Ébstein after Zellweger)."""

import re

from search.letters import transliterate

OTHER = "#"


def sort_key(title: str) -> str:
    """The title folded to plain lower-case letters and numbers padded to sort by size ("type 2" before "type 10")."""
    text = transliterate(title.casefold())
    text = re.sub(r"['’]", "", text)
    text = re.sub(r"[^0-9a-z]+", " ", text).strip()
    return re.sub(r"\d+", lambda digits: digits[0].lstrip("0").rjust(4, "0"), text)[:250]


def letter(title: str) -> str:
    """The heading under which a title stands: A to Z, or "#" for everything else."""
    first = sort_key(title)[:1]
    return first.upper() if "a" <= first <= "z" else OTHER
