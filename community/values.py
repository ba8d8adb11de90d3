"""The page of a portrait as immutable values."""

import re
from datetime import date
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field

from publishing.values import Line, Page, Reference, Text, Value


def _require_text(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty: readers who cannot see the picture need a description")
    return text


def _check_digest(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError("is not the digest of a file")
    return text


class PictureValue(Value):
    """A picture. The page holds only the digest of its bytes, which names it."""

    alternative: Annotated[Line, AfterValidator(_require_text)]
    digest: Annotated[Line, AfterValidator(_check_digest)]
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]


class PortraitPage(Page):
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
        """Returns the description of the picture, with a part of its digest to tell pictures apart."""
        if not self.picture:
            return ""
        words = {"words": self.picture.alternative, "number": self.picture.digest[:6]}
        return _("%(words)s (picture %(number)s)") % words
