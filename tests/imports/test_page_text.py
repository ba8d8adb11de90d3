import re
from collections import Counter
from dataclasses import astuple
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from django_countries.data import COUNTRIES
from hypothesis import given
from hypothesis import strategies as st

from imports.address_text import Place, place, split_name
from imports.contact_text import OrganizationText
from imports.lines import NumberedLine, PageTextError
from imports.page_text import PageText, read_page_text
from imports.question_text import printed_date, topic
from imports.records import CodeRecord, SynonymRecord
from imports.regions import country_names, region_at_end

SEED = Path(__file__).parents[3] / "shared" / "data" / "neonatal-hemochromatosis.txt"


def read_question(text: str):
    """Returns the only question of a page, and the texts that have no place."""
    page = read_page_text(f"Testitis\n\nWhat causes testitis?\n\n{text}")
    (question,) = page.questions
    return question, page.unplaced


def read_organization(text: str) -> OrganizationText:
    """Returns the only organization of a page that holds nothing else."""
    page = read_page_text(f"Testitis\n\n{text}")
    assert (len(page.organizations), page.unplaced) == (1, [])
    return page.organizations[0]


@pytest.fixture(scope="module")
def seed() -> PageText:
    if not SEED.exists():
        pytest.skip(f"the seed page is not there: {SEED}")
    return read_page_text(SEED.read_text(encoding="utf-8"))


def test_seed_page_is_read_whole(seed):
    assert seed.name == "Neonatal hemochromatosis"
    assert seed.unplaced == []
    assert [(each.line, each.topic, each.question) for each in seed.questions] == [
        (3, "causes", "What causes neonatal hemochromatosis?"),
        (9, "inheritance", "Is neonatal hemochromatosis inherited?"),
        (15, "treatment", "How might neonatal hemochromatosis be treated?"),
    ]
    assert {(each.last_updated, each.source, each.source_url, each.adapted) for each in seed.questions} == {
        (date(2020, 5, 1), "GARD", "", False)
    }


def test_seed_answers_hold_the_printed_words(seed):
    lines = SEED.read_text(encoding="utf-8").split("\n")
    assert [unescape(each.answer) for each in seed.questions] == [f"<p>{lines[i]}</p>" for i in (4, 10, 16)]


def test_seed_organizations(seed):
    places = [
        (each.name, each.street, each.city, each.region, each.postal_code, each.country) for each in seed.organizations
    ]
    assert places == [
        ("Iron Disorders Institute Inc.", "P.O. Box 4891", "Greenville", "SC", "29608", "US"),
        ("Children's Liver Disease Foundation", "36 Great Charles Street", "Birmingham", "", "B3 3JY", "GB"),
        ("American Hemochromatosis Society, Inc.", "PO Box 950871", "Lake Mary", "FL", "32795", "US"),
        (
            *("Canadian Hemochromatosis Society", "7000 Minoru Boulevard Suite 285"),
            *("Richmond", "British Columbia", "V6Y 3Z5", "CA"),
        ),
        ("Haemochromatosis Society", "PO Box 6356", "Rugby", "Warwickshire", "CV21 9PA", "GB"),
        ("Neonatal Hemochromatosis Information Center", "P.O. Box 950871", "Lake Mary", "FL", "32795-0871", "US"),
    ]
    assert [(each.phone, each.toll_free, each.fax) for each in seed.organizations] == [
        ("", "", "864-292-1878"),
        ("+44 (0) 121 212 3839", "", "+44 (0) 121 212 4300"),
        ("407–829–4488", "1–888–655–IRON (4766)", "407–333–1284"),
        ("(604) 279-7135", "(877) 223-4766", ""),
        ("03030 401 101", "", ""),
        ("407-829-4488", "1-888-655-IRON", ""),
    ]
    assert {(each.email, each.website) for each in seed.organizations} == {("", "")}


@pytest.mark.parametrize("change", ["\r\n", "\r", "bom", "spaces"])
def test_seed_reads_the_same_from_any_editor(seed, change):
    text = SEED.read_text(encoding="utf-8")
    if change == "bom":
        text = f"\N{BOM}{text}"
    elif change == "spaces":
        text = text.replace(" ", "\N{NO-BREAK SPACE}\t").replace("\n", "  \n")
    else:
        text = text.replace("\n", change)
    assert read_page_text(text) == seed


def test_head_of_the_page():
    page = read_page_text(
        "Testitis\n\n"
        "Also called: Hereditary test; TS (abbreviation);\nOld, odd name (former); Testitis (infantile)\n"
        "Codes: GARD:7172; orpha: 446; ICD10:E83.1; MONDO:0009275; SNOMED:12\n"
        "Summary: One paragraph\nthat goes on.\n\nA stray line.\n\nWhat is testitis?\n"
    )
    assert page.synonyms == [
        SynonymRecord("Hereditary test", "exact"),
        SynonymRecord("TS", "abbreviation"),
        SynonymRecord("Old, odd name", "former"),
        SynonymRecord("Testitis (infantile)", "exact"),
    ]
    assert page.codes == [
        CodeRecord("GARD", "7172"),
        CodeRecord("ORPHA", "446"),
        CodeRecord("ICD-10", "E83.1"),
        CodeRecord("MONDO", "0009275"),
    ]
    assert page.summary == "One paragraph that goes on."
    assert page.unplaced == [NumberedLine(5, "SNOMED:12"), NumberedLine(9, "A stray line.")]


def test_answer_is_escaped_html_with_paragraphs_and_lists():
    question, unplaced = read_question(
        "It's <b>not</b> known\nwhy. Is this?\nNobody knows & it's -5.\n\n- one\n- two\n  goes on\n\n• three\n\nEnd."
    )
    assert question.answer == (
        "<p>It's &lt;b&gt;not&lt;/b&gt; known why. Is this? Nobody knows &amp; it's -5.</p>\n"
        "<ul><li>one</li><li>two goes on</li><li>three</li></ul>\n<p>End.</p>"
    )
    assert unplaced == []


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("What is it?", [("What is it?", "")]),
        ("What is it?\n\nWhy?\n\n\n\nSo.", [("What is it?", ""), ("Why?", "<p>So.</p>")]),
        ("What is it?\nAn illness.", [("What is it?", "<p>An illness.</p>")]),
        ("What is it?\n\nOne\nWhy?\nTwo", [("What is it?", "<p>One Why? Two</p>")]),
        ("What is it?\n\n- Why?", [("What is it?", "<ul><li>Why?</li></ul>")]),
        (f"What is it?\n\n{'Long, ' * 40}is it?", [("What is it?", f"<p>{'Long, ' * 40}is it?</p>")]),
        (
            "What is it?\n\nDo you have information about a disease, disorder, or syndrome? Want to suggest a symptom?",
            None,
        ),
        (
            "What is it?\n\nPeople Using the App2\nJoin the Rare Community\nTo connect, share, empower and heal today",
            None,
        ),
    ],
)
def test_questions_open_only_at_the_start_of_a_paragraph(text, questions):
    page = read_page_text(f"Testitis\n{text}")
    assert [(each.question, each.answer) for each in page.questions] == (questions or [("What is it?", "")])
    assert page.unplaced == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is hereditary testitis?", "overview"),
        ("What is (are) hereditary testitis ?", "overview"),
        ("What causes hereditary testitis?", "causes"),
        ("Is hereditary testitis inherited?", "inheritance"),
        ("How might hereditary testitis be treated?", "treatment"),
        ("What are the signs and symptoms of hereditary testitis?", "symptoms"),
        ("How is hereditary testitis diagnosed?", "diagnosis"),
        ("What is the long-term outlook for people with hereditary testitis?", "outlook"),
        ("How common is hereditary testitis?", "frequency"),
        ("How many people are affected by hereditary testitis?", "frequency"),
        ("What are the genetic changes related to hereditary testitis ?", "genetic_changes"),
        ("What genes are related to hereditary testitis?", "genetic_changes"),
        ("Can a child go to school?", "living_with_it"),
        ("What is the weather like?", "other"),
    ],
)
def test_topic_of_a_question(question, expected):
    assert topic(question, "Hereditary testitis") == expected


def test_topic_is_not_misled_by_the_name_of_the_disease():
    assert topic("What causes inherited test syndrome?", "Inherited test syndrome") == "causes"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("05-01-20", date(2020, 5, 1)),
        ("05-01-2020", date(2020, 5, 1)),
        ("5/1/20", date(2020, 5, 1)),
        ("05-01-98", date(1998, 5, 1)),
        ("2020-05-01", date(2020, 5, 1)),
        ("1 May 2020", date(2020, 5, 1)),
        ("May 1st, 2020", date(2020, 5, 1)),
        ("Sept. 1, 2020", date(2020, 9, 1)),
        ("02-29-20", date(2020, 2, 29)),
        ("02-29-21", None),
        ("13-45-20", None),
        ("01.05.2020", None),  # the day and the month cannot be told apart
        ("05-01/20", None),
        ("May 2020", None),
        ("Marvel 1, 2020", None),
        ("05-01-0020", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_are_read_and_never_made_up(printed, expected):
    assert printed_date(printed) == expected


def test_an_impossible_date_is_reported():
    question, unplaced = read_question("Text.\n\nLast updated on 13-45-20")
    assert (question.answer, question.last_updated) == ("<p>Text.</p>", None)
    assert unplaced == [NumberedLine(7, "Last updated on 13-45-20")]


def test_what_follows_the_date_is_no_answer():
    question, unplaced = read_question("Text.\nLast updated: 05-01-20\nShare this page")
    assert (question.answer, question.last_updated) == ("<p>Text.</p>", date(2020, 5, 1))
    assert unplaced == [NumberedLine(7, "Share this page")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Adapted from GARD, https://example.org/7172/x.", ("GARD", "https://example.org/7172/x", True)),
        ("Adapted from: GARD", ("GARD", "", True)),
        ("Source: Orphanet (https://example.org/1)", ("Orphanet", "https://example.org/1", False)),
        ("Source:", ("", "", False)),
        ("", ("", "", False)),
    ],
)
def test_source_of_an_answer(line, expected):
    question, unplaced = read_question(f"Text.\n\nLast updated on 05-01-20\n\n{line}")
    assert (question.source, question.source_url, question.adapted) == expected
    assert (question.answer, unplaced) == ("<p>Text.</p>", [])


def test_the_sites_own_source_does_not_hide_the_questions():
    page = read_page_text(
        "Testitis\n\nWhat is it?\n\nA.\n\nSource: Orphanet\n\nWhy?\n\nB.\n\nThe RareGuru disease database is regularly "
        "updated using data generously provided by GARD, the Center."
    )
    assert [(each.source, each.adapted) for each in page.questions] == [("Orphanet", False), ("GARD", False)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Line 1: the disease's name is missing"),
        ("\n \n\N{NO-BREAK SPACE}\n", "Line 1: the disease's name is missing"),
        ("\n\nWhat causes it?\n\nThis.", "Line 3: the disease's name is missing"),
        ("Name: Foo Society", "Line 1: the disease's name is missing"),
        ("Testitis\n\nSummary: Text.", "Line 3: the page ends without a question or an organization"),
        ("\x00T\x00e\x00s\x00t", "Line 1: it holds characters that are not text. Save the file as UTF-8"),
    ],
)
def test_what_is_no_page_is_refused_with_a_remedy(text, problem):
    with pytest.raises(PageTextError, match=re.escape(problem)):
        read_page_text(text)


def test_a_damaged_line_is_set_aside():
    question, unplaced = read_question("Good.\nBa\x00d.\nGood.")
    assert question.answer == "<p>Good. Good.</p>"
    assert unplaced == [NumberedLine(6, "Bad.")]


ADDRESSES = [
    (
        "Foo e.V. Musterstraße 5, 10115 Berlin, Germany",
        "Foo e.V.",
        Place("Musterstraße 5", "Berlin", "", "10115", "DE"),
    ),
    ("Foo\nHauptstrasse 5 8001 Zürich\nSchweiz", "Foo", Place("Hauptstrasse 5", "Zürich", "", "8001", "CH")),
    ("Foo 96 rue Didot, 75014 Paris, France", "Foo", Place("96 rue Didot", "Paris", "", "75014", "FR")),
    ("Foo Calle Mayor, 12, 28013 Madrid, Spain", "Foo", Place("Calle Mayor, 12", "Madrid", "", "28013", "ES")),
    (
        "Foo PO Box 12 Ferny Hills, QLD, 4055, Australia",
        "Foo",
        Place("PO Box 12", "Ferny Hills", "QLD", "4055", "AU"),
    ),
    (
        "Foo\n4 Elm St\nCork\nCo. Cork\nT12 AB34\nIreland",
        "Foo",
        Place("4 Elm St", "Cork", "Co. Cork", "T12 AB34", "IE"),
    ),
    (
        "22q11 Ireland Support Group\nDublin 2, Ireland",
        "22q11 Ireland Support Group",
        Place("", "Dublin 2", "", "", "IE"),
    ),
    (
        "Foo Keizersgracht 5\n1234 AB Amsterdam\nThe Netherlands",
        "Foo",
        Place("Keizersgracht 5", "Amsterdam", "", "1234 AB", "NL"),
    ),
    ("Foo\n2-1 Hongo, Tokyo 113-0033, Japan", "Foo", Place("2-1 Hongo", "Tokyo", "", "113-0033", "JP")),
    (
        "Foo\n12 High Street\nEdinburgh EH1 1AA\nScotland",
        "Foo",
        Place("12 High Street", "Edinburgh", "Scotland", "EH1 1AA", "GB"),
    ),
    ("Foo\n1 Raffles Place, Singapore 048616", "Foo", Place("1 Raffles Place", "", "", "048616", "SG")),
    (
        "Unique 5p- Society PO Box 268 Lakewood CA 90714, United States",
        "Unique 5p- Society",
        Place("PO Box 268", "Lakewood", "CA", "90714", "US"),
    ),
    (
        "Trisomy 18 Group, Suite 3, 4491 Elm Plaza, Richmond, BC, Canada V6Y 3Z5",
        "Trisomy 18 Group",
        Place("Suite 3, 4491 Elm Plaza", "Richmond", "BC", "V6Y 3Z5", "CA"),
    ),
    ("Foo\n12 Elm Street\nNew York 10001\nU.S.A.", "Foo", Place("12 Elm Street", "New York", "", "10001", "US")),
    ("Foo PO Box 95087, USA", "Foo", Place("PO Box 95087", "", "", "", "US")),
    # No country printed: none is filled in.
    ("Foo\n350 5th Avenue New York NY 10118", "Foo", Place("350 5th Avenue", "New York", "NY", "10118", "")),
    ("Foo\n12 Elm Street, Atlanta, Georgia 30303", "Foo", Place("12 Elm Street", "Atlanta", "Georgia", "30303", "")),
    # If in doubt, the text is not divided.
    ("Foo\nQuartz House\nLondon", "Foo", Place("Quartz House\nLondon")),
    ("Foo Society of Great Britain", "Foo Society of Great Britain", Place()),
    ("Foo, Santa Fe, New Mexico", "Foo, Santa Fe, New Mexico", Place()),
    ("Group 12 Hope Way Foundation", "Group 12 Hope Way Foundation", Place()),
]


@pytest.mark.parametrize(("text", "name", "expected"), ADDRESSES)
def test_name_and_address_are_taken_apart(text, name, expected):
    first, *rest = text.split("\n")
    found, street = split_name(first)
    assert (found, place([street, *rest])) == (name, expected)
    organization = read_organization(f"Name: {text}\nPhone: 1")
    assert (organization.name, organization.street, organization.country) == (name, expected.street, expected.country)


@pytest.mark.parametrize(
    "text",
    [
        "Name: Foo 12 Elm Street\nBath, BA1 1AA, UK\nPhone: 1 22 FAX : 3 Email: a@foo.org Url: https://foo.org/a:b",
        "NAME : Foo\n12 Elm Street\nBath\nBA1 1AA\nUK\nTel: 1 22\nfax: 3\nE-mail: a@foo.org,\nWebsite: https://foo.org/a:b",
        "Name:\nFoo\nAddress:\n12 Elm Street\nBath BA1 1AA\nUK\n"
        "Web: https://foo.org/a:b Fax: 3 Email: a@foo.org Telephone: 1 22",
        "Name: Foo Phone:\n1 22\nFax: 3 Email: Url:\nhttps://foo.org/a:b\na@foo.org\n"
        "Address: 12 Elm Street, Bath, BA1 1AA, UK",
        "Name: Foo 12 Elm Street\nBath, BA1 1AA, UK\n\nPhone: 1 22\n\nFax: 3 Email: a@foo.org\nUrl: https://foo.org/a:b",
    ],
)
def test_labels_in_any_order(text):
    assert read_organization(text) == OrganizationText(
        line=3,
        name="Foo",
        street="12 Elm Street",
        city="Bath",
        postal_code="BA1 1AA",
        country="GB",
        phone="1 22",
        fax="3",
        email="a@foo.org",
        website="https://foo.org/a:b",
    )


def test_doubtful_contacts_are_left_for_a_person():
    page = read_page_text(
        "Testitis\n\nName: Foo\nContact name: Mary\nPhone: 1 hotline phone: 2\nEmail: ask us Url: foo.org (news)\nBye\n"
        "Name: Phone: 3\n\nStray"
    )
    assert page.organizations == [
        OrganizationText(3, "Foo", street="Contact name: Mary", phone="1", website="foo.org"),
    ]
    assert page.unplaced == [
        NumberedLine(5, "hotline phone: 2"),
        NumberedLine(6, "Email: ask us"),
        NumberedLine(6, "(news)"),
        NumberedLine(7, "Bye"),
        NumberedLine(8, "Name:"),
        NumberedLine(8, "Phone: 3"),
        NumberedLine(10, "Stray"),
    ]


def test_a_website_inside_an_email_address_stays_there():
    page = read_page_text("Testitis\n\nName: Foo Url: a@foo.org foo.org")
    assert page.organizations == [OrganizationText(3, "Foo", website="foo.org")]
    assert page.unplaced == [NumberedLine(3, "a@foo.org")]


def test_a_huge_line_is_read_in_reasonable_time():
    page = read_page_text(
        f"Testitis\n\nName: Foo {'Suite 1 ' * 10_000}"
    )  # it would take minutes if the pattern had unlimited repeats
    assert len(page.organizations) == 1


@pytest.mark.parametrize(
    ("printed", "country"),
    [
        *[
            ("Republic of Moldova", "MD"),
            ("Venezuela", "VE"),
            ("Iran", "IR"),
            ("St. Lucia", "LC"),
            ("Ivory Coast", "CI"),
        ],
        *[("South Korea", "KR"), ("Congo", "CG"), ("DR Congo", "CD"), ("Czech Republic", "CZ"), ("Türkiye", "TR")],
        *[("Saint Martin", "MF"), ("Österreich", "AT"), ("The Bahamas", "BS"), ("Falkland Islands", "FK")],
    ],
)
def test_countries_are_known_by_the_names_that_addresses_print(printed, country):
    assert place(["12 Elm Street", f"Zorb, {printed}"]).country == country


@pytest.mark.parametrize(
    ("country", "printed"),
    [
        *[("US", "South Carolina"), ("US", "SC"), ("US", "Puerto Rico"), ("CA", "Québec"), ("CA", "PQ"), ("AU", "NSW")],
        *[("GB", "Tyne and Wear"), ("GB", "Co. Antrim"), ("IE", "County Cork"), ("IN", "Tamil Nadu")],
    ],
)
def test_regions_are_known_by_the_names_and_codes_that_addresses_print(country, printed):
    found = region_at_end(f"Zorb, {printed}", country)
    assert (found.before, found.printed) == ("Zorb", printed)


@pytest.mark.parametrize(("country", "printed"), [("GB", "Birmingham"), ("US", "Sc"), ("IE", "Cork"), ("DE", "Berlin")])
def test_a_city_is_no_region(country, printed):
    assert region_at_end(f"Zorb, {printed}", country) is None


def test_every_country_that_can_be_stored_can_be_read():
    assert set(country_names().values()) == set(COUNTRIES)


# Words that mean nothing to the reader, among those that do; dates and countries change their form.
WORDS = [
    "Zorb",
    "zilch",
    "Quux's",
    "w0rd",
    "12",
    "29608",
    "555-1234",
    "(0)",
    "10115",
    "B3",
    "3JY",
    "a@zorb.org",
    "zorb.org",
]
SIGNS = [
    *(
        "Name:",
        "Phone:",
        "Fax :",
        "Toll Free:",
        "Email:",
        "Email:,",
        "Url:",
        "Address:",
        "hotline phone:",
        "PO Box",
        "Suite",
    ),
    *(
        "Street",
        "rue",
        "Drive",
        "c/o",
        "United States",
        "Germany",
        "England",
        "Georgia",
        "New York",
        "FL",
        "Co. Cork",
        ",",
    ),
    *("- ", "•", "?", "What is", "Source:", "Adapted from", "https://", "Last updated on", "Last updated on 05-01-20"),
    *(
        "Also called:",
        "Codes:",
        "GARD:",
        ";",
        "(former)",
        "Summary:",
        "<b>",
        "&",
        ":",
        "\N{NO-BREAK SPACE}",
        "\x00",
        "\n",
    ),
    *("\n", "\n\n", "\n\n"),
]
PAGES = st.lists(st.sampled_from(WORDS) | st.sampled_from(SIGNS), max_size=40).map(" ".join)


def texts(value) -> list[str]:
    """Returns all texts in nested tuples and lists."""
    if isinstance(value, tuple | list):
        return [text for each in value for text in texts(each)]
    return [unescape(re.sub("</?(?:p|ul|li)>", " ", value))] if isinstance(value, str) else []


@given(PAGES)
def test_no_word_is_lost_or_doubled(body):
    page = read_page_text(f"Testitis\n\nWhy?\n\nBecause.\n\n{body}")
    for question in page.questions:
        question.paragraphs.clear()  # the answer has their words too

    def count(text):
        return Counter(re.findall("|".join(map(re.escape, WORDS)), text))

    assert count(" ".join(texts(astuple(page)))) == count(body)


@given(st.text() | PAGES | st.lists(st.text() | PAGES).map("\n".join))
def test_read_never_raises_anything_but_its_own_error(text):
    try:
        page = read_page_text(text)
    except PageTextError:
        return
    assert page.name
    assert page.questions or page.organizations
