"""What somebody may have meant whose words are in no name: the nearest names, within limits.

The limits are what keeps random letters from being answered: the shorter a word and the less is known around it, the
fewer edits are believed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import islice
from math import log

from rapidfuzz.distance import JaroWinkler

from search.folding import STOP_WORDS
from search.names import MAX_CANDIDATES, Names

CANDIDATES = 60
SPACINGS = 4
SURE = 8
"""Letters for each slip from which on a whole name is taken for meant, and nothing else is looked for."""
COMMON = 0.05
"""A word in more than this part of the names does not make a name a candidate."""
ENOUGH = 1 / 3
"""The part of a query, weighed by how rare its words are, that must be left where words are passed over."""
UNKNOWN_WEIGHT = 0.75
"""The weight of a word that nothing is like."""
WEAK = 0.2
"""The weight of a word that is common among diseases, also where there are few of them yet."""
WEAK_WORDS = frozenset(
    {"acute", "adult", "associated", "autosomal", "cell", "childhood", "chronic", "combined", "complex", "congenital"}
    | {"deficiency", "disease", "disorder", "dominant", "early", "familial", "form", "foundation", "genetic", "group"}
    | {
        "hereditary",
        "infantile",
        "isolated",
        "juvenile",
        "late",
        "linked",
        "organization",
        "onset",
        "partial",
        "primary",
    }
    | {"rare", "recessive", "related", "severe", "society", "sporadic", "syndrome", "syndromic", "type"}
)
MANY = 5_000
"""Names from which on it is counted how common a word is; a site with fewer is taken to have as many."""


@dataclass(frozen=True)
class Guess:
    """Words to search for instead. `words` holds one for each word of the query: None where it is passed over."""

    words: tuple[str | None, ...]
    edits: float
    number: int | None = None
    """The name that was recognized."""
    is_whole: bool = False
    """Whether the query is all of that name, and `words` are its words."""

    @property
    def is_full(self) -> bool:
        return None not in self.words


def is_strong(word: str) -> bool:
    return word not in STOP_WORDS


def max_edits(word: str, alone: bool) -> int:
    """How many edits may be in a word."""
    length = len(word)
    if any(sign.isdecimal() for sign in word):
        return 0
    if length < 5:
        return 0 if alone or length < 4 else 1
    if length < 7:
        return 1 if alone or length == 5 else 2
    return 2 if length < 10 else 3


def correct_whole_name(names: Names, words: Sequence[str]) -> Guess | None:
    """The name that the query is with the fewest edits, spaces not counted."""
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
    """The words, with the nearest that names or pages hold for each that is in neither."""
    strong = [word for word in words if is_strong(word)]
    edits = 0
    instead: list[str | None] = []
    for word in words:
        if not is_strong(word) or word in names.words or word in names.body_words:
            instead.append(word)
            continue
        most = max_edits(word, alone=len(strong) == 1)
        close = names.body_words.within_distance(word, most) | names.words.within_distance(word, most) if most else {}
        if not close:
            return None
        best = min(close, key=lambda text: (close[text], -JaroWinkler.similarity(word, text), text))
        edits += close[best]
        instead.append(best)
    return Guess(tuple(instead), edits) if edits else None


@dataclass
class _Weights:
    """How much a word says, from 0 where all names hold it to 1."""

    names: Names

    def __post_init__(self) -> None:
        self.most = log(max(len(self.names), MANY))

    def of(self, word: str) -> float:
        found = self.names.holding.get(word)
        weight = max(0.0, 1 - log(len(found) + 1) / self.most) if found else UNKNOWN_WEIGHT
        return min(weight, WEAK) if word in WEAK_WORDS else weight


def guesses(names: Names, words: Sequence[str], typing: bool = False) -> list[Guess]:
    """Names that hold words like these, the best first. When `typing`, the last word may only have begun."""
    trusted = _like(names, words, typing, trusting=True)
    if trusted and trusted[0].is_full:
        return trusted
    for spaced in islice(_spacings(names, words), SPACINGS):
        found = _like(names, spaced, typing, trusting=True)
        if found and found[0].is_full:
            return [replace(guess, edits=guess.edits + 1) for guess in found if guess.is_full]
    doubted = _like(names, words, typing, trusting=False)
    return doubted if doubted and doubted[0].is_full else trusted or doubted


def _spacings(names: Names, words: Sequence[str]) -> Iterator[list[str]]:
    """The words with two of them joined or one parted, where that makes words that names hold."""
    for at in range(len(words) - 1):
        joined = words[at] + words[at + 1]
        if joined in names.words:
            yield [*words[:at], joined, *words[at + 2 :]]
    for at, word in enumerate(words):
        if word not in names.words:
            for cut in range(2, len(word) - 1):
                if word[:cut] in names.words and word[cut:] in names.words:
                    yield [*words[:at], word[:cut], word[cut:], *words[at + 1 :]]


def _options(names: Names, words: Sequence[str], typing: bool, trusting: bool) -> dict[str, dict[str, int]]:
    """For each word the words that may be meant, with the edits. A known word is right where that is trusted."""
    strong = [word for word in words if is_strong(word)] or list(words)
    options: dict[str, dict[str, int]] = {}
    for at, word in enumerate(strong):
        most = max_edits(word, alone=len(strong) == 1)
        if typing and at == len(strong) - 1:
            begun = dict.fromkeys(islice(names.words.with_prefix(word), MAX_CANDIDATES), 0)
            options[word] = (
                begun if begun and trusting else begun | names.words.within_distance_of_prefix(word, min(most, 2))
            )
        elif trusting and word in names.words:
            options[word] = {word: 0}
        else:
            options[word] = names.words.within_distance(word, most)
    return options


def _like(names: Names, words: Sequence[str], typing: bool, trusting: bool) -> list[Guess]:
    weights = _Weights(names)
    options = _options(names, words, typing, trusting)
    gains: dict[int, float] = {}
    for limit in (COMMON * len(names), len(names)):
        for word, close in options.items():
            own: dict[int, float] = {}
            for option, edits in close.items():
                holding = names.holding[option]
                if len(holding) <= max(limit, 50):
                    gain = weights.of(option) * (1 - edits / (len(word) + 1))
                    for number in holding:
                        if own.get(number, 0) < gain:
                            own[number] = gain
            for number, gain in own.items():
                gains[number] = gains.get(number, 0) + gain
        if gains:
            break
    likely = nlargest(CANDIDATES, gains.items(), key=lambda item: (item[1], -len(names.text[item[0]])))
    found = [ranked for number, _gain in likely if (ranked := _align_words(names, weights, words, options, number))]
    found.sort(key=lambda ranked: ranked[0])
    return [guess for _rank, guess in found]


def _align_words(
    names: Names, weights: _Weights, words: Sequence[str], options: dict[str, dict[str, int]], number: int
) -> tuple[tuple, Guess] | None:
    """The query word by word beside a name; None where too little of it is there."""
    left = names.text[number].split()
    instead: list[str | None] = []
    edits = 0
    covered = total = 0.0
    is_certain = False
    for word in words:
        if word not in options:
            instead.append(word)
            if word in left:
                left.remove(word)
            continue
        close = options[word]
        best = min((other for other in left if other in close), key=lambda other: close[other], default=None)
        instead.append(best)
        if best is None:
            total += weights.of(word)
            continue
        left.remove(best)
        weight = weights.of(best)
        total += weight
        covered += weight * (1 - close[best] / (len(word) + 1))
        edits += close[best]
        is_certain |= weight > 0.4 and close[best] * 5 <= len(word)
    guess = Guess(tuple(instead), edits, number)
    if not guess.is_full and (covered < ENOUGH * total or not is_certain):
        return None
    missing = 0.0 if guess.is_full else 1 - covered / total
    return (missing, edits, sum(map(is_strong, left)), names.rank(number)), guess


def corrections(names: Names, words: Sequence[str]) -> list[Guess]:
    """What to search for instead, the likeliest first."""
    name = correct_whole_name(names, words)
    if name and (name.edits == 1 or name.edits * SURE <= sum(map(len, words))):
        return [name]
    found = [guess for guess in (name, *guesses(names, words)[:1]) if guess]
    if not any(guess.is_full and guess.edits == 1 for guess in found):
        found += [guess for guess in [correct_body_words(names, words)] if guess]
    return sorted(found, key=lambda guess: (not guess.is_full, guess.edits))
