"""Which entries hold all of some words: the part that each database does in its own way.

The words come folded (`search.folding`), so that neither database has a say in what a word is, and both answer the
same. Ranking is not left to them either: it would differ, and take its time on a word that half of all pages hold.
"""

from collections.abc import Iterable

from django.db import connection

MAX_WORD_LENGTH = 40
"""Longer words are cut, in what is stored and in what is asked."""


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def stored(word: str) -> str:
    """A folded word in letters that need no quoting: those of other scripts as numbers."""
    return (
        word[:MAX_WORD_LENGTH] if word.isascii() else "u" + word[:MAX_WORD_LENGTH].encode("utf-16-be", "replace").hex()
    )


def write(texts: Iterable[tuple[int, set[str], set[str]]]) -> None:
    """For entries, by id: the words of names and headings, and all the words."""
    rows = [
        (pk, " ".join(sorted(map(stored, title_words))), " ".join(sorted(map(stored, body_words))))
        for pk, title_words, body_words in texts
    ]
    delete([pk for pk, *_ in rows])
    column = "rowid" if is_sqlite() else "id"
    values = "(%s, %s, %s)" if is_sqlite() else "(%s, %s::tsvector, %s::tsvector)"
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO search_text ({column}, title_words, body_words) VALUES {values}", rows)  # noqa: S608 # fixed


def delete(pks: Iterable[int]) -> None:
    column = "rowid" if is_sqlite() else "id"
    with connection.cursor() as cursor:
        cursor.executemany(f"DELETE FROM search_text WHERE {column} = %s", [(pk,) for pk in pks])  # noqa: S608 # fixed


def delete_all() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_text")


def holding(words: list[str]) -> tuple[list[int], list[int]]:
    """The ids of entries that hold every word in names and headings, and of those that hold every word anywhere."""
    asked = sorted({stored(word) for word in words})
    with connection.cursor() as cursor:
        if is_sqlite():
            all_of = " AND ".join(f'"{word}"' for word in asked)
            query = "SELECT rowid FROM search_text WHERE search_text MATCH %s"
            cursor.execute(query, [f"title_words : ({all_of})"])
            title_words = [pk for (pk,) in cursor.fetchall()]
            cursor.execute(query, [f"body_words : ({all_of})"])
            return title_words, [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT in_title_words, in_body_words FROM search_holding(%s::tsquery)", [" & ".join(asked)])
        in_title_words, in_body_words = cursor.fetchone()
        return in_title_words or [], in_body_words or []
