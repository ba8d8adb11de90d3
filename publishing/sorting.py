"""Makes the sort keys and letters of lists, since databases sort differently (SQLite puts Ébstein after Zellweger)."""

import re

from search.letters import transliterate

OTHER = "#"


def sort_key(title: str) -> str:
    """Returns the title in plain lower-case letters, with numbers padded: "type 2" sorts before "type 10"."""
    text = transliterate(title.casefold())
    text = re.sub(r"['’]", "", text)
    text = re.sub(r"[^0-9a-z]+", " ", text).strip()
    return re.sub(r"\d+", lambda digits: digits[0].lstrip("0").rjust(4, "0"), text)[:250]


def letter(title: str) -> str:
    """Returns the heading of a list under which a title stands: A to Z, or "#" for everything else."""
    first = sort_key(title)[:1]
    return first.upper() if "a" <= first <= "z" else OTHER
