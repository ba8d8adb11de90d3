"""Turns letters of any script into plain ones, in the same way for lists, comparisons and the search index."""

import re
import unicodedata

# Latin letters that Unicode does not decompose, with the English letters that stand for them.
LETTERS = {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "ı": "i"}
# Unicode says "lamda".
GREEK = {letter: unicodedata.name(letter).split()[-1].lower() for letter in "αβγδεζθκμστω"} | {"λ": "lambda"}
_SPELLED = str.maketrans(LETTERS | GREEK)


def transliterate(text: str) -> str:
    """Returns a casefolded text without accents and with Greek letters as their names.

    The marks of other scripts stay, because they are vowels or make another letter (は, ば).
    """
    if text.isascii():
        return text
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text.translate(_SPELLED)).translate(_SPELLED))


def fold_text(name: str) -> str:
    """Returns a name in the form in which names are compared: without capitals, accents and punctuation, in any script.

    It is "" only where the name is "". (The sort key cannot serve here: it has only Latin letters, so "日本の会" and
    "Общество" would be the same.)
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    if text.isascii():  # This is faster, and most names are.
        return " ".join(re.findall("[0-9a-z]+", text.replace("'", ""))) or name.strip()
    text = replace_punctuation(re.sub("['’]", "", transliterate(text)))
    return " ".join(text.split()) or name.strip()


def replace_punctuation(text: str) -> str:
    """Returns a text with a space for each character that is neither letter, digit nor a mark of another script."""
    return re.sub(r"[\W_]", lambda found: found[0] if unicodedata.category(found[0]).startswith("M") else " ", text)
