"""What the index stores. Written by `search.index` alone.

The words of the pages are stored beside it, in what each database has for that: see `search.fulltext`.
"""

import uuid

from django.db import models


class IndexEntry(models.Model):
    """A document, as it was put in."""

    kind = models.CharField(max_length=20)
    key = models.PositiveBigIntegerField()
    url = models.CharField(max_length=300)
    title = models.CharField(max_length=250)
    sort_key = models.CharField(max_length=250)
    names = models.JSONField(default=list)
    codes = models.JSONField(default=list)
    about = models.TextField(blank=True)
    sections = models.JSONField(
        default=list, help_text="Of each the heading, the anchor, the text and the folded words."
    )
    folded = models.TextField(help_text="The folded names, one on each line, after the number of the name.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_entry")]

    def __str__(self) -> str:
        return self.title


class IndexedCode(models.Model):
    """A code that leads to an entry, as readers may write it."""

    entry = models.ForeignKey(IndexEntry, models.CASCADE, related_name="+")
    text = models.CharField(max_length=60)
    full = models.CharField(max_length=60, db_index=True)
    bare = models.CharField(max_length=60, db_index=True)

    def __str__(self) -> str:
        return self.text


class IndexedWord(models.Model):
    """A folded word that pages hold below their names, to correct misspellings by."""

    word = models.CharField(max_length=40, primary_key=True)
    shown = models.CharField(max_length=60, help_text="How it is written where it was first met.")
    pages = models.PositiveIntegerField()
    number = models.PositiveBigIntegerField(db_index=True, help_text="The change that brought it.")

    def __str__(self) -> str:
        return self.shown


class IndexVersion(models.Model):
    """One row, locked and moved on by everything that changes the index. Same token, same index.

    `number` only counts: after a transaction was rolled back or a backup put back, another change may be given the same
    number, but none is ever given the same token.
    """

    number = models.PositiveBigIntegerField(default=0)
    token = models.UUIDField(default=uuid.uuid4)
    folding = models.PositiveIntegerField(default=0, help_text="The folding that every entry was made with.")

    def __str__(self) -> str:
        return str(self.number)


class IndexChange(models.Model):
    """What a tick of the clock changed. Processes that remember the names read what they have missed here.

    Only the latest are kept. Who has missed more reads all the names anew.
    """

    number = models.PositiveBigIntegerField(db_index=True)
    token = models.UUIDField()
    entry_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.number}: {self.entry_id}"
