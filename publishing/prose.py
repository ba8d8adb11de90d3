"""Sanitises the HTML of answers, and finds the words in it."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape

from django_prose_editor.fields import create_sanitizer
from selectolax.lexbor import LexborHTMLParser, LexborNode

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

MAX_TAGS = 25_000
"""HTML with more tags is shown as text. Escaped, it is longer than an answer may be, so forms reject it as too long."""
MAX_DEPTH = 200
"""Of elements nested more deeply, only the words are kept: the time of a parser grows with the square of the depth."""

_RAISED = dict(zip("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾", strict=True))
_LOWERED = dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))

_WITHOUT_SCHEME = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:[/?#]|\Z)", re.IGNORECASE)
_WORKING_LINK = re.compile(r"https?://.|mailto:.|tel:.|/(?!/)", re.DOTALL)
_LINK_SCHEME = re.compile(r"^(https?://(www\.)?|mailto:|tel:)|/$", re.IGNORECASE)

BLOCKS = {"p", "h3", "li", "th", "td", "ul", "ol", "table", "thead", "tbody", "tr"}
CONTAINERS = {"ul", "ol", "li", "table", "tr", "th", "td"}  # the editor puts a <p> inside them, which is no block
MARKS = {"strong", "em", "a"}
# A table cell may be empty. A heading, a paragraph or a list item without a word is a mistake of the editor.
_NEVER_EMPTY = {"h3", "p", "li", "ul", "ol"}


def parse_html(html: str) -> LexborHTMLParser:
    """Returns the tree that a browser makes of a piece of HTML, broken or not."""
    return LexborHTMLParser(html, is_fragment=True)


def children(node: LexborNode | None) -> list[LexborNode]:
    """Returns the elements and texts directly in a node; for the root of a tree, those that are in no element."""
    return list(node.iter(include_text=True)) if node else []


def walk(nodes: list[LexborNode]) -> Iterator[tuple[LexborNode, bool]]:
    """Yields each node, and each node in it, twice: with True where it begins and with False where it ends."""
    stack = [(node, True) for node in reversed(nodes)]
    while stack:
        node, begins = stack.pop()
        yield node, begins
        if begins:
            stack.append((node, False))
            stack += [(child, True) for child in reversed(children(node))]


def _limit_depth(tree: LexborHTMLParser) -> None:
    level = children(tree.root)
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.iter()]
    for node in level:
        node.replace_with(f" {node.text(separator=' ')} ")


def _repair(tree: LexborHTMLParser) -> None:
    """Repairs links, removes empty elements and writes raised numbers in Unicode: 10<sup>9</sup> never reads 109."""
    for node in reversed(tree.css("*")):  # the inner ones before those around them
        href = node.attrs.sget("href") if node.tag == "a" else ""
        if _WITHOUT_SCHEME.match(href):
            href = node.attrs["href"] = f"https://{href}"
        is_empty = not node.text().strip() and all(child.tag == "br" for child in node.iter())
        if node.tag in {"sup", "sub"}:
            letters = _RAISED if node.tag == "sup" else _LOWERED
            node.replace_with("".join(letters.get(letter, letter) for letter in node.text()))
        elif (node.tag == "a" and not _WORKING_LINK.match(href)) or (is_empty and node.tag in MARKS):
            node.unwrap(delete_empty=True)  # A space in it still separates words.
        elif is_empty and node.tag in _NEVER_EMPTY:
            node.decompose()


@lru_cache(maxsize=256)  # an answer is sanitised whenever it is stored, composed, opened and shown
def sanitize(html: str) -> str:
    """Returns HTML with only the tags that the editor offers, without dead links and empty blocks. It is idempotent.

    Returns "" where no word is left. Keeps links to the web (example.org becomes https://example.org), to an e-mail
    address, to a telephone number and to a page of this site. Of other links it keeps only the words.
    """
    for _ in range(10):
        if html.count("<") > MAX_TAGS:
            html = escape(html, quote=False)
        before, tree = html, parse_html(html)
        if html.count("<") > MAX_DEPTH:
            _limit_depth(tree)
        _repair(tree)
        html = _sanitize(tree.html or "")
        if html == before:
            break
        # Removing a part may leave invalid nesting, such as a heading in a heading, so the result is cleaned again.
    return html if blocks(html) else ""


def link_targets(html: str) -> list[str]:
    """Returns the addresses of the links in a piece of HTML."""
    return [link.attrs.sget("href") for link in parse_html(html).css("a[href]")]


def _shows_own_url(href: str, words: str) -> bool:
    """Returns whether the words of a link contain its address."""
    if href.startswith("tel:"):
        digits = re.sub(r"\D", "", words).lstrip("0")
        return len(digits) > 4 and re.sub(r"\D", "", href).endswith(digits)
    return _LINK_SCHEME.sub("", href).casefold() in words.casefold()


def render_for_page(html: str) -> str:
    """Returns sanitised HTML as a page shows and prints it.

    A first row that has only heading cells becomes the head of its table, since the editor cannot make one; browsers
    print a head again on every sheet. Links whose words contain their address are marked, so that it is printed once.
    """
    tree = parse_html(html)
    for link in tree.css("a[href]"):
        if _shows_own_url(link.attrs.sget("href"), " ".join(link.text().split())):
            link.attrs["class"] = "shows-own-url"
    for row in tree.css("tbody:first-of-type > tr:first-child:not(:last-child)"):
        # A cell with a rowspan extends into the rows below.
        body = row.parent
        if body and all(cell.tag == "th" and cell.attrs.sget("rowspan", "1") == "1" for cell in row.iter()):
            head = tree.create_node("thead")
            head.insert_child(row, move=True)
            body.insert_before(head, move=True)
    return tree.html or ""


def _read(html: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Returns the path of tags and the text of each block, with its marks (bold, italic, link)."""
    found: list[tuple[str, list[tuple[str, str]]]] = [("", [])]
    path: list[str] = []
    marks: list[str] = []
    for node, begins in walk(children(parse_html(html).root)):
        tag = node.tag or ""
        if begins and (tag == "br" or node.is_text_node):
            found[-1][1].append((" ".join(sorted(marks)), node.text_content or "\n"))
        elif tag in MARKS:
            mark = f"a {node.attributes.get('href')}" if tag == "a" else tag
            (marks.append if begins else marks.remove)(mark)
        elif tag in BLOCKS:
            path.append(tag) if begins else path.pop()
            tags = [tag for tag in path if tag not in {"thead", "tbody"}]
            if tags[-1:] == ["p"] and tags[-2:-1] and tags[-2] in CONTAINERS:
                tags.pop()
            found.append(("/".join(tags), []))
    return [(tags, runs) for tags, runs in found if "".join(text for _, text in runs).strip()]


@lru_cache(maxsize=256)  # an answer is read when it is sanitised, and again for other programs and the search
def blocks(html: str) -> tuple[str, ...]:
    """Returns the text of each paragraph, heading, list item and table cell, with single spaces."""
    return tuple(" ".join("".join(text for _, text in runs).split()) for _, runs in _read(html))


def forget_texts() -> None:
    """Empties the caches of this module."""
    sanitize.cache_clear()
    blocks.cache_clear()


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
