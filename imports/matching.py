"""Which disease here a record of a dataset is about. Codes decide; a name only hints."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from diseases.codes import Relation, Scheme
from diseases.models import Disease, Identifier, Synonym, fold_name
from diseases.values import SynonymKind
from imports.records import CodeRecord, SourceRecord
from publishing.models import Edition
from search.letters import fold_text

JOINING = (Scheme.GARD, Scheme.ORPHA, Scheme.OMIM)
"""The schemes whose exact codes tell which disease is meant, the surest first."""

CodeKey = tuple[str, str]


class Ambiguous(Exception):
    """A record's codes belong to several diseases, or to one that has another GARD id or ORPHA code as well."""


@dataclass
class DiseaseIndex:
    """All diseases by their codes and names, read once for a run, and kept up as the run goes on."""

    by_code: dict[CodeKey, set[int]] = field(default_factory=lambda: defaultdict(set))
    codes_of: dict[int, set[CodeKey]] = field(default_factory=lambda: defaultdict(set))
    by_name: dict[str, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    hints: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def load(cls) -> "DiseaseIndex":
        found = cls()
        for pk, name in Disease.objects.order_by().values_list("pk", "name"):
            found.add_name(pk, name)
        exact = Identifier.objects.filter(relation=Relation.EXACT, scheme__in=JOINING).order_by()
        for pk, scheme, value in exact.values_list("disease", "scheme", "value"):
            found.add_code(pk, scheme, value)
        umls = Identifier.objects.filter(scheme=Scheme.UMLS).order_by()
        for pk, value in umls.values_list("disease", "value"):
            found.hints[f"UMLS {value}"].add(pk)
        names = Synonym.objects.exclude(kind=SynonymKind.SUBTYPE).order_by()
        for pk, text in names.values_list("disease", "text"):
            found.hints[fold_text(text)].add(pk)
        former = Edition.objects.of(Disease).filter(redacted_at=None).order_by()
        for pk, title in former.values_list("subject_id", "title").distinct():
            found.hints[fold_text(title)].add(pk)
        return found

    def add_name(self, pk: int, name: str) -> None:
        self.by_name[fold_name(name)] = pk
        self.names[pk] = name
        self.hints[fold_text(name)].add(pk)

    def rename(self, pk: int, name: str) -> None:
        """Also the first time."""
        self.by_name.pop(fold_name(self.names.get(pk, "")), None)
        self.add_name(pk, name)

    def add_code(self, pk: int, scheme: str, value: str) -> None:
        self.by_code[scheme, value].add(pk)
        self.codes_of[pk].add((scheme, value))

    def set_codes(self, pk: int, rows: Iterable[Identifier]) -> None:
        """The codes that a disease has now: not all that a record says, since editors deleted or doubted some."""
        codes: set[CodeKey] = {
            (row.scheme, row.value) for row in rows if row.relation == Relation.EXACT and row.scheme in JOINING
        }
        for code in self.codes_of[pk] - codes:
            self.by_code[code].discard(pk)
        self.codes_of[pk] = set()
        for code in codes:
            self.add_code(pk, *code)

    def joined(self, record: SourceRecord) -> int | None:
        """The disease that has the record's codes, by the surest scheme that tells. Raises Ambiguous."""
        codes = joining_codes(record)
        for number, scheme in enumerate(JOINING):
            found = set().union(*(self.by_code.get((code.scheme, code.value), ()) for code in codes[scheme]))
            if len(found) > 1:
                names = ", ".join(sorted(self.names[pk] for pk in found))
                raise Ambiguous(f"its {scheme} code belongs to several diseases here: {names}")
            if not found:
                continue
            (pk,) = found
            for own in JOINING[: number + 1]:
                said = {code.value for code in codes[own]}
                others = {value for other, value in self.codes_of[pk] if other == own} - said
                # Several OMIM numbers may be one disease; several GARD ids or ORPHA codes are several.
                if said and others and own != Scheme.OMIM:
                    raise Ambiguous(
                        f"its {scheme} code belongs to {self.names[pk]}, which is {own} {', '.join(sorted(others))} too"
                    )
            return pk
        return None

    def refuse_moved(self, record: SourceRecord, pk: int) -> None:
        """Raises Ambiguous where a record came into a disease before and its codes are all another's by now."""
        codes = {(code.scheme, code.value) for own in joining_codes(record).values() for code in own}
        others = set().union(*(self.by_code.get(code, ()) for code in codes))
        if others and codes.isdisjoint(self.codes_of.get(pk, ())):
            names = ", ".join(sorted(self.names[other] for other in others))
            raise Ambiguous(f"it was imported into {self.names[pk]}, and its codes now belong to {names}")

    def namesake(self, record: SourceRecord) -> int | None:
        """The disease that has the record's very name, which no second one may have."""
        return self.by_name.get(fold_name(record.name))

    def alike(self, record: SourceRecord) -> list[str]:
        """The names of diseases that may be the same: by a name that one of the two has or had, or by a UMLS code."""
        keys = [fold_text(record.name), *(hint for hint in hints_of(record) if hint.startswith("UMLS "))]
        found = set().union(*(self.hints.get(key, ()) for key in keys))
        found |= {self.by_name.get(fold_name(synonym.text), 0) for synonym in record.synonyms} - {0}
        return sorted(self.names[pk] for pk in found) if len(found) <= MAX_ALIKE else []


MAX_ALIKE = 5
"""A UMLS code that more diseases have says nothing: one is shared by some two hundred."""


def hints_of(record: SourceRecord) -> list[str]:
    """What other records may be known by as perhaps the same: names and UMLS codes."""
    umls = [f"UMLS {code.value}" for code in record.codes if code.scheme == Scheme.UMLS]
    return [*umls, *(fold_text(synonym.text) for synonym in record.synonyms if synonym.kind != SynonymKind.SUBTYPE)]


def joining_codes(record: SourceRecord) -> dict[Scheme, list[CodeRecord]]:
    """The record's own exact codes by scheme, with those that were replaced by one of them."""
    codes = [code for code in (*record.codes, *record.former) if code.relation == Relation.EXACT]
    return {scheme: [code for code in codes if code.scheme == scheme] for scheme in JOINING}


def without_lost_letters(text: str) -> str:
    """A name as some sources damaged it: "caf au lait" for "café au lait"."""
    kept = "".join(letter for letter in unicodedata.normalize("NFC", text) if letter.isascii())
    return " ".join(kept.casefold().split())
