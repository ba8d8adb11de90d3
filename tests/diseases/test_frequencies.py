"""How often a symptom occurs: the words never claim more than the source prints."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diseases.frequencies import Frequency, read_frequency

# Every form that the real tables print, besides "-": MedQuAD's two sorts, and Orphanet's classes below.
PERCENTAGES = """
    1% 1.5% 1.6% 4% 5% 6% 7% 7.5% 8% 10% 11% 12% 13% 15% 16% 20% 22% 24% 25% 26% 29% 30% 31% 32% 33% 35% 36% 37%
    37.8% 40% 42% 44% 45% 46% 47% 48% 50% 52% 53% 55% 56% 57% 58% 59% 60% 61% 63% 66% 69% 70% 71% 73% 74% 75% 76%
    77% 78% 79% 80% 81% 84% 86% 88% 89% 90% 92% 95% 97% 99% 100%
"""
FRACTIONS = """
    1/2 2/2 1/3 2/3 3/3 2/4 3/4 1/5 2/5 3/5 4/5 5/5 1/6 2/6 3/6 4/6 5/6 6/6 2/7 3/7 4/7 5/7 6/7 7/7 2/8 3/8 5/8 6/8
    8/8 1/9 2/9 3/9 4/9 5/9 6/9 7/9 8/9 1/10 4/10 7/10 8/10 9/10 10/10 1/11 2/11 4/11 7/11 8/11 9/11 11/11 6/12 9/12
    12/12 3/13 9/13 10/13 13/13 1/14 2/14 3/14 5/14 6/14 7/14 8/14 9/14 11/14 12/14 14/14 15/15 2/16 4/16 7/16 15/16
    16/16 4/18 5/18 7/18 10/18 12/18 5/19 14/19 3/20 6/20 15/20 19/20 20/20 14/21 8/22 17/22 1/23 4/23 17/23 19/23
    5/24 10/24 13/24 5/25 6/25 7/25 9/25 12/25 14/25 17/25 24/25 25/25 26/26 6/27 11/27 14/27 25/27 26/27 27/27
    41/41 7/45 10/46 47/47 9/50 21/50 30/50 3/57 12/57 17/57 30/57 34/57 57/57 31/104 37/104 48/104 62/139 21/505
"""


@pytest.mark.parametrize(
    ("printed", "words", "share"),
    [
        ("Obligate (100%)", "in everyone with the disease", 100),
        ("Very frequent (99-80%)", "in 80 to 99 of 100 people", 89.5),
        ("Frequent (79-30%)", "in 30 to 79 of 100 people", 54.5),
        ("Occasional (29-5%)", "in 5 to 29 of 100 people", 17),
        ("Very rare (<4-1%)", "in fewer than 4 of 100 people", 2.5),
        ("Excluded (0%)", "in no one with the disease", 0),
        ("100%", "in everyone with the disease", 100),
        ("90%", "in about 9 of 10 people", 90),
        ("80 %", "in about 8 of 10 people", 80),
        ("79%", "in about 79 of 100 people", 79),
        ("50%", "in about half of people", 50),
        ("37.8%", "in about 38 of 100 people", 37.8),
        ("30.0%", "in about 3 of 10 people", 30),
        ("10%", "in about 1 of 10 people", 10),
        ("7.5%", "in about 7 or 8 of 100 people", 7.5),
        ("5%", "in about 5 of 100 people", 5),
        ("1.6%", "in about 16 of 1,000 people", 1.6),
        ("1.5%", "in about 1 or 2 of 100 people", 1.5),
        ("0.5%", "in about 5 of 1,000 people", 0.5),
        ("0.05%", "in fewer than 1 of 1,000 people", 0.05),
        ("99.7%", "in about 997 of 1,000 people", 99.7),
        ("30-79%", "in 30 to 79 of 100 people", 54.5),
        ("1% – 2.5%", "in 1 to 2.5 of 100 people", 1.75),
        # What was so in one study is not so in everyone, or in no one.
        ("25/25", "in 25 of 25 people in one study", 100),
        ("1/2", "in 1 of 2 people in one study", 50),
        ("3 of 4", "in 3 of 4 people in one study", 75),
        ("1/1", "in 1 of 1 person in one study", 100),
        ("0/20", "in 0 of 20 people in one study", 0),
        ("", "how often is not known", None),
        (" - ", "how often is not known", None),
        # What is not understood is shown as it is.
        ("Frequent", "Frequent", None),
        ("common in  adults", "common in adults", None),
        ("101%", "101%", None),
        ("7/0", "7/0", None),
        ("12/7", "12/7", None),
        ("7,5%", "7,5%", None),
        (">50%", ">50%", None),
        ("5-<29%", "5-<29%", None),
        ("<1-4%", "<1-4%", None),
        ("99-180%", "99-180%", None),
        ("Frequent (often)", "Frequent (often)", None),
    ],
)
def test_a_frequency_is_shown_in_words(printed, words, share):
    frequency = read_frequency(printed)

    assert frequency.words == words
    assert frequency.share == (None if share is None else Decimal(str(share)))


@pytest.mark.parametrize("printed", PERCENTAGES.split())
def test_every_percentage_in_the_data_is_read(printed):
    words = read_frequency(printed).words
    share = float(printed.removesuffix("%"))

    if printed == "100%":
        assert words == "in everyone with the disease"
    elif printed == "50%":
        assert words == "in about half of people"
    else:
        one, other, of = re.fullmatch(r"in about (\d+)(?: or (\d+))? of ([\d,]+) people", words).groups()
        said = (int(one) + int(other or one)) / 2 / int(of.replace(",", "")) * 100
        assert said == pytest.approx(share, abs=0.25)


@pytest.mark.parametrize("printed", FRACTIONS.split())
def test_every_fraction_in_the_data_is_shown_as_one_study(printed):
    seen, of = printed.split("/")
    frequency = read_frequency(printed)

    assert frequency.words == f"in {seen} of {of} people in one study"
    assert frequency.study == (int(seen), int(of))
    assert float(frequency.share) == pytest.approx(100 * int(seen) / int(of))


def test_the_range_of_a_class_is_kept():
    frequency = read_frequency("Frequent (79-30%)")

    assert (frequency.least, frequency.most) == (30, 79)


@given(
    st.text(max_size=60) | st.from_regex(r"[A-Z]?[a-z ]{0,9}\(?<?\d{1,4}(\.\d)?%?[-/]?<?\d{0,4}%?\)?", fullmatch=True)
)
def test_any_text_has_words_and_a_share_between_0_and_100(printed):
    frequency = read_frequency(printed)

    assert frequency.words
    assert frequency.share is None or 0 <= frequency.least <= frequency.share <= frequency.most <= 100
    assert frequency.share is not None or frequency.words in {" ".join(printed.split()), Frequency().words}
