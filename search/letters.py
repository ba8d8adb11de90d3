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
