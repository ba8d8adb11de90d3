import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organizations.phones import dial


@pytest.mark.parametrize(
    ("printed", "country", "dialled"),
    [
        ("+44 (0) 121 212 3839", "GB", "+441212123839"),
        ("+44 (0) 121 212 3839", "", "+441212123839"),
        ("407–829–4488", "US", "+14078294488"),
        ("1–888–655–IRON (4766)", "US", "+18886554766"),
        ("1-888-655-IRON", "US", "+18886554766"),
        ("1-888-655-4766 (IRON)", "US", "+18886554766"),
        ("03030 401 101", "GB", "+443030401101"),
        ("(604) 279-7135", "CA", "+16042797135"),
        ("(877) 223-4766", "CA", "+18772234766"),
        ("864-292-1878", "US", "+18642921878"),
        ("864-292-1878 ext. 12", "US", "+18642921878"),
        ("864-292-1878x12", "us", "+18642921878"),
        ("864\N{NO-BREAK SPACE}292\N{MINUS SIGN}1878,", "US", "+18642921878"),
        ("\N{LEFT-TO-RIGHT EMBEDDING}864-292-1878\N{POP DIRECTIONAL FORMATTING}", "US", "+18642921878"),
        ("８６４－２９２－１８７８", "US", "+18642921878"),
        ("٨٦٤-٢٩٢-١٨٧٨", "US", "+18642921878"),
        ("030/1234567", "DE", "+49301234567"),
        ("+39 (0)6 6982 1234", "IT", "+390669821234"),
        ("+33 (0)1 40 51 80 80", "FR", "+33140518080"),
    ],
)
def test_dial_understands_printed_numbers(printed, country, dialled):
    assert dial(printed, country) == dialled


@pytest.mark.parametrize(
    ("printed", "country"),
    [
        ("", "US"),
        ("-", "US"),
        ("ask for Mary", "US"),
        ("ask for Mary 604-279-7135", "CA"),
        ("604-279-7135 or 604-279-7136", "CA"),
        ("604-279-7135 / 604-279-7136", "CA"),
        ("604-279-7135, 604-279-7136", "CA"),
        ("604-279-7135 604-279-7136", "CA"),
        ("030 1234567/8", "DE"),
        ("864-292-1878", ""),
        ("864-292-1878", "ZZ"),
        ("1-888-655-IRON (4767)", "US"),  # the two do not say the same
        ("12345", "US"),
        ("info@example.org", "US"),
        ("\x00", "US"),
        ("1" * 10_000, "US"),
    ],
)
def test_dial_refuses_what_is_not_clearly_one_number(printed, country):
    assert dial(printed, country) == ""


@given(
    st.text() | st.text(alphabet="0123456789+()-–/ .xXextIRON#,;"),
    st.sampled_from(["", "US", "GB", "DE", "IT", "NL", "ZZ", "??"]) | st.text(),
)
def test_dial_never_raises_and_answers_e164_or_nothing(printed, country):
    assert re.fullmatch(r"|\+[0-9]{6,15}", dial(printed, country))
