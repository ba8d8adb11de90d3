"""A kind of page that only a test knows: leaflets. It has everything that an app of a new kind needs."""

from typing import ClassVar

from django.db import models

from publishing.models import ChildRow, Publishable
from tests.kinds.values import LeafletPage, StepValue


class Leaflet(Publishable):
    KIND = "leaflet"
    PAGE = LeafletPage
    SUGGESTIONS = ("details",)

    text = models.TextField(blank=True)
    written_on = models.DateField(null=True, blank=True)

    class Meta(Publishable.Meta):
        ordering = ["name"]


class Step(ChildRow):
    VALUE = StepValue
    SUBJECT = "leaflet"
    UNIQUE: ClassVar[tuple[str, ...]] = ("text",)

    leaflet = models.ForeignKey(Leaflet, models.CASCADE, related_name="steps")
    text = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.text
