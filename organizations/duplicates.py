"""Organizations that may be one and the same: a hint for editors, never a reason to join them unasked."""

import re
from collections import defaultdict
from collections.abc import Iterable

from django.utils.translation import gettext as _

from organizations.models import NUMBERS, Organization
from organizations.phones import dial
from search.letters import folded


def marks(organization: Organization) -> dict[str, str]:
    """What two entries of one organization would have in common, each with the words to say so."""
    country, city = str(organization.country or ""), folded(organization.city)
    found = {f"name {folded(organization.name)}": _("the same name")}
    for name in NUMBERS:
        number = dial(getattr(organization, name), country)
        if number:
            found[f"number {number}"] = _("the same telephone or fax number")
    box = re.search(r"\bp\.?\s*o\.?\s*box\s*(\d+)", organization.address, re.IGNORECASE)
    if box and city:
        found[f"box {country} {city} {box[1]}"] = _("the same post office box")
    website = re.sub(r"^https?://(www\.)?|/+$", "", organization.website.lower())
    if website:
        found[f"website {website}"] = _("the same website")
    return found


def likely_duplicates(
    organizations: Iterable[Organization], others: Iterable[Organization]
) -> list[tuple[Organization, Organization, list[str]]]:
    """Each of the organizations with each one, of them or of the others, that shares a mark; and what they share.

    A pair comes once. The work grows with the number of organizations and of finds, not of pairs.
    """
    asked = {row.pk: row for row in organizations}
    rows = asked | {row.pk: row for row in others} if asked else {}
    marked = {pk: marks(row) for pk, row in rows.items()}
    sharing: dict[str, list[int]] = defaultdict(list)
    for pk, own in marked.items():
        for mark in own:
            sharing[mark].append(pk)
    found = []
    told: set[int] = set()
    for pk, row in asked.items():
        told.add(pk)
        shared: dict[int, set[str]] = defaultdict(set)
        for mark, words in marked[pk].items():
            for other in sharing[mark]:
                if other not in told:
                    shared[other].add(words)
        found += [(row, rows[other], sorted(reasons)) for other, reasons in sorted(shared.items())]
    return found
