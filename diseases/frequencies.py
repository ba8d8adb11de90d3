"""Reads how often a symptom occurs from the text of a source, and says it in plain words.

The words never claim more than the source prints.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

NAMED = re.compile(r"[A-Za-z][A-Za-z ]*\((.+)\)")  # Orphanet's classes: "Frequent (79-30%)"
PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%")
RANGE = re.compile(r"(<?)(\d{1,3}(?:\.\d+)?) ?%? ?[-–] ?(\d{1,3}(?:\.\d+)?) ?%")
STUDY = re.compile(r"(\d{1,6}) ?(?:/|\bof\b) ?(\d{1,6})")


@dataclass(frozen=True)
class Frequency:
    """In how many of 100 people with the disease a symptom occurs: from `least` to `most`, None where not known."""

    least: Decimal | None = None
    most: Decimal | None = None
    is_below: bool = False  # "<4": fewer than `most`
    study: tuple[int, int] | None = None  # for "7/12": 7 people with the symptom, of 12 people in the study
    printed: str = ""  # the text of the source where it could not be read as numbers

    @property
    def share(self) -> Decimal | None:
        """Returns one number of 100, for a range its middle; None where not known."""
        return None if self.least is None or self.most is None else (self.least + self.most) / 2

    @property
    def words(self) -> str:
        """Returns the frequency in plain words, such as "in about 9 of 10 people"."""
        if self.printed:
            return self.printed
        if self.least is None or self.most is None:
            return _("how often is not known")
        if self.study:
            affected, total = self.study
            return ngettext(
                "in %(seen)s of %(of)s person in one study", "in %(seen)s of %(of)s people in one study", total
            ) % {"seen": affected, "of": total}
        if self.is_below:
            return _("in fewer than %(most)s of 100 people") % {"most": _plain_number(self.most)}
        if self.least < self.most:
            numbers = {"least": _plain_number(self.least), "most": _plain_number(self.most)}
            return _("in %(least)s to %(most)s of 100 people") % numbers
        return _approximately(self.most)


def read_frequency(printed: str) -> Frequency:
    """Reads a text such as "90%", "7/12" or "Frequent (79-30%)". Any other text is kept as `printed`."""
    text = " ".join(printed.split())
    if text in ("", "-"):
        return Frequency()
    named_class = NAMED.fullmatch(text)
    numbers = named_class[1] if named_class else text
    if match := PERCENT.fullmatch(numbers):
        share = Decimal(match[1])
        if share <= 100:
            return Frequency(share, share)
    elif match := RANGE.fullmatch(numbers):
        ends = Decimal(match[2]), Decimal(match[3])
        if min(ends) < max(ends) <= 100 and (not match[1] or ends[0] > ends[1]):
            return Frequency(min(ends), max(ends), is_below=bool(match[1]))
    elif match := STUDY.fullmatch(numbers):
        affected, total = int(match[1]), int(match[2])
        if total and affected <= total:
            share = Decimal(100 * affected) / total
            return Frequency(share, share, study=(affected, total))
    return Frequency(printed=text)


def _approximately(share: Decimal) -> str:
    """Returns a percentage in words. It is an estimate, so it is rounded between 10 and 99 percent."""
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
