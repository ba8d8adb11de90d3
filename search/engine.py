"""Finds pages by what a reader typed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from django.db.models import Q

from search import fulltext
from search.codes import asked_for
from search.corrections import Guess, corrections, guesses, is_strong
from search.folding import spellings
from search.models import IndexedCode, IndexedWord, IndexEntry
from search.names import Names, current_names
from search.snippets import best_section, written

MAX_QUERY = 400
MAX_WORDS_OF_QUERY = 24


@dataclass(frozen=True)
class MatchReason:
    """Why a page was found."""

    sort: str
    """"title", "name", "code" or "section"."""
    text: str
    """The matching name, code or heading."""
    note: str = ""
    """What the name is: "also called"."""
    anchor: str = ""
    runs: tuple[tuple[bool, str], ...] = ()
    """A piece of the section, cut where words that were searched for (True) begin and end."""


@dataclass(frozen=True)
class Hit:
    kind: str
    url: str
    title: str
    about: str
    reason: MatchReason


@dataclass(frozen=True)
class Results:
    query: str
    corrected_to: str = ""
    """What was searched for instead, where something was."""
    total: int = 0
    page: int = 1
    pages: int = 1
    hits: tuple[Hit, ...] = ()
    alike: tuple[str, ...] = ()
    """Where nothing was found: names that are a little like it."""


@dataclass(frozen=True)
class SearchSuggestion:
    kind: str
    url: str
    title: str
    reason: str = ""
    """The name that fits, where it is not the title: "also called NH"."""


# How well something fits. What fits alike goes by the alphabet.
TITLE_OR_CODE, OTHER_NAME, SAME_WORDS, BEGINNING, IN_A_NAME, BEGUN_IN_A_NAME, IN_HEADINGS, IN_TEXT = range(8)


HEADS = {"disease", "disorder", "syndrome"}
"""What readers take for one another at the end of a name."""

# Names and words are matched by the thousand, so this is a plain tuple: how well an entry fits, in two steps, and which
# of its names it is that does (-1 for none) or which code.
_Match = tuple[int, int, int, str]
_Found = dict[int, _Match]


def search(text: str, page: int = 1, per_page: int = 20, exact: bool = False) -> Results:
    """One page of what fits; a page beyond the last is the last. `exact` takes the words as they are typed."""
    text = text[:MAX_QUERY]
    with current_names() as names:
        words = _query_words(text, names)
        if not words:
            return Results(query=text)
        found = _everywhere(names, words) | _with_codes(text, names)
        corrected_to = ""
        alike: tuple[str, ...] = ()
        if not found:
            guess, words_found = _corrected(names, words)
            if guess and exact:
                alike = (_display_query(guess, text, names),)
            elif guess:
                found, corrected_to = words_found, _display_query(guess, text, names)
                words = [word for word in guess.words if word]
            else:
                alike = _alike(names, words)
        pages = max(1, -(-len(found) // per_page))
        page = min(max(page, 1), pages)
        order = _ordered(names, found, page * per_page)[(page - 1) * per_page :]
    return Results(
        query=text,
        corrected_to=corrected_to,
        total=len(found),
        page=page,
        pages=pages,
        hits=tuple(_hits(order, found, words, corrected_to or text)),
        alike=alike,
    )


def suggest_names(text: str, limit: int = 8) -> tuple[SearchSuggestion, ...]:
    """What the reader may be about to type."""
    text = text[:MAX_QUERY]
    with current_names() as names:
        words = _query_words(text, names)
        if not words:
            return ()
        found = _by_name(names, words) | _with_codes(text, names)
        order = _ordered(names, found, limit)
        if not found:
            for guess in guesses(names, words, typing=True):
                if guess.number is not None and names.entry[guess.number] not in found:
                    pk = names.entry[guess.number]
                    found[pk] = (IN_A_NAME, 0, names.place[guess.number], "")
            order = list(found)[:limit]
    entries = IndexEntry.objects.defer("sections").in_bulk(order)
    return tuple(_suggestion(entries[pk], found[pk]) for pk in order if pk in entries)


def _query_words(text: str, names: Names) -> list[str]:
    """The folded words of a query. Of two ways to write it, the one whose words are known."""
    return max(
        (spelling[:MAX_WORDS_OF_QUERY] for spelling in spellings(text)),
        key=lambda spelling: sum(word in names.words for word in spelling),
    )


def _with_codes(text: str, names: Names) -> _Found:
    full, bare = asked_for(text)
    if not full and not bare:
        return {}
    codes = IndexedCode.objects.filter(Q(full__in=full) | Q(bare__in=bare)).order_by("-pk")
    found = codes.values_list("entry_id", "text")
    return {pk: (TITLE_OR_CODE, 0, -1, code) for pk, code in found if pk in names.own}


def _everywhere(names: Names, words: Sequence[str]) -> _Found:
    found = _by_name(names, words)
    strong = [word for word in words if is_strong(word)] or list(words)
    if not all(names.may_be_told(word) for word in strong):
        return found
    in_headings, in_text = fulltext.holding(strong)
    for rank, pks in ((IN_HEADINGS, in_headings), (IN_TEXT, in_text)):
        match = (rank, 0, -1, "")
        for pk in pks:
            if pk not in found and pk in names.own:
                found[pk] = match
    return found


def _by_name(names: Names, words: Sequence[str]) -> _Found:
    found: _Found = {}
    of, place = names.entry, names.place
    for rank, detail, numbers in _matches(names, words):
        for number in numbers:
            pk = of[number]
            match = (rank, detail, place[number], "")
            if pk not in found or match < found[pk]:
                found[pk] = match
    return found


def _matches(names: Names, words: Sequence[str]) -> Iterator[tuple[int, int, Iterable[int]]]:
    """Names by number, with how well they fit."""
    joined = "".join(words)
    for number in names.numbers_of(joined):
        yield (OTHER_NAME if names.place[number] else TITLE_OR_CODE), 0, (number,)
    for name in names.names.with_prefix(joined):
        for number in names.numbers_of(name):
            # A word that is all but complete comes before a longer name.
            yield BEGINNING, int(names.text[number].count(" ") >= len(words)), (number,)
    if len(words) > 1 and words[-1] in HEADS:
        for head in HEADS - {words[-1]}:
            yield SAME_WORDS, 2, names.numbers_of("".join(words[:-1]) + head)
    strong = [word for word in words if is_strong(word)] or list(words)
    longest = sum(map(len, words)) + 2 * len(words) + 12
    wanted = set(strong)
    in_all = _holding_all(names, strong)
    yield IN_A_NAME, 0, in_all
    for number in in_all:
        text = names.text[number]
        if len(text) <= longest and {word for word in text.split() if is_strong(word)} == wanted:
            yield SAME_WORDS, int(names.place[number] > 0), (number,)
    last = strong[-1]
    if len(last) > 2:
        others = set(_holding_all(names, strong[:-1])) if len(strong) > 1 else None
        if others is None or others:
            for word in names.words.with_prefix(last):
                if word != last:
                    held = names.holding[word]
                    yield BEGUN_IN_A_NAME, 0, held if others is None else others.intersection(held)


def _holding_all(names: Names, words: Sequence[str]) -> Sequence[int]:
    lists = sorted((names.holding.get(word, ()) for word in words), key=len)
    if len(lists) == 1 or not lists[0]:
        return lists[0]
    common = set(lists[0])
    for numbers in lists[1:]:
        common.intersection_update(numbers)
    return sorted(common)


def _corrected(names: Names, words: Sequence[str]) -> tuple[Guess | None, _Found]:
    for guess in corrections(names, words):
        found = _everywhere(names, [word for word in guess.words if word])
        if found:
            return guess, found
    return None, {}


def _display_query(guess: Guess, text: str, names: Names) -> str:
    """What is searched for instead, as it is written: the reader's own words, else as a name or a page has them."""
    words = [word for word in guess.words if word and (guess.is_full or is_strong(word))]
    spelled = {word: own for own, folds in written(text) for word in folds}
    if guess.number is not None:
        entry = IndexEntry.objects.filter(pk=names.entry[guess.number]).values_list("names", flat=True).first()
        name, _note = _name(entry or [], names.place[guess.number])
        if guess.is_whole:
            return str(name)
        in_name = {word: own for own, folds in written(name) for word in folds}
        spelled = in_name | spelled
    missing = [word for word in words if word not in spelled]
    if missing:
        spelled |= dict(IndexedWord.objects.filter(word__in=missing).values_list("word", "shown"))
    shown = " ".join(dict.fromkeys(spelled.get(word, word) for word in words))
    return shown.lower() if text.islower() else shown


def _alike(names: Names, words: Sequence[str], limit: int = 5) -> tuple[str, ...]:
    """Titles with a word a little like one that was asked for."""
    numbers: list[int] = []
    for word in words:
        if is_strong(word) and len(word) > 3:
            for other, _slips in names.words.within_distance(word, 1 if len(word) < 6 else 2).items():
                if other[0] == word[0]:
                    numbers += names.holding[other][:limit]
    pks = list(dict.fromkeys(names.entry[number] for number in numbers))[:limit]
    titles = IndexEntry.objects.filter(pk__in=pks).values_list("pk", "title")
    by_pk = dict(titles)
    return tuple(by_pk[pk] for pk in pks if pk in by_pk)


def _ordered(names: Names, found: _Found, count: int) -> list[int]:
    """The first so many."""
    alike: dict[tuple[int, int], list[int]] = {}
    for pk, match in found.items():
        alike.setdefault(match[:2], []).append(pk)
    order: list[int] = []
    for fit in sorted(alike):
        if len(order) < count:
            order += nsmallest(count - len(order), alike[fit], key=lambda pk: (names.sort_key[pk], pk))
    return order


def _hits(order: list[int], found: _Found, words: Sequence[str], text: str) -> Iterator[Hit]:
    in_sections = [pk for pk in order if found[pk][0] >= IN_HEADINGS]
    entries = IndexEntry.objects.defer("sections").in_bulk([pk for pk in order if found[pk][0] < IN_HEADINGS])
    entries |= IndexEntry.objects.in_bulk(in_sections)
    # Of names that are folded alike, the one that is written like the query comes first.
    asked = " ".join(text.casefold().split())
    order.sort(key=lambda pk: (found[pk][:2], pk not in entries or not _is_written(entries[pk], found[pk], asked)))
    wanted = [word for word in words if is_strong(word)] or words
    for pk in order:
        if pk in entries:  # or it was withdrawn a moment ago
            entry = entries[pk]
            yield Hit(entry.kind, entry.url, entry.title, entry.about, _match_reason(entry, found[pk], wanted))


def _is_written(entry: IndexEntry, match: _Match, asked: str) -> bool:
    rank, _detail, place, _code = match
    return rank <= SAME_WORDS and place >= 0 and any(name.casefold() == asked for name, _note in entry.names)


def _match_reason(entry: IndexEntry, match: _Match, wanted: Sequence[str]) -> MatchReason:
    _rank, _detail, place, code = match
    if code:
        return MatchReason("code", code)
    if place >= 0:
        name, note = _name(entry.names, place)
        return MatchReason("name" if note else "title", name or entry.title, note)
    section = best_section(entry.sections, wanted)
    if not section:
        return MatchReason("title", entry.title)
    (heading, anchor, *_text), runs = section
    return MatchReason("section", heading, "", anchor, runs)


def _suggestion(entry: IndexEntry, match: _Match) -> SearchSuggestion:
    _rank, _detail, place, code = match
    name, note = _name(entry.names, place)
    return SearchSuggestion(entry.kind, entry.url, entry.title, code or (f"{note} {name}" if note else ""))


def _name(names: Sequence[Sequence[str]], place: int) -> tuple[str, str]:
    """A name and its note; empty where there is none, perhaps because the page was published anew a moment ago."""
    name, note = names[place] if 0 <= place < len(names) else ("", "")
    return name, note
