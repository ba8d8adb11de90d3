"""Reads Mondo's mapping tables (SSSOM) and its table of labels and synonyms: which codes mean the same disease."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from diseases.codes import Relation, Scheme, clean
from imports.archives import Member, members
from imports.records import CodeRecord, Delivery, SourceRecord, UnreadableRecord, UnreadableSource
from imports.synonyms import distinct
from imports.tables import FileRow, TextLine, opened, table, text_lines
from publishing.values import LINE_LENGTH

COLUMNS = ("subject_id", "subject_label", "predicate_id", "object_id")
LABEL_COLUMNS = ("ID", "LABEL", "SYNONYMS")
OBSOLETE = "obsolete "

# The prefix of a mapped code, and the scheme that it is stored under.
MONDO_SCHEMES = {
    "GARD": Scheme.GARD,
    "Orphanet": Scheme.ORPHA,
    "OMIM": Scheme.OMIM,
    "UMLS": Scheme.UMLS,
    "ICD10CM": Scheme.ICD10CM,
}
# Concepts of ICD-11's foundation have numbers, from which its codes cannot be told.
NOT_CODES = "icd11.foundation"

MONDO_RELATIONS = {
    "skos:exactMatch": Relation.EXACT,
    "skos:broadMatch": Relation.BROAD,
    "skos:narrowMatch": Relation.NARROW,
}
CROSS_REFERENCE = "oboInOwl:hasDbXref"


@dataclass
class Concept:
    where: str
    label: str
    codes: list[CodeRecord] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def gard(self) -> list[str]:
        return [code.value for code in self.codes if code.scheme == Scheme.GARD]


def read_mondo(path: Path, synonyms: Path | None = None) -> Delivery:
    """One record for every Mondo id that has a GARD id, by number; obsolete ones are refused.

    Mondo gives GARD ids as cross-references only, but none of its diseases has two and none stands with two (15,947
    pairs in August 2026), so we take them as exact. Should that change, none of the pairs concerned is sure: their
    relation is then unknown, with a remark. A cross-reference to ICD-10-CM says nothing of its relation. Where Mondo
    calls several codes of one scheme exact, we keep its word, and remark on it.
    """
    refusals: list[UnreadableRecord] = []
    concepts = _concepts(path, refusals)
    chosen = {number: concept for number, concept in concepts.items() if _is_wanted(number, concept, refusals)}
    if not chosen:
        raise UnreadableSource(
            f"{path}: no table in it gives a GARD id. Give the zip file of Mondo's mapping tables (SSSOM)."
        )
    _doubt_shared(chosen)
    names = _concept_names(synonyms, chosen, refusals) if synonyms else {}
    return Delivery(
        (_mondo_record(number, chosen[number], names.get(number, ())) for number in sorted(chosen)),
        refusals,
        len(chosen),
        (path, synonyms) if synonyms else (path,),
    )


def _concepts(path: Path, refusals: list[UnreadableRecord]) -> dict[str, Concept]:
    concepts: dict[str, Concept] = {}
    unused: Counter[str] = Counter()
    for member in members(path, ".sssom.tsv"):
        if isinstance(member, UnreadableRecord):
            refusals.append(member)
        else:
            _read_mappings(member, concepts, unused, refusals)
    for reason, count in unused.items():
        refusals.append(UnreadableRecord(path.name, f"{count:,} mappings left out: {reason}"))
    return concepts


def _read_mappings(
    member: Member, concepts: dict[str, Concept], unused: Counter[str], refusals: list[UnreadableRecord]
) -> None:
    name = PurePosixPath(member.name).name
    lines = text_lines(io.BytesIO(member.data), name, refusals)
    for row in table(_below_the_header(lines), name, COLUMNS, refusals, delimiter="\t"):
        try:
            _read_mapping(row, concepts, unused)
        except ValueError as error:
            refusals.append(UnreadableRecord(row.where, str(error), failed=True))


def _below_the_header(lines: Iterable[TextLine]) -> Iterator[TextLine]:
    return (line for line in lines if not line.text.startswith("#"))


def _read_mapping(row: FileRow, concepts: dict[str, Concept], unused: Counter[str]) -> None:
    number = clean(Scheme.MONDO, row.cells["subject_id"])
    label = " ".join(row.cells["subject_label"].split())
    if not label or len(label) > LINE_LENGTH:
        raise ValueError(f"has no label of 1 to {LINE_LENGTH} characters")
    prefix, _, value = row.cells["object_id"].partition(":")
    if prefix not in MONDO_SCHEMES:
        what = (
            "concepts of ICD-11's foundation are no codes" if prefix == NOT_CODES else f"{prefix[:40]} is not used here"
        )
        unused[what] += 1
        return
    scheme = MONDO_SCHEMES[prefix]
    if scheme == Scheme.ICD10CM and "-" in value:
        unused["ranges of ICD-10-CM are no codes"] += 1
        return
    code = CodeRecord(scheme, clean(scheme, value), _relation(scheme, row.cells["predicate_id"]))
    concept = concepts.setdefault(number, Concept(row.where, label))
    if scheme == Scheme.GARD:
        concept.where = row.where
    if label != concept.label:
        raise ValueError(f"calls MONDO:{number} “{label}”, where another table has “{concept.label}”")
    if code not in concept.codes:
        concept.codes.append(code)


def _relation(scheme: Scheme, predicate: str) -> Relation:
    if scheme == Scheme.GARD and predicate == CROSS_REFERENCE:
        return Relation.EXACT
    return MONDO_RELATIONS.get(predicate, Relation.UNKNOWN)


def _is_wanted(number: str, concept: Concept, refusals: list[UnreadableRecord]) -> bool:
    if not concept.gard():
        return False
    if concept.label.startswith(OBSOLETE):
        refusals.append(
            UnreadableRecord(concept.where, f"MONDO:{number} is obsolete: {concept.label.removeprefix(OBSOLETE)}")
        )
        return False
    return True


def _doubt_shared(concepts: dict[str, Concept]) -> None:
    """A GARD id is one disease here, so a pair is only sure where neither has another."""
    shared = Counter(value for concept in concepts.values() for value in concept.gard())
    for concept in concepts.values():
        ids = concept.gard()
        if len(ids) > 1:
            concept.remarks.append(f"Mondo gives it several GARD ids: {', '.join(ids)}")
        if common := [value for value in ids if shared[value] > 1]:
            concept.remarks.append(f"Mondo gives another disease the same GARD id: {', '.join(common)}")
        if len(ids) > 1 or common:
            concept.codes = [
                CodeRecord(code.scheme, code.value, Relation.UNKNOWN) if code.scheme == Scheme.GARD else code
                for code in concept.codes
            ]
        counts = Counter(code.scheme for code in concept.codes if code.relation == Relation.EXACT)
        for scheme, count in counts.items():
            if count > 1:
                concept.remarks.append(f"Mondo calls {count} codes of {scheme} exact")


def _concept_names(path: Path, concepts: dict[str, Concept], refusals: list[UnreadableRecord]) -> dict[str, list[str]]:
    """The synonyms of those concepts. Where Mondo has since renamed one, it may since mean something else: a remark."""
    names: dict[str, list[str]] = {}
    with opened(path) as stream:
        lines = text_lines(stream, path.name, refusals)
        for row in table(lines, path.name, LABEL_COLUMNS, refusals, delimiter="\t"):
            try:
                number = clean(Scheme.MONDO, row.cells["ID"])
            except ValueError as error:
                refusals.append(UnreadableRecord(row.where, str(error), failed=True))
                continue
            if concept := concepts.get(number):
                names.setdefault(number, []).extend(name for name in row.cells["SYNONYMS"].split("|") if name.strip())
                label = row.cells["LABEL"]
                if label.casefold() != concept.label.casefold():
                    concept.remarks.append(f"Its synonyms come from a table that calls it “{label[:LINE_LENGTH]}”")
    return names


def _mondo_record(number: str, concept: Concept, names: Iterable[str]) -> SourceRecord:
    synonyms, remarks = distinct(concept.label, names)
    order = list(Scheme)
    codes = sorted(concept.codes, key=lambda code: (order.index(Scheme(code.scheme)), code.value))
    return SourceRecord(
        key=f"MONDO:{number}",
        where=concept.where,
        name=concept.label,
        codes=(CodeRecord(Scheme.MONDO, number), *codes),
        synonyms=synonyms,
        remarks=(*concept.remarks, *remarks),
    )
