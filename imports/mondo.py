"""Reads Mondo's mapping tables (SSSOM) and its table of labels and synonyms: which codes mean the same disease."""

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from diseases.codes import Relation, Scheme, clean
from imports.archives import members
from imports.records import CodeRecord, Delivery, SourceRecord, Unreadable, UnreadableRecord, UnreadableSource
from imports.synonyms import distinct_synonyms
from imports.tables import FileRow, opened, table, text_lines
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
# The concepts of ICD-11's foundation have numbers, which are not its codes.
ICD11_FOUNDATION = "icd11.foundation"

MONDO_RELATIONS = {
    "skos:exactMatch": Relation.EXACT,
    "skos:broadMatch": Relation.BROAD,
    "skos:narrowMatch": Relation.NARROW,
}
CROSS_REFERENCE = "oboInOwl:hasDbXref"


@dataclass
class Concept:
    """What the tables say about one Mondo id."""

    where: str
    label: str
    codes: list[CodeRecord] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def gard_ids(self) -> list[str]:
        return [code.value for code in self.codes if code.scheme == Scheme.GARD]


def read_mondo(path: Path, synonyms: Path | None = None) -> Delivery:
    """Returns one record for every Mondo id that has a GARD id, in the order of the numbers, without obsolete ones.

    Mondo gives GARD ids as cross-references only. We take them as exact, because no disease has two GARD ids and no
    GARD id has two diseases (15,947 pairs in August 2026). If that changes, the pairs concerned are unsure: their
    relation is then unknown, with a remark. A cross-reference to ICD-10-CM does not tell its relation. If Mondo calls
    several codes of one scheme exact, we believe it and add a remark.
    """
    unreadable = Unreadable()
    concepts = _concepts(path, unreadable)
    chosen: dict[str, Concept] = {}
    for number, concept in concepts.items():
        if concept.gard_ids() and concept.label.startswith(OBSOLETE):
            name = concept.label.removeprefix(OBSOLETE)
            unreadable.add(concept.where, f"MONDO:{number} is obsolete: {name}")
        elif concept.gard_ids():
            chosen[number] = concept
    if not chosen:
        raise UnreadableSource(
            f"{path}: no table in it gives a GARD id. Give the zip file of Mondo's mapping tables (SSSOM)."
        )
    _mark_unsure_gard_ids(chosen)
    names = _concept_names(synonyms, chosen, unreadable) if synonyms else {}
    return Delivery(
        (_mondo_record(number, chosen[number], names.get(number, ()), bool(synonyms)) for number in sorted(chosen)),
        unreadable,
        len(chosen),
        (path, synonyms) if synonyms else (path,),
    )


def _concepts(path: Path, unreadable: Unreadable) -> dict[str, Concept]:
    """Returns the concepts of all mapping tables by Mondo number."""
    concepts: dict[str, Concept] = {}
    unused: Counter[str] = Counter()
    for member in members(path, ".sssom.tsv"):
        if isinstance(member, UnreadableRecord):
            unreadable.append(member)
            continue
        name = PurePosixPath(member.name).name
        lines = text_lines(io.BytesIO(member.data), name, unreadable)
        without_comments = (line for line in lines if not line.text.startswith("#"))
        for row in table(without_comments, name, COLUMNS, unreadable, delimiter="\t"):
            with unreadable.failures_of(row.where):
                _read_mapping(row, concepts, unused)
    for reason, count in unused.items():
        unreadable.add(path.name, f"{count:,} mappings left out: {reason}")
    return concepts


def _read_mapping(row: FileRow, concepts: dict[str, Concept], unused: Counter[str]) -> None:
    """Adds one mapping to its concept, or counts why it is not used. Raises ValueError where it is not valid."""
    number = clean(Scheme.MONDO, row.cells["subject_id"])
    label = " ".join(row.cells["subject_label"].split())
    if not label or len(label) > LINE_LENGTH:
        raise ValueError(f"has no label of 1 to {LINE_LENGTH} characters")
    prefix, _, value = row.cells["object_id"].partition(":")
    if prefix not in MONDO_SCHEMES:
        is_foundation = prefix == ICD11_FOUNDATION
        reason = "concepts of ICD-11's foundation are not codes" if is_foundation else f"{prefix[:40]} is not used here"
        unused[reason] += 1
        return
    scheme = MONDO_SCHEMES[prefix]
    if scheme == Scheme.ICD10CM and "-" in value:
        unused["ranges of ICD-10-CM are not codes"] += 1
        return
    is_gard_id = scheme == Scheme.GARD and row.cells["predicate_id"] == CROSS_REFERENCE
    relation = Relation.EXACT if is_gard_id else MONDO_RELATIONS.get(row.cells["predicate_id"], Relation.UNKNOWN)
    code = CodeRecord(scheme, clean(scheme, value), relation)
    concept = concepts.setdefault(number, Concept(row.where, label))
    if scheme == Scheme.GARD:
        concept.where = row.where
    if label != concept.label:
        raise ValueError(f"calls MONDO:{number} “{label}”, where another table has “{concept.label}”")
    if code not in concept.codes:
        concept.codes.append(code)


def _mark_unsure_gard_ids(concepts: dict[str, Concept]) -> None:
    """Sets the relation of a GARD id to unknown where it has several concepts, or its concept several GARD ids."""
    counts = Counter(value for concept in concepts.values() for value in concept.gard_ids())
    for concept in concepts.values():
        ids = concept.gard_ids()
        if len(ids) > 1:
            concept.remarks.append(f"Mondo gives it several GARD ids: {', '.join(ids)}")
        if common := [value for value in ids if counts[value] > 1]:
            concept.remarks.append(f"Mondo gives another disease the same GARD id: {', '.join(common)}")
        if len(ids) > 1 or common:
            concept.codes = [
                CodeRecord(code.scheme, code.value, Relation.UNKNOWN) if code.scheme == Scheme.GARD else code
                for code in concept.codes
            ]
        exact = Counter(code.scheme for code in concept.codes if code.relation == Relation.EXACT)
        for scheme, count in exact.items():
            if count > 1:
                concept.remarks.append(f"Mondo calls {count} codes of {scheme} exact")


def _concept_names(path: Path, concepts: dict[str, Concept], unreadable: Unreadable) -> dict[str, list[str]]:
    """Returns the synonyms of those concepts by number. A concept with another label here gets a remark."""
    names: dict[str, list[str]] = {}
    with opened(path) as stream:
        lines = text_lines(stream, path.name, unreadable)
        for row in table(lines, path.name, LABEL_COLUMNS, unreadable, delimiter="\t"):
            with unreadable.failures_of(row.where):
                number = clean(Scheme.MONDO, row.cells["ID"])
                if not (concept := concepts.get(number)):
                    continue
                names.setdefault(number, []).extend(name for name in row.cells["SYNONYMS"].split("|") if name.strip())
                label = row.cells["LABEL"]
                if label.casefold() != concept.label.casefold():
                    concept.remarks.append(f"Its synonyms come from a table that calls it “{label[:LINE_LENGTH]}”")
    return names


def _mondo_record(number: str, concept: Concept, names: Iterable[str], has_synonyms: bool) -> SourceRecord:
    synonyms, remarks = distinct_synonyms(concept.label, names)
    return SourceRecord(
        key=f"MONDO:{number}",
        where=concept.where,
        name=concept.label,
        codes=(CodeRecord(Scheme.MONDO, number), *sorted(concept.codes, key=CodeRecord.rank)),
        synonyms=synonyms,
        key_prefixes=("name", "identifier:", "synonym:") if has_synonyms else ("name", "identifier:"),
        remarks=(*concept.remarks, *remarks),
    )
