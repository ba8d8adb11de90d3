"""Writes the index, inside the caller's transaction."""

from dataclasses import astuple

from search.documents import Document
from search.models import Entry


def put(document: Document) -> None:
    """The document, in place of what was there under its kind and key."""
    Entry.objects.update_or_create(
        kind=document.kind,
        key=document.key,
        defaults={
            "url": document.url,
            "title": document.title,
            "sort_key": document.sort_key,
            "names": [astuple(name) for name in document.names],
            "codes": list(document.codes),
            "about": document.about,
            "sections": [astuple(section) for section in document.sections],
        },
    )


def remove(kind: str, key: int) -> None:
    Entry.objects.filter(kind=kind, key=key).delete()


def clear() -> None:
    Entry.objects.all().delete()


def count() -> int:
    return Entry.objects.count()
