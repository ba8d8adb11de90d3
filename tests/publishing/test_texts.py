"""Texts: the HTML of answers, their words, how words are compared and how titles are sorted."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publishing.comparison import word_segments
from publishing.prose import MAX_DEPTH, blocks, in_one_line, render_for_page, sanitize, shape
from publishing.sorting import letter, sort_key
from publishing.values import TEXT_LENGTH

tags = ["p", "h3", "ul", "li", "strong", "em", "a", "table", "tr", "td", "script", "div", "br"]
pieces = st.one_of(
    st.text(max_size=10),
    st.sampled_from([f"<{tag}>" for tag in tags] + [f"</{tag}>" for tag in tags]),
    st.sampled_from(
        ['<a href="https://example.org/">', '<a href="javascript:x()">', "<p onclick=x>", "<!--", "&lt;", "&nbsp;"]
    ),
)
wild = st.lists(pieces, max_size=25).map("".join)


@given(wild)
@example("0<H3><A><H3>")
def test_sanitising_is_idempotent_and_leaves_no_script(html):
    clean = sanitize(html)

    assert sanitize(clean) == clean
    assert not any(bad in clean.lower() for bad in ["<script", "onclick=", "<div", "<!--", 'href="javascript', "<a>"])


@pytest.mark.parametrize("levels", [300, 10_000, 50_000])
@pytest.mark.parametrize(
    "opening", ["<ul><li>a", "<table><tr><td>a", "<p><strong>a", "<div>a", "<sup>a", "<a", "</ul>a"]
)
def test_any_nesting_gives_html_that_is_not_nested_deeply_and_keeps_the_words(opening, levels):
    clean = sanitize(opening * levels)

    assert sanitize(clean) == clean
    assert all(path.count("/") < MAX_DEPTH for path, _words, _runs in shape(clean))
    assert " ".join(blocks(clean)).count("a") >= (levels if opening.endswith(">a") else 0)
    assert blocks(render_for_page(clean)) == blocks(clean)


def test_html_of_too_many_tags_becomes_text_that_is_too_long_for_an_answer():
    clean = sanitize("<p>" * 25_001)

    assert clean.startswith("&lt;p&gt;&lt;p&gt;")
    assert len(clean) > TEXT_LENGTH


@given(wild)
def test_the_words_survive_sanitising_twice_and_agree_with_the_shape(html):
    clean = sanitize(html)

    assert tuple(words for _, words, _ in shape(clean)) == blocks(clean)


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<h3></h3><p>a</p>", "<p>a</p>"),
        ("<h3>&nbsp;</h3><p>a</p><p><br></p>", "<p>a</p>"),
        ("<ul><li></li><li><p>a</p></li></ul>", "<ul><li><p>a</p></li></ul>"),
        ('<p>a <a href="https://e.org"></a></p>', "<p>a </p>"),
        (
            '<p><a href="">go</a> <a href="#">go</a> <a href="foo">go</a> <a href="//e.org">go</a></p>',
            "<p>go go go go</p>",
        ),
        ('<p><a href="example.org/page">go</a></p>', '<p><a href="https://example.org/page">go</a></p>'),
        ('<p><a href="/diseases/x/">go</a></p>', '<p><a href="/diseases/x/">go</a></p>'),
        ('<p><a title="a&gt;b" href="mailto:a@e.org">go</a></p>',) * 2,
        ("<table><tbody><tr><td></td><td>a</td></tr></tbody></table>",) * 2,
        ("<p> </p><ul><li></li></ul>", ""),
        ("<p>a<strong> </strong>b</p>", "<p>a b</p>"),
        ("<ul><li><p>a<li>b", "<ul><li><p>a</p></li><li>b</li></ul>"),
    ],
)
def test_nothing_empty_and_no_dead_link_is_left(html, clean):
    assert sanitize(html) == clean


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p>10<sup>9</sup>/l</p>", "<p>10⁹/l</p>"),
        ('<p>10<SUP class="x">-12</SUP> of H<sub>2</sub>O</p>', "<p>10⁻¹² of H₂O</p>"),
        ("<p>the 4<sup>th</sup></p>", "<p>the 4th</p>"),
        ("<p>10⁹</p>", "<p>10⁹</p>"),
        ("<p>10<sup>&minus;<strong>9</strong></sup></p>", "<p>10⁻⁹</p>"),
    ],
)
def test_a_raised_number_does_not_become_a_part_of_the_number_before_it(html, clean):
    assert sanitize(html) == clean


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("<p>a b</p>", "<p>a\n  b</p>\n", True),
        ("<ul><li>a</li></ul>", "<ul><li><p>a</p></li></ul>", True),
        ("<p>a <strong>b c</strong></p>", "<p>a <strong>b</strong> <strong>c</strong></p>", True),
        ("<p>a b</p>", "<p>a</p><p>b</p>", False),
        ("<p>ab</p>", "<p>a b</p>", False),
        ("<p>a<strong>b</strong></p>", "<p>a <strong>b</strong></p>", False),
        ("<p>a b</p>", "<p>a <em>b</em></p>", False),
        ("<p>a</p>", "<h3>a</h3>", False),
        ('<p><a href="https://a.org/">a</a></p>', '<p><a href="https://b.org/">a</a></p>', False),
        ("<ul><li>a</li></ul>", "<ol><li>a</li></ol>", False),
    ],
)
def test_two_texts_are_the_same_or_not(one, other, same):
    assert (shape(one) == shape(other)) is same


@given(st.text(max_size=80), st.text(max_size=80))
def test_word_runs_lose_no_word_of_either_text(old, new):
    runs = word_segments(old, new)

    assert "".join(segment.text for segment in runs if segment.tag != "ins").split() == old.split()
    assert "".join(segment.text for segment in runs if segment.tag != "del").split() == new.split()


def test_titles_are_sorted_as_readers_expect():
    titles = ["Zellweger", "Ébstein anomaly", "type 10", "type 2", "Ætna", "α-thalassemia", "22q11.2", "ebola", "Über"]

    assert sorted(titles, key=sort_key) == [
        "22q11.2",
        "Ætna",
        "α-thalassemia",
        "ebola",
        "Ébstein anomaly",
        "type 2",
        "type 10",
        "Über",
        "Zellweger",
    ]
    assert [letter(title) for title in titles] == ["Z", "E", "T", "T", "A", "A", "#", "E", "U"]


@given(st.text())
def test_every_title_has_a_letter(title):
    assert letter(title) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ#"
    assert len(sort_key(title)) <= 250


@pytest.mark.parametrize(
    ("link", "shows_own_url"),
    [
        ('<a href="https://www.example.org/">www.example.org</a>', True),
        ('<a href="https://example.org/a?b=1&amp;c=2">Read https://example.org/a?b=1&amp;c=2</a>', True),
        ('<a href="https://example.org/a">example.org</a>', False),
        ('<a href="mailto:help@example.org">help@example.org</a>', True),
        ('<a href="mailto:help@example.org">Write to us</a>', False),
        ('<a href="tel:+442075550100">020 7555 0100</a>', True),
        ('<a href="tel:+18886554766">1-888-655-IRON</a>', False),
        ('<a href="/diseases/">Diseases</a>', False),
    ],
)
def test_a_link_that_shows_its_address_is_marked(link, shows_own_url):
    html = sanitize(f"<p>{link}</p>")

    assert ('class="shows-own-url"' in render_for_page(html)) == shows_own_url
    assert render_for_page(html).replace(' class="shows-own-url"', "") == html


HEADINGS = "<tr><th><p>Sign</p></th><th><p>How often</p></th></tr>"
ROW = "<tr><td><p>Fever</p></td><td><p>Often</p></td></tr>"


@pytest.mark.parametrize(
    ("rows", "has_head"),
    [
        (HEADINGS + ROW, True),
        (ROW + HEADINGS, False),
        (HEADINGS, False),
        (HEADINGS.replace("<th>", '<th rowspan="2">', 1) + ROW, False),
        (HEADINGS.replace("<th>", '<th rowspan="1">', 1) + ROW, True),
        ("<tr><th><p>Fever</p></th><td><p>Often</p></td></tr>" + ROW, False),
    ],
)
def test_a_first_row_of_headings_is_the_head_of_its_table(rows, has_head):
    html = sanitize(f"<table><tbody>{rows}</tbody></table>")

    assert ("<thead>" in render_for_page(html)) == has_head
    assert render_for_page(html).replace("</thead><tbody>", "").replace("<thead>", "<tbody>") == html


@given(wild)
def test_html_for_a_page_has_the_same_words(html):
    assert blocks(render_for_page(sanitize(html))) == blocks(sanitize(html))


def test_list_items_are_separated_in_one_line():
    html = "<p>Signs are:</p><ul><li><p>fever</p></li><li><p>an itch</p></li></ul>"
    html += "<h3>More</h3><p>It is rare.</p><p>Yes</p>"

    assert in_one_line(html) == "Signs are: fever · an itch · More · It is rare. Yes"
    assert in_one_line("") == ""
