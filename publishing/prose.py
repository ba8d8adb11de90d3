"""Sanitises the HTML of answers, and finds the words in it."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser

from django_prose_editor.fields import create_sanitizer

# Each extension needs its parts: without ListItem the editor would remove lists.
EXTENSIONS = {
    "Bold": True,
    "Italic": True,
    "HardBreak": True,
    "Heading": {"levels": [3]},
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Link": {"enableTarget": False, "protocols": ["http", "https", "mailto", "tel"]},
    "Table": True,
    "TableRow": True,
    "TableHeader": True,
    "TableCell": True,
}

_sanitize = create_sanitizer(EXTENSIONS)

_SUPERSCRIPT = re.compile(r"<(sup|sub)\b[^>]*>([^<]*)</\1\s*>", re.IGNORECASE)
_RAISED = dict(zip("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾", strict=True))
_LOWERED = dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))

_LINK = re.compile(r'<a((?:\s+[a-z-]+="[^"]*")*)\s*>(.*?)</a>', re.DOTALL)
_WITHOUT_SCHEME = re.compile(r'(\shref=")(?=[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:[/?#"]))', re.IGNORECASE)
_WORKING_LINK = re.compile(r'\shref="(https?://[^"]|mailto:[^"]|tel:[^"]|/(?!/))')
# A table cell may be empty. A heading, a paragraph or a list item without a word is a mistake of the editor.
_EMPTY = re.compile(r"<(a|strong|em|h3|p|li|ul|ol)(?:\s[^>]*)?>(?:\s|&nbsp;|<br>)*</\1>")


def _repair_link(match: re.Match[str]) -> str:
    """Returns a link with its scheme, or only its words where the address leads nowhere."""
    attributes = _WITHOUT_SCHEME.sub(r"\1https://", match[1])
    return f"<a{attributes}>{match[2]}</a>" if _WORKING_LINK.search(attributes) else match[2]


def _in_unicode(found: re.Match[str]) -> str:
    letters = _RAISED if found[1].lower() == "sup" else _LOWERED
    return "".join(letters.get(letter, letter) for letter in found[2])


def keep_superscripts(html: str) -> str:
    """Replaces the tags of raised and lowered numbers by Unicode characters, so that 10<sup>9</sup> never reads 109."""
    return _SUPERSCRIPT.sub(_in_unicode, html)


@lru_cache(maxsize=256)  # an answer is sanitised whenever it is stored, composed, opened and shown
def sanitize(html: str) -> str:
    """Returns HTML with only the tags that the editor offers, without dead links and empty blocks. It is idempotent.

    Returns "" where no word is left. Keeps links to the web (example.org becomes https://example.org), to an e-mail
    address, to a telephone number and to a page of this site. Of other links it keeps only the words.
    """
    html = keep_superscripts(html)
    for _ in range(10):
        before = html
        html = _LINK.sub(_repair_link, _sanitize(html))
        html = _EMPTY.sub("", html)
        if html == before:
            break
        # Removing a part may leave invalid nesting, such as a heading in a heading, so the result is cleaned again.
    return html if blocks(html) else ""


_TABLE_HEAD = re.compile(
    r"(<table[^>]*>(?:<colgroup>.*?</colgroup>)?)<tbody>(<tr>(?:<th\b(?:(?!<t[hdr]\b).)*</th>)+</tr>)(?=<tr>)",
    re.DOTALL,
)
_LINK_SCHEME = re.compile(r"^(https?://(www\.)?|mailto:|tel:)|/$", re.IGNORECASE)


def _shows_own_url(href: str, words: str) -> bool:
    """Returns whether the words of a link contain its address."""
    if href.startswith("tel:"):
        digits = re.sub(r"\D", "", words).lstrip("0")
        return len(digits) > 4 and re.sub(r"\D", "", href).endswith(digits)
    return _LINK_SCHEME.sub("", href).casefold() in words.casefold()


def _mark_link(match: re.Match[str]) -> str:
    href = re.search(r'\shref="([^"]*)"', match[1])
    if href and _shows_own_url(unescape(href[1]), " ".join(blocks(match[2]))):
        return f'<a class="shows-own-url"{match[1]}>{match[2]}</a>'
    return match[0]


def _add_table_head(match: re.Match[str]) -> str:
    if re.search(r'\srowspan="(?!1")', match[2]):
        return match[0]  # a cell of the first row extends into the rows below
    return f"{match[1]}<thead>{match[2]}</thead><tbody>"


@lru_cache(maxsize=256)
def render_for_page(html: str) -> str:
    """Returns sanitised HTML as a page shows and prints it.

    A first row that has only heading cells becomes the head of its table, since the editor cannot make one; browsers
    print a head again on every sheet. Links whose words contain their address are marked, so that it is printed once.
    """
    return _LINK.sub(_mark_link, _TABLE_HEAD.sub(_add_table_head, html))


BLOCKS = {"p", "h3", "li", "th", "td", "ul", "ol", "table", "thead", "tbody", "tr"}
CONTAINERS = {"ul", "ol", "li", "table", "tr", "th", "td"}  # the editor puts a <p> inside them, which is no block
MARKS = {"strong", "em", "a"}


@dataclass
class _BlockReader(HTMLParser):
    """Collects the text of each block of HTML, with its marks (bold, italic, link)."""

    blocks_read: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.start_block()

    def start_block(self) -> None:
        tags = [tag for tag in self.open_tags if tag not in {"thead", "tbody"}]
        if tags and tags[-1] == "p" and len(tags) > 1 and tags[-2] in CONTAINERS:
            tags.pop()
        self.blocks_read.append(("/".join(tags), []))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.open_tags.append(tag)
            self.start_block()
        elif tag == "br":
            self.handle_data("\n")
        elif tag in MARKS:
            self.marks.append(tag + (f" {dict(attrs).get('href')}" if tag == "a" else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS and tag in self.open_tags:
            while self.open_tags.pop() != tag:
                pass
            self.start_block()
        elif tag in MARKS:
            for mark in reversed(self.marks):
                if mark.split(" ")[0] == tag:
                    self.marks.remove(mark)
                    break

    def handle_data(self, data: str) -> None:
        self.blocks_read[-1][1].append((" ".join(sorted(self.marks)), data))


def _read(html: str) -> list[tuple[str, list[tuple[str, str]]]]:
    reader = _BlockReader()
    reader.feed(html)
    reader.close()
    return [(tag, runs) for tag, runs in reader.blocks_read if "".join(text for _, text in runs).strip()]


def blocks(html: str) -> list[str]:
    """Returns the text of each paragraph, heading, list item and table cell, with single spaces."""
    return [" ".join("".join(text for _, text in runs).split()) for _, runs in _read(html)]


def in_one_line(html: str) -> str:
    """Returns the text in one line. A dot separates a list item, a heading or a cell from the next block."""
    *others, last = blocks(html) or [""]
    return " ".join([block if block[-1] in ".:;,!?…" else f"{block} ·" for block in others] + [last])


def shape(html: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Returns the path of tags, the text and the formatted words of each block. Equal shapes are the same text.

    The editor in the browser rewrites the HTML even of an unchanged answer, so texts are not compared as HTML.
    """
    # Word by word, so that it does not matter how the HTML divides the text.
    return [
        (tag, words, [(marks, word) for marks, text in runs for word in text.split()])
        for (tag, runs), words in zip(_read(html), blocks(html), strict=True)
    ]
