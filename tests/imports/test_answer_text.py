"""An answer of MedQuAD becomes a question, HTML and symptoms; what is dropped is named."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.answer_text import read_medquad_answer
from imports.lines import NO_TEXT
from imports.records import SymptomRecord
from publishing.prose import blocks, sanitize
from publishing.values import TEXT_LENGTH
from tests.imports.medquad_texts import CLOSING_TEXT, OPENING_TEXT

NAMES = ("Testitis", "Test syndrome, early")


def read(raw, generated="What causes Testitis ?"):
    return read_medquad_answer(generated, raw, NAMES)


@pytest.mark.parametrize(
    ("raw", "question", "answer"),
    [
        ("What causes testitis? Nobody knows.", "What causes testitis?", "<p>Nobody knows.</p>"),
        ("How might testitis  be treated ? By rest.", "How might testitis be treated?", "<p>By rest.</p>"),
        ("Is testitis inherited? If so, how? It is.", "Is testitis inherited? If so, how?", "<p>It is.</p>"),
        ("Nobody knows. Is it this? No.", "What causes Testitis?", None),
        ("The page Is it common? says so.", "What causes Testitis?", "<p>The page Is it common? says so.</p>"),
        ("What causes testitis?", "What causes testitis?", ""),
        ("", "What causes Testitis?", ""),
        (" . ", "What causes Testitis?", ""),
    ],
)
def test_the_first_sentence_is_the_question(raw, question, answer):
    text = read(raw)
    assert text.question == question
    if answer is not None:
        assert text.answer == answer


def test_generated_question_is_made_readable():
    assert read("It is rare.", "What is (are) Testitis ?").question == "What is Testitis?"


@pytest.mark.parametrize("question", ["What causes odd zorb?", "How is quux treated?"])
def test_a_question_about_another_name_is_reported(question):
    assert read(f"{question} This.").remarks == (f"the question may be about another disease: {question}",)


@pytest.mark.parametrize("question", ["What causes early test syndrome?", "How is this condition treated?"])
def test_a_question_about_this_disease_is_not_reported(question):
    assert read(f"{question} This.").remarks == ()


def test_a_second_question_is_a_heading():
    text = read("How is testitis diagnosed? By a test. Is testing available? Yes.")
    assert text.answer == "<p>By a test.</p>\n<h3>Is testing available?</h3>\n<p>Yes.</p>"
    assert text.remarks == ("it holds a second question: Is testing available?",)


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        ("One. Two.  Three. Four.", "<p>One. Two.</p>\n<p>Three. Four.</p>"),
        ("One.  Two.  Three.", "<p>One. Two. Three.</p>"),  # the author typed two spaces after each full stop
        ("One. Two\n\nthree.", "<p>One. Two</p>\n<p>three.</p>"),
        ("One\ttwo.\nThree  four.", "<p>One two. Three four.</p>"),
        ("Signs are:  Fever  Cough  Pain", "<p>Signs are:</p>\n<ul><li>Fever</li><li>Cough</li><li>Pain</li></ul>"),
        ("Signs are:  Fever  Cough Pain. It  Lasts", "<p>Signs are: Fever Cough Pain. It Lasts</p>"),
        ("It fades over time.The cause is a gene.", "<p>It fades over time. The cause is a gene.</p>"),
        ("Sold in the United.States. See a.Test.", "<p>Sold in the United.States. See a.Test.</p>"),
        ("If <10 & >5, see it.", "<p>If &lt;10 &amp; &gt;5, see it.</p>"),
    ],
)
def test_paragraphs_and_lists_are_restored_where_they_are_certain(raw, answer):
    assert read(raw).answer == answer


def test_bare_addresses_become_links_and_stay_as_they_are():
    text = read("See (http://zorb.org/a?b=1&c=other.Diagnosis now). Or http://zorb.org/x.")
    address = "http://zorb.org/a?b=1&amp;c=other.Diagnosis"
    assert text.answer == (
        f'<p>See (<a href="{address}">{address}</a> now). Or <a href="http://zorb.org/x">http://zorb.org/x</a>.</p>'
    )


def test_citations_are_dropped_and_named():
    text = read("It is rare.[9184] It fades. [1] [2] The [left] one.")
    assert text.answer == "<p>It is rare. It fades. The [left] one.</p>"
    assert text.remarks == ("citation marks were left out, since their list is missing: [9184], [1], [2]",)


def test_what_an_editor_should_look_at_is_named_and_stays():
    text = read("A childs caf au lait spots. Click here, or see the links below.")
    assert text.answer == "<p>A childs caf au lait spots. Click here, or see the links below.</p>"
    assert text.remarks == (
        "words of a link that is no longer there: Click here, links below",
        "letters may be missing: caf",
        "an apostrophe may be missing: childs",
    )


def test_table_of_symptoms_is_taken_out():
    text = read(f"What causes testitis? {OPENING_TEXT} Fever - Adult onset 50%  {CLOSING_TEXT}")
    assert (text.answer, [each.term for each in text.symptoms]) == ("", ["Fever", "Adult onset"])
    assert text.symptoms[0] == SymptomRecord("Fever")
    assert text.remarks == ("a table of 2 symptoms was taken out, with the standard texts around it",)


def test_an_answer_that_is_too_long_is_left_out_and_named():
    text = read("Long words. " * (TEXT_LENGTH // 10))
    assert (text.question, text.answer) == ("What causes Testitis?", "")
    assert text.remarks[0].startswith("the answer was left out: it has 1")


PARTS = st.sampled_from(
    [
        *(
            "What causes testitis?",
            "Is it so ?",
            "How",
            "?",
            ". ",
            "  ",
            "\n\n",
            "\t",
            ":  ",
            "Fever  Cough  Pain",
            "\x00",
        ),
        *(
            "[9184]",
            "[OMIM]",
            "time.The end",
            "http://zorb.org/a?b=c.",
            "<b>",
            "&amp;",
            "]",
            OPENING_TEXT,
            CLOSING_TEXT,
        ),
        *("Seizures 90%", "Fever -", "7/12", "St. Louis", "It is rare."),
    ]
)


def characters(*texts) -> Counter:
    return Counter("".join("".join(texts).split()))


@settings(deadline=None)  # the machine may be busy
@given(st.lists(PARTS | st.text(max_size=20)).map(" ".join) | st.lists(PARTS).map("".join))
def test_no_character_is_lost_or_doubled(raw):
    text = read_medquad_answer("", raw, NAMES)
    cells = [cell for row in text.table.rows for cell in row]
    assert characters(text.question, *blocks(text.answer), *cells, *text.dropped) == characters(NO_TEXT.sub("", raw))


@settings(deadline=None)  # the machine may be busy
@given(st.lists(PARTS).map(" ".join))
def test_answers_are_such_as_the_editor_offers(raw):
    answer = read(raw).answer
    assert blocks(sanitize(answer)) == blocks(answer)
