"""Turns an answer into plain text that a reader can edit, and back. Unedited parts keep their formatting."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape, unescape
from html.parser import HTMLParser
from itertools import zip_longest

from publishing.prose import sanitize

CELLS = " | "
ITEM = re.compile(r"(?:[-*•]|\d{1,3}[.)])\s+(?=\S)")
MAX_MARGIN = 12
"""The largest indent in spaces that counts. It limits how deep lists can be nested."""
NUMBERED = re.compile(r"\d{1,3}[.)]\s+(?=\S)")


@dataclass(frozen=True)
class TextPart:
    """A paragraph, heading, list or table of an answer, as HTML and as plain text."""

    tag: str
    html: str
    text: str


NO_PART = TextPart("", "", "")


class _PartReader(HTMLParser):
    """Splits an answer at its outermost elements. The HTML was sanitised before, so every element is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[TextPart] = []
        self.open: list[str] = []
        self.numbers: list[int] = []  # The number of the last item of each open list.
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
        elif tag == "p" and {"li", "td", "th"} & {*self.open} and self.text and not self.text[-1].endswith((" ", "\n")):
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
        # Spaces at the beginning of a line only mean something in lists, where they show the level.
        is_list = self.tag in {"ul", "ol"}
        text = "\n".join(line.rstrip() if is_list else line.strip() for line in lines if line.strip())
        if text:
            self.parts.append(TextPart(self.tag, "".join(self.html), text))
        self.html, self.text, self.tag = [], [], ""


def text_parts(html: str) -> list[TextPart]:
    reader = _PartReader()
    reader.feed(html)
    reader.close()
    reader._finish()
    return reader.parts


def to_text(html: str) -> str:
    """Returns an answer as plain text: an empty line between paragraphs, "- " before items, " | " between cells."""
    return "\n\n".join(part.text for part in text_parts(html))


def filled_lines(text: str) -> list[str]:
    """Returns the lines of a text that are not empty, with single spaces, so that texts can be compared."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def merge_into_html(html: str, text: str) -> str:
    """Returns the HTML of an edited text. Paragraphs, list items and table rows that say the same keep their HTML.

    The others lose bold letters and links. A line that begins with a list mark stays a list item.
    """
    old, new = text_parts(html), [chunk for chunk in re.split(r"\n[^\S\n]*\n", text) if chunk.strip()]
    found: list[str] = []
    before, after = [tuple(filled_lines(part.text)) for part in old], [tuple(filled_lines(chunk)) for chunk in new]
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [part.html for part in old[i:j]]
        else:
            old_parts = old[i:j] if j - i == m - k else []
            found += [_to_html(chunk, part or NO_PART) for chunk, part in zip_longest(new[k:m], old_parts)]
    return sanitize("".join(found))


def _to_html(chunk: str, before: TextPart) -> str:
    """Returns the HTML of a new part of the text, which replaces the part `before`."""
    texts = [line.rstrip() for line in chunk.splitlines() if line.strip()]
    if before.tag == "table" and all("|" in text for text in texts):
        return _table(texts, before.html)
    if all(ITEM.match(text.strip()) for text in texts) and not (before.tag == "p" and ITEM.match(before.text)):
        return _list_html(
            texts, {_item(to_text(f"<ul>{item}</ul>").splitlines()): item for item in _items(before.html)}
        )
    name = "h3" if before.tag == "h3" and len(texts) == 1 else "p"
    return f"<{name}>{'<br>'.join(_escape(text) for text in texts)}</{name}>"


def _escape(text: str) -> str:
    return escape(text.strip(), quote=False)


def _list_html(texts: list[str], kept: dict[tuple[str, ...], str]) -> str:
    """Returns a list. Indented lines become a list inside an item. `kept` has the items before, by what they say."""
    top = min(map(_margin, texts))
    items: list[list[str]] = []
    for text in texts:
        if not items or _margin(text) == top:
            items.append([])
        items[-1].append(text)
    name = "ol" if all(NUMBERED.match(item[0].strip()) for item in items) else "ul"
    return f"<{name}>{''.join(kept.get(_item(item)) or _new_item(item, kept) for item in items)}</{name}>"


def _new_item(texts: list[str], kept: dict[tuple[str, ...], str]) -> str:
    first, *others = texts
    inner = _list_html(others, kept) if others else ""
    return f"<li>{_escape(ITEM.sub('', first.strip(), count=1))}{inner}</li>"


def _margin(text: str) -> int:
    return min(len(text) - len(text.lstrip()), MAX_MARGIN)


def _item(texts: list[str]) -> tuple[str, ...]:
    """Returns the lines of an item without its list mark or number."""
    return tuple(ITEM.sub("", line, count=1) for line in filled_lines("\n".join(texts)))


def _items(html: str) -> Iterator[str]:
    """Yields all items of a list and of the lists inside it."""
    for item in _outermost("li", html):
        yield item
        yield from _items(item[len("<li>") : -len("</li>")])


def _table(texts: list[str], html: str) -> str:
    rows = _outermost("tr", html)
    kept = {tuple(_cells(to_text(f"<table>{row}</table>"))): row for row in rows}
    found = []
    for place, text in enumerate(texts):
        cells = _cells(text)
        old_cells = _outermost("t[hd]", rows[place]) if len(rows) == len(texts) else []
        old_cells = old_cells if len(old_cells) == len(cells) else [""] * len(cells)
        found.append(kept.get(tuple(cells)) or f"<tr>{''.join(map(_cell, cells, old_cells))}</tr>")
    return f"<table><tbody>{''.join(found)}</tbody></table>"


def _cells(text: str) -> list[str]:
    return [" ".join(cell.split()) for cell in text.split(CELLS.strip())]


def _cell(text: str, before: str) -> str:
    if before and _cells(to_text(f"<tr>{before}</tr>")) == [text]:
        return before
    name = "th" if before.startswith("<th") else "td"
    return f"<{name}><p>{_escape(text)}</p></{name}>"


def _outermost(tag: str, html: str) -> list[str]:
    """Returns the elements with a tag, without those that are inside another one of them."""
    found, depth, start = [], 0, 0
    for end in re.finditer(rf"<(/?){tag}(?:\s[^>]*)?>", html):
        if not end[1]:
            start = start if depth else end.start()
            depth += 1
        else:
            depth -= 1
            found += [html[start : end.end()]] if not depth else []
    return found
