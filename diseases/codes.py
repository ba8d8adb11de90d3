"""Identifiers of diseases in the schemes of others: how each is written, and where each can be looked up."""

import re

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Scheme(TextChoices):
    GARD = "GARD", "GARD"
    ORPHA = "ORPHA", "ORPHA"
    OMIM = "OMIM", "OMIM"
    MONDO = "MONDO", "Mondo"
    UMLS = "UMLS", "UMLS"
    ICD10 = "ICD-10", "ICD-10"
    ICD11 = "ICD-11", "ICD-11"
    ICD10CM = "ICD-10-CM", "ICD-10-CM"  # of the United States: not the same codes as ICD-10


class Relation(TextChoices):
    EXACT = "exact", _("exact")
    BROAD = "broad", _("the code covers more than this disease")
    NARROW = "narrow", _("the code covers a part of this disease")
    UNKNOWN = "unknown", _("not known")


PATTERNS = {
    Scheme.GARD: (r"\d{1,7}", "7172"),
    Scheme.ORPHA: (r"\d{1,7}", "446"),
    Scheme.OMIM: (r"\d{6}", "231100"),
    Scheme.MONDO: (r"\d{7}", "0009275"),
    Scheme.UMLS: (r"CN?\d{6,7}", "C0268059"),
    Scheme.ICD10: (r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", "E83.1"),
    Scheme.ICD11: (r"[0-9A-Z][A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,3})?([&/][0-9A-Z.]+)*", "5C64.10"),
    Scheme.ICD10CM: (r"[A-Z][0-9A-Z]{2}(\.[0-9A-Z]{1,4})?", "E83.110"),
}

# UMLS asks for an account, and ICD-11 addresses are not made of the code: those two have no public address.
ADDRESSES = {
    Scheme.GARD: "https://rarediseases.info.nih.gov/diseases/{}/index",
    Scheme.ORPHA: "https://www.orpha.net/en/disease/detail/{}",
    Scheme.OMIM: "https://omim.org/entry/{}",
    Scheme.MONDO: "https://monarchinitiative.org/MONDO:{}",
    Scheme.ICD10: "https://icd.who.int/browse10/2019/en#/{}",
}


def clean(scheme: str, value: str) -> str:
    """The code in the one form in which it is stored: without its scheme, GARD numbers without leading zeros.

    Raises ValueError with what is expected.
    """
    code = re.sub(rf"^{re.escape(scheme)}(CODE|ID)?\s*[:_ ]\s*", "", value.strip().upper())
    pattern, example = PATTERNS[Scheme(scheme)]
    if not re.fullmatch(pattern, code, re.ASCII):
        raise ValueError(
            _("“%(value)s” is not a code of %(scheme)s; one looks like %(example)s.")
            % {"value": value, "scheme": scheme, "example": example}
        )
    return code.lstrip("0") or "0" if scheme == Scheme.GARD else code


def address(scheme: str, value: str) -> str:
    """Where the code can be looked up, or "" where there is no public address."""
    template = ADDRESSES.get(Scheme(scheme)) if scheme in Scheme.values else None
    return template.format(value) if template else ""
