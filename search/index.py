"""Writes the index, inside the caller's transaction: what is rolled back was never found."""

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from search import fulltext
from search.codes import code_keys
from search.documents import Document, Name
from search.folding import FOLDING, fold_word, spellings
from search.models import IndexChange, IndexedCode, IndexedWord, IndexEntry, IndexVersion

MAX_CHANGES = 2_000
"""Changes that are remembered, for the processes to catch up with."""

WORDS_PER_BATCH = 400
CORRECTABLE = re.compile("[a-z]{4,40}")


@contextmanager
def lock_index() -> Iterator[IndexVersion]:
    """A transaction in which nobody else writes the index: what it reads of the site is what the index has or gets."""
    with transaction.atomic():
        clock = IndexVersion.objects.select_for_update().filter(pk=1).first()
        if not clock:  # an empty index is current
            IndexVersion.objects.get_or_create(pk=1, defaults={"folding": FOLDING})
            clock = IndexVersion.objects.select_for_update().get(pk=1)
        yield clock


def put(document: Document) -> None:
    """The document, in place of what was there under its kind and key."""
    put_all([document])


def put_all(documents: Iterable[Document]) -> None:
    with lock_index() as clock:
        by_key = {(document.kind, document.key): document for document in documents}
        if not by_key:
            return
        before = _entries(by_key)
        gone = _words_of(before)
        entries = IndexEntry.objects.bulk_create(
            [_entry(document) for document in by_key.values()],
            update_conflicts=True,
            unique_fields=["kind", "key"],
            update_fields=["url", "title", "sort_key", "names", "codes", "about", "sections", "folded"],
        )
        number = _advance(clock, [entry.pk for entry in entries])
        texts = {entry.pk: _Text.of(entry) for entry in entries}
        fulltext.write((pk, text.title_words, text.title_words | text.body_words) for pk, text in texts.items())
        IndexedCode.objects.filter(entry__in=[entry.pk for entry in before]).delete()
        IndexedCode.objects.bulk_create(_code(entry, code) for entry in entries for code in entry.codes)
        _count_words(gone, entries, number)


def remove(kind: str, key: int) -> None:
    with lock_index() as clock:
        before = _entries([(kind, key)])
        if not before:
            return
        pks = [entry.pk for entry in before]
        _advance(clock, pks)
        _count_words(_words_of(before), [], clock.number)
        fulltext.delete(pks)
        IndexEntry.objects.filter(pk__in=pks).delete()


def clear() -> None:
    with lock_index() as clock:
        fulltext.delete_all()
        for model in (IndexedCode, IndexedWord, IndexChange, IndexEntry):
            model.objects.all().delete()
        _advance(clock, [0])


def entry_count() -> int:
    return IndexEntry.objects.count()


def subjects() -> set[tuple[str, int]]:
    """Kind and key of all that is in the index."""
    return set(IndexEntry.objects.values_list("kind", "key"))


def is_current() -> bool:
    """Whether all that is in the index was folded as queries are folded now."""
    return IndexVersion.objects.filter(pk=1, folding=FOLDING).exists()


def mark_current() -> None:
    """Said by who has put in everything anew."""
    with lock_index() as clock:
        IndexVersion.objects.filter(pk=clock.pk).update(folding=FOLDING)


@dataclass
class _Text:
    """The words of an entry."""

    title_words: set[str]
    """In names and headings."""
    body_words: set[str]
    """Below the names."""

    @classmethod
    def of(cls, entry: IndexEntry) -> "_Text":
        title_words = _folded(*(name for name, _note in entry.names), *(heading for heading, *_rest in entry.sections))
        body_words = _folded(entry.about).union(*(folded.split() for *_rest, folded in entry.sections))
        return cls(title_words, body_words)

    @property
    def corrected(self) -> set[str]:
        """Words to correct misspellings by."""
        return {word for word in self.body_words if CORRECTABLE.fullmatch(word)}


def _folded(*texts: str) -> set[str]:
    return {word for text in texts for spelling in spellings(text) for word in spelling}


def _entries(keys: Iterable[tuple[str, int]]) -> list[IndexEntry]:
    by_kind: dict[str, list[int]] = {}
    for kind, key in keys:
        by_kind.setdefault(kind, []).append(key)
    return [entry for kind, own in by_kind.items() for entry in IndexEntry.objects.filter(kind=kind, key__in=own)]


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


def _advance(clock: IndexVersion, pks: list[int]) -> int:
    """Moves the locked clock on, and notes what has changed."""
    clock.number += 1
    clock.token = uuid.uuid4()
    IndexVersion.objects.filter(pk=clock.pk).update(number=clock.number, token=clock.token)
    if len(pks) > MAX_CHANGES // 2:  # so many are read anew with all the others
        IndexChange.objects.all().delete()
        pks = [0]
    IndexChange.objects.bulk_create(IndexChange(number=clock.number, token=clock.token, entry_id=pk) for pk in pks)
    if clock.number % 100 == 0:
        IndexChange.objects.filter(number__lte=clock.number - MAX_CHANGES).delete()
    return clock.number


def _words_of(entries: Iterable[IndexEntry]) -> Counter[str]:
    return Counter(word for entry in entries for word in _Text.of(entry).corrected)


def _count_words(gone: Counter[str], entries: Iterable[IndexEntry], number: int) -> None:
    """Counts the pages of each word anew; a word that is on none is forgotten."""
    shown: dict[str, str] = {}
    change = Counter({word: -pages for word, pages in gone.items()})
    for entry in entries:
        change.update(_Text.of(entry).corrected)
        for text in (
            entry.about,
            *(part for heading, _anchor, body_words, _folded in entry.sections for part in (heading, body_words)),
        ):
            for own in set(re.findall(r"[^\W_]+", text)):
                for word in fold_word(own):
                    shown.setdefault(word, own.lower()[:60])
    more = sorted((word, pages) for word, pages in change.items() if pages > 0)
    less = sorted((word, -pages) for word, pages in change.items() if pages < 0)
    with connection.cursor() as cursor:
        for batch in _batches(more):
            rows = ", ".join(["(%s, %s, %s, %s)"] * len(batch))
            cursor.execute(
                f"INSERT INTO search_indexedword (word, shown, pages, number) VALUES {rows} ON CONFLICT (word)"  # noqa: S608 # placeholders alone
                " DO UPDATE SET pages = search_indexedword.pages + excluded.pages",
                [value for word, pages in batch for value in (word, shown.get(word, word), pages, number)],
            )
    for pages in {pages for _word, pages in less}:
        own = [word for word, less_by in less if less_by == pages]
        for words_ in _batches(own):
            IndexedWord.objects.filter(word__in=words_, pages__lte=pages).delete()
            IndexedWord.objects.filter(word__in=words_).update(pages=F("pages") - pages)


def _batches(rows: list) -> Iterator[list]:
    for start in range(0, len(rows), WORDS_PER_BATCH):
        yield rows[start : start + WORDS_PER_BATCH]
