"""The flattened table of symptoms is taken out of an answer, row by row, and nothing of either is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diseases.values import Aspect
from imports.records import SymptomRecord
from imports.symptom_table import CLOSING, OPENING, AnswerSymptomTable, TableRow, aspect, split, symptoms
from tests.imports.medquad_texts import CLOSING_TEXT, OPENING_TEXT


def table(rows: str) -> AnswerSymptomTable:
    return split(f"{OPENING_TEXT} {rows} {CLOSING_TEXT}")


def test_answer_is_cut_around_its_table():
    cut = split(f"It varies. {OPENING_TEXT} Seizures 90% Low-set ears -  {CLOSING_TEXT} It begins late.")
    assert (cut.before, cut.after, cut.unread) == ("It varies. ", " It begins late.", "")
    assert cut.rows == (TableRow("Seizures", "90%"), TableRow("Low-set ears", "-"))
    assert (cut.opening, cut.closing) == (OPENING_TEXT, CLOSING_TEXT)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Short stature 90%", [("Short stature", "90%")]),
        ("Short stature 7.5% Seizures 100%", [("Short stature", "7.5%"), ("Seizures", "100%")]),
        ("Short stature - Seizures 7/12", [("Short stature", ""), ("Seizures", "7/12")]),
        (
            "Cone/cone-rod dystrophy - 2-3 toe syndactyly -",
            [("Cone/cone-rod dystrophy", ""), ("2-3 toe syndactyly", "")],
        ),
        ("Patchy hypo- and hyperpigmentation - 11 pairs of ribs 50%", None),
        ("Cervical vertebral fusion (C2/C3) - Stage 5 chronic kidney disease 1/3", None),
        ("Birth length less than 3rd percentile - Hemisacrum (S2-S5) 3 of 4", None),
    ],
)
def test_rows_with_hyphens_numbers_and_slashes(printed, expected):
    found, remarks = symptoms(table(printed))
    assert remarks == []
    if expected:
        assert [(each.term, each.frequency) for each in found] == expected
    else:
        assert " ".join(f"{each.term} {each.frequency or '-'}" for each in found) == printed
        assert len(found) == 2


def test_aspects_of_rows():
    assert [
        aspect(term)
        for term in ("Autosomal recessive inheritance", "Adult onset", "Slow progression", "Progressive hearing loss")
    ] == [Aspect.INHERITANCE, Aspect.ONSET, Aspect.COURSE, Aspect.SYMPTOM]


def test_the_same_term_stays_with_each_frequency_and_a_repeated_row_once():
    found, remarks = symptoms(table("Seizures 50% Seizures 5/8 Seizures 50%"))
    assert found == (SymptomRecord("Seizures", "50%"), SymptomRecord("Seizures", "5/8"))
    assert remarks == ["the symptom “Seizures” 50% is listed 2 times"]


def test_slips_in_rows_are_mended_and_named():
    found, remarks = symptoms(table('High level {comment="HPO:x"} - Odd growth % Fever - and so on'))
    assert found == (SymptomRecord("High level"), SymptomRecord("Odd growth"), SymptomRecord("Fever"))
    assert remarks == [
        "of the table of symptoms this could not be read: and so on",
        'the symptom “High level” was printed with {comment="HPO:x"}',
        "the symptom “Odd growth” has a percent sign without a number",
    ]


def test_an_answer_without_a_table_stays_whole():
    assert split("Fever 90% of the time - or not.") == AnswerSymptomTable("Fever 90% of the time - or not.")


def folded(text: str) -> str:
    return "".join(text.split())


TERMS = st.lists(
    st.sampled_from(["Low-set", "ears", "2-3", "toe", "(C5/C6)", "46,XY", "hypo-", "and", "T12-L3", "IgG2"]), min_size=1
)
MARKS = st.sampled_from(["-", "90%", "7.5%", "100%", "7/12", "3 of 4"])


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(TERMS.map(" ".join), MARKS)))
def test_every_row_is_read_as_printed(rows):
    cut = table("  ".join(f"{term} {mark}" for term, mark in rows))
    assert (cut.rows, cut.unread) == (tuple(TableRow(*row) for row in rows), "")


PARTS = st.sampled_from([OPENING_TEXT, CLOSING_TEXT, "Seizures 90%", "Fever", "-", "7/12", "%", " ", "\n", "?"])


@settings(deadline=None)  # the machine may be busy
@given(st.lists(PARTS | st.text()).map(" ".join))
def test_no_character_of_an_answer_is_lost(answer):
    cut = split(answer)
    cells = (cell for row in cut.rows for cell in row)
    texts = (cut.before, cut.opening, *cells, cut.unread, cut.closing, cut.after)
    assert folded("".join(texts)) == folded(answer)


def test_the_standard_texts_are_matched_whole():
    assert OPENING.fullmatch(OPENING_TEXT)
    assert CLOSING.fullmatch(CLOSING_TEXT)
