"""The tables of the index. Only `search.index` writes them.

The words of the pages are in one more table, which is a full-text index of the database: see `search.fulltext`.
"""

import uuid

from django.db import models


class IndexEntry(models.Model):
    """A document in the index."""

    kind = models.CharField(max_length=20)
    label = models.CharField(max_length=100, help_text="The word for the kind that readers see.")
    key = models.PositiveBigIntegerField()
    url = models.CharField(max_length=300)
    title = models.CharField(max_length=250)
    sort_key = models.CharField(max_length=250)
    # Before the long texts: SQLite reads a row only as far as the last column that is asked for.
    folded = models.TextField(
        help_text="The folded names, one on each line, each after its place in the list of names."
    )
    names = models.JSONField(default=list)
    codes = models.JSONField(default=list)
    about = models.TextField(blank=True)
    sections = models.JSONField(
        default=list, help_text="The heading, the anchor, the text and the folded words of each section."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_entry")]

    def __str__(self) -> str:
        return self.title


class IndexedCode(models.Model):
    """A code of an entry, with the two keys by which it is found: with its scheme, and bare."""

    entry = models.ForeignKey(IndexEntry, models.CASCADE, related_name="+")
    text = models.CharField(max_length=60)
    full = models.CharField(max_length=60, db_index=True)
    bare = models.CharField(max_length=60, db_index=True)

    def __str__(self) -> str:
        return self.text


class IndexedWord(models.Model):
    """A folded word in the text of pages, to which misspelt words are corrected."""

    word = models.CharField(max_length=40, primary_key=True)
    shown = models.CharField(max_length=60, help_text="The spelling of the page that had the word first.")
    pages = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.shown


class IndexVersion(models.Model):
    """The version of the index: one row, which every change of the index locks and updates. Same token, same index.

    A token is never used again, not even after a rolled back transaction or a restored backup.
    """

    token = models.UUIDField(default=uuid.uuid4)
    folding = models.PositiveIntegerField(
        default=0, help_text="The version of the folding rules that every entry was made with."
    )

    def __str__(self) -> str:
        return str(self.token)
