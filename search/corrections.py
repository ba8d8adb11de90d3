"""Corrects a query that matches nothing: finds the nearest names and words, within limits.

An edit is one wrong letter: a letter too many, too few, changed, or swapped with its neighbour. The limits keep a query
of random letters without an answer. A short word, and a word that is the only one of the query, may have fewer edits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import islice
from math import log

from rapidfuzz.distance import JaroWinkler

from search.folding import STOP_WORDS
from search.names import MAX_CANDIDATES, Names

MAX_NAMES_TO_ALIGN = 60
MAX_SPACINGS = 4
MIN_LETTERS_PER_EDIT = 8
"""A whole name with at least this many letters per edit is certain, so no other correction is tried."""
COMMON_SHARE = 0.05
"""A word in more than this share of the names is too common to select names by, unless no other word does."""
MIN_COVERAGE = 1 / 3
"""The share of the query that a name must cover where some words are left out. Rare words weigh more."""
UNKNOWN_WEIGHT = 0.75
"""The weight of a word that is in no name."""
WEAK_WEIGHT = 0.2
"""The largest weight of a word that is common in names of diseases, even where the site has few names yet."""
_COMMON_IN_NAMES = """
    acute adult associated autosomal cell childhood chronic combined complex congenital deficiency disease
    disorder dominant early familial form foundation genetic group hereditary infantile isolated juvenile late
    linked onset organization partial primary rare recessive related severe society sporadic syndrome syndromic
    type
"""
WEAK_WORDS = frozenset(_COMMON_IN_NAMES.split())
MIN_NAMES = 5_000
"""A site with fewer names than this weighs words as if it had this many."""


_Rank = tuple[float, float, int, tuple[bool, str, int]]
"""The missing share of the query, the edits, the strong words of the name that are left over, and the name's rank."""


@dataclass(frozen=True)
class Guess:
    """A query to search for instead. `words` has one item for each word of the query: None where it is left out."""

    words: tuple[str | None, ...]
    edits: float
    number: int | None = None
    """The number of the name that the query resembles."""
    is_whole: bool = False
    """True where the query resembles the whole name and `words` are the words of the name."""

    @property
    def is_full(self) -> bool:
        """Returns True where no word of the query is left out."""
        return None not in self.words


def is_strong(word: str) -> bool:
    return word not in STOP_WORDS


def max_edits(word: str, alone: bool) -> int:
    """Returns how many edits a word may have. `alone` means that the query has no other strong word."""
    length = len(word)
    if any(character.isdecimal() for character in word):
        return 0
    if length < 5:
        return 0 if alone or length < 4 else 1
    if length < 7:
        return 1 if alone or length == 5 else 2
    return 2 if length < 10 else 3


def correct_whole_name(names: Names, words: Sequence[str]) -> Guess | None:
    """Returns the name that the whole query becomes with the fewest edits. Spaces do not count."""
    query = "".join(words)
    length = len(query)
    edits = 0 if length < 5 else 1 if length < 8 else 2 if length < 16 else 3
    close = names.names.within_distance(query, edits) if edits else {}
    if not close:
        return None
    least = min(close.values())
    likely = max(
        (text for text, distance in close.items() if distance == least),
        key=lambda text: (JaroWinkler.similarity(query, text), text),
    )
    number = min(names.numbers_of(likely), key=names.rank)
    return Guess(tuple(names.text[number].split()), least, number, is_whole=True)


def correct_body_words(names: Names, words: Sequence[str]) -> Guess | None:
    """Returns the query with each unknown word replaced by the nearest word of names or pages.

    Returns None where an unknown word has no near word, or where every word is known.
    """
    strong = [word for word in words if is_strong(word)]
    edits = 0
    corrected: list[str | None] = []
    for word in words:
        if not is_strong(word) or word in names.words or word in names.body_words:
            corrected.append(word)
            continue
        limit = max_edits(word, alone=len(strong) == 1)
        close = (
            names.body_words.within_distance(word, limit) | names.words.within_distance(word, limit) if limit else {}
        )
        if not close:
            return None
        best = min(close, key=lambda text: (close[text], -JaroWinkler.similarity(word, text), text))
        edits += close[best]
        corrected.append(best)
    return Guess(tuple(corrected), edits) if edits else None


@dataclass
class _Weights:
    """Weighs words by how rare they are: from 0 for a word in all names to nearly 1 for a word in one name."""

    names: Names

    def __post_init__(self) -> None:
        self.log_of_names = log(max(len(self.names), MIN_NAMES))

    def of(self, word: str) -> float:
        found = self.names.names_with.get(word)
        weight = max(0.0, 1 - log(len(found) + 1) / self.log_of_names) if found else UNKNOWN_WEIGHT
        return min(weight, WEAK_WEIGHT) if word in WEAK_WORDS else weight


def guesses(names: Names, words: Sequence[str], typing: bool = False) -> list[Guess]:
    """Returns guesses from names that have words like these, the best first.

    Where `typing` is True, the last word may be only the beginning of a word.
    """
    trusted = _similar_names(names, words, typing, trust_known_words=True)
    if trusted and trusted[0].is_full:
        return trusted
    for spaced in islice(_other_spacings(names, words), MAX_SPACINGS):
        found = _similar_names(names, spaced, typing, trust_known_words=True)
        if found and found[0].is_full:
            return [replace(guess, edits=guess.edits + 1) for guess in found if guess.is_full]
    doubted = _similar_names(names, words, typing, trust_known_words=False)
    return doubted if doubted and doubted[0].is_full else trusted or doubted


def _other_spacings(names: Names, words: Sequence[str]) -> Iterator[list[str]]:
    """Yields the words with two of them joined, or with one split in two, where the new words are in names."""
    for at in range(len(words) - 1):
        joined = words[at] + words[at + 1]
        if joined in names.words:
            yield [*words[:at], joined, *words[at + 2 :]]
    for at, word in enumerate(words):
        if word not in names.words:
            for cut in range(2, len(word) - 1):
                if word[:cut] in names.words and word[cut:] in names.words:
                    yield [*words[:at], word[:cut], word[cut:], *words[at + 1 :]]


def _options(names: Names, words: Sequence[str], typing: bool, trust_known_words: bool) -> dict[str, dict[str, int]]:
    """Returns for each word of the query the words that it may stand for, each with its number of edits.

    Where `trust_known_words` is True, a word that is in a name stands only for itself.
    """
    strong = [word for word in words if is_strong(word)] or list(words)
    options: dict[str, dict[str, int]] = {}
    for at, word in enumerate(strong):
        limit = max_edits(word, alone=len(strong) == 1)
        if typing and at == len(strong) - 1:
            begun = dict.fromkeys(islice(names.words.with_prefix(word), MAX_CANDIDATES), 0)
            options[word] = (
                begun
                if begun and trust_known_words
                else begun | names.words.within_distance_of_prefix(word, min(limit, 2))
            )
        elif trust_known_words and word in names.words:
            options[word] = {word: 0}
        else:
            options[word] = names.words.within_distance(word, limit)
    return options


def _similar_names(names: Names, words: Sequence[str], typing: bool, trust_known_words: bool) -> list[Guess]:
    """Returns guesses from the names that share the most weight with the query, the best first."""
    weights = _Weights(names)
    options = _options(names, words, typing, trust_known_words)
    gains: dict[int, float] = {}
    for limit in (COMMON_SHARE * len(names), len(names)):
        for word, close in options.items():
            gains_of_word: dict[int, float] = {}
            for option, edits in close.items():
                numbers = names.names_with[option]
                if len(numbers) <= max(limit, 50):
                    gain = weights.of(option) * (1 - edits / (len(word) + 1))
                    for number in numbers:
                        if gains_of_word.get(number, 0) < gain:
                            gains_of_word[number] = gain
            for number, gain in gains_of_word.items():
                gains[number] = gains.get(number, 0) + gain
        if gains:
            break
    likely = nlargest(MAX_NAMES_TO_ALIGN, gains.items(), key=lambda item: (item[1], -len(names.text[item[0]])))
    found = [ranked for number, _gain in likely if (ranked := _align_words(names, weights, words, options, number))]
    found.sort(key=lambda ranked: ranked[0])
    return [guess for _rank, guess in found]


def _align_words(
    names: Names, weights: _Weights, words: Sequence[str], options: dict[str, dict[str, int]], number: int
) -> tuple[_Rank, Guess] | None:
    """Compares the query with a name word by word and returns the guess with its rank, the smallest rank being best.

    Returns None where the name covers too little of the query.
    """
    left = names.text[number].split()
    corrected: list[str | None] = []
    edits = 0
    covered = total = 0.0
    is_certain = False
    for word in words:
        if word not in options:
            corrected.append(word)
            if word in left:
                left.remove(word)
            continue
        close = options[word]
        best = min((other for other in left if other in close), key=lambda other: close[other], default=None)
        corrected.append(best)
        if best is None:
            total += weights.of(word)
            continue
        left.remove(best)
        weight = weights.of(best)
        total += weight
        covered += weight * (1 - close[best] / (len(word) + 1))
        edits += close[best]
        is_certain |= weight > 0.4 and close[best] * 5 <= len(word)
    guess = Guess(tuple(corrected), edits, number)
    if not guess.is_full and (covered < MIN_COVERAGE * total or not is_certain):
        return None
    missing = 0.0 if guess.is_full else 1 - covered / total
    return (missing, edits, sum(map(is_strong, left)), names.rank(number)), guess


def corrections(names: Names, words: Sequence[str]) -> list[Guess]:
    """Returns the queries to search for instead, the likeliest first."""
    name = correct_whole_name(names, words)
    if name and (name.edits == 1 or name.edits * MIN_LETTERS_PER_EDIT <= sum(map(len, words))):
        return [name]
    found = [guess for guess in (name, *guesses(names, words)[:1]) if guess]
    if not any(guess.is_full and guess.edits == 1 for guess in found):
        found += [guess for guess in [correct_body_words(names, words)] if guess]
    return sorted(found, key=lambda guess: (not guess.is_full, guess.edits))
