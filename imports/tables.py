"""Reads lines and tables from text files that cannot be trusted, one line at a time."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from imports.lines import NO_TEXT
from imports.records import Unreadable, UnreadableSource

GZIP = b"\x1f\x8b"
# Ten times what the largest source has today, and small enough for the memory of a server.
MAX_TABLE_BYTES = 256 * 1024 * 1024
MAX_LINES = 1_000_000
MAX_LINE_LENGTH = 1024 * 1024


class TextLine(NamedTuple):
    """A line of a file, and where it stands, for the report."""

    where: str
    text: str


class FileRow(NamedTuple):
    """The cells of a row of a table by column, and where the row stands, for the report."""

    where: str
    cells: dict[str, str]


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for reading, and unpacks it if its content is gzip. Raises UnreadableSource."""
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) == GZIP
            file.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if is_packed else file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableSource(f"{path}: is damaged ({error}). Download it again.") from error
    except OSError as error:
        raise UnreadableSource(f"{path}: cannot be read ({error}). Check the path and its permissions.") from error


def text_lines(stream: BinaryIO, name: str, unreadable: Unreadable) -> Iterator[TextLine]:
    """Yields the lines of a file in UTF-8. Lines that are not text are added to `unreadable`.

    The bytes are counted while they are read, so that a gzip file that unpacks without an end is stopped too. Raises
    UnreadableSource where the file is too long.
    """
    size = number = 0
    while raw := stream.readline(MAX_LINE_LENGTH):
        number += 1
        size += len(raw)
        too_long = False
        while len(raw) == MAX_LINE_LENGTH and not raw.endswith(b"\n"):
            too_long = True
            raw = stream.readline(MAX_LINE_LENGTH)
            size += len(raw)
            _check_size(name, size, number)
        _check_size(name, size, number)
        where = f"{name}, line {number}"
        if too_long:
            unreadable.fail(where, f"is longer than {MAX_LINE_LENGTH:,} bytes")
            continue
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            unreadable.fail(where, f"is not text in UTF-8 ({error.reason} at byte {error.start})")
            continue
        if NO_TEXT.search(text):
            unreadable.fail(where, "holds characters that are not text")
        elif text.strip():
            yield TextLine(where, text)


def _check_size(name: str, size: int, number: int) -> None:
    if size > MAX_TABLE_BYTES or number > MAX_LINES:
        raise UnreadableSource(
            f"{name}: is longer than {MAX_TABLE_BYTES:,} bytes or {MAX_LINES:,} lines. Split it, or check what it is."
        )


def table(
    lines: Iterable[TextLine],
    name: str,
    columns: Iterable[str],
    unreadable: Unreadable,
    delimiter: str = ",",
) -> Iterator[FileRow]:
    """Yields the rows below the line of headings. Each row is one line, so a wrong quotation mark spoils no other row.

    Rows that cannot be read are added to `unreadable`. Raises UnreadableSource where a column is missing.
    """
    headings: list[str] = []
    for line in lines:
        try:
            (cells,) = csv.reader([line.text], delimiter=delimiter, strict=True)
        except (csv.Error, ValueError) as error:
            unreadable.fail(line.where, f"is not a row of a table ({error})")
            continue
        if not headings:
            headings = [cell.strip() for cell in cells]
            check_columns(name, headings, columns)
        elif len(cells) != len(headings):
            reason = f"has {len(cells)} cells where the table has {len(headings)} columns"
            unreadable.fail(line.where, reason)
        else:
            yield FileRow(line.where, dict(zip(headings, cells, strict=True)))
    if not headings:
        check_columns(name, headings, columns)


def check_columns(name: str, found: Iterable[str], wanted: Iterable[str]) -> None:
    """Raises UnreadableSource where a wanted column is missing."""
    found = [heading for heading in found if heading]
    if missing := [column for column in wanted if column not in found]:
        raise UnreadableSource(
            f"{name}: has no column {_quoted(missing)}; its columns are {_quoted(found) or 'none'}. "
            "Give the file as it was downloaded."
        )


def _quoted(words: list[str]) -> str:
    return ", ".join(f"“{word[:60]}”" for word in words[:20])
