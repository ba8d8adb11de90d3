"""Finds organizations that may be the same. The result is a hint for editors; nothing is merged automatically."""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from organizations.models import NUMBER_FIELDS, Organization, successor_chain, successors
from organizations.phones import dial
from search.letters import fold_text

COMPARED_FIELDS = ["name", "country", "city", "street", "website", *NUMBER_FIELDS]
"""The fields from which the keys of an organization are made."""


def duplicate_keys(organization: Organization) -> dict[str, str]:
    """Returns the keys of an organization, each with the words that name it for an editor.

    Two organizations that have a key in common are likely duplicates.
    """
    country, city = str(organization.country or ""), fold_text(organization.city)
    keys = {f"name {fold_text(organization.name)}": _("the same name")}
    for name in NUMBER_FIELDS:
        number = dial(getattr(organization, name), country)
        if number:
            keys[f"number {number}"] = _("the same telephone or fax number")
    box = re.search(r"\bp\.?\s*o\.?\s*box\s*(\d+)", organization.street, re.IGNORECASE)
    if box and city:
        keys[f"box {country} {city} {box[1]}"] = _("the same post office box")
    website = re.sub(r"^https?://(www\.)?|/+$", "", organization.website.lower())
    if website:
        keys[f"website {website}"] = _("the same website")
    return keys


def likely_duplicates(
    organizations: Iterable[Organization], others: Iterable[Organization]
) -> list[tuple[Organization, Organization, list[str]]]:
    """Returns pairs of likely duplicates, with what the two have in common in words.

    The first of a pair is one of `organizations`, the second one of these or of `others`. Each pair comes once. The
    work grows with the number of organizations and of pairs found, not with the number of possible pairs.
    """
    wanted = {row.pk: row for row in organizations}
    rows = wanted | {row.pk: row for row in others} if wanted else {}
    keys_by_pk = {pk: duplicate_keys(row) for pk, row in rows.items()}
    pks_by_key: dict[str, list[int]] = defaultdict(list)
    for pk, keys in keys_by_pk.items():
        for key in keys:
            pks_by_key[key].append(pk)
    pairs = []
    done: set[int] = set()
    for pk, row in wanted.items():
        done.add(pk)
        shared: dict[int, set[str]] = defaultdict(set)
        for key, words in keys_by_pk[pk].items():
            for other in pks_by_key[key]:
                if other not in done:
                    shared[other].add(words)
        pairs += [(row, rows[other], sorted(reasons)) for other, reasons in sorted(shared.items())]
    return pairs


@lru_cache(maxsize=20_000)
def _cached_duplicate_keys(language: str | None, values: tuple[str, ...]) -> dict[str, str]:
    """Returns the keys for the values of COMPARED_FIELDS. Cached: parsing thousands of numbers takes a second."""
    return duplicate_keys(Organization(**dict(zip(COMPARED_FIELDS, values, strict=True))))


class DuplicateFinder:
    """Finds likely duplicates among all organizations outside the trash, and one more where `also` names it.

    All organizations are read once, when the finder is made.
    """

    def __init__(self, also: int | None = None) -> None:
        rows = Organization.objects.filter(Q(trashed_at=None) | Q(pk=also)).order_by()
        language = get_language()
        self.keys_by_pk = {
            row[0]: _cached_duplicate_keys(language, row[1:]) for row in rows.values_list("pk", *COMPARED_FIELDS)
        }
        self.successors = successors()

    def duplicates_of(self, pk: int) -> dict[int, list[str]]:
        """Returns the likely duplicates of an organization, and in words what each shares; most first.

        Organizations that lead to the same successor are left out, because editors already know of them.
        """
        keys, last_successor = self.keys_by_pk[pk], self._last_successor(pk)
        found = {
            other: sorted({keys[key] for key in keys.keys() & other_keys.keys()})
            for other, other_keys in self.keys_by_pk.items()
            if not keys.keys().isdisjoint(other_keys) and self._last_successor(other) != last_successor
        }
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))

    def with_duplicates(self) -> set[int]:
        """Returns the organizations that have a likely duplicate."""
        pks_by_key: dict[str, list[int]] = defaultdict(list)
        for pk, keys in self.keys_by_pk.items():
            for key in keys:
                pks_by_key[key].append(pk)
        shared = [pks for pks in pks_by_key.values() if len({self._last_successor(pk) for pk in pks}) > 1]
        return {pk for pks in shared for pk in pks}

    def _last_successor(self, pk: int) -> int:
        return successor_chain(pk, self.successors)[-1]
