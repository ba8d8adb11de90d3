"""Which entries hold all of some words: the part that each database does in its own way.

The words come folded (`search.folding`), so that neither database has a say in what a word is, and both answer the
same. Ranking is not left to them either: it would differ, and take its time on a word that half of all pages hold.
"""

from collections.abc import Iterable

from django.db import connection

LONGEST = 40
"""Longer words are cut, in what is stored and in what is asked."""


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def stored(word: str) -> str:
    """A folded word in letters that need no quoting: those of other scripts as numbers."""
    return word[:LONGEST] if word.isascii() else "u" + word[:LONGEST].encode("utf-16-be", "replace").hex()


def write(texts: Iterable[tuple[int, set[str], set[str]]]) -> None:
    """For entries, by id: the words of names and headings, and all the words."""
    rows = [
        (pk, " ".join(sorted(map(stored, named))), " ".join(sorted(map(stored, told)))) for pk, named, told in texts
    ]
    with connection.cursor() as cursor:
        if is_sqlite():
            cursor.executemany("DELETE FROM search_text WHERE rowid = %s", [(pk,) for pk, *_ in rows])
            cursor.executemany("INSERT INTO search_text (rowid, named, told) VALUES (%s, %s, %s)", rows)
        else:
            cursor.executemany(
                "UPDATE search_entry SET named = %s::tsvector, told = %s::tsvector WHERE id = %s",
                [(named, told, pk) for pk, named, told in rows],
            )


def delete(pks: Iterable[int]) -> None:
    """On PostgreSQL the words go with the entry."""
    if is_sqlite():
        with connection.cursor() as cursor:
            cursor.executemany("DELETE FROM search_text WHERE rowid = %s", [(pk,) for pk in pks])


def clear() -> None:
    if is_sqlite():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM search_text")


def holding(words: list[str]) -> tuple[list[int], list[int]]:
    """The ids of entries that hold every word in names and headings, and of those that hold every word anywhere."""
    asked = [stored(word) for word in words]
    with connection.cursor() as cursor:
        if is_sqlite():
            all_of = " AND ".join(f'"{word}"' for word in asked)
            query = "SELECT rowid FROM search_text WHERE search_text MATCH %s"
            cursor.execute(query, [f"named : ({all_of})"])
            named = [pk for (pk,) in cursor.fetchall()]
            cursor.execute(query, [f"told : ({all_of})"])
            return named, [pk for (pk,) in cursor.fetchall()]
        all_of = " & ".join(asked)
        cursor.execute("SELECT array_agg(id) FROM search_entry WHERE named @@ %s::tsquery", [all_of])
        named = cursor.fetchone()[0] or []
        cursor.execute("SELECT array_agg(id) FROM search_entry WHERE told @@ %s::tsquery", [all_of])
        return named, cursor.fetchone()[0] or []
