"""Orphanet's nomenclature: which ORPHA codes are in use, what they are called, and their codes in ICD-10 and ICD-11.

Orphanet gives it as two workbooks; the same joined into one table (CSV) is read too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from diseases.codes import Relation, Scheme, clean
from imports.records import CodeRecord, UnreadableRecord, UnreadableSource
from imports.tables import FileRow, check_columns
from imports.workbooks import headings, opened_workbook, sheet_rows
from publishing.values import LINE_LENGTH


class Level(StrEnum):
    """A group has no page. A subtype may have one: GARD gives 95 % of Orphanet's subtypes an id of their own."""

    GROUP = "Group of disorders"
    DISORDER = "Disorder"
    SUBTYPE = "Subtype of disorder"
    UNKNOWN = ""


@dataclass
class Entity:
    """What the files say of an ORPHA code that is in use."""

    where: str
    name: str = ""
    level: Level = Level.UNKNOWN
    synonyms: set[str] = field(default_factory=set)
    codes: set[CodeRecord] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)

    def call(self, name: str) -> None:
        if not name or len(name) > LINE_LENGTH:
            raise ValueError("has no name" if not name else f"has a name of more than {LINE_LENGTH} characters")
        if self.name and name != self.name:
            raise ValueError(f"calls “{name}” what another row calls “{self.name}”")
        self.name = name

    def place(self, level: str) -> None:
        if level not in set(Level) or (self.level and level != self.level):
            known = f", where another row has “{self.level}”" if self.level else ", which is not known here"
            raise ValueError(f"has the level “{level}”{known}")
        self.level = Level(level)


@dataclass(frozen=True)
class Inactive:
    """An ORPHA code out of use: a deprecated one means the same as its target, an obsolete one need not."""

    where: str
    status: str
    target: str

    @property
    def relation(self) -> Relation:
        return Relation.EXACT if self.status == "Deprecated" else Relation.UNKNOWN


@dataclass
class Nomenclature:
    active: dict[str, Entity] = field(default_factory=dict)
    inactive: dict[str, Inactive] = field(default_factory=dict)

    def entity(self, code: str, where: str) -> Entity:
        """What is known so far of a code; to be kept once the row is read, so that a damaged one makes no new code."""
        if code in self.inactive:
            raise ValueError(f"has ORPHA:{code} in use, and {self.inactive[code].where} has not")
        return self.active.get(code) or Entity(where)

    def keep(self, code: str, entity: Entity) -> None:
        self.active[code] = entity

    def retire(self, code: str, inactive: Inactive) -> None:
        if inactive.status not in ("Deprecated", "Obsolete"):
            raise ValueError(f"has the status “{inactive.status}”, which is not known here")
        if earlier := self.active.get(code) or self.inactive.get(code):
            if not isinstance(earlier, Inactive) or earlier.target != inactive.target:
                raise ValueError(f"says that ORPHA:{code} is out of use, and {earlier.where} says otherwise")
        else:
            self.inactive[code] = inactive

    def successors(self, refusals: list[UnreadableRecord]) -> dict[str, tuple[CodeRecord, ...]]:
        """The codes that each code in use replaces, through any number of steps; those that none replaces are told."""
        former: dict[str, list[CodeRecord]] = {}
        for code in sorted(self.inactive, key=int):
            steps = [code]
            while (target := self.inactive[steps[-1]].target) in self.inactive and target not in steps:
                steps.append(target)
            if target in self.active:
                exact = all(self.inactive[step].relation == Relation.EXACT for step in steps)
                relation = Relation.EXACT if exact else Relation.UNKNOWN
                former.setdefault(target, []).append(CodeRecord(Scheme.ORPHA, code, relation))
            else:
                refusals.append(_without_successor(code, self.inactive[code], target, loop=target in steps))
        return {code: tuple(records) for code, records in former.items()}


def _without_successor(code: str, inactive: Inactive, target: str, loop: bool) -> UnreadableRecord:
    start = f"ORPHA:{code} is {inactive.status.lower()}, and "
    if loop:
        return UnreadableRecord(
            inactive.where, f"{start}the codes that replace it lead back to ORPHA:{target}", failed=True
        )
    if target:
        return UnreadableRecord(inactive.where, f"{start}ORPHA:{target}, which replaces it, is not in the files given")
    return UnreadableRecord(inactive.where, f"{start}no code replaces it")


TABLE_COLUMNS = ("orpha_code", "name", "level", "status", "replaced_by", "icd10", "icd11_mms", "synonyms")


def read_table(rows: Iterable[FileRow], nomenclature: Nomenclature, refusals: list[UnreadableRecord]) -> None:
    """The joined table: one row a code, "|" between several codes or names in a cell."""
    _read_each(rows, _read_table_row, nomenclature, refusals)


def _read_table_row(row: FileRow, nomenclature: Nomenclature) -> None:
    cells = {column: _plain_name(cell) for column, cell in row.cells.items()}
    code = clean(Scheme.ORPHA, cells["orpha_code"])
    if cells["status"] != "Active":
        nomenclature.retire(code, Inactive(row.where, cells["status"], _target(cells["replaced_by"])))
        return
    entity = nomenclature.entity(code, row.where)
    entity.call(cells["name"])
    entity.place(cells["level"])
    entity.synonyms |= {_plain_name(name) for name in cells["synonyms"].split("|") if name}
    _add_codes(entity, Scheme.ICD10, cells["icd10"])
    _add_codes(entity, Scheme.ICD11, cells["icd11_mms"])
    nomenclature.keep(code, entity)


def read_workbook(path: Path, nomenclature: Nomenclature, refusals: list[UnreadableRecord]) -> None:
    """Whichever of Orphanet's two workbooks this is: each sheet is told by its headings."""
    read = []
    with opened_workbook(path) as workbook:
        for sheet in workbook.worksheets:
            name = f"{path.name}, sheet {sheet.title.strip()}"
            _number, columns = headings(sheet, path.name)
            if not {"ORPHAcode", "Inactive ORPHAcode"}.intersection(columns):
                continue  # a page of explanations
            mark, wanted, read_row = next((kind for kind in SHEETS if kind[0] in columns), SHEETS[0])
            check_columns(name, columns, (mark, *wanted))
            _read_each(sheet_rows(sheet, path.name, refusals), read_row, nomenclature, refusals)
            read.append(mark)
    if not read:
        raise UnreadableSource(
            f"{path}: no sheet has a column “ORPHAcode” in its first row. Give a workbook of Orphanet's nomenclature "
            "as it was downloaded."
        )


def _read_label(row: FileRow, nomenclature: Nomenclature) -> None:
    cells = row.cells
    code = clean(Scheme.ORPHA, cells["ORPHAcode"])
    kind = cells["Type of label"]
    if kind not in ("Main name", "Synonym"):
        raise ValueError(f"has a label of the type “{kind}”, which is not known here")
    entity = nomenclature.entity(code, row.where)
    entity.place(cells["Classification level"])
    if kind == "Main name":
        entity.call(cells["Label"])
        entity.where = row.where
    else:
        entity.synonyms.add(cells["Label"])
    nomenclature.keep(code, entity)


def _read_inactive(row: FileRow, nomenclature: Nomenclature) -> None:
    code = clean(Scheme.ORPHA, row.cells["Inactive ORPHAcode"])
    target = _target(row.cells["Target active ORPHAcode"])
    nomenclature.retire(code, Inactive(row.where, row.cells["Status"], target))


def _reader_of_codes(scheme: Scheme, column: str) -> Callable[[FileRow, Nomenclature], None]:
    def read(row: FileRow, nomenclature: Nomenclature) -> None:
        code = clean(Scheme.ORPHA, row.cells["ORPHAcode"])
        entity = nomenclature.entity(code, row.where)
        entity.call(row.cells["PreferredTerm"])
        entity.synonyms |= {row.cells["Synonyms"]} - {""}
        _add_codes(entity, scheme, row.cells[column])
        nomenclature.keep(code, entity)

    return read


# The column that tells the sort of a sheet, the others that it must have, and what reads a row of it.
SHEETS: tuple[tuple[str, tuple[str, ...], Callable[[FileRow, Nomenclature], None]], ...] = (
    ("Label", ("ORPHAcode", "Type of label", "Classification level"), _read_label),
    ("Inactive ORPHAcode", ("Status", "Target active ORPHAcode"), _read_inactive),
    ("ICDcodes", ("ORPHAcode", "PreferredTerm", "Synonyms"), _reader_of_codes(Scheme.ICD10, "ICDcodes")),
    (
        "ICD-11 MMS codes",
        ("ORPHAcode", "PreferredTerm", "Synonyms"),
        _reader_of_codes(Scheme.ICD11, "ICD-11 MMS codes"),
    ),
)


def _read_each(
    rows: Iterable[FileRow], read_row: Any, nomenclature: Nomenclature, refusals: list[UnreadableRecord]
) -> None:
    for row in rows:
        try:
            read_row(row, nomenclature)
        except ValueError as error:
            refusals.append(UnreadableRecord(row.where, str(error), failed=True))


def _add_codes(entity: Entity, scheme: Scheme, cell: str) -> None:
    """The nomenclature does not say how an ICD code relates to the disease; most cover many diseases."""
    for printed in cell.split("|"):
        value = printed.strip(" ,;+*")  # "+" and "*" mark cause and manifestation of ICD-10: no part of the code
        if not value:
            continue
        try:
            entity.codes.add(CodeRecord(scheme, clean(scheme, value), Relation.UNKNOWN))
        except ValueError:
            extension = scheme == Scheme.ICD11 and value.startswith("X")
            what = "a code that only adds to others in ICD-11" if extension else f"no code of {scheme}"
            remark = f"Left out: “{value}”, {what}"
            if remark not in entity.remarks:
                entity.remarks.append(remark)


def _target(cell: str) -> str:
    return clean(Scheme.ORPHA, cell) if cell else ""


def _plain_name(text: str) -> str:
    return " ".join(text.split())
