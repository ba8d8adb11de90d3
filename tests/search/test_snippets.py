"""The excerpts that a list of results shows."""

import pytest

from search.snippets import BEFORE, excerpt


@pytest.mark.parametrize("before", [BEFORE - 20, BEFORE + 1, BEFORE + 9])
def test_an_excerpt_does_not_begin_within_the_first_word(before):
    first = "Hemochromatosis"
    text = f"{first} {'x' * (before - len(first) - 2)} iron harms the liver."

    assert excerpt(text, {"iron"})[0] == (False, text[:before])


def test_an_excerpt_that_does_not_begin_the_text_begins_with_a_word():
    text = "The liver is harmed. " * 9 + "Too much iron harms the liver."

    (_is_marked, beginning), *_rest = excerpt(text, {"iron"})

    assert beginning.startswith("… ")
    assert beginning.removeprefix("… ").split()[0] in {"The", "liver", "is", "harmed."}


def test_a_very_long_word_is_cut():
    text = "x" * 500 + " iron"

    assert excerpt(text, {"iron"})[0] == (False, "… " + "x" * (BEFORE - 1) + " ")
