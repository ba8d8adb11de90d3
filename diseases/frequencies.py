"""How often a sign is seen: what sources print, in words that say no more than is printed."""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

NAMED = re.compile(r"[A-Za-z][A-Za-z ]*\((.+)\)")  # Orphanet's classes: "Frequent (79-30%)"
PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%")
RANGE = re.compile(r"(<?)(\d{1,3}(?:\.\d+)?) ?%? ?[-–] ?(\d{1,3}(?:\.\d+)?) ?%")
STUDY = re.compile(r"(\d{1,6}) ?(?:/|\bof\b) ?(\d{1,6})")


class Band(TextChoices):
    """The classes of the Human Phenotype Ontology, which Orphanet uses too."""

    ALWAYS = "always", gettext_lazy("always")
    VERY_FREQUENT = "very_frequent", gettext_lazy("very frequent")
    FREQUENT = "frequent", gettext_lazy("frequent")
    OCCASIONAL = "occasional", gettext_lazy("occasional")
    VERY_RARE = "very_rare", gettext_lazy("very rare")
    NEVER = "never", gettext_lazy("never")
    NOT_KNOWN = "not_known", gettext_lazy("not known")


LEAST = {Band.VERY_FREQUENT: 80, Band.FREQUENT: 30, Band.OCCASIONAL: 5, Band.VERY_RARE: 0}


@dataclass(frozen=True)
class Frequency:
    """In how many of 100 people with the disease a sign is seen: from `least` to `most`, None where nobody knows."""

    least: Decimal | None = None
    most: Decimal | None = None
    is_below: bool = False  # "<4": `most` itself is too many
    study: tuple[int, int] | None = None  # where it was counted: in how many, of how many
    printed: str = ""  # what could not be understood

    @property
    def share(self) -> Decimal | None:
        """One number of 100: the middle of a range."""
        return None if self.least is None or self.most is None else (self.least + self.most) / 2

    @property
    def band(self) -> Band:
        if self.share is None:
            return Band.NOT_KNOWN
        if self.study is None and self.share in (0, 100):
            return Band.ALWAYS if self.share else Band.NEVER
        # What was so in one study need not be so in everyone, or in no one.
        return next(band for band, least in LEAST.items() if self.share >= least)

    @property
    def words(self) -> str:
        if self.printed:
            return self.printed
        if self.least is None or self.most is None:
            return _("how often is not known")
        if self.study:
            seen, of = self.study
            return ngettext(
                "in %(seen)s of %(of)s person in one study", "in %(seen)s of %(of)s people in one study", of
            ) % {"seen": seen, "of": of}
        if self.is_below:
            return _("in fewer than %(most)s of 100 people") % {"most": _plain_number(self.most)}
        if self.least < self.most:
            numbers = {"least": _plain_number(self.least), "most": _plain_number(self.most)}
            return _("in %(least)s to %(most)s of 100 people") % numbers
        return _approximately(self.most)


def read_frequency(printed: str) -> Frequency:
    """What a source prints: "90%", "7/12", "Frequent (79-30%)", "" and whatever else, which stays as it is."""
    text = " ".join(printed.split())
    if text in ("", "-"):
        return Frequency()
    named = NAMED.fullmatch(text)
    numbers = named[1] if named else text
    if match := PERCENT.fullmatch(numbers):
        share = Decimal(match[1])
        if share <= 100:
            return Frequency(share, share)
    elif match := RANGE.fullmatch(numbers):
        ends = Decimal(match[2]), Decimal(match[3])
        if min(ends) < max(ends) <= 100 and (not match[1] or ends[0] > ends[1]):
            return Frequency(min(ends), max(ends), is_below=bool(match[1]))
    elif match := STUDY.fullmatch(numbers):
        seen, of = int(match[1]), int(match[2])
        if of and seen <= of:
            share = Decimal(100 * seen) / of
            return Frequency(share, share, study=(seen, of))
    return Frequency(printed=text)


def _approximately(share: Decimal) -> str:
    """A percentage in words. It is an estimate, so its decimals count only where it is small."""
    if share == 100:
        return _("in everyone with the disease")
    if share == 0:
        return _("in no one with the disease")
    if share == 50:
        return _("in about half of people")
    if share % 10 == 0:
        return _("in about %(number)s of 10 people") % {"number": _plain_number(share / 10)}
    if share % 1 == 0:
        return _("in about %(number)s of 100 people") % {"number": _plain_number(share)}
    if share % 1 == Decimal("0.5") and share > 1:
        return _("in about %(least)s or %(most)s of 100 people") % {"least": int(share), "most": int(share) + 1}
    if 10 < share < 99:
        return _("in about %(number)s of 100 people") % {"number": round(share)}
    if share * 10 >= 1:
        return _("in about %(number)s of 1,000 people") % {"number": round(share * 10)}
    return _("in fewer than 1 of 1,000 people")


def _plain_number(number: Decimal) -> str:
    return f"{number.normalize():f}"
