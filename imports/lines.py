"""The lines of a page of text, as an editor numbers them."""

import re
from dataclasses import dataclass
from typing import NamedTuple


class PageTextError(ValueError):
    """The text is no disease's page; the message says at which line and what to do."""


class NumberedLine(NamedTuple):
    number: int
    text: str


@dataclass(frozen=True)
class Unplaced:
    """A piece of the page that nothing was made of, for a person to look at."""

    line: int
    text: str


# Control characters, halves of characters and what is none at all: no database or feed takes all of them.
NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff\ufffe\uffff]")


def split_lines(text: str) -> tuple[list[NumberedLine], list[Unplaced]]:
    """All lines with their spaces made plain; damaged ones are set aside, since nobody knows what they said."""
    lines: list[NumberedLine] = []
    damaged: list[Unplaced] = []
    unix = text.removeprefix("\N{BOM}").replace("\r\n", "\n").replace("\r", "\n")
    for number, raw in enumerate(unix.split("\n"), start=1):
        sound = NO_TEXT.sub("", raw)
        plain = " ".join(sound.split())
        if sound == raw:
            lines.append(NumberedLine(number, plain))
        elif not any(line.text for line in lines):
            raise PageTextError(f"Line {number}: it holds characters that are no text. Save the file as UTF-8 text.")
        elif plain:
            damaged.append(Unplaced(number, plain))
    return lines, damaged
