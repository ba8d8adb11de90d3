"""Organizations that may be one and the same: a hint for editors, never a reason to join them unasked."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from organizations.models import NUMBERS, Organization
from organizations.phones import dial
from publishing.sorting import sort_key


def marks(organization: Organization) -> dict[str, str]:
    """What two entries of one organization would have in common, each with the words to say so."""
    country = str(organization.country or "")
    found = {f"name {sort_key(organization.name)}": _("the same name")}
    for name in NUMBERS:
        number = dial(getattr(organization, name), country)
        if number:
            found[f"number {number}"] = _("the same telephone or fax number")
    box = re.search(r"\bp\.?\s*o\.?\s*box\s*(\d+)", organization.address, re.IGNORECASE)
    if box:
        found[f"box {country} {sort_key(organization.city)} {box[1]}"] = _("the same post office box")
    website = re.sub(r"^https?://(www\.)?|/+$", "", organization.website.lower())
    if website:
        found[f"website {website}"] = _("the same website")
    return found


def likely_duplicates(
    organization: Organization, others: Iterable[Organization]
) -> list[tuple[Organization, list[str]]]:
    """The others that share a mark with this one, each with what they share in words."""
    own = marks(organization)
    found = []
    for other in others:
        shared = own.keys() & marks(other).keys()
        if other.pk != organization.pk and shared:
            found.append((other, sorted({own[mark] for mark in shared})))
    return found
