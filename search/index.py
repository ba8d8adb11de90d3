"""Writes the index inside the caller's transaction, so a change that is rolled back is never found."""

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import F

from search import fulltext
from search.codes import code_keys
from search.documents import Document, Name
from search.folding import FOLDING, fold_word, spellings
from search.models import IndexedCode, IndexedWord, IndexEntry, IndexVersion

T = TypeVar("T")

WORDS_PER_BATCH = 400
CORRECTABLE = re.compile("[a-z]{4,40}")
"""The words of pages that misspelt words are corrected to."""


@contextmanager
def lock_index() -> Iterator[None]:
    """Opens a transaction in which nobody else writes the index.

    Publishing needs this lock too, so the live pages do not change while the caller reads them. It is the lock of the
    version row, which gets a new token, so that every process reads the names again.
    """
    with transaction.atomic(savepoint=False):  # a caller that goes on after an error has a savepoint of its own
        while not IndexVersion.objects.filter(pk=1).update(token=uuid.uuid4()):
            IndexVersion.objects.get_or_create(pk=1, defaults={"folding": FOLDING})  # An empty index is current.
        yield


def put_all(documents: Iterable[Document]) -> None:
    """Saves documents in the index. Each replaces the document with the same kind and key."""
    by_key = {(document.kind, document.key): document for document in documents}
    if not by_key:
        return
    with lock_index():
        before = _entries(by_key)
        removed_words = _words_of(before)
        entries = IndexEntry.objects.bulk_create(
            [_entry(document) for document in by_key.values()],
            update_conflicts=True,
            unique_fields=["kind", "key"],
            update_fields=["label", "url", "title", "sort_key", "names", "codes", "about", "sections", "folded"],
        )
        texts = {entry.pk: _Text.of(entry) for entry in entries}
        fulltext.write((pk, text.title_words, text.title_words | text.body_words) for pk, text in texts.items())
        old_codes = {(entry.kind, entry.key): entry.codes for entry in before}
        recoded = [entry for entry in entries if entry.codes != old_codes.get((entry.kind, entry.key))]
        if recoded:
            IndexedCode.objects.filter(entry__in=recoded).delete()
            IndexedCode.objects.bulk_create(_code(entry, code) for entry in recoded for code in entry.codes)
        added_words = Counter(word for text in texts.values() for word in text.correctable)
        _count_words(removed_words, added_words, entries)


def remove(kind: str, key: int) -> None:
    with lock_index():
        before = _entries([(kind, key)])
        if not before:
            return
        pks = [entry.pk for entry in before]
        _count_words(_words_of(before), Counter(), [])
        fulltext.delete(pks)
        IndexEntry.objects.filter(pk__in=pks).delete()


def entry_count() -> int:
    return IndexEntry.objects.count()


def subjects() -> set[tuple[str, int]]:
    """Returns the kind and key of every entry."""
    return set(IndexEntry.objects.values_list("kind", "key"))


def is_current() -> bool:
    """Returns True where every entry was folded by the same rules as queries are folded now."""
    return IndexVersion.objects.filter(pk=1, folding=FOLDING).exists()


def mark_current() -> None:
    """Marks every entry as folded by the present rules. Called after a full rebuild."""
    with lock_index():
        IndexVersion.objects.filter(pk=1).update(folding=FOLDING)


@dataclass
class _Text:
    """The words of an entry."""

    title_words: set[str]
    """The words of names and headings."""
    body_words: set[str]
    """The words of the description and of the sections with their headings."""

    @classmethod
    def of(cls, entry: IndexEntry) -> "_Text":
        title_words = _folded(*(name for name, _note in entry.names), *(heading for heading, *_rest in entry.sections))
        body_words = _folded(entry.about).union(*(folded.split() for *_rest, folded in entry.sections))
        return cls(title_words, body_words)

    @property
    def correctable(self) -> set[str]:
        """Returns the words that a misspelt word may be corrected to."""
        return {word for word in self.body_words if CORRECTABLE.fullmatch(word)}


def _folded(*texts: str) -> set[str]:
    return {word for text in texts for spelling in spellings(text) for word in spelling}


def _entries(keys: Iterable[tuple[str, int]]) -> list[IndexEntry]:
    by_kind: dict[str, list[int]] = {}
    for kind, key in keys:
        by_kind.setdefault(kind, []).append(key)
    return [
        entry for kind, own_keys in by_kind.items() for entry in IndexEntry.objects.filter(kind=kind, key__in=own_keys)
    ]


def _entry(document: Document) -> IndexEntry:
    names = document.names or (Name(document.title),)
    folded = [
        f"{number} {' '.join(spelling)}"
        for number, name in enumerate(names)
        for spelling in spellings(name.text)
        if spelling
    ]
    return IndexEntry(
        kind=document.kind,
        label=document.label,
        key=document.key,
        url=document.url,
        title=document.title,
        sort_key=document.sort_key,
        names=[[name.text, name.note] for name in names],
        codes=list(document.codes),
        about=document.about,
        sections=[
            [section.heading, section.anchor, section.text, " ".join(sorted(_folded(section.heading, section.text)))]
            for section in document.sections
        ],
        folded="\n".join(folded),
    )


def _code(entry: IndexEntry, code: str) -> IndexedCode:
    full, bare = code_keys(code)
    return IndexedCode(entry=entry, text=code[:60], full=full, bare=bare)


def _words_of(entries: Iterable[IndexEntry]) -> Counter[str]:
    return Counter(word for entry in entries for word in _Text.of(entry).correctable)


def _count_words(removed_words: Counter[str], added_words: Counter[str], entries: Iterable[IndexEntry]) -> None:
    """Updates the number of pages that have each word, and deletes words that no page has."""
    shown: dict[str, str] = {}
    change = Counter(added_words)
    change.subtract(removed_words)
    for entry in entries:
        for text in (
            entry.about,
            *(part for heading, _anchor, words, _folded in entry.sections for part in (heading, words)),
        ):
            for written in set(re.findall(r"[^\W_]+", text)):
                for word in fold_word(written):
                    shown.setdefault(word, written.lower()[:60])
    more = sorted((word, pages) for word, pages in change.items() if pages > 0)
    less = sorted((word, -pages) for word, pages in change.items() if pages < 0)
    with connection.cursor() as cursor:
        for batch in _batches(more):
            rows = ", ".join(["(%s, %s, %s)"] * len(batch))
            cursor.execute(
                f"INSERT INTO search_indexedword (word, shown, pages) VALUES {rows} ON CONFLICT (word)"  # noqa: S608 # placeholders alone
                " DO UPDATE SET pages = search_indexedword.pages + excluded.pages",
                [value for word, pages in batch for value in (word, shown.get(word, word), pages)],
            )
    for pages in {pages for _word, pages in less}:
        words_to_lower = [word for word, fewer in less if fewer == pages]
        for words in _batches(words_to_lower):
            deleted, _by_model = IndexedWord.objects.filter(word__in=words, pages__lte=pages).delete()
            if deleted < len(words):
                IndexedWord.objects.filter(word__in=words).update(pages=F("pages") - pages)


def _batches(rows: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(rows), WORDS_PER_BATCH):
        yield rows[start : start + WORDS_PER_BATCH]
