"""What the portrait of a person says."""

import re
from datetime import date
from typing import Annotated

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import AfterValidator, Field

from publishing.values import Line, Page, Reference, Text, Value


def _spoken(text: str) -> str:
    if not text.strip():
        raise ValueError("says nothing: whoever cannot see the picture needs words for it")
    return text


def _check_digest(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError("is no digest of a file")
    return text


class PictureValue(Value):
    """A picture, named by the digest of its bytes, which are not in the page."""

    alternative: Annotated[Line, AfterValidator(_spoken)]
    digest: Annotated[Line, AfterValidator(_check_digest)]
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]


class PortraitPage(Page):
    LABELS = {
        "title": gettext_lazy("Name"),
        "slug": gettext_lazy("Address of the page"),
        "relation": gettext_lazy("Who it is"),
        "words": gettext_lazy("In their own words"),
        "consent_on": gettext_lazy("Consent given on"),
    }

    relation: Line = ""
    words: Text = ""
    disease: Reference | None = None
    picture: PictureValue | None = None
    consent_on: date | None = None

    def references(self) -> tuple[Reference, ...]:
        return (self.disease,) if self.disease else ()

    def files(self) -> tuple[str, ...]:
        return (self.picture.digest,) if self.picture else ()

    @property
    def picture_name(self) -> str:
        """The picture in words. A part of its digest tells it from another that is described alike."""
        if not self.picture:
            return ""
        words = {"words": self.picture.alternative, "number": self.picture.digest[:6]}
        return _("%(words)s (picture %(number)s)") % words
