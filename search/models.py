"""What the index stores. Written by `search.index` alone, read by `search.searching`."""

from django.db import models


class Entry(models.Model):
    """A document, as it was put in."""

    kind = models.CharField(max_length=20)
    key = models.PositiveBigIntegerField()
    url = models.CharField(max_length=300)
    title = models.CharField(max_length=250)
    sort_key = models.CharField(max_length=250)
    names = models.JSONField(default=list)
    codes = models.JSONField(default=list)
    about = models.TextField(blank=True)
    sections = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint("kind", "key", name="one_entry")]

    def __str__(self) -> str:
        return self.title
