"""Finds the entries that have all of some words. Each database does this in its own way.

The words are folded before (`search.folding`), so both databases agree on what a word is and give the same answer. They
do not rank: their rankings differ, and ranking is slow for a word that is on half of all pages.
"""

from collections.abc import Iterable

from django.db import connection

WRITE_ON_SQLITE = "INSERT OR REPLACE INTO search_text (rowid, title_words, body_words) VALUES (%s, %s, %s)"
WRITE_ON_POSTGRESQL = (
    "INSERT INTO search_text (id, title_words, body_words) VALUES (%s, %s::tsvector, %s::tsvector)"
    " ON CONFLICT (id) DO UPDATE SET title_words = excluded.title_words, body_words = excluded.body_words"
)

MAX_WORD_LENGTH = 40
"""Longer words are cut, in the index and in queries."""


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def encode_word(word: str) -> str:
    """Returns a folded word in ASCII letters and digits, which need no quoting. Other scripts become numbers."""
    word = word[:MAX_WORD_LENGTH]
    return word if word.isascii() else "u" + word.encode("utf-16-be", "replace").hex()


def write(texts: Iterable[tuple[int, set[str], set[str]]]) -> None:
    """Saves the words of entries. Each item has an entry's id, the words of its names and headings, and all words."""
    rows = [
        (pk, " ".join(sorted(map(encode_word, title_words))), " ".join(sorted(map(encode_word, body_words))))
        for pk, title_words, body_words in texts
    ]
    with connection.cursor() as cursor:
        cursor.executemany(WRITE_ON_SQLITE if is_sqlite() else WRITE_ON_POSTGRESQL, rows)


def delete(pks: Iterable[int]) -> None:
    column = "rowid" if is_sqlite() else "id"
    with connection.cursor() as cursor:
        cursor.executemany(f"DELETE FROM search_text WHERE {column} = %s", [(pk,) for pk in pks])  # noqa: S608 # fixed


def entries_with_all(words: list[str]) -> tuple[list[int], list[int]]:
    """Returns the ids of entries that have all words in names and headings, and of those that have them anywhere."""
    encoded = sorted({encode_word(word) for word in words})
    with connection.cursor() as cursor:
        if is_sqlite():
            all_of = " AND ".join(f'"{word}"' for word in encoded)
            query = "SELECT rowid FROM search_text WHERE search_text MATCH %s"
            cursor.execute(query, [f"title_words : ({all_of})"])
            in_title_words = [pk for (pk,) in cursor.fetchall()]
            cursor.execute(query, [f"body_words : ({all_of})"])
            return in_title_words, [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT in_title_words, in_body_words FROM search_holding(%s::tsquery)", [" & ".join(encoded)])
        in_title_words, in_body_words = cursor.fetchone()
        return in_title_words or [], in_body_words or []
