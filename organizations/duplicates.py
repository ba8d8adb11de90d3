"""Organizations that may be one and the same: a hint for editors, never a reason to join them unasked."""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from organizations.models import NUMBER_FIELDS, Organization
from organizations.phones import dial
from search.letters import fold_text

COMPARED_FIELDS = ["name", "country", "city", "street", "website", *NUMBER_FIELDS]
"""The fields that marks are made of."""


def duplicate_keys(organization: Organization) -> dict[str, str]:
    """What two entries of one organization would have in common, each with the words to say so."""
    country, city = str(organization.country or ""), fold_text(organization.city)
    found = {f"name {fold_text(organization.name)}": _("the same name")}
    for name in NUMBER_FIELDS:
        number = dial(getattr(organization, name), country)
        if number:
            found[f"number {number}"] = _("the same telephone or fax number")
    box = re.search(r"\bp\.?\s*o\.?\s*box\s*(\d+)", organization.street, re.IGNORECASE)
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
    marked = {pk: duplicate_keys(row) for pk, row in rows.items()}
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


def successors() -> dict[int, int]:
    """Who follows whom."""
    return dict(Organization.objects.exclude(successor=None).order_by().values_list("pk", "successor_id"))


def successor_chain(pk: int, following: dict[int, int]) -> list[int]:
    """An organization, its successor, the successor's successor and so on; a circle is walked once."""
    walked = [pk]
    while (after := following.get(walked[-1])) is not None and after not in walked:
        walked.append(after)
    return walked


@lru_cache(maxsize=20_000)
def _cached_duplicate_keys(language: str | None, values: tuple[str, ...]) -> dict[str, str]:
    """The marks of such values, remembered: to read the telephone numbers of thousands takes a second."""
    return duplicate_keys(Organization(**dict(zip(COMPARED_FIELDS, values, strict=True))))


class DuplicateFinder:
    """The marks of all organizations outside the trash, read in one pass, and of the one that is looked at."""

    def __init__(self, looked_at: int | None = None) -> None:
        rows = Organization.objects.filter(Q(trashed_at=None) | Q(pk=looked_at)).order_by()
        language = get_language()
        self.marks = {
            row[0]: _cached_duplicate_keys(language, row[1:]) for row in rows.values_list("pk", *COMPARED_FIELDS)
        }
        self.successors = successors()

    def duplicates_of(self, pk: int) -> dict[int, list[str]]:
        """What each likely duplicate shares with an organization, in words; first those that share most."""
        own, end = self.marks[pk], self._end(pk)
        found = {
            other: sorted({own[mark] for mark in own.keys() & theirs.keys()})
            for other, theirs in self.marks.items()
            if not own.keys().isdisjoint(theirs) and self._end(other) != end
        }
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))

    def with_duplicates(self) -> set[int]:
        sharing: dict[str, list[int]] = defaultdict(list)
        for pk, own in self.marks.items():
            for mark in own:
                sharing[mark].append(pk)
        return {pk for pks in sharing.values() if len({self._end(pk) for pk in pks}) > 1 for pk in pks}

    def _end(self, pk: int) -> int:
        """Where readers end who follow the successors. Entries that end alike are known to belong together."""
        return successor_chain(pk, self.successors)[-1]
