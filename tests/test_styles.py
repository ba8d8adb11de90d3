"""The style sheets: why the browser tests may look at each width in one colour scheme only."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parent.parent / "static"
SHEETS = ["site.css", "admin.css"]

# Whether a property can hide an element, or change what its colours are or are seen against.
SHOWS = re.compile(r"color|background|border|outline|fill|stroke|shadow|opacity|filter|visibility|^content$|^--|^all$")


def declarations(css, media=()):
    """Each declaration of a style sheet: the conditions of the blocks around it, its property and its value."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    start = depth = 0
    prelude = ""
    for place in (found.start() for found in re.finditer(r"[{};]", css)):
        if css[place] == "{":
            if not depth:
                prelude, start = css[start:place].strip(), place + 1
            depth += 1
        elif css[place] == "}":
            depth -= 1
            if not depth:
                yield from declarations(css[start:place] + ";", (*media, prelude) if prelude[0] == "@" else media)
                start = place + 1
        elif not depth:
            name, colon, value = css[start:place].strip().partition(":")
            if colon:
                yield media, name.strip(), value.strip()
            start = place + 1


def on_screen(sheet):
    """Each declaration of a sheet that is not for paper alone, with its conditions as one text."""
    for media, name, value in declarations((STATIC / sheet).read_text(encoding="utf-8")):
        if "@media print" not in media:
            yield " and ".join(media), name, value


def colours_by_width(rows):
    """The declarations for some widths only that could change which colours are seen: none may."""
    return [
        row
        for row in rows
        if re.search(r"width|height|@container", row[0])
        and (SHOWS.search(row[1]) or "--" in row[2].replace("--measure", "") or re.search(r"\bnone\b", row[2]))
    ]


def shapes_by_colour(rows):
    """The declarations for one colour scheme only that are no colour: none may be anything else."""
    return [
        row
        for row in rows
        if "prefers-color-scheme" in row[0]
        and not (row[0] == "@media (prefers-color-scheme: dark)" and row[1].startswith("--") and row[2].startswith("#"))
    ]


def test_declarations_are_read_with_the_conditions_around_them():
    css = "a { b: c; d: url(e) } /* f { g: h } */ @media i { j { k: l } @media m { n, o { --p: q } } } r { s: t }"

    assert list(declarations(css)) == [
        ((), "b", "c"),
        ((), "d", "url(e)"),
        (("@media i",), "k", "l"),
        (("@media i", "@media m"), "--p", "q"),
        ((), "s", "t"),
    ]


@pytest.mark.parametrize("sheet", SHEETS)
def test_no_rule_depends_on_the_width_and_on_the_colour_scheme(sheet):
    rows = list(on_screen(sheet))
    conditions = {row[0] for row in rows} - {""}

    assert len(rows) > 200
    assert "@media (prefers-color-scheme: dark)" in conditions
    assert any("width" in condition for condition in conditions)
    assert shapes_by_colour(rows) == []
    assert colours_by_width(rows) == []
    assert [condition for condition in conditions if "orientation" in condition] == []
    assert [row for row in rows if "light-dark(" in row[2]] == []


@pytest.mark.parametrize(
    "css",
    [
        "@media (min-width: 9rem) and (prefers-color-scheme: dark) { a { --x: #fff } }",
        "@media (prefers-color-scheme: dark) { @media (min-width: 9rem) { a { --x: #fff } } }",
        "@media (prefers-color-scheme: dark) { a { margin: 0 } }",
        "@media (min-width: 9rem) { a { background: #fff } }",
        "@media (min-width: 9rem) { a { display: none } }",
        "@media (min-width: 9rem) { a { --x: 0 } }",
    ],
)
def test_a_rule_that_depends_on_both_is_found(css):
    rows = [(" and ".join(media), name, value) for media, name, value in declarations(css)]

    assert shapes_by_colour(rows) + colours_by_width(rows)
