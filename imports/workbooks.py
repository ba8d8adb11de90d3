"""Reads workbooks (.xlsx) whose content nobody vouches for: plain values, never formulas, and no more than is sane."""

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
from defusedxml import DefusedXmlException

from imports.archives import MIB, Limits, members
from imports.lines import NO_TEXT
from imports.records import UnreadableRecord, UnreadableSource
from imports.tables import FileRow

MAX_ROWS = 100_000  # the longest sheet of Orphanet has 23,522
MAX_COLUMNS = 20  # it has 4, and one of explanations 10
WORKBOOK_LIMITS = Limits(count=1_000, total=128 * MIB)


@contextmanager
def opened_workbook(path: Path) -> Iterator[Any]:
    _check_parts(path)
    if not openpyxl.DEFUSEDXML:
        raise UnreadableSource(f"{path}: is not read without defusedxml, which refuses entity bombs. Install it.")
    with path.open("rb") as file, _explained(path), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of formatting that openpyxl does not know
        # data_only: of a formula only the value that was last saved with it
        yield openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)


def headings(sheet: Any, name: str) -> tuple[int, list[str]]:
    """The number and the cells of the first row that has any."""
    for number, cells in _sheet_rows(sheet, name):
        if any(cells):
            return number, cells
    return 0, []


def sheet_rows(sheet: Any, name: str, refusals: list[UnreadableRecord]) -> Iterator[FileRow]:
    """The rows below the headings that are not empty."""
    first, columns = headings(sheet, name)
    for number, cells in _sheet_rows(sheet, name):
        if number <= first or not any(cells):
            continue
        where = f"{name}, sheet {sheet.title.strip()}, row {number}"
        if NO_TEXT.search("".join(cells)):
            refusals.append(UnreadableRecord(where, "holds characters that are no text", failed=True))
            continue
        cells += [""] * (len(columns) - len(cells))
        yield FileRow(where, dict(zip(columns, cells, strict=False)))


def _sheet_rows(sheet: Any, name: str) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # what a sheet says of its size may be untrue
    for number, values in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), start=1):
        if number > MAX_ROWS:
            raise UnreadableSource(
                f"{name}: sheet {sheet.title.strip()} has more than {MAX_ROWS:,} rows. Split it, or check what it is."
            )
        yield number, [_cell_text(value) for value in values]


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def _check_parts(path: Path) -> None:
    """A workbook is a zip file: openpyxl would unpack its parts without looking at their size."""
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
    try:
        yield
    except UnreadableSource:
        raise
    except Exception as error:  # openpyxl lets through whatever its parsers trip over
        causes: list[BaseException] = [error]
        while cause := causes[-1].__cause__ or causes[-1].__context__:
            causes.append(cause)
        entities = any(isinstance(cause, DefusedXmlException) for cause in causes)
        reason = "it declares XML entities, as no honest one does" if entities else repr(causes[-1])[:200]
        raise UnreadableSource(
            f"{path}: cannot be read as a workbook, since {reason}. Save it again as a workbook (.xlsx)."
        ) from error
