"""An answer as plain text that a reader can edit, and back. What was not edited keeps its formatting."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape, unescape
from html.parser import HTMLParser
from itertools import zip_longest

from publishing.prose import sanitize

CELLS = " | "
ITEM = re.compile(r"(?:[-*•]|\d{1,3}[.)])\s+(?=\S)")
NUMBERED = re.compile(r"\d{1,3}[.)]\s+(?=\S)")


@dataclass(frozen=True)
class Piece:
    """A paragraph, heading, list or table of an answer."""

    tag: str
    html: str
    text: str


class _Reader(HTMLParser):
    """Cuts an answer at its outermost elements. What it reads was sanitised, so that every element is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[Piece] = []
        self.open: list[str] = []
        self.numbers: list[int] = []  # of the last item of each list that is open
        self.html: list[str] = []
        self.text: list[str] = []
        self.tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.html.append("<br>")
            self.text.append("\n")
            return
        if not self.open:
            self._finish()
            self.tag = tag
        self.open.append(tag)
        self.html.append(self.get_starttag_text() or "")
        if tag in {"ul", "ol"}:
            self.numbers.append(0)
        elif tag == "li":
            self.numbers[-1] += 1
            lists = [each for each in self.open if each in {"ul", "ol"}]
            marker = f"{self.numbers[-1]}. " if lists[-1] == "ol" else "- "
            self.text.append("\n" + "  " * (len(lists) - 1) + marker)
        elif tag == "tr":
            self.text.append("\n")
        elif tag in {"td", "th"} and self.text[-1:] != ["\n"]:
            self.text.append(CELLS)
        elif tag == "p" and "li" in self.open and self.text and not self.text[-1].startswith("\n"):
            self.text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.open:
            return
        self.html.append(f"</{tag}>")
        while self.open.pop() != tag:
            pass
        if tag in {"ul", "ol"}:
            self.numbers.pop()
        if not self.open:
            self._finish()

    def handle_data(self, data: str) -> None:
        self.html.append(data)
        self.text.append(re.sub(r"\s+", " ", data))

    def handle_entityref(self, name: str) -> None:
        self.html.append(f"&{name};")
        self.text.append(unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.handle_entityref(f"#{name}")

    def _finish(self) -> None:
        lines = "".join(self.text).replace("\xa0", " ").split("\n")
        # White space at a line's beginning counts where a list stands in a list, and nowhere else.
        nested = self.tag in {"ul", "ol"}
        text = "\n".join(line.rstrip() if nested else line.strip() for line in lines if line.strip())
        if text:
            self.pieces.append(Piece(self.tag, "".join(self.html), text))
        self.html, self.text, self.tag = [], [], ""


def pieces(html: str) -> list[Piece]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader._finish()
    return reader.pieces


def plain(html: str) -> str:
    """An answer as plain text: an empty line between paragraphs, "- " before an item, " | " between cells."""
    return "\n\n".join(piece.text for piece in pieces(html))


def lines(text: str) -> list[str]:
    """The lines of a text that say something, to be compared."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def with_words(html: str, text: str) -> str:
    """An answer that says a plain text. Paragraphs, lists and tables that say the same stay as they are.

    Of the others the formatting is lost, but for what a line's beginning tells: an item of a list.
    """
    old, new = pieces(html), [chunk for chunk in re.split(r"\n[^\S\n]*\n", text) if chunk.strip()]
    found: list[str] = []
    before, after = [tuple(lines(piece.text)) for piece in old], [tuple(lines(chunk)) for chunk in new]
    for sort, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if sort == "equal":
            found += [piece.html for piece in old[i:j]]
        else:
            tags = [piece.tag for piece in old[i:j]] if j - i == m - k else []
            found += [_html(chunk, tag or "p") for chunk, tag in zip_longest(new[k:m], tags)]
    return sanitize("".join(found))


def _html(chunk: str, tag: str) -> str:
    texts = [line.strip() for line in chunk.splitlines() if line.strip()]
    if all(ITEM.match(text) for text in texts):
        name = "ol" if all(NUMBERED.match(text) for text in texts) else "ul"
        items = "".join(f"<li>{escape(ITEM.sub('', text, count=1), quote=False)}</li>" for text in texts)
        return f"<{name}>{items}</{name}>"
    name = "h3" if tag == "h3" and len(texts) == 1 else "p"
    return f"<{name}>{'<br>'.join(escape(text, quote=False) for text in texts)}</{name}>"
