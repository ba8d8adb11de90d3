"""What comes out of the printer: Chromium's PDF of the pages and of the sheets, on A4 and on US Letter."""

import re
import unicodedata
from io import BytesIO, StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from pypdf import PdfReader

from diseases.models import Disease, Identifier, Synonym
from publishing.models import Edition
from publishing.verbs import save_edition
from tests.factories import make_disease, make_organization, make_question, make_source, put_live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAPER = ["A4", "Letter"]


def sheets_of_paper(page, paper):
    """The words on every sheet that the page is printed on, white space folded."""
    return [" ".join(sheet.extract_text().split()) for sheet in PdfReader(BytesIO(page.pdf(format=paper))).pages]


def squeezed(text):
    """A text without white space, hyphens and ligatures: the machine's fonts decide where a line or a word is cut."""
    return re.sub(r"[\s\u2010-]", "", unicodedata.normalize("NFKC", text))


def make_extreme(name, letters, phone):
    """A disease with as much of everything as an editor could enter, in words of these letters."""
    organizations = [
        make_organization(name=f"{letters} {number}"[:200], phone=phone, toll_free=phone) for number in range(25)
    ]
    disease = make_disease(live=False, name=name, organizations=organizations, summary=f"{letters} " * 15)
    Synonym.objects.bulk_create(
        Synonym(disease=disease, text=f"{letters} {number}", kind="former", position=number) for number in range(30)
    )
    Identifier.objects.bulk_create(
        Identifier(disease=disease, scheme="ICD-10", value=f"E{number}.1", relation="unknown") for number in range(20)
    )
    return put_live(disease)


EXTREMES = {
    "long words": ("Pseudopseudohypoparathyroidism " * 6, "Pseudopseudohypoparathyroidism with deficiency of it", "1"),
    "many words": (
        "A to be or not of it " * 9,
        "To be of an if or at it, in an as I am to be or not a",
        "217-555-0100 " * 7,
    ),
    "wide letters": ("WM@" * 66, "MWMW " * 15, "W" * 100),
    "one wide word": ("W" * 200, "M" * 90, "217-555-0100"),
    "narrow letters": ("il " * 66, "illicit lilts till ill " * 3, "1 " * 50),
    "other scripts": ("Болезнь накопления 神经元蜡样脂褐质沉积症 " * 5, "Ελληνική 病気 日本語 болезнь щ", "+81 3"),
    "marks": ("é̂̂̂ếz̧ " * 19, "ẑ̂̂̂é " * 9, "+33"),
}


@pytest.mark.parametrize("extreme", EXTREMES)
def test_the_sheet_of_an_extreme_disease_fits_one_page(live_server, page, extreme):
    disease = make_extreme(*EXTREMES[extreme])
    page.goto(f"{live_server.url}/diseases/{disease.slug}/sheet/")

    for paper in PAPER:
        sheets = sheets_of_paper(page, paper)
        assert len(sheets) == 1, paper
        words = squeezed(sheets[0])
        assert len(re.findall(r"\d+(?:more)?:seethepage", words)) == 3  # codes, names, organizations
        for said in ["Doctor and telephone", f"{live_server.url}/diseases/", "not medical advice"]:
            assert squeezed(said) in words, said


@pytest.mark.parametrize("paper", PAPER)
def test_the_sheet_of_a_name_alone_fits_one_page_and_is_filled_with_lines(live_server, page, paper):
    disease = put_live(Disease.objects.create(name="Bare disease"))
    page.goto(f"{live_server.url}/diseases/{disease.slug}/sheet/")

    assert len(sheets_of_paper(page, paper)) == 1
    page.emulate_media(media="print")
    assert page.locator(".by-hand > *").count() > 20


def test_the_sheet_of_every_sample_fits_one_page(live_server, page):
    call_command("prepare_demo", address=live_server.url, stdout=StringIO())
    editions = list(Edition.objects.of(Disease).live())
    assert len(editions) > 10

    for edition in editions:
        page.goto(f"{live_server.url}{edition.get_absolute_url()}sheet/")
        for paper in PAPER:
            sheets = sheets_of_paper(page, paper)
            assert len(sheets) == 1, (edition.slug, paper)
            words = squeezed(sheets[0])
            head = squeezed(f"Plainly Rare · Sheet for a hospital or school {edition.title}")
            assert words.startswith(head), edition.slug
            for said in [edition.get_absolute_url(), "Printed on", "Medicines", "not medical advice"]:
                assert squeezed(said) in words, (edition.slug, said)
            for navigation in ["Skip to", "Search", "About", "Ctrl", "Home"]:
                assert navigation not in sheets[0], (edition.slug, navigation)


@pytest.mark.parametrize("paper", PAPER)
@time_machine.travel("2026-05-03 12:00Z")
def test_a_disease_page_on_paper(live_server, page, paper):
    links = (
        '<p>See <a href="https://a.example.org/x">this study</a> and <a href="https://b.example.org/">b.example.org</a>'
    )
    links += ', <a href="/about/">about us</a> or <a href="tel:+12175550100">217-555-0100</a>.</p>'
    disease = make_disease(live=False, slug="iron", name="Iron overload", organizations=[make_organization()])
    make_question(disease, answer=links, source=make_source(name="GARD"), source_url="https://gard.example.org/1")
    put_live(disease)
    page.goto(f"{live_server.url}/diseases/iron/")

    text = " ".join(sheets_of_paper(page, paper))

    for said in [
        f"{live_server.url}/diseases/iron/ · Printed on 3 May 2026",
        "See this study (https://a.example.org/x) and b.example.org, about us or 217-555-0100.",
        "GARD (https://gard.example.org/1)",
        "not medical advice",
    ]:
        assert squeezed(said) in squeezed(text), said
    assert re.search(r"1 ?/ ?\d", text)  # the number of the sheet of paper
    for navigation in ["Skip to", "Search", "On this page", "About us", "Privacy", "What changed", "Sheet to print"]:
        assert navigation not in text


def test_the_head_of_a_table_is_on_every_sheet_of_paper(live_server, page):
    rows = "".join(f"<tr><td><p>Sign {number}</p></td><td><p>Often</p></td></tr>" for number in range(90))
    head = "<tr><th><p>What is seen</p></th><th><p>How often</p></th></tr>"
    disease = make_disease(live=False, slug="iron", questions=0)
    make_question(disease, answer=f"<table><tbody>{head}{rows}</tbody></table>")
    put_live(disease)
    page.goto(f"{live_server.url}/diseases/iron/")

    with_rows = [sheet for sheet in sheets_of_paper(page, "A4") if "Sign " in sheet]

    assert len(with_rows) > 1
    assert ["What is seen How often" in sheet for sheet in with_rows] == [True] * len(with_rows)


def test_no_heading_is_left_at_the_end_of_a_sheet_of_paper(live_server, page):
    disease = make_disease(live=False, slug="iron", questions=0)
    for number in range(40):
        make_question(
            disease, question=f"Question {number}?", answer=f"<p>{'It is not known. ' * (number % 9 + 1)}</p>"
        )
    put_live(disease)
    page.goto(f"{live_server.url}/diseases/iron/")

    for paper in PAPER:
        sheets = sheets_of_paper(page, paper)
        assert len(sheets) > 3
        assert [sheet[-40:] for sheet in sheets if re.search(r"Question \d+\?\s*(\d+ / \d+)?$", sheet)] == []


@pytest.mark.parametrize("path", ["/", "/diseases/", "/diseases/iron/", "/diseases/iron/sheet/", "/nowhere/"])
def test_paper_is_black_on_white_on_a_dark_screen_too(live_server, new_context, path):
    make_disease(slug="iron")
    page = new_context(color_scheme="dark").new_page()
    page.goto(live_server.url + path)
    page.emulate_media(media="print")

    colors = "element => [getComputedStyle(element).color, getComputedStyle(element).backgroundColor]"
    assert page.locator("body").evaluate(colors) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert page.locator("h1").evaluate(colors)[0] == "rgb(0, 0, 0)"
    shown = [each for each in page.locator("nav, form, button, input, .screen-only").all() if each.is_visible()]
    assert shown == []


def test_a_preview_prints_like_the_page_and_says_what_it_is(open_window, admin_user):
    disease = make_disease(live=False, name="Iron overload")
    save_edition(disease, by="test")
    page = open_window(admin_user)
    page.goto(reverse("admin:diseases_disease_preview", args=[disease.pk, 1]))

    text = " ".join(sheets_of_paper(page, "A4"))

    assert "Preview of edition 1" in text
    assert "Not public." in text
    assert "Iron overload" in text
    assert "Printed on" in text
    assert "Back to editing" not in text
    assert "Publish this edition" not in text
