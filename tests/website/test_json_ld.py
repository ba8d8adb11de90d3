"""The JSON-LD of every live page is valid, keeps to the vocabulary, and says only what the page says."""

import re
from datetime import date

import html5lib
import pytest
import time_machine
from django.test import Client

from diseases.models import Identifier, Synonym
from home.management.commands.prepare_demo import load_samples
from publishing.models import Edition
from tests import vocabulary
from tests.factories import make_disease, make_organization, make_publisher, make_question, make_source, put_live
from tests.reading import linked_data_of, text_of, texts_of

pytestmark = pytest.mark.django_db
BASE = "http://testserver"


def things_of(client, path):
    return vocabulary.check(linked_data_of(client.get(path).text))


def words(text):
    return " ".join(text.split())


def spoken(html):
    """Returns the text of the main part of a page, without tags."""
    main = html5lib.parse(html).find(".//{http://www.w3.org/1999/xhtml}main")
    return words("".join(main.itertext()).replace(" ", " "))


def said(thing, names=("name", "text", "alternateName", "description", "codeValue", "email")):
    """Returns every text of a thing, and of the things in it, that must be on the page word for word."""
    if isinstance(thing, list):
        return [text for each in thing for text in said(each)]
    if not isinstance(thing, dict):
        return []
    own = [value for name in names for value in _listed(thing.get(name)) if thing["@type"] != "WebSite"]
    return own + [text for name, value in thing.items() if name not in names for text in said(value) if name[0] != "@"]


def unsaid(things, html):
    """Returns the texts of things that are not on the page."""
    reads = spoken(html).replace(" ", "")
    lines = [line for text in said(list(things.values())) for line in text.splitlines()]
    return [line for line in lines if "".join(line.split()) not in reads]


def _listed(value):
    return value if isinstance(value, list) else [value] if value else []


def test_every_sample_page_keeps_to_the_vocabulary_and_says_only_what_the_page_says():
    load_samples(make_publisher())
    client = Client()
    live = Edition.objects.live()
    assert [live.filter(kind=kind).count() for kind in ["disease", "organization"]] == [15, 6]
    for edition in live:
        html = client.get(edition.get_absolute_url()).text
        things = vocabulary.check(linked_data_of(html))
        page = things[f"{BASE}{edition.get_absolute_url()}"]
        assert page["name"] == edition.title
        assert page["dateModified"] == edition.updated_at.isoformat(timespec="seconds")
        assert unsaid(things, html) == [], edition
        if edition.kind == "disease":
            questions = [question["name"] for question in page.get("mainEntity", [])]
            assert questions == [answer.question for answer in edition.page.questions]
            shown = re.findall(r'<h4><a href="([^"]+)"', html)
            assert [each["@id"] for each in page.get("mentions", [])] == [f"{BASE}{url}#organization" for url in shown]


def test_the_complete_json_ld_of_a_disease(client):
    helper = make_organization(
        name="Helpers",
        slug="helpers",
        phone="217-555-0100",
        toll_free="1-888-655-IRON (4766)",
        email="help@example.org",
        website="https://helpers.example.org/",
        street="1 Main Street\nSuite 5",
        also_known_as="The H, Inc.",
        description="Stands on the organization’s own page alone.",
    )
    closed = make_organization(name="Closed Society", status="closed")
    draft = make_organization(name="Draft Society", live=False)
    disease = make_disease(
        live=False,
        name="Full disease",
        slug="full",
        questions=0,
        organizations=[helper, closed, draft],
        summary="Rare.",
    )
    disease.synonyms.all().delete()
    disease.identifiers.all().delete()
    for position, kind in enumerate(["exact", "abbreviation", "former", "spelling", "subtype"]):
        Synonym.objects.create(disease=disease, text=f"Name {kind}", kind=kind, position=position)
    for position, (scheme, value, relation) in enumerate(
        [
            ("ORPHA", "446", "exact"),
            ("ICD-11", "5C64.10", "exact"),
            ("ICD-10", "E83.1", "broad"),
            ("OMIM", "231100", "unknown"),
        ]
    ):
        Identifier.objects.create(disease=disease, scheme=scheme, value=value, relation=relation, position=position)
    source = make_source(name="GARD", url="https://gard.example.org/", licence_url="https://l.example.org/")
    adapted = make_question(
        disease,
        question="Why?",
        answer="<p>One <strong>two</strong>.</p><ul><li><p>Three &amp; four</p></li></ul>",
        source=source,
        source_url="https://gard.example.org/1",
        adapted=True,
        last_updated=date(2019, 5, 1),
    )
    make_question(disease, question="How?", answer="<p>So.</p>", source=source)
    with time_machine.travel("2026-05-04 12:00Z", tick=False):
        put_live(disease)

    html = client.get("/diseases/full/").text
    things = vocabulary.check(linked_data_of(html))

    assert unsaid(things, html) == []
    url = f"{BASE}/diseases/full/"
    assert list(things) == [url, f"{url}#disease", f"{BASE}/organizations/helpers/#organization"]
    page, condition, organization = things.values()
    assert page["@type"] == ["MedicalWebPage", "FAQPage"]
    assert page["dateModified"] == "2026-05-04T12:00:00+00:00"
    assert page["about"] == {"@id": f"{url}#disease"}
    assert page["mentions"] == [{"@id": f"{BASE}/organizations/helpers/#organization"}]
    assert [(step["name"], step["item"]) for step in page["breadcrumb"]["itemListElement"]] == [
        ("Home", f"{BASE}/"),
        ("Diseases", f"{BASE}/diseases/"),
        ("Full disease", url),
    ]
    why, how = page["mainEntity"]
    assert why == {
        "@type": "Question",
        "@id": f"{url}#q-{adapted.key}",
        "name": "Why?",
        "acceptedAnswer": {
            "@type": "Answer",
            "text": "One two.\nThree & four",
            "dateModified": "2019-05-01",
            "isBasedOn": {"@type": "CreativeWork", "name": "GARD", "url": "https://gard.example.org/1"},
        },
    }
    assert how["acceptedAnswer"] == {
        "@type": "Answer",
        "text": "So.",
        "citation": {"@type": "CreativeWork", "name": "GARD"},
    }
    assert page["citation"] == [
        {
            "@type": "CreativeWork",
            "name": "GARD",
            "url": "https://gard.example.org/",
            "license": "https://l.example.org/",
        }
    ]
    # Left out: names of subtypes, and codes that are broader, narrower or of unknown relation.
    assert condition["alternateName"] == ["Name exact", "Name abbreviation", "Name former", "Name spelling"]
    assert [(code["codingSystem"], code["codeValue"]) for code in condition["code"]] == [
        ("ORPHA", "446"),
        ("ICD-11", "5C64.10"),
    ]
    assert organization == {
        "@type": "Organization",
        "@id": f"{BASE}/organizations/helpers/#organization",
        "name": "Helpers",
        "mainEntityOfPage": f"{BASE}/organizations/helpers/",
        "url": "https://helpers.example.org/",
        "telephone": "+12175550100",
        "email": "help@example.org",
        "contactPoint": {
            "@type": "ContactPoint",
            "telephone": "+18886554766",
            "contactOption": "https://schema.org/TollFree",
        },
        "address": {
            "@type": "PostalAddress",
            "streetAddress": "1 Main Street, Suite 5",
            "addressLocality": "Springfield",
            "addressRegion": "IL",
            "postalCode": "62701",
            "addressCountry": "US",
        },
    }


@pytest.mark.parametrize(
    ("reviews", "has_signs", "expected"),
    [
        ([(2026, "Dr. A"), (2024, "Dr. B"), (2025, "Dr. A")], False, ("2024-01-02", ["Dr. A", "Dr. B"])),
        ([(2026, "Dr. A")], False, ("2026-01-02", ["Dr. A"])),
        ([(2026, "Dr. A"), None], False, None),  # one answer without a review
        ([(2026, "Dr. A")], True, None),  # a list without a date, which says so
        ([None], False, None),
        ([], False, None),
    ],
)
def test_a_page_is_reviewed_if_all_its_answers_are_and_has_the_oldest_date(client, reviews, has_signs, expected):
    disease = make_disease(live=False, slug="reviewed", questions=0)
    for review in reviews:
        fields = {"reviewed_on": date(review[0], 1, 2), "reviewed_by": review[1]} if review else {}
        make_question(disease, **fields)
    if has_signs:
        disease.symptoms.create(term="Fever", approved=True, position=1)
    put_live(disease)

    page = things_of(client, "/diseases/reviewed/")[f"{BASE}/diseases/reviewed/"]

    names = [person["name"] for person in page.get("reviewedBy", [])]
    assert ((page["lastReviewed"], names) if "lastReviewed" in page else None) == expected
    assert bool(names) == bool(expected)


def test_a_disease_without_answers_is_not_an_faq_page(client):
    make_disease(slug="bare", questions=0, summary="", name="Bare")

    page, condition = things_of(client, "/diseases/bare/").values()

    assert page["@type"] == "MedicalWebPage"
    assert set(page) == {"@type", "@id", "url", "name", "inLanguage", "dateModified", "isPartOf", "breadcrumb", "about"}
    assert "description" not in condition


@pytest.mark.parametrize("status", ["closed", "renamed", "merged", "active"])
def test_a_closed_organization_has_no_contact_data(client, status):
    make_organization(
        slug="society",
        status=status,
        also_known_as="The S, Inc.",
        description="Helped families.",
        website="https://s.example.org/",
        fax="217-555-0101",
        email="s@example.org",
    )

    page, organization = things_of(client, "/organizations/society/").values()

    contact = {"url", "telephone", "faxNumber", "email", "address"}
    assert contact & set(organization) == (set() if status == "closed" else contact)
    assert (organization["alternateName"], organization["description"]) == ("The S, Inc.", "Helped families.")
    assert page["mainEntity"] == {"@id": f"{BASE}/organizations/society/#organization"}


def test_a_telephone_number_that_cannot_be_dialled_is_left_out(client):
    make_organization(
        slug="society", phone="Ask the operator", country="", city="", region="", postal_code="", street=""
    )

    _page, organization = things_of(client, "/organizations/society/").values()

    assert set(organization) == {"@type", "@id", "name", "mainEntityOfPage"}


def test_the_home_page_describes_the_search(client):
    (site,) = things_of(client, "/").values()

    assert (site["@type"], site["name"], site["url"]) == ("WebSite", "Plainly Rare", f"{BASE}/")
    template = site["potentialAction"]["target"]["urlTemplate"]
    assert template == f"{BASE}/search/?q={{search_term_string}}"
    assert client.get(template.replace("{search_term_string}", "fever")).status_code == 200


HOSTILE = "</script><script>alert(1)</script> <!-- <b>\"&amp;' \u2028 \\ ]]>"


def test_no_text_can_end_the_script_element(client):
    helper = make_organization(name=f"H {HOSTILE}", slug="h", description=HOSTILE, also_known_as=HOSTILE, city=HOSTILE)
    disease = make_disease(
        live=False, name=f"D {HOSTILE}", slug="d", summary=HOSTILE, questions=0, organizations=[helper]
    )
    Synonym.objects.create(disease=disease, text=HOSTILE, position=2)
    answer = "<p>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    make_question(disease, question=HOSTILE, answer=answer, reviewed_on=date(2026, 1, 2), reviewed_by=HOSTILE)
    put_live(disease)

    for path in ["/diseases/d/", "/organizations/h/"]:
        html = client.get(path).text
        block = html[html.index('"application/ld+json">') + 22 :]
        block = block[: block.index("</script>\n")]
        assert re.findall("[<>&]", block) == []
        vocabulary.check(linked_data_of(html))
        scripts = [element.get("src") for element in html5lib.parse(html).iter("{http://www.w3.org/1999/xhtml}script")]
        assert scripts == ["/static/search.js", None]
    things = things_of(client, "/diseases/d/")
    page = things[f"{BASE}/diseases/d/"]
    assert page["reviewedBy"] == [{"@type": "Person", "name": HOSTILE}]
    assert page["mainEntity"][0]["name"] == HOSTILE
    assert page["mainEntity"][0]["acceptedAnswer"]["text"] == "</script><script>alert(1)</script>"
    assert things[f"{BASE}/organizations/h/#organization"]["name"] == f"H {HOSTILE}"


def test_a_preview_has_no_json_ld_and_no_canonical_address(client):
    disease = make_disease(slug="shown")
    client.force_login(make_publisher())

    response = client.get(f"/admin/diseases/disease/{disease.pk}/preview/1/")

    assert texts_of(response.text, "h1") == [disease.name]
    assert linked_data_of(response.text) is None
    assert '<meta name="robots" content="noindex">' in response.text
    assert re.findall(r'rel="canonical"|property="og:|rel="alternate"', response.text) == []


def test_pages_that_are_not_about_a_thing_have_no_json_ld(client):
    make_disease(slug="d")

    for path in ["/diseases/", "/diseases/d/changes/", "/about/", "/search/", "/nowhere/"]:
        response = client.get(path)
        assert text_of(response.text)
        assert linked_data_of(response.text) is None
