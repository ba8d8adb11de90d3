"""Order and letters of lists are made here, since databases disagree (SQLite puts Ébstein after Zellweger)."""

import re
import unicodedata

# Letters that have no decomposition but a place in the English alphabet.
LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "ı": "i"})
GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon"}
OTHER = "#"


def sort_key(title: str) -> str:
    """The title folded to plain lower-case letters and numbers padded to sort by size ("type 2" before "type 10")."""
    text = title.casefold()
    for letter, name in GREEK.items():
        text = text.replace(letter, name)
    text = unicodedata.normalize("NFKD", text.translate(LETTERS))
    text = "".join(character for character in text if not unicodedata.combining(character))
    text = re.sub(r"['’]", "", text)
    text = re.sub(r"[^0-9a-z]+", " ", text).strip()
    return re.sub(r"\d+", lambda digits: digits[0].lstrip("0").rjust(4, "0"), text)[:250]


def letter(title: str) -> str:
    """The heading under which a title stands: A to Z, or "#" for everything else."""
    first = sort_key(title)[:1]
    return first.upper() if "a" <= first <= "z" else OTHER
