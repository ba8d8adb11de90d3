"""Finds pages by the words that a reader typed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from django.db.models import Q

from search import fulltext
from search.codes import query_code_keys
from search.corrections import Guess, corrections, guesses, is_strong
from search.folding import spellings
from search.models import IndexedCode, IndexedWord, IndexEntry
from search.names import Names, current_names
from search.snippets import MarkedText, best_section, words_as_written

MAX_QUERY = 400
MAX_WORDS_OF_QUERY = 24


@dataclass(frozen=True)
class MatchReason:
    """Why a page was found."""

    matched: str
    """What matched the query: "title", "name", "code" or "section"."""
    text: str
    """The name, code or heading that matched."""
    note: str = ""
    """What kind of name it is, such as "also called"."""
    anchor: str = ""
    excerpt: MarkedText = ()
    """An excerpt of the section. It is split so that each word of the query stands in a run of its own (True)."""


@dataclass(frozen=True)
class Hit:
    label: str
    """The word for the kind of page."""
    url: str
    title: str
    about: str
    reason: MatchReason


@dataclass(frozen=True)
class Results:
    query: str
    corrected_to: str = ""
    """The query that was searched for instead, where the query was corrected."""
    total: int = 0
    page: int = 1
    pages: int = 1
    hits: tuple[Hit, ...] = ()
    similar: tuple[str, ...] = ()
    """Names that are a little like the query, where nothing was found."""


@dataclass(frozen=True)
class SearchSuggestion:
    label: str
    """The word for the kind of page."""
    url: str
    title: str
    reason: str = ""
    """The name that matches, where it is not the title, such as "also called NH"."""


# The ranks of matches, the best first. Matches of the same rank are listed in alphabetical order.
TITLE_OR_CODE, OTHER_NAME, SAME_WORDS, BEGINNING, IN_A_NAME, BEGUN_IN_A_NAME, IN_HEADINGS, IN_TEXT = range(8)


HEADS = {"disease", "disorder", "syndrome"}
"""Words that readers confuse at the end of a name."""

# A search makes thousands of matches, so a match is a plain tuple: the rank, the order within the rank, the place of
# the matching name in its entry (-1 where no name matched), and the matching code.
_Match = tuple[int, int, int, str]
_Found = dict[int, _Match]


def search(text: str, page: int = 1, per_page: int = 20, exact: bool = False) -> Results:
    """Returns one page of results. A page number after the last page gives the last page.

    `exact` switches off the correction of misspelt words.
    """
    text = text[:MAX_QUERY]
    with current_names() as names:
        words = _query_words(text, names)
        if not words:
            return Results(query=text)
        found = _everywhere(names, words) | _with_codes(text, names)
        corrected_to = ""
        similar: tuple[str, ...] = ()
        if not found:
            guess, words_found = _corrected(names, words)
            if guess and exact:
                similar = (_display_query(guess, text, names),)
            elif guess:
                found, corrected_to = words_found, _display_query(guess, text, names)
                words = [word for word in guess.words if word]
            else:
                similar = _similar_titles(names, words)
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
        similar=similar,
    )


def suggest_names(text: str, limit: int = 8) -> tuple[SearchSuggestion, ...]:
    """Returns pages whose names match what the reader has typed so far."""
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
    """Returns the folded words of a query. Of two spellings it takes the one with more known words."""
    return max(
        (spelling[:MAX_WORDS_OF_QUERY] for spelling in spellings(text)),
        key=lambda spelling: sum(word in names.words for word in spelling),
    )


def _with_codes(text: str, names: Names) -> _Found:
    """Returns the entries that have the code which the query asks for."""
    full, bare = query_code_keys(text)
    if not full and not bare:
        return {}
    codes = IndexedCode.objects.filter(Q(full__in=full) | Q(bare__in=bare)).order_by("-pk")
    found = codes.values_list("entry_id", "text")
    return {pk: (TITLE_OR_CODE, 0, -1, code) for pk, code in found if pk in names.own}


def _everywhere(names: Names, words: Sequence[str]) -> _Found:
    """Returns the entries that have all words in a name, in names and headings, or anywhere in their text."""
    found = _by_name(names, words)
    strong = [word for word in words if is_strong(word)] or list(words)
    if not all(names.may_be_on_a_page(word) for word in strong):
        return found
    in_headings, in_text = fulltext.entries_with_all(strong)
    for rank, pks in ((IN_HEADINGS, in_headings), (IN_TEXT, in_text)):
        match = (rank, 0, -1, "")
        for pk in pks:
            if pk not in found and pk in names.own:
                found[pk] = match
    return found


def _by_name(names: Names, words: Sequence[str]) -> _Found:
    found: _Found = {}
    entry_of, place = names.entry, names.place
    for rank, detail, numbers in _matches(names, words):
        for number in numbers:
            pk = entry_of[number]
            match = (rank, detail, place[number], "")
            if pk not in found or match < found[pk]:
                found[pk] = match
    return found


def _matches(names: Names, words: Sequence[str]) -> Iterator[tuple[int, int, Iterable[int]]]:
    """Yields the numbers of matching names, each time with their rank and the order within the rank."""
    joined = "".join(words)
    for number in names.numbers_of(joined):
        yield (OTHER_NAME if names.place[number] else TITLE_OR_CODE), 0, (number,)
    for name in names.names.with_prefix(joined):
        for number in names.numbers_of(name):
            # A name that only completes the last word comes before a name with more words.
            yield BEGINNING, int(names.text[number].count(" ") >= len(words)), (number,)
    if len(words) > 1 and words[-1] in HEADS:
        for head in HEADS - {words[-1]}:
            yield SAME_WORDS, 2, names.numbers_of("".join(words[:-1]) + head)
    strong = [word for word in words if is_strong(word)] or list(words)
    longest = sum(map(len, words)) + 2 * len(words) + 12
    wanted = set(strong)
    in_all = _names_with_all(names, strong)
    yield IN_A_NAME, 0, in_all
    for number in in_all:
        text = names.text[number]
        if len(text) <= longest and {word for word in text.split() if is_strong(word)} == wanted:
            yield SAME_WORDS, int(names.place[number] > 0), (number,)
    last = strong[-1]
    if len(last) > 2:
        others = set(_names_with_all(names, strong[:-1])) if len(strong) > 1 else None
        if others is None or others:
            for word in names.words.with_prefix(last):
                if word != last:
                    found = names.names_with[word]
                    yield BEGUN_IN_A_NAME, 0, found if others is None else others.intersection(found)


def _names_with_all(names: Names, words: Sequence[str]) -> Sequence[int]:
    """Returns the numbers of the names that have all of the words."""
    lists = sorted((names.names_with.get(word, ()) for word in words), key=len)
    if len(lists) == 1 or not lists[0]:
        return lists[0]
    common = set(lists[0])
    for numbers in lists[1:]:
        common.intersection_update(numbers)
    return sorted(common)


def _corrected(names: Names, words: Sequence[str]) -> tuple[Guess | None, _Found]:
    """Returns the best correction that finds anything, and what it finds."""
    for guess in corrections(names, words):
        found = _everywhere(names, [word for word in guess.words if word])
        if found:
            return guess, found
    return None, {}


def _display_query(guess: Guess, text: str, names: Names) -> str:
    """Returns the corrected query as people write it: in the reader's spelling, else in that of a name or a page."""
    words = [word for word in guess.words if word and (guess.is_full or is_strong(word))]
    spelled = {word: own for own, folds in words_as_written(text) for word in folds}
    if guess.number is not None:
        entry = IndexEntry.objects.filter(pk=names.entry[guess.number]).values_list("names", flat=True).first()
        name, _note = _name(entry or [], names.place[guess.number])
        if guess.is_whole:
            return str(name)
        in_name = {word: own for own, folds in words_as_written(name) for word in folds}
        spelled = in_name | spelled
    missing = [word for word in words if word not in spelled]
    if missing:
        spelled |= dict(IndexedWord.objects.filter(word__in=missing).values_list("word", "shown"))
    shown = " ".join(dict.fromkeys(spelled.get(word, word) for word in words))
    return shown.lower() if text.islower() else shown


def _similar_titles(names: Names, words: Sequence[str], limit: int = 5) -> tuple[str, ...]:
    """Returns titles that have a word a little like a word of the query."""
    numbers: list[int] = []
    for word in words:
        if is_strong(word) and len(word) > 3:
            for other, _edits in names.words.within_distance(word, 1 if len(word) < 6 else 2).items():
                if other[0] == word[0]:
                    numbers += names.names_with[other][:limit]
    pks = list(dict.fromkeys(names.entry[number] for number in numbers))[:limit]
    titles = IndexEntry.objects.filter(pk__in=pks).values_list("pk", "title")
    by_pk = dict(titles)
    return tuple(by_pk[pk] for pk in pks if pk in by_pk)


def _ordered(names: Names, found: _Found, count: int) -> list[int]:
    """Returns the first `count` entries: by rank, then in alphabetical order."""
    by_rank: dict[tuple[int, int], list[int]] = {}
    for pk, match in found.items():
        by_rank.setdefault(match[:2], []).append(pk)
    order: list[int] = []
    for rank in sorted(by_rank):
        if len(order) < count:
            order += nsmallest(count - len(order), by_rank[rank], key=lambda pk: (names.entries[pk][0], pk))
    return order


def _hits(order: list[int], found: _Found, words: Sequence[str], text: str) -> Iterator[Hit]:
    in_sections = [pk for pk in order if found[pk][0] >= IN_HEADINGS]
    entries = IndexEntry.objects.defer("sections").in_bulk([pk for pk in order if found[pk][0] < IN_HEADINGS])
    entries |= IndexEntry.objects.in_bulk(in_sections)
    # Of names with the same folding, a name that is written like the query comes first.
    query = " ".join(text.casefold().split())
    order.sort(key=lambda pk: (found[pk][:2], pk not in entries or not _is_spelled_like(query, entries[pk], found[pk])))
    wanted = [word for word in words if is_strong(word)] or words
    for pk in order:
        if pk in entries:  # an entry that is missing was withdrawn a moment ago
            entry = entries[pk]
            yield Hit(entry.label, entry.url, entry.title, entry.about, _match_reason(entry, found[pk], wanted))


def _is_spelled_like(query: str, entry: IndexEntry, match: _Match) -> bool:
    """Returns True where the query matches a name as a whole and a name of the entry has the query's spelling."""
    rank, _detail, place, _code = match
    return rank <= SAME_WORDS and place >= 0 and any(name.casefold() == query for name, _note in entry.names)


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
    found_section, marked = section
    return MatchReason("section", found_section.heading, "", found_section.anchor, marked)


def _suggestion(entry: IndexEntry, match: _Match) -> SearchSuggestion:
    _rank, _detail, place, code = match
    name, note = _name(entry.names, place)
    return SearchSuggestion(entry.label, entry.url, entry.title, code or (f"{note} {name}" if note else ""))


def _name(names: Sequence[Sequence[str]], place: int) -> tuple[str, str]:
    """Returns a name and its note, or empty texts where the entry has no such name.

    That happens where the page was published again after the names were read.
    """
    name, note = names[place] if 0 <= place < len(names) else ("", "")
    return name, note
