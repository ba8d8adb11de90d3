"""Folds words: gives all spellings of a word one form, both in the index and in queries.

A folded word is never shown, so it need not be correct English. It must only be the same for all spellings that readers
treat as the same word.
"""

import re
import unicodedata
from functools import lru_cache

from search.letters import replace_punctuation, transliterate

FOLDING = 1
"""The version of these rules. Raise it with every change of them, so that `reindex --if-needed` rebuilds the index."""

_FREELY_USED = """
    an and are as at be by can do does for from has have how in is it my of on or that the their this to was
    what when which who why will with your due
"""
STOP_WORDS = frozenset(_FREELY_USED.split())
"""A search ignores these words where the query has other words, since readers and names use them freely."""

_APOSTROPHES = "'’‘ʼ`´′＇"
_POSSESSIVE = re.compile(rf"(?<=\w)[{_APOSTROPHES}]s\b")
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")
_SHARP_S = re.compile(r"(?<!\w)ß(?!\w)")  # Readers type it for β, which looks like it.
_POSITIVE = re.compile(r"(?<=\w)\+")  # T+ B+, ALK+: without this, T+ and T- would be the same word.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # They do not separate words.
_TWO_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_WRITTEN_AS_TWO = re.compile("[äöüøå]", re.IGNORECASE)
_NUMBERED_WORDS = {"type", "factor", "grade", "stage", "class", "group"}

_NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_NUMBERS = {word: str(number) for number, word in enumerate(_NUMBER_WORDS.split(), 1)}
_ROMAN_UNITS = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"]
_ROMAN = {"x" * (number // 10) + _ROMAN_UNITS[number % 10]: str(number) for number in range(1, 26)}
_ROMAN_AND_LETTER = re.compile(r"(i{1,3}|iv|vi{0,3}|ix|xi{0,3}|xiv)([a-h])")

# British to American spelling. A rule may also change other words ("exercise"), in the index and in queries alike.
_SPELLINGS = [
    (re.compile(pattern), to)
    for pattern, to in [
        (r"[ao]e", "e"),  # anaemia, oedema, foetal, paediatric, diarrhoea, coeliac, gynaecology, manoeuvre
        (r"leuc(?=[oe])", "leuk"),
        (r"sulph", "sulf"),
        (r"(?<=[a-z]{2})our(?=$|s$|al|ed$|ing$|less)", "or"),
        (r"(?<=[a-z]{3})is(?=e[drs]?$|ing$|ation|able)", "iz"),
        (r"ys(?=e[drs]?$|ing$)", "yz"),
        (r"([btv])re(?=s?$)", r"\1er"),  # fibre, centre
        (r"logue(?=s?$)", "log"),
        (r"gramme(?=s?$)", "gram"),
        (r"ll(?=(?:ed|ing|er|or|ous)s?$)", "l"),
        (r"^disc(?=s?$)", "disk"),
        (r"^grey", "gray"),
        (r"^mould", "mold"),
        (r"^ageing$", "aging"),
        (r"^aluminium$", "aluminum"),
        (r"^artefact", "artifact"),
        (r"^defence", "defense"),
        (r"urism(?=s?$)", "urysm"),
    ]
]


@lru_cache(8192)
def _word(word: str) -> str:
    """Returns a word of plain letters in its folded form."""
    if word in _NUMBERS:
        return _NUMBERS[word]
    if word in _ROMAN and word != "x":
        return _ROMAN[word]
    if lettered := _ROMAN_AND_LETTER.fullmatch(word):
        return _ROMAN[lettered[1]] + lettered[2]
    if len(word) < 4:
        return word.lstrip("0") or "0" if word.isdecimal() else word
    for pattern, to in _SPELLINGS:
        word = pattern.sub(to, word)
    return _singular(word)


def _singular(word: str) -> str:
    if word.endswith("ie") and len(word) > 4:  # "Norries" for Norrie's disease is folded as "deficiencies" is.
        return word[:-2] + "y"
    if not word.endswith("s") or len(word) < 4 or word.endswith(("ss", "us", "is", "eas")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("oses", "yses")):  # neurofibromatoses, paralyses
        return word[:-2] + "is"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1]


def words(text: str) -> list[str]:
    """Returns the folded words of a text, in order."""
    if text.isascii():
        text = text.casefold()
    else:
        text = _SHARP_S.sub("β", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
        text = transliterate(_POSSESSIVE.sub("", text.casefold()))
    text = _APOSTROPHE.sub("", _POSSESSIVE.sub("", text)).replace("&", " and ")
    text = _POSITIVE.sub(" positive ", text)
    found = re.findall("[0-9a-z]+", text) if text.isascii() else replace_punctuation(text).split()
    return [
        "10" if word == "x" and before in _NUMBERED_WORDS else _word(word)
        for before, word in zip(["", *found], found, strict=False)
    ]


@lru_cache(8192)
def fold_word(word: str) -> tuple[str, ...]:
    """Returns the folded form of one written word. It is several words where punctuation divides it."""
    return tuple(words(word))


def spellings(text: str) -> list[list[str]]:
    """Returns the folded words of a text; where it has letters such as ä or ø, also those with ae or oe instead."""
    found = [words(text)]
    if not text.isascii() and _WRITTEN_AS_TWO.search(text):
        found.append(words(_WRITTEN_AS_TWO.sub(lambda letter: _TWO_LETTERS[letter[0].casefold()], text)))
    return found
