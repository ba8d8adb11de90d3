"""Finds pages by what a reader typed."""

from dataclasses import dataclass

from search.models import Entry


@dataclass(frozen=True)
class Reason:
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
    reason: Reason


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
class Suggestion:
    kind: str
    url: str
    title: str
    reason: str = ""
    """The name that fits, where it is not the title: "also called NH"."""


def search(text: str, page: int = 1, per_page: int = 20, exact: bool = False) -> Results:
    """One page of what fits; a page beyond the last is the last. `exact` takes the words as they are typed."""
    words = text.casefold().split()
    found = [hit for entry in Entry.objects.order_by("sort_key") if words and (hit := _hit(entry, words))]
    pages = max(1, -(-len(found) // per_page))
    page = min(max(page, 1), pages)
    return Results(
        query=text,
        total=len(found),
        page=page,
        pages=pages,
        hits=tuple(found[(page - 1) * per_page : page * per_page]),
    )


def suggest(text: str, limit: int = 8) -> tuple[Suggestion, ...]:
    """What the reader may be about to type."""
    return tuple(
        Suggestion(hit.kind, hit.url, hit.title, f"{hit.reason.note} {hit.reason.text}" if hit.reason.note else "")
        for hit in search(text, per_page=limit).hits
    )


def _hit(entry: Entry, words: list[str]) -> Hit | None:
    for name, note in entry.names:
        if all(word in name.casefold() for word in words):
            reason = Reason("name" if note else "title", name, note)
            return Hit(entry.kind, entry.url, entry.title, entry.about, reason)
    for code in entry.codes:
        if code.casefold() == " ".join(words):
            return Hit(entry.kind, entry.url, entry.title, entry.about, Reason("code", code))
    for heading, anchor, text in entry.sections:
        start = text.casefold().find(words[0])
        if start >= 0:
            end = start + len(words[0])
            runs = ((False, text[:start]), (True, text[start:end]), (False, text[end : end + 150]))
            reason = Reason("section", heading, "", anchor, runs)
            return Hit(entry.kind, entry.url, entry.title, entry.about, reason)
    return None
