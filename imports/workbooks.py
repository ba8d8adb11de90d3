"""Reads workbooks (.xlsx) that cannot be trusted: only values, no formulas, and only a limited number of rows."""

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from pathlib import Path

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from imports.archives import MIB, Limits, members
from imports.lines import NO_TEXT
from imports.records import Unreadable, UnreadableRecord, UnreadableSource
from imports.tables import FileRow

MAX_ROWS = 100_000  # the longest sheet of Orphanet has 23,522
MAX_COLUMNS = 20  # that sheet has 4, and a sheet of explanations 10
CellValue = str | bool | float | date | time | timedelta | None
WORKBOOK_LIMITS = Limits(count=1_000, total=128 * MIB)


@contextmanager
def opened_workbook(path: Path) -> Iterator[Workbook]:
    """Opens a workbook for reading. Raises UnreadableSource where it is not safe or is damaged."""
    _check_parts(path)
    if not openpyxl.DEFUSEDXML:
        raise UnreadableSource(f"{path}: cannot be read safely without the package defusedxml. Install it.")
    with path.open("rb") as file, _explained(path), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about formatting that openpyxl does not know
        # data_only: instead of a formula, its value when the workbook was last saved
        yield openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)


def headings(sheet: ReadOnlyWorksheet, name: str) -> tuple[int, list[str]]:
    """Returns the number and the cells of the first row that is not empty; 0 where all rows are empty."""
    for number, cells in _numbered_rows(sheet, name):
        if any(cells):
            return number, cells
    return 0, []


def sheet_rows(sheet: ReadOnlyWorksheet, name: str, unreadable: Unreadable) -> Iterator[FileRow]:
    """Yields the rows below the headings, without empty ones."""
    first, columns = headings(sheet, name)
    for number, cells in _numbered_rows(sheet, name):
        if number <= first or not any(cells):
            continue
        where = f"{name}, sheet {sheet.title.strip()}, row {number}"
        if NO_TEXT.search("".join(cells)):
            unreadable.fail(where, "holds characters that are not text")
            continue
        cells += [""] * (len(columns) - len(cells))
        yield FileRow(where, dict(zip(columns, cells, strict=False)))


def _numbered_rows(sheet: ReadOnlyWorksheet, name: str) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # the size that a sheet declares may be wrong
    for number, values in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), start=1):
        if number > MAX_ROWS:
            raise UnreadableSource(
                f"{name}: sheet {sheet.title.strip()} has more than {MAX_ROWS:,} rows. Split it, or check what it is."
            )
        yield number, [_cell_text(value) for value in values]


def _cell_text(value: CellValue) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def _check_parts(path: Path) -> None:
    """Raises UnreadableSource where a part is too long or damaged, since openpyxl does not check the parts' size."""
    checked = set()
    for part in members(path, "", WORKBOOK_LIMITS):
        if isinstance(part, UnreadableRecord):
            raise UnreadableSource(f"{path}: cannot be read as a workbook, since {part.where} in it {part.reason}.")
        checked.add(part.name)
    with zipfile.ZipFile(path) as archive:
        if any(not info.is_dir() and info.filename not in checked for info in archive.infolist()):
            raise UnreadableSource(f"{path}: holds hidden files. Save it again as a workbook (.xlsx).")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Raises every error of openpyxl as an UnreadableSource that says what to do."""
    try:
        yield
    except UnreadableSource:
        raise
    except Exception as error:  # openpyxl does not catch the errors of its parsers
        causes: list[BaseException] = [error]
        while cause := causes[-1].__cause__ or causes[-1].__context__:
            causes.append(cause)
        has_entities = any(isinstance(cause, DefusedXmlException) for cause in causes)
        reason = "it declares XML entities, which can do harm" if has_entities else repr(causes[-1])[:200]
        raise UnreadableSource(
            f"{path}: cannot be read as a workbook, since {reason}. Save it again as a workbook (.xlsx)."
        ) from error
