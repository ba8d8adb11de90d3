"""The schemes of identifiers (GARD, OMIM, ICD …): how each code is written, and its public web address."""

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
    ICD10CM = "ICD-10-CM", "ICD-10-CM"  # the edition of the United States, with other codes than ICD-10


class Relation(TextChoices):
    EXACT = "exact", _("exact")
    BROAD = "broad", _("the code covers more than this disease")
    NARROW = "narrow", _("the code covers a part of this disease")
    UNKNOWN = "unknown", _("not known")


# For each scheme, the pattern of its codes and an example.
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

# UMLS requires an account, and an ICD-11 address does not contain the code: these two have no public address.
ADDRESSES: dict[str, str] = {
    Scheme.GARD: "https://rarediseases.info.nih.gov/diseases/{}/index",
    Scheme.ORPHA: "https://www.orpha.net/en/disease/detail/{}",
    Scheme.OMIM: "https://omim.org/entry/{}",
    Scheme.MONDO: "https://monarchinitiative.org/MONDO:{}",
    Scheme.ICD10: "https://icd.who.int/browse10/2019/en#/{}",
}


def clean(scheme: str, value: str) -> str:
    """Returns the code as it is stored: in capitals, without its scheme, and for GARD without leading zeros.

    Raises ValueError, with an example of the scheme, where the value is not a code of the scheme.
    """
    code = re.sub(rf"^{re.escape(scheme)}(CODE|ID)?\s*[:_ ]\s*", "", value.strip().upper())
    pattern, example = PATTERNS[Scheme(scheme)]
    if not re.fullmatch(pattern, code, re.ASCII):
        raise ValueError(
            _("“%(value)s” is not a valid %(scheme)s code. Example: %(example)s.")
            % {"value": value, "scheme": scheme, "example": example}
        )
    return code.lstrip("0") or "0" if scheme == Scheme.GARD else code


def address(scheme: str, value: str) -> str:
    """Returns the web page of the code, or "" where the scheme has no public pages."""
    return ADDRESSES.get(scheme, "").format(value)
