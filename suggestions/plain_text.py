"""Turns an answer into plain text that a reader can edit, and back. Unedited parts keep their formatting."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from itertools import count, groupby, repeat, zip_longest

from selectolax.lexbor import LexborNode

from publishing.prose import children, parse_html, sanitize, walk

CELLS = " | "
LISTS = {"ul", "ol"}
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


def text_parts(html: str) -> list[TextPart]:
    """Splits an answer at its outermost elements."""
    parts = []
    nodes = children(parse_html(html).root)
    for is_element, group in groupby(nodes, lambda node: node.is_element_node and node.tag != "br"):
        for part in [[node] for node in group] if is_element else [list(group)]:
            if text := _text(part):
                tag = (part[0].tag or "") if is_element else ""
                parts.append(TextPart(tag, "".join(node.html or "" for node in part), text))
    return parts


def _text(nodes: list[LexborNode]) -> str:
    """Returns a part of an answer as plain text."""
    text = ""
    markers: list[Iterator[str]] = []  # the marks of the next items of each open list
    for node, begins in walk(nodes):
        if node.tag in LISTS:
            if begins:
                markers.append(repeat("- ") if node.tag == "ul" else map("{}. ".format, count(1)))
            else:
                markers.pop()
        elif not begins:
            continue
        elif node.is_text_node:
            text += re.sub(r"[^\S\xa0]+", " ", node.text_content or "")
        elif node.tag in {"br", "tr"}:
            text += "\n"
        elif node.tag == "li":
            text += "\n" + "  " * (len(markers) - 1) + (next(markers[-1]) if markers else "- ")
        elif node.tag in {"td", "th"} and text[-1:] not in {"", "\n"}:
            text += CELLS
        elif node.tag == "p" and text[-1:] not in {"", " ", "\n"}:
            text += " "
    # Spaces at the beginning of a line only mean something in lists, where they show the level.
    strip = str.rstrip if nodes[0].tag in LISTS else str.strip
    return "\n".join(strip(line) for line in text.replace("\xa0", " ").split("\n") if line.strip())


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
        items = parse_html(before.html).css("li")
        return _list_html(texts, {_item(_text([item]).splitlines()): item.html or "" for item in items})
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


def _table(texts: list[str], html: str) -> str:
    rows = [row for section in parse_html(html).css("table")[0].iter() for row in section.iter() if row.tag == "tr"]
    kept = {tuple(_cells(_text([row]))): row.html or "" for row in rows}
    found = []
    for place, text in enumerate(texts):
        cells = _cells(text)
        old_cells = list(rows[place].iter()) if len(rows) == len(texts) else []
        before = old_cells if len(old_cells) == len(cells) else [None] * len(cells)
        found.append(kept.get(tuple(cells)) or f"<tr>{''.join(map(_cell, cells, before))}</tr>")
    return f"<table><tbody>{''.join(found)}</tbody></table>"


def _cells(text: str) -> list[str]:
    return [" ".join(cell.split()) for cell in text.split(CELLS.strip())]


def _cell(text: str, before: LexborNode | None) -> str:
    if before and _cells(_text([before])) == [text]:
        return before.html or ""
    name = before.tag if before else "td"
    return f"<{name}><p>{_escape(text)}</p></{name}>"
