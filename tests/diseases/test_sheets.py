"""The sheet for a hospital or a school: what is on it, what is left out, and that the sheet says so."""

import re
import uuid

import pytest
import segno
import time_machine
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from diseases.models import Identifier, Synonym
from diseases.sheets import MIN_ROWS, PAGE, Contact, height, lay_out, qr_code, useful_codes, useful_synonyms
from diseases.text_width import line_count
from diseases.values import DiseasePage, IdentifierValue, SynonymKind, SynonymValue
from organizations.values import OrganizationPage, PhoneNumberValue
from publishing.verbs import save_edition
from tests.factories import make_disease, make_organization, make_source, put_live
from tests.reading import text_of, texts_of

ADDRESS = "https://rare.example.org/diseases/iron-overload/"
NOTICE = "This page is information, not medical advice."


def name(text, kind="exact"):
    return SynonymValue(key=uuid.uuid4(), text=text, kind=kind)


def code(scheme, value, relation="exact"):
    return IdentifierValue(key=uuid.uuid4(), scheme=scheme, value=value, relation=relation)


def organization(title="Iron Society", **fields):
    return OrganizationPage(title=title, slug="society", **fields)


def contact(title="Iron Society", phone="217-555-0100", **fields):
    return Contact.of(organization(title, phone=PhoneNumberValue(printed=phone) if phone else None, **fields))


def sheet_of(contacts=(), address=ADDRESS, notice=NOTICE, **fields):
    page = DiseasePage(**{"title": "Iron overload", "slug": "iron-overload"} | fields)
    return lay_out(page, contacts, address=address, notice=notice)


def test_a_page_that_fits_is_complete_on_the_sheet():
    sheet = sheet_of(
        [contact("Iron Society"), contact("Liver Society")],
        summary="Too much iron.\n\nIn the liver.",
        summary_source="GARD",
        synonyms=(name("Bronze disease", "former"), name("IO", "abbreviation")),
        identifiers=(code("UMLS", "C1"), code("ORPHA", "446")),
    )

    assert sheet.name == "Iron overload"
    assert (sheet.synonyms.shown, sheet.synonyms.more) == (("IO (abbreviation)", "formerly Bronze disease"), "")
    assert (sheet.codes.shown, sheet.codes.more) == (("ORPHA 446", "UMLS C1"), "")
    assert (sheet.summary, sheet.summary_note) == ("Too much iron. In the liver.", "Source: GARD")
    assert [each.name for each in sheet.contacts.shown] == ["Iron Society", "Liver Society"]
    assert sheet.contacts.more == ""
    assert sheet.rows > MIN_ROWS


def test_items_that_do_not_fit_are_counted():
    many = sheet_of(
        [contact(f"Society {number}") for number in range(25)],
        title="Deficiency of the long chain of everything " * 5,
        summary="The body has too much iron. " * 43,
        synonyms=tuple(name(f"Long other name number {number}") for number in range(30)),
        identifiers=tuple(code("OMIM", f"{number:06}") for number in range(30)),
    )

    assert re.fullmatch(r"and \d+ more: see the page", many.synonyms.more)
    assert len(many.synonyms.shown) + many.synonyms.left_out == 30
    assert len(many.codes.shown) + many.codes.left_out == 30
    assert len(many.contacts.shown) + many.contacts.left_out == 25
    assert [each.name for each in many.contacts.shown] == [f"Society {n}" for n in range(len(many.contacts.shown))]
    assert min(len(many.synonyms.shown), len(many.codes.shown), len(many.contacts.shown)) >= 3
    # Cut where a sentence ends, and it says so.
    assert many.summary.endswith("too much iron.")
    assert many.summary_note == "The summary is longer: see the page."
    assert height(many, address=ADDRESS, notice=NOTICE) <= PAGE


def test_a_summary_of_one_sentence_is_cut_at_a_word():
    sheet = sheet_of(summary="iron " * 900, summary_source="GARD")

    assert set(sheet.summary.split()) == {"iron", "…"}
    assert sheet.summary_note == "The summary is longer: see the page. Source: GARD"


def test_organizations_with_a_telephone_come_first():
    sheet = sheet_of(
        [contact("Silent", phone=""), contact("Posted", phone="", email="help@example.org"), contact("Called")]
    )

    assert [(each.name, each.reach) for each in sheet.contacts.shown] == [
        ("Called", "217-555-0100"),
        ("Silent", ""),
        ("Posted", "help@example.org"),
    ]


def test_an_organization_that_is_too_long_does_not_displace_others():
    sheet = sheet_of([contact("W" * 250, phone="9" * 100), contact("W" * 250, phone="9" * 100), contact("Short")])

    assert "Short" in [each.name for each in sheet.contacts.shown]


def test_the_most_useful_names_and_codes_come_first():
    kinds = [SynonymKind.SPELLING, SynonymKind.SUBTYPE, SynonymKind.EXACT, SynonymKind.FORMER]
    assert useful_synonyms([name(kind.value, kind.value) for kind in kinds]) == [
        "exact",
        "formerly former",
        "subtype (name of a subtype)",
        "spelling (other spelling)",
    ]
    codes = [code("UMLS", "1"), code("ICD-10", "2"), code("ICD-10", "3", "broad"), code("NEW", "4"), code("ORPHA", "5")]
    assert useful_codes(codes) == ["ORPHA 5", "ICD-10 2", "UMLS 1", "NEW 4", "ICD-10 3 (covers more)"]


def test_every_line_to_write_on_belongs_to_a_label():
    bare = sheet_of()

    assert [str(label) for labels, _further in bare.fields for label in labels] == [
        "Name",
        "Date of birth",
        "Call first: name and telephone",
        "Allergies",
        "Medicines",
        "What to do in an emergency",
        "Doctor and telephone",
    ]
    assert sum(1 + len(further) for _labels, further in bare.fields) == bare.rows > 20


@pytest.mark.parametrize(
    ("text", "width", "count"),
    [
        ("", 100, 1),
        ("one two", 100, 1),
        ("one two", 10, 2),
        ("one two three", 10, 3),
        ("m" * 30, 33, 4),
        ("字" * 9, 42, 2),
    ],
)
def test_the_number_of_lines_is_rather_too_high_than_too_low(text, width, count):
    assert line_count(text, width, 3.5) == count


# Anything that a page may hold. Letters of every width and script, and words that are longer than a line.
letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
words = st.one_of(letters, st.sampled_from(["Deficiency", "W" * 40, "of", "(type 2).", "字" * 20, "a\u0301" * 9]))


def phrases(longest):
    return st.lists(words, min_size=1, max_size=40).map(lambda found: (" ".join(found).strip() or "X")[:longest])


pages = st.builds(
    dict,
    title=phrases(250),
    summary=st.one_of(st.just(""), phrases(5000), phrases(300).map(lambda text: (text + ". ") * 12)),
    summary_source=st.sampled_from(["", "GARD", "Source " * 14]),
    synonyms=st.lists(st.builds(name, phrases(250), st.sampled_from(SynonymKind.values)), max_size=40).map(tuple),
    identifiers=st.lists(st.builds(code, st.sampled_from(["ORPHA", "OMIM"]), phrases(40)), max_size=40).map(tuple),
)
addresses = st.integers(0, 200).map(lambda length: ADDRESS + "a" * length)
notices = st.one_of(st.just(NOTICE), phrases(500))
contacts = st.lists(st.builds(contact, phrases(250), st.one_of(st.just(""), phrases(100))), max_size=25)


@settings(max_examples=100, deadline=None)
@given(pages, contacts, addresses, notices)
def test_no_sheet_is_longer_than_a_page_and_nothing_is_dropped_silently(fields, organizations, address, notice):
    page = DiseasePage(slug="any", **fields)

    sheet = lay_out(page, organizations, address=address, notice=notice)

    assert height(sheet, address=address, notice=notice) <= PAGE
    assert sheet.rows >= MIN_ROWS
    assert sheet.name == " ".join(page.title.split())
    for some, all_of_them in [
        (sheet.synonyms, useful_synonyms(page.synonyms)),
        (sheet.codes, useful_codes(page.identifiers)),
        (sheet.contacts, organizations),
    ]:
        assert len(some.shown) + some.left_out == len(all_of_them)
        assert bool(some.more) == bool(some.left_out)
        assert set(map(str, some.shown)) <= set(map(str, all_of_them))
    summary = " ".join(page.summary.split())
    assert sheet.summary == summary or "is longer" in sheet.summary_note
    assert summary.startswith(sheet.summary.removesuffix(" …").removesuffix("…"))


def test_the_qr_code_holds_the_address_as_squares_and_no_style():
    svg = qr_code(ADDRESS)

    assert squares_of(svg) == {
        (column + 4, row + 4)
        for row, modules in enumerate(segno.make(ADDRESS, error="m", micro=False).matrix)
        for column, dark in enumerate(modules)
        if dark
    }
    assert "style" not in svg


def squares_of(svg):
    """The dark squares of an SVG by segno, whose one path goes from left to right: m moves on, h draws."""
    path = re.search(r'stroke="#000" d="([^"]+)"', svg)[1]
    found, x, y = set(), 0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        steps = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            found |= {(x + step, int(y)) for step in range(int(steps[0]))}
            x += int(steps[0])
        else:
            x, y = (int(steps[0]), steps[1]) if command == "M" else (x + int(steps[0]), y + steps[1])
    return found


# Through the front door.


@pytest.mark.django_db
@time_machine.travel("2026-05-03 12:00Z", tick=False)
def test_the_sheet_says_what_the_live_page_says(client):
    successor = make_organization(name="New Society", phone="217-555-0199")
    organizations = [
        make_organization(name="Iron Society", phone="217-555-0101", toll_free="1-888-655-IRON (4766)"),
        make_organization(name="Closed Society", phone="217-555-0102", status="closed", successor=successor),
        make_organization(name="Renamed Society", phone="217-555-0103", status="renamed", successor=successor),
        make_organization(name="Draft Society", phone="217-555-0104", live=False),
        make_organization(name="Website Society", phone="", website="https://www.example.org/", country="GB"),
    ]
    disease = make_disease(live=False, name="Iron overload", slug="iron", organizations=organizations, questions=1)
    disease.summary, disease.summary_source = "Too much iron.", make_source(name="GARD")
    disease.save()
    Synonym.objects.create(disease=disease, text="IO", kind="abbreviation", position=2)
    Identifier.objects.create(disease=disease, scheme="ICD-11", value="5C64.10", relation="broad", position=2)
    put_live(disease)
    disease.summary = "LEAK of a draft"
    disease.save()
    save_edition(disease, by="test")

    response = client.get("/diseases/iron/sheet/", headers={"host": "localhost:8000"})

    text = text_of(response.text)
    for said in [
        "ICD-11 5C64.10 (covers more)",
        "IO (abbreviation)",
        "Too much iron. Source: GARD",
        "What to do in an emergency",
        "http://localhost:8000/diseases/iron/",
        "The page was last changed on 3 May 2026",
        "Printed on 3 May 2026",
        "This page is information, not medical advice.",
    ]:
        assert said in text
    assert texts_of(response.text[response.text.index("Support organizations<") :], "li")[:3] == [
        "Iron Society , United States of America 217-555-0101 · toll-free 1-888-655-IRON (4766)",
        "Renamed Society (now New Society) , United States of America 217-555-0103",
        "Website Society , United Kingdom www.example.org",
    ]
    assert not re.search("LEAK|Closed Society|Draft Society", response.text)
    assert 'aria-label="QR code of the address http://localhost:8000/diseases/iron/"' in response.text
    assert squares_of(response.text) == squares_of(qr_code("http://localhost:8000/diseases/iron/"))
    assert '<meta name="robots" content="noindex">' in response.text


@pytest.mark.django_db
def test_a_live_page_leads_to_its_sheet_and_a_preview_of_a_draft_does_not(client, admin_client):
    disease = make_disease()
    link = reverse("diseases:sheet", args=[disease.slug])
    disease.summary = "Another."
    disease.save()
    draft = save_edition(disease, by="test")

    assert f'href="{link}"' in client.get(f"/diseases/{disease.slug}/").text
    preview = admin_client.get(reverse("admin:diseases_disease_preview", args=[disease.pk, draft.number]))
    assert preview.status_code == 200
    assert link not in preview.text


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_sheet_do_not_grow_with_the_rows(client, django_assert_num_queries, count):
    successor = make_organization()
    organizations = [make_organization(status="renamed", successor=successor) for _ in range(count)]
    disease = make_disease(organizations=organizations, questions=count)

    with django_assert_num_queries(5):  # the page, its organizations by address, their successors by address
        client.get(reverse("diseases:sheet", args=[disease.slug]))
