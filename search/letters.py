"""Letters of any script as plain ones: the tables that lists, comparisons and the search index share."""

import re
import unicodedata

# Letters that have no decomposition but a place in the English alphabet.
LETTERS = {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "ı": "i"}
GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "θ": "theta",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "σ": "sigma",
    "τ": "tau",
    "ω": "omega",
}
_SPELLED = str.maketrans(LETTERS | GREEK)


def spelled_out(text: str) -> str:
    """Casefolded text without accents, with names for Greek letters.

    The marks of other scripts stay: they are vowels, or make another letter (は, ば).
    """
    if text.isascii():
        return text
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text.translate(_SPELLED)).translate(_SPELLED))


def fold_text(name: str) -> str:
    """A name as it is compared: without capitals, accents and punctuation, in whatever script it is written.

    No sort key: that knows Latin letters alone, and does not tell "日本の会" from "Общество". "" for no name only.
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    if text.isascii():  # as most names are, of tens of thousands
        return " ".join(re.findall("[0-9a-z]+", text.replace("'", ""))) or name.strip()
    text = without_signs(re.sub("['’]", "", spelled_out(text)))
    return " ".join(text.split()) or name.strip()


def without_signs(text: str) -> str:
    """With a space for each sign. The marks of other scripts are no signs."""
    return re.sub(r"[\W_]", lambda sign: sign[0] if unicodedata.category(sign[0]).startswith("M") else " ", text)
