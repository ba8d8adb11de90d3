"""Reads Orphanet's nomenclature: the ORPHA codes in use, their names, and their codes in ICD-10 and ICD-11.

Orphanet publishes it as two workbooks; one table (CSV) that joins them can be read as well.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from diseases.codes import Relation, Scheme, clean
from imports.records import CodeRecord, Unreadable, UnreadableRecord, UnreadableSource
from imports.tables import FileRow, check_columns
from imports.workbooks import headings, opened_workbook, sheet_rows
from publishing.values import LINE_LENGTH


class Level(StrEnum):
    """The level of an ORPHA code. A group has no page; a subtype may have one, since 95 % of them have a GARD id."""

    GROUP = "Group of disorders"
    DISORDER = "Disorder"
    SUBTYPE = "Subtype of disorder"
    UNKNOWN = ""


@dataclass
class Entity:
    """What the files say about an ORPHA code that is in use."""

    where: str
    name: str = ""
    level: Level = Level.UNKNOWN
    synonyms: set[str] = field(default_factory=set)
    codes: set[CodeRecord] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)

    def set_name(self, name: str) -> None:
        """Sets the name. Raises ValueError where it does not fit, or where the files disagree."""
        if not name or len(name) > LINE_LENGTH:
            raise ValueError("has no name" if not name else f"has a name of more than {LINE_LENGTH} characters")
        if self.name and name != self.name:
            raise ValueError(f"has the name “{name}”, where another row has “{self.name}”")
        self.name = name

    def set_level(self, level: str) -> None:
        """Sets the level. Raises ValueError where it is not known, or where the files disagree."""
        if level not in set(Level) or (self.level and level != self.level):
            problem = f", where another row has “{self.level}”" if self.level else ", which is not known here"
            raise ValueError(f"has the level “{level}”{problem}")
        self.level = Level(level)


@dataclass(frozen=True)
class Inactive:
    """An ORPHA code that is out of use. A deprecated one means the same as its target; an obsolete one may not."""

    where: str
    status: str
    target: str

    @property
    def relation(self) -> Relation:
        return Relation.EXACT if self.status == "Deprecated" else Relation.UNKNOWN


@dataclass
class Nomenclature:
    active: dict[str, Entity] = field(default_factory=dict)
    key_prefixes: set[str] = field(default_factory=set)  # see SourceRecord
    inactive: dict[str, Inactive] = field(default_factory=dict)

    def entity(self, code: str, where: str) -> Entity:
        """Returns what is known about a code. A new one is added to `active` after its row was read without errors.

        Raises ValueError where another row says that the code is out of use.
        """
        if code in self.inactive:
            raise ValueError(f"says that ORPHA:{code} is in use, and {self.inactive[code].where} that it is not")
        return self.active.get(code) or Entity(where)

    def add_inactive(self, code: str, inactive: Inactive) -> None:
        """Adds a code that is out of use. Raises ValueError where another row says otherwise."""
        if inactive.status not in ("Deprecated", "Obsolete"):
            raise ValueError(f"has the status “{inactive.status}”, which is not known here")
        if earlier := self.active.get(code) or self.inactive.get(code):
            if not isinstance(earlier, Inactive) or earlier.target != inactive.target:
                raise ValueError(f"says that ORPHA:{code} is out of use, and {earlier.where} says otherwise")
        else:
            self.inactive[code] = inactive

    def former_codes(self, unreadable: Unreadable) -> dict[str, tuple[CodeRecord, ...]]:
        """Returns the codes that each code in use replaces, in one or more steps.

        Codes that no code in use replaces are added to `unreadable`.
        """
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
                unreadable.append(_without_successor(code, self.inactive[code], target, loop=target in steps))
        return {code: tuple(records) for code, records in former.items()}


def _without_successor(code: str, inactive: Inactive, target: str, loop: bool) -> UnreadableRecord:
    """Returns why a code that is out of use has no code in use that replaces it."""
    start = f"ORPHA:{code} is {inactive.status.lower()}, and "
    if loop:
        return UnreadableRecord(
            inactive.where, f"{start}the codes that replace it lead back to ORPHA:{target}", failed=True
        )
    if target:
        return UnreadableRecord(inactive.where, f"{start}ORPHA:{target}, which replaces it, is not in the files given")
    return UnreadableRecord(inactive.where, f"{start}no code replaces it")


TABLE_COLUMNS = ("orpha_code", "name", "level", "status", "replaced_by", "icd10", "icd11_mms", "synonyms")


def read_table(rows: Iterable[FileRow], nomenclature: Nomenclature, unreadable: Unreadable) -> None:
    """Reads the joined table: one row for each code, with "|" between several codes or names in a cell."""
    nomenclature.key_prefixes.update((NAME, SYNONYMS, ORPHA, ICD10, ICD11))
    _read_each(rows, _read_table_row, nomenclature, unreadable)


def _read_table_row(row: FileRow, nomenclature: Nomenclature) -> None:
    cells = {column: _plain_name(cell) for column, cell in row.cells.items()}
    code = clean(Scheme.ORPHA, cells["orpha_code"])
    if cells["status"] != "Active":
        nomenclature.add_inactive(code, Inactive(row.where, cells["status"], _target(cells["replaced_by"])))
        return
    entity = nomenclature.entity(code, row.where)
    entity.set_name(cells["name"])
    entity.set_level(cells["level"])
    entity.synonyms |= {_plain_name(name) for name in cells["synonyms"].split("|") if name}
    _add_codes(entity, Scheme.ICD10, cells["icd10"])
    _add_codes(entity, Scheme.ICD11, cells["icd11_mms"])
    nomenclature.active[code] = entity


def read_workbook(path: Path, nomenclature: Nomenclature, unreadable: Unreadable) -> None:
    """Reads either of Orphanet's two workbooks. The headings of a sheet tell what it holds."""
    read = []
    with opened_workbook(path) as workbook:
        for sheet in workbook.worksheets:
            name = f"{path.name}, sheet {sheet.title.strip()}"
            _number, columns = headings(sheet, path.name)
            if not {"ORPHAcode", "Inactive ORPHAcode"}.intersection(columns):
                continue  # a page of explanations
            mark, wanted, read_row, key_prefixes = next((kind for kind in SHEETS if kind[0] in columns), SHEETS[0])
            check_columns(name, columns, (mark, *wanted))
            nomenclature.key_prefixes.update(key_prefixes)
            _read_each(sheet_rows(sheet, path.name, unreadable), read_row, nomenclature, unreadable)
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
    entity.set_level(cells["Classification level"])
    if kind == "Main name":
        entity.set_name(cells["Label"])
        entity.where = row.where
    else:
        entity.synonyms.add(cells["Label"])
    nomenclature.active[code] = entity


def _read_inactive(row: FileRow, nomenclature: Nomenclature) -> None:
    code = clean(Scheme.ORPHA, row.cells["Inactive ORPHAcode"])
    target = _target(row.cells["Target active ORPHAcode"])
    nomenclature.add_inactive(code, Inactive(row.where, row.cells["Status"], target))


ReadRow = Callable[[FileRow, Nomenclature], None]
"""Reads one row of a sheet into the nomenclature. Raises ValueError where the row is not valid."""


def _reader_of_codes(scheme: Scheme, column: str) -> ReadRow:
    """Returns the function that reads a row of a sheet with codes of this scheme."""

    def read(row: FileRow, nomenclature: Nomenclature) -> None:
        code = clean(Scheme.ORPHA, row.cells["ORPHAcode"])
        entity = nomenclature.entity(code, row.where)
        entity.set_name(row.cells["PreferredTerm"])
        _add_codes(entity, scheme, row.cells[column])
        nomenclature.active[code] = entity

    return read


NAME, SYNONYMS = "name", "synonym:"
ORPHA, ICD10, ICD11 = (f"identifier:{scheme}:" for scheme in (Scheme.ORPHA, Scheme.ICD10, Scheme.ICD11))

# The column by which a sheet is recognised, the other columns that it must have, the function that reads a row, and the
# beginnings of the keys of the parts that the sheet speaks of. Each stands on one sheet only.
SHEETS: tuple[tuple[str, tuple[str, ...], ReadRow, tuple[str, ...]], ...] = (
    ("Label", ("ORPHAcode", "Type of label", "Classification level"), _read_label, (NAME, SYNONYMS)),
    ("Inactive ORPHAcode", ("Status", "Target active ORPHAcode"), _read_inactive, (ORPHA,)),
    ("ICDcodes", ("ORPHAcode", "PreferredTerm"), _reader_of_codes(Scheme.ICD10, "ICDcodes"), (ICD10,)),
    (
        "ICD-11 MMS codes",
        ("ORPHAcode", "PreferredTerm"),
        _reader_of_codes(Scheme.ICD11, "ICD-11 MMS codes"),
        (ICD11,),
    ),
)


def _read_each(rows: Iterable[FileRow], read_row: ReadRow, nomenclature: Nomenclature, unreadable: Unreadable) -> None:
    for row in rows:
        with unreadable.failures_of(row.where):
            read_row(row, nomenclature)


def _add_codes(entity: Entity, scheme: Scheme, cell: str) -> None:
    """Adds the ICD codes of a cell. Their relation is unknown: most cover many diseases, and the file does not say."""
    for printed in cell.split("|"):
        value = printed.strip(" ,;+*")  # "+" and "*" mark cause and manifestation in ICD-10; they are not in the code
        if not value:
            continue
        try:
            entity.codes.add(CodeRecord(scheme, clean(scheme, value), Relation.UNKNOWN))
        except ValueError:
            is_extension = scheme == Scheme.ICD11 and value.startswith("X")
            reason = "which in ICD-11 only extends other codes" if is_extension else f"which is not a code of {scheme}"
            remark = f"Left out: “{value}”, {reason}"
            if remark not in entity.remarks:
                entity.remarks.append(remark)


def _target(cell: str) -> str:
    return clean(Scheme.ORPHA, cell) if cell else ""


def _plain_name(text: str) -> str:
    return " ".join(text.split())
