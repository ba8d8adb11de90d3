"""An answer as plain text, and back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.prose import sanitize, shape
from suggestions.plain_text import merge_into_html, to_text

RICH = (
    '<h3>More</h3><p>It runs in <em>families</em>, see <a href="https://example.org/">there</a>.</p>'
    "<ul><li><p>one</p></li><li>two<ul><li>inner</li></ul></li></ul><ol><li>first</li><li>second</li></ol>"
    "<table><tbody><tr><th>Age</th><th>Share</th></tr><tr><td>5</td><td></td></tr></tbody></table>"
    "<p>a &lt; b &amp; c<br>next line</p>"
)
TEXT = """More

It runs in families, see there.

- one
- two
  - inner

1. first
2. second

Age | Share
5 |

a < b & c
next line"""


def test_an_answer_is_read_as_a_person_would_type_it():
    assert to_text(RICH) == TEXT
    assert to_text("") == ""
    assert to_text("words alone") == "words alone"
    assert to_text("<li>no list around it</li>") == "- no list around it"


def test_words_that_were_not_edited_keep_their_formatting():
    assert shape(merge_into_html(RICH, TEXT)) == shape(RICH)
    changed = merge_into_html(RICH, TEXT.replace("next", "last").replace("- one", "- one more"))

    assert '<a href="https://example.org/"' in changed
    assert "<h3>More</h3>" in changed
    assert "<li>one more</li><li>two<ul><li>inner</li></ul></li>" in changed
    assert "<p>a &lt; b &amp; c<br>last line</p>" in changed


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("More!\n\nwords", "<h3>More!</h3><p>words</p>"),
        ("More\n\nwords\n\nand more", "<h3>More</h3><p>words</p><p>and more</p>"),
        ("More", "<h3>More</h3>"),
        ("", ""),
        ("More\n\n- one\n- two", "<h3>More</h3><ul><li>one</li><li>two</li></ul>"),
        ("More\n\n1. one\n2) two", "<h3>More</h3><ol><li>one</li><li>two</li></ol>"),
        ("More\n\n<script>alert(1)</script>", "<h3>More</h3><p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ],
)
def test_new_words_become_paragraphs_and_lists(text, html):
    assert merge_into_html("<h3>More</h3><p>words</p>", text) == html


LINKED = '<a href="https://example.org/" rel="noopener">{}</a>'


@pytest.mark.parametrize(
    ("html", "old", "new", "changed"),
    [
        (f"<ul><li>{LINKED}</li><li>two</li></ul>", "two", "three", f"<ul><li>{LINKED}</li><li>three</li></ul>"),
        (f"<ul><li>one</li><li>{LINKED}</li></ul>", "- one", "- none\n- one", None),
        (
            f"<ol><li>one<ul><li>{LINKED}</li><li>b</li></ul></li><li>two</li></ol>",
            "- b",
            "- c",
            f"<ol><li>one<ul><li>{LINKED}</li><li>c</li></ul></li><li>two</li></ol>",
        ),
        (
            f"<ol><li>first</li><li>{LINKED}</li><li>last</li></ol>",
            "1. first\n2.",
            "1.",
            f"<ol><li>{LINKED}</li><li>last</li></ol>",
        ),
        (
            f"<table><tbody><tr><th>Sign</th><th>How often</th></tr><tr><td>{LINKED}</td><td>often</td></tr>"
            "</tbody></table>",
            "| often",
            "| seldom",
            f"<table><tbody><tr><th>Sign</th><th>How often</th></tr><tr><td>{LINKED}</td><td><p>seldom</p></td></tr>"
            "</tbody></table>",
        ),
        (
            f"<table><tbody><tr><th>Sign</th><th>Age</th></tr><tr><td>{LINKED}</td><td></td></tr></tbody></table>",
            "Age",
            "Age\nPain | 5",
            f"<table><tbody><tr><th>Sign</th><th>Age</th></tr><tr><td><p>Pain</p></td><td><p>5</p></td></tr>"
            f"<tr><td>{LINKED}</td><td></td></tr></tbody></table>",
        ),
        ("<p>5. Five is a number.</p>", "Five", "Six", "<p>5. Six is a number.</p>"),
    ],
)
def test_in_a_list_or_table_only_what_was_edited_is_rebuilt(html, old, new, changed):
    html = sanitize(html.format("see"))
    expected = sanitize(changed.format("see")) if changed else html.replace("<ul>", "<ul><li>none</li>")
    assert to_text(html).count(old) == 1

    assert merge_into_html(html, to_text(html).replace(old, new)) == expected


def test_a_reader_cannot_nest_lists_too_deeply():
    steps = "\n".join(" " * n + "- step" for n in range(400))

    assert merge_into_html("", steps).count("<ul>") == 13


def test_the_paragraphs_in_a_cell_do_not_run_together():
    assert to_text("<table><tr><td><p>one</p><p>two</p></td><td><p>three</p></td></tr></table>") == "one two | three"


@given(st.text(st.sampled_from("ab \n<>&\"'/-*.1)=|é\u00a0"), max_size=60), st.sampled_from(["", "<p>One.</p>", RICH]))
def test_nothing_that_is_typed_becomes_markup_and_no_word_is_lost(text, html):
    made = merge_into_html(html, text)

    assert made == sanitize(made)
    said = "".join(re.findall(r"\w", to_text(made)))
    assert sorted(re.findall(r"[abé]", text)) == sorted(re.findall(r"[abé]", said))


@given(st.lists(st.text("ab <&>\"'é.-1 ", min_size=1, max_size=20), max_size=5))
def test_plain_paragraphs_come_back_unchanged(paragraphs):
    html = sanitize(merge_into_html("", "\n\n".join(paragraphs)))

    assert merge_into_html(html, to_text(html)) == html
