"""Finds the disease that a record of a data set is about. Codes decide; a name alone is only a hint."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from diseases.codes import Relation, Scheme
from diseases.models import Disease, Identifier, Synonym, fold_name
from diseases.values import SynonymKind
from imports.records import JOINING, CodeRecord, SourceRecord
from publishing.models import Edition, Publishable
from search.letters import fold_text

CodeKey = tuple[str, str]
MatchingKey = str | CodeKey
"""A key, a name or a code (with its scheme) by which two records may be about the same disease."""


class Ambiguous(Exception):
    """A record's codes belong to several diseases, or to one that also has another GARD id or ORPHA code."""


@dataclass
class DiseaseIndex:
    """All diseases by their codes and names, read once for a run and kept up to date during it."""

    by_code: dict[CodeKey, set[int]] = field(default_factory=lambda: defaultdict(set))
    codes_of: dict[int, set[CodeKey]] = field(default_factory=lambda: defaultdict(set))
    by_name: dict[str, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    hints: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def load(cls) -> "DiseaseIndex":
        index = cls()
        for pk, name in Disease.objects.order_by().values_list("pk", "name"):
            index.add_name(pk, name)
        exact = Identifier.objects.filter(relation=Relation.EXACT, scheme__in=JOINING).order_by()
        for pk, scheme, value in exact.values_list("disease", "scheme", "value"):
            index.add_code(pk, scheme, value)
        umls = Identifier.objects.filter(scheme=Scheme.UMLS).order_by()
        for pk, value in umls.values_list("disease", "value"):
            index.hints[f"UMLS {value}"].add(pk)
        for pk, name in _names_of(Disease):
            index.hints[fold_text(name)].add(pk)
        return index

    def add_name(self, pk: int, name: str) -> None:
        self.by_name[fold_name(name)] = pk
        self.names[pk] = name
        self.hints[fold_text(name)].add(pk)

    def rename(self, pk: int, name: str) -> None:
        """Replaces the name of a disease, or adds the name of a new one."""
        self.by_name.pop(fold_name(self.names.get(pk, "")), None)
        self.add_name(pk, name)

    def add_code(self, pk: int, scheme: str, value: str) -> None:
        self.by_code[scheme, value].add(pk)
        self.codes_of[pk].add((scheme, value))

    def set_codes(self, pk: int, rows: Iterable[Identifier]) -> None:
        """Replaces the codes of a disease by those of its rows. A record may have others, which editors deleted."""
        codes: set[CodeKey] = {
            (row.scheme, row.value) for row in rows if row.relation == Relation.EXACT and row.scheme in JOINING
        }
        for code in self.codes_of[pk] - codes:
            self.by_code[code].discard(pk)
        self.codes_of[pk] = set()
        for code in codes:
            self.add_code(pk, *code)

    def disease_of(self, record: SourceRecord) -> int | None:
        """Returns the disease that has the record's codes, by the first scheme of JOINING that tells.

        Raises Ambiguous where the codes belong to several diseases.
        """
        codes = joining_codes(record)
        for number, scheme in enumerate(JOINING):
            found = set().union(*(self.by_code.get((code.scheme, code.value), ()) for code in codes[scheme]))
            if len(found) > 1:
                names = ", ".join(sorted(self.names[pk] for pk in found))
                raise Ambiguous(f"its {scheme} code belongs to several diseases on this site: {names}")
            if not found:
                continue
            (pk,) = found
            for own in JOINING[: number + 1]:
                values = {code.value for code in codes[own]}
                others = {value for other, value in self.codes_of[pk] if other == own} - values
                # One disease may have several OMIM numbers, but only one GARD id and one ORPHA code.
                if values and others and own != Scheme.OMIM:
                    also = f"{own} {', '.join(sorted(others))}"
                    raise Ambiguous(f"its {scheme} code belongs to {self.names[pk]}, which is also {also}")
            return pk
        return None

    def ensure_not_moved(self, record: SourceRecord, pk: int) -> None:
        """Raises Ambiguous where all codes of a record have moved from its disease to another one."""
        codes = {(code.scheme, code.value) for own in joining_codes(record).values() for code in own}
        others = set().union(*(self.by_code.get(code, ()) for code in codes))
        if others and codes.isdisjoint(self.codes_of.get(pk, ())):
            names = ", ".join(sorted(self.names[other] for other in others))
            raise Ambiguous(f"it was imported into {self.names[pk]}, and its codes now belong to {names}")

    def disease_named(self, record: SourceRecord) -> int | None:
        """Returns the disease that has exactly the record's name. No two diseases have the same name."""
        return self.by_name.get(fold_name(record.name))

    def similar_names(self, record: SourceRecord) -> list[str]:
        """Returns the names of diseases that may be the same, since they share a name or a UMLS code with the record.

        Synonyms and former names count too.
        """
        keys = [fold_text(record.name), *(hint for hint in hints_of(record) if hint.startswith("UMLS "))]
        found = set().union(*(self.hints.get(key, ()) for key in keys))
        found |= {self.by_name.get(fold_name(synonym.text), 0) for synonym in record.synonyms} - {0}
        return sorted(self.names[pk] for pk in found) if len(found) <= MAX_SIMILAR else []


MAX_SIMILAR = 5
"""If more diseases share a UMLS code, it tells nothing: about two hundred diseases share one of them."""


def subjects_by_name(kind: type[Publishable]) -> dict[str, int]:
    """Returns the subjects of a kind by every name, folded, that each has or had.

    A present name goes before one of the past, that before a synonym, and each of these before a name from the trash.
    The name of a subtype does not count, since the subtype may have a page of its own.
    """
    trashed = set(kind._base_manager.exclude(trashed_at=None).values_list("pk", flat=True))
    by_name: dict[str, int] = {}
    for pk, name in sorted(_names_of(kind), key=lambda named: named[0] in trashed):
        by_name.setdefault(fold_text(name), pk)
    return by_name


def _names_of(kind: type[Publishable]) -> list[tuple[int, str]]:
    """Returns every name that a subject of a kind has or had, those of today first."""
    own = kind._base_manager.order_by("pk").values_list("pk", "name")
    former = Edition.objects.of(kind).filter(redacted_at=None).order_by("subject_id", "title")
    names = [*own, *former.values_list("subject_id", "title").distinct()]
    if kind is Disease:
        names += Synonym.objects.exclude(kind=SynonymKind.SUBTYPE).order_by("pk").values_list("disease_id", "text")
    return names


def hints_of(record: SourceRecord) -> list[str]:
    """Returns the names and UMLS codes by which another record may be about the same disease."""
    umls = [f"UMLS {code.value}" for code in record.codes if code.scheme == Scheme.UMLS]
    return [*umls, *(fold_text(synonym.text) for synonym in record.synonyms if synonym.kind != SynonymKind.SUBTYPE)]


def matching_keys(record: SourceRecord) -> set[MatchingKey]:
    """Returns the keys by which another record is, or may be, about the same disease."""
    codes = {(code.scheme, code.value) for code in (*record.codes, *record.former)}
    names = {fold_text(name) for name in (record.name, *(synonym.text for synonym in record.synonyms))}
    return {record.key} | codes | names


def joining_codes(record: SourceRecord) -> dict[Scheme, list[CodeRecord]]:
    """Returns the record's exact codes by scheme, with the former codes that they replaced."""
    codes = [code for code in (*record.codes, *record.former) if code.relation == Relation.EXACT]
    return {scheme: [code for code in codes if code.scheme == scheme] for scheme in JOINING}


def without_lost_letters(text: str) -> str:
    """Returns a name without its letters outside ASCII, as some sources damage it: "caf au lait"."""
    ascii_text = "".join(letter for letter in unicodedata.normalize("NFC", text) if letter.isascii())
    return " ".join(ascii_text.casefold().split())
