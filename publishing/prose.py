"""Answers are a little HTML: what is allowed in it, and what of it counts as words."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser

from django_prose_editor.fields import create_sanitizer

# Each with its parts, or the editor drops what it does not know (a list without ListItem).
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
_LEADS_SOMEWHERE = re.compile(r'\shref="(https?://[^"]|mailto:[^"]|tel:[^"]|/(?!/))')
# Table cells may be empty; a heading, a paragraph or a list item without a word is a slip of the editor.
_EMPTY = re.compile(r"<(a|strong|em|h3|p|li|ul|ol)(?:\s[^>]*)?>(?:\s|&nbsp;|<br>)*</\1>")


def _link(found: re.Match[str]) -> str:
    attributes = _WITHOUT_SCHEME.sub(r"\1https://", found[1])
    return f"<a{attributes}>{found[2]}</a>" if _LEADS_SOMEWHERE.search(attributes) else found[2]


def _in_unicode(found: re.Match[str]) -> str:
    letters = _RAISED if found[1].lower() == "sup" else _LOWERED
    return "".join(letters.get(letter, letter) for letter in found[2])


def keep_superscripts(html: str) -> str:
    """HTML whose raised and lowered numbers are characters of their own: without its tags, 10<sup>9</sup> reads 109."""
    return _SUPERSCRIPT.sub(_in_unicode, html)


@lru_cache(maxsize=256)  # an answer is sanitised whenever it is stored, composed, opened and shown
def sanitize(html: str) -> str:
    """HTML without what the editor does not offer, dead links and empty blocks; "" where no word is left. Idempotent.

    A link stays where it leads to the web (example.org becomes https://example.org), a mailbox, a telephone or a page
    of this site; of others the words stay.
    """
    html = keep_superscripts(html)
    for _ in range(10):
        before = html
        html = _LINK.sub(_link, _sanitize(html))
        html = _EMPTY.sub("", html)
        if html == before:
            break
        # What went may leave the rest nested as no parser would read it (a heading in a heading): once more.
    return html if blocks(html) else ""


_HEAD = re.compile(
    r"(<table[^>]*>(?:<colgroup>.*?</colgroup>)?)<tbody>(<tr>(?:<th\b(?:(?!<t[hdr]\b).)*</th>)+</tr>)(?=<tr>)",
    re.DOTALL,
)
_LINK_SCHEME = re.compile(r"^(https?://(www\.)?|mailto:|tel:)|/$", re.IGNORECASE)


def _shows_own_url(href: str, words: str) -> bool:
    """Whether the words of a link hold the address that it leads to."""
    if href.startswith("tel:"):
        digits = re.sub(r"\D", "", words).lstrip("0")
        return len(digits) > 4 and re.sub(r"\D", "", href).endswith(digits)
    return _LINK_SCHEME.sub("", href).casefold() in words.casefold()


def _mark_link(found: re.Match[str]) -> str:
    href = re.search(r'\shref="([^"]*)"', found[1])
    if href and _shows_own_url(unescape(href[1]), " ".join(blocks(found[2]))):
        return f'<a class="shows-own-url"{found[1]}>{found[2]}</a>'
    return found[0]


def _with_head(found: re.Match[str]) -> str:
    if re.search(r'\srowspan="(?!1")', found[2]):
        return found[0]  # it reaches into the rows below
    return f"{found[1]}<thead>{found[2]}</thead><tbody>"


@lru_cache(maxsize=256)
def render_for_page(html: str) -> str:
    """Sanitised HTML as a page shows it, ready for paper too.

    The editor knows no head of a table: a first row of nothing but headings is one, and is printed again on every sheet
    that the table goes on to. Links that hold their own address are marked, so that paper does not say it twice.
    """
    return _LINK.sub(_mark_link, _HEAD.sub(_with_head, html))


BLOCKS = {"p", "h3", "li", "th", "td", "ul", "ol", "table", "thead", "tbody", "tr"}
CONTAINERS = {"ul", "ol", "li", "table", "tr", "th", "td"}  # a <p> inside them is the editor's habit, not a block
MARKS = {"strong", "em", "a"}


@dataclass
class _BlockReader(HTMLParser):
    """Collects the text of each block, with its marks."""

    found: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.start_block()

    def start_block(self) -> None:
        tags = [tag for tag in self.open if tag not in {"thead", "tbody"}]
        if tags and tags[-1] == "p" and len(tags) > 1 and tags[-2] in CONTAINERS:
            tags.pop()
        self.found.append(("/".join(tags), []))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.open.append(tag)
            self.start_block()
        elif tag == "br":
            self.handle_data("\n")
        elif tag in MARKS:
            self.marks.append(tag + (f" {dict(attrs).get('href')}" if tag == "a" else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS and tag in self.open:
            while self.open.pop() != tag:
                pass
            self.start_block()
        elif tag in MARKS:
            for mark in reversed(self.marks):
                if mark.split(" ")[0] == tag:
                    self.marks.remove(mark)
                    break

    def handle_data(self, data: str) -> None:
        self.found[-1][1].append((" ".join(sorted(self.marks)), data))


def _read(html: str) -> list[tuple[str, list[tuple[str, str]]]]:
    reader = _BlockReader()
    reader.feed(html)
    reader.close()
    return [(tag, runs) for tag, runs in reader.found if "".join(text for _, text in runs).strip()]


def blocks(html: str) -> list[str]:
    """The words of each paragraph, heading, list item and table cell, white space folded."""
    return [" ".join("".join(text for _, text in runs).split()) for _, runs in _read(html)]


def in_one_line(html: str) -> str:
    """The words as one text. A dot parts what was a list item, a heading or a cell from what comes next."""
    *ended, last = blocks(html) or [""]
    return " ".join([block if block[-1] in ".:;,!?…" else f"{block} ·" for block in ended] + [last])


def shape(html: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The words and the formatting of each block, however the HTML is written: what counts as the same text.

    A browser's editor writes the HTML of an untouched answer anew, so texts are never compared as HTML.
    """
    # Word by word, so that it does not matter how a run of text is cut into pieces.
    return [
        (tag, words, [(marks, word) for marks, text in runs for word in text.split()])
        for (tag, runs), words in zip(_read(html), blocks(html), strict=True)
    ]
