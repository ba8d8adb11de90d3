"""Divides a page of text into numbered lines."""

import re
from typing import NamedTuple


class PageTextError(ValueError):
    """The text is not a page about a disease; the message says at which line, and what to do."""


class NumberedLine(NamedTuple):
    number: int
    text: str


# Control characters, surrogates and noncharacters: some databases and feeds do not accept them.
NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff\ufffe\uffff]")


def split_lines(text: str) -> tuple[list[NumberedLine], list[NumberedLine]]:
    """Returns the lines, with simple spaces, and the damaged lines, whose text is not known for sure.

    Raises PageTextError where the first line with text is damaged.
    """
    lines: list[NumberedLine] = []
    damaged: list[NumberedLine] = []
    with_newlines = text.removeprefix("\N{BOM}").replace("\r\n", "\n").replace("\r", "\n")
    for number, raw in enumerate(with_newlines.split("\n"), start=1):
        cleaned = NO_TEXT.sub("", raw)
        plain = " ".join(cleaned.split())
        if cleaned == raw:
            lines.append(NumberedLine(number, plain))
        elif not any(line.text for line in lines):
            raise PageTextError(f"Line {number}: it holds characters that are not text. Save the file as UTF-8 text.")
        elif plain:
            damaged.append(NumberedLine(number, plain))
    return lines, damaged
