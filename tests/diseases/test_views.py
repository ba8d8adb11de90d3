"""The list from A to Z and the pages of diseases, as readers see them."""

import re
from datetime import date

import pytest
import time_machine
from django.test import RequestFactory
from django.urls import reverse

from community import invitation as community
from diseases.models import Disease, Identifier, Synonym
from diseases.values import DiseasePage
from publishing.models import Edition
from publishing.verbs import publish, save_edition, withdraw
from tests.factories import (
    add,
    make_disease,
    make_organization,
    make_publisher,
    make_question,
    make_source,
    put_all_live,
    put_live,
)
from tests.reading import text_of, texts_of
from website.kind_pages import render_edition
from website.views import Preview

pytestmark = pytest.mark.django_db


UNDATED = ["The source gives no date, so this may be old. Please ask your doctor what has changed."]


def address_of(disease):
    return reverse("diseases:detail", args=[disease.slug])


def test_a_disease_page_says_everything_in_its_order(client):
    canadian = make_organization(name="Canadian Society", country="CA")
    british = make_organization(name="British Society", country="GB")
    disease = make_disease(live=False, questions=0, organizations=[british, canadian], name="Iron overload")
    Synonym.objects.create(disease=disease, text="IO", kind="abbreviation", position=5)
    Synonym.objects.create(disease=disease, text="Bronze disease", kind="former", position=6)
    make_question(disease, topic="causes", question="What causes it?", answer="<p>Iron.</p>")
    make_question(
        disease,
        topic="treatment",
        question="How is it treated?",
        answer="<p>With <strong>care</strong>.</p>",
        source=make_source(name="GARD", licence="CC BY 4.0"),
    )
    put_live(disease)

    html = client.get(address_of(disease)).text

    assert texts_of(html, "h1") == ["Iron overload"]
    assert texts_of(html, "h2") == [
        "On this page",
        "What causes it?",
        "How is it treated?",
        "Support organizations",
        "Together",
        "Codes in other directories",
        "Where this page comes from",
    ]
    assert texts_of(html, "h3") == ["United Kingdom", "Canada"]
    assert texts_of(html, "h4") == ["British Society", "Canadian Society"]
    text = text_of(html)
    parts = [
        "Also called",
        "IO (abbreviation)",
        "formerly Bronze disease",
        disease.summary,
        "Causes",
        "Treatment",
        "Iron.",
        "With care .",
        "Connect with other people with Iron overload on the RareGuru app",
        "Join the RareGuru community",
        "Want to suggest a symptom?",
        "ORPHA",
        "CC BY 4.0",
        "This page was last changed on",
    ]
    assert [part for part in parts if part not in text] == []
    assert sorted(parts, key=text.index) == parts


def test_contents_lead_to_the_answers(client):
    disease = make_disease(questions=3)

    html = client.get(address_of(disease)).text

    anchors = [f"q-{key}" for key in disease.questions.values_list("key", flat=True)]
    assert re.findall(r'href="#(q-[^"]+)"', html) == anchors
    assert re.findall(r'<h2 id="(q-[^"]+)"', html) == anchors


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, []),
        ({"last_updated": date(2026, 5, 1)}, ["Last updated 1 May 2026"]),
        ({"source": "GARD"}, ["Source: GARD"]),
        ({"source": "GARD", "adapted": True}, ["Adapted from GARD"]),
        (
            {"source": "GARD", "adapted": True, "source_url": "https://gard.example.org/1"},
            ["Adapted from GARD <https://gard.example.org/1>"],
        ),
        ({"source_url": "https://gard.example.org/1"}, ["Where this answer comes from <https://gard.example.org/1>"]),
        (
            {"reviewed_on": date(2026, 5, 3), "reviewed_by": "Dr. Okafor", "review_due": date(2028, 5, 3)},
            ["Last reviewed 3 May 2026 by Dr. Okafor", "Review due 3 May 2028"],
        ),
        ({"reviewed_by": "Dr. Okafor"}, []),
    ],
)
@time_machine.travel("2026-06-01 12:00Z", tick=False)
def test_an_answer_says_what_is_known_about_it_and_no_more(client, fields, says):
    if "source" in fields:
        fields = fields | {"source": make_source(name=fields["source"])}
    disease = make_disease(live=False, questions=0)
    make_question(disease, **fields)
    put_live(disease)

    html = client.get(address_of(disease)).text

    answer = html[html.index('class="answer"') : html.index('<p class="facts suggest">')]
    answer = re.sub(r'<a href="([^"]+)">([^<]+)</a>', r"\2 &lt;\1&gt;", answer)
    facts = [text.replace("&lt;", "<").replace("&gt;", ">") for text in texts_of(answer, "li")]
    assert facts == says
    assert ('<ul class="facts"' in answer) == bool(says)
    # Never shown as current: what comes from elsewhere without a day says so.
    is_undated = bool(fields.keys() & {"source", "source_url"})
    assert texts_of(answer[answer.index("</div>") :], "p") == (UNDATED if is_undated else [])


@pytest.mark.parametrize(
    ("dates", "is_undated"),
    [
        ({}, True),
        ({"review_due": date(2028, 5, 3)}, True),
        ({"last_updated": date(2026, 5, 1)}, False),
        ({"reviewed_on": date(2026, 5, 3), "reviewed_by": "Dr. Okafor"}, False),
    ],
)
def test_an_answer_of_unknown_age_says_so(client, dates, is_undated):
    disease = make_disease(live=False, questions=0)
    make_question(disease, source=make_source(), **dates)
    make_question(disease, **dates)
    put_live(disease)

    assert client.get(address_of(disease)).text.count(UNDATED[0]) == int(is_undated)


@pytest.mark.parametrize(
    ("url", "says"), [("https://orpha.example.org/", ['href="https://orpha.example.org/"']), ("", [])]
)
def test_a_summary_names_its_source(client, url, says):
    source = make_source(name="Orphanet", url=url)
    with_source = make_disease(summary="Iron in the liver.", summary_source=source)
    without_summary = make_disease(summary="", summary_source=source)

    html = client.get(address_of(with_source)).text
    header = html[html.index("<h1>") : html.index("to-print")]

    assert texts_of(header, "p") == ["Iron in the liver.", "Source: Orphanet"]
    assert re.findall(r"href=\S+\"", header) == says
    assert "Source: " not in text_of(client.get(address_of(without_summary)).text)


@pytest.mark.parametrize(
    ("today", "is_old"),
    [("2025-02-28", False), ("2025-03-01", True), ("2026-01-01", True)],
)
def test_an_answer_over_five_years_old_says_so(client, today, is_old):
    disease = make_disease(live=False, questions=0)
    make_question(disease, last_updated=date(2020, 2, 29))
    make_question(disease)
    put_live(disease)

    with time_machine.travel(f"{today} 12:00Z", tick=False):
        html = client.get(address_of(disease)).text

    assert html.count("This answer is over five years old.") == int(is_old)


def test_an_organization_has_its_postal_address_and_numbers(client):
    organization = make_organization(
        name="Iron Society",
        street="Box 7\nSuite 2",
        city="Lake Mary",
        region="FL",
        postal_code="32795",
        phone="407-829-4488",
        toll_free="ask the operator",
        fax="407-333-1284",
        email="help@example.org",
        website="https://www.example.org/",
        checked_on=date(2026, 5, 3),
        checked_by="Ana Ruiz, volunteer",
    )
    disease = make_disease(live=False)
    disease.supports.create(organization=organization, note="Has a help line.")
    put_live(disease)

    html = client.get(address_of(disease)).text

    card = html[html.index('<li class="card">') :]
    assert f'<a href="/organizations/{organization.slug}/">Iron Society</a>' in card
    envelope = re.search(r'<address class="envelope">(.*?)</address>', card, re.S)[1].strip()
    assert envelope.split("<br>") == ["Box 7", "Suite 2", "Lake Mary, FL 32795", "United States of America"]
    assert dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>\s*(.*?)\s*</dd>", card)) == {
        "Phone": '<a href="tel:+14078294488">407-829-4488</a>',
        "Toll-free": "ask the operator",
        "Fax": "407-333-1284",
        "E-mail": '<a href="mailto:help@example.org">help@example.org</a>',
        "Website": '<a href="https://www.example.org/">www.example.org/</a>',
    }
    assert "Has a help line." in card
    assert "Details checked on 3 May 2026 by Ana Ruiz, volunteer" in text_of(html)


def test_missing_details_leave_no_label(client):
    bare = dict.fromkeys(["street", "city", "region", "postal_code", "country", "phone"], "")
    disease = make_disease(live=False, questions=0, summary="", organizations=[make_organization(**bare)])
    disease.synonyms.all().delete()
    disease.identifiers.all().delete()
    put_live(disease)

    html = client.get(address_of(disease)).text

    assert re.findall(r"<(?:dt|address|dl)\b", html) == []
    assert texts_of(html, "h2") == ["Support organizations", "Together"]
    assert texts_of(html, "h3") == ["Country not known"]


def test_a_former_organization_says_so_and_leads_to_its_live_successor(client):
    successor = make_organization(name="New Society")
    closed = make_organization(name="Old Society", status="closed", successor=successor, phone="217-555-0177")
    merged = make_organization(name="Lone Society", status="merged", successor=make_organization(live=False))
    disease = make_disease(organizations=[closed, merged])

    html = client.get(address_of(disease)).text

    old, lone = re.findall(r'<li class="card">(.*?)</li>\s*(?=<li class="card">|</ul>)', html, re.S)
    assert texts_of(old, "p") == ["This organization has closed. Please contact New Society"]
    assert f'href="/organizations/{successor.slug}/"' in old
    assert "217-555-0177" not in old
    assert texts_of(lone, "p") == ["This organization has merged into another one."]


def test_only_organizations_with_a_live_page_are_shown(client):
    withdrawn = make_organization(name="Withdrawn Society")
    disease = make_disease(organizations=[make_organization(live=False, name="Draft Society"), withdrawn])
    withdraw(withdrawn, by=make_publisher(), reason="They asked us to.")

    text = text_of(client.get(address_of(disease)).text)

    assert "Draft Society" not in text
    assert "Withdrawn Society" not in text
    assert f"We do not know of an organization for {disease.name} yet." in text


def test_an_organization_is_found_under_the_address_it_had(client):
    organization = make_organization(name="Society", slug="before")
    disease = make_disease(organizations=[organization])
    organization.slug = "after"
    organization.save()
    put_live(organization)

    assert '<a href="/organizations/after/">Society</a>' in client.get(address_of(disease)).text


def test_a_disease_without_answers_leads_to_gard(client):
    disease = make_disease(live=False, questions=0)
    make_question(disease, answer="", question="Still open?")
    Identifier.objects.create(disease=disease, scheme="GARD", value="7172", position=9)
    put_live(disease)

    html = client.get(address_of(disease)).text

    assert "We have no answers yet." in html
    assert '<a href="https://rarediseases.info.nih.gov/diseases/7172/index">GARD, the' in html
    assert "Still open?" not in html


def test_a_code_says_how_it_relates(client):
    disease = make_disease(live=False)
    disease.identifiers.all().delete()
    for position, (scheme, value, relation) in enumerate(
        [("ORPHA", "446", "exact"), ("ICD-10", "E83.1", "broad"), ("UMLS", "C0268059", "unknown")]
    ):
        Identifier.objects.create(disease=disease, scheme=scheme, value=value, relation=relation, position=position)
    put_live(disease)

    html = client.get(address_of(disease)).text

    codes = re.search(r'<ul class="codes">(.*?)</ul>', html, re.S)[1]
    assert texts_of(codes, "li") == [
        "ORPHA 446",
        "ICD-10 E83.1 (the code covers more than this disease)",
        "UMLS C0268059 (it is not known how well this code fits)",
    ]
    assert re.findall(r'href="([^"]+)"', codes) == [
        "https://www.orpha.net/en/disease/detail/446",
        "https://icd.who.int/browse10/2019/en#/E83.1",
    ]


def test_a_change_is_not_public_before_it_is_published(client):
    disease = make_disease(summary="As approved.")
    disease.summary = "Half a thought."
    disease.save()
    edition = save_edition(disease, by="test")

    before = client.get(address_of(disease)).text
    publish(edition, by=make_publisher())
    after = client.get(address_of(disease)).text

    assert ("As approved." in before, "Half a thought." in before) == (True, False)
    assert ("As approved." in after, "Half a thought." in after) == (False, True)


def test_a_preview_shows_any_edition_and_says_that_it_is_one(client):
    disease = make_disease(summary="As approved.")
    disease.summary = "Half a thought."
    disease.save()
    edition = save_edition(disease, by="Ada Lovelace")
    request = RequestFactory().get("/preview/")

    preview = render_edition(request, edition, preview=Preview(change_url="/edit/")).text
    public = client.get(address_of(disease)).text

    assert "Preview of edition 2, saved by Ada Lovelace on" in preview
    assert "Not public." in preview
    assert "Half a thought." in preview
    assert "This page was last changed" not in preview
    assert ('content="noindex"' in preview, 'content="noindex"' in public) == (True, False)
    assert "Preview" not in public


def test_a_former_address_redirects_and_a_withdrawn_one_gives_the_reason(client):
    disease = make_disease(slug="before")
    disease.slug = "after"
    disease.save()
    put_live(disease)

    moved = client.get("/diseases/before/")
    withdraw(disease, by=make_publisher(), reason="It was two diseases.")
    gone = client.get("/diseases/after/")

    assert (moved.status_code, moved["Location"]) == (301, "/diseases/after/")
    assert gone.status_code == 410
    assert "It was two diseases." in gone.text
    assert client.get("/diseases/never/").status_code == 404


@pytest.mark.parametrize(
    ("settings_", "shown"),
    [
        ({"COMMUNITY_NAME": ""}, []),
        ({"COMMUNITY_APP_URL": "", "COMMUNITY_JOIN_URL": ""}, []),
        ({"COMMUNITY_APP_URL": ""}, ["Join the RareGuru community"]),
        ({"COMMUNITY_JOIN_URL": ""}, ["Connect with other people with Gaucher disease on the RareGuru app"]),
    ],
)
def test_an_invitation_is_absent_where_its_address_is(client, settings, settings_, shown):
    for name, value in settings_.items():
        setattr(settings, name, value)
    disease = make_disease(name="Gaucher disease")

    html = client.get(address_of(disease)).text

    links = [text for text in texts_of(html, "a") if "RareGuru" in text]
    assert links == shown
    assert "Do you know something about this disease?" in text_of(html)


@pytest.mark.parametrize(
    ("app_url", "app_text", "on_the_disease", "elsewhere"),
    [
        (
            "https://app.example.org/",
            "",
            "Connect with other people with Gaucher on the RareGuru app",
            "Get the RareGuru app",
        ),
        ("https://app.example.org/", "Meet {name}", "Meet Gaucher", "Get the RareGuru app"),
        ("https://app.example.org/", "Meet us", "Meet us", "Meet us"),
        ("https://app.example.org/{slug}", "Meet us", "Meet us", None),
    ],
)
def test_the_operator_words_the_invitation(client, settings, app_url, app_text, on_the_disease, elsewhere):
    settings.COMMUNITY_APP_URL, settings.COMMUNITY_APP_TEXT = app_url, app_text
    settings.COMMUNITY_TEXT, settings.COMMUNITY_JOIN_TEXT = "Our <own> words.", "Come in"
    disease = make_disease(name="Gaucher", slug="gaucher")

    pages = [client.get(address).text for address in [address_of(disease), "/", "/community/"]]

    assert [texts_of(page, "a").count(on_the_disease) for page in pages[:1]] == [1]
    assert [texts_of(page, "a").count(elsewhere) for page in pages[1:]] == [1 if elsewhere else 0] * 2
    assert [texts_of(page, "a").count("Come in") for page in pages] == [1, 1, 1]
    assert ["Our &lt;own&gt; words." in page for page in pages] == [True, True, True]


def test_where_every_address_needs_a_disease_the_other_pages_say_nothing(client, settings):
    settings.COMMUNITY_JOIN_URL = ""
    make_disease()

    assert "RareGuru" not in client.get("/").text
    assert client.get("/community/").status_code == 404


def test_the_disease_is_put_into_the_communitys_address():
    disease = DiseasePage(title="Guillain–Barré & co", slug="guillain-barre")

    assert community.fill_in("https://x.org/{slug}?q={name}", disease) == (
        "https://x.org/guillain-barre?q=Guillain%E2%80%93Barr%C3%A9%20%26%20co"
    )
    assert community.fill_in("https://x.org/{other}", disease) == "https://x.org/{other}"
    assert community.fill_in("", disease) == ""


def test_a_page_that_did_not_change_is_not_sent_again(client):
    disease = make_disease()
    first = client.get(address_of(disease), headers={"accept-encoding": "gzip"})

    second = client.get(address_of(disease), headers={"accept-encoding": "gzip", "if-none-match": first["ETag"]})
    disease.summary = "New words."
    disease.save()
    put_live(disease)
    third = client.get(address_of(disease), headers={"accept-encoding": "gzip", "if-none-match": first["ETag"]})

    assert (first.status_code, first["Content-Encoding"]) == (200, "gzip")
    assert (second.status_code, second.content) == (304, b"")
    assert third.status_code == 200


def test_no_page_sets_a_cookie_or_depends_on_one(client):
    disease = make_disease(organizations=[make_organization()])

    for address in ["/", "/diseases/", address_of(disease), "/organizations/", "/about/", "/nowhere/"]:
        response = client.get(address)
        assert dict(response.cookies) == {}
        assert "Cookie" not in response.get("Vary", "")


def titles(response):
    return [edition.title for edition in response.context["page"]]


@pytest.mark.database
def test_the_a_to_z_lists_live_diseases_by_our_order(client):
    for name in ["Zellweger syndrome", "Ébstein anomaly", "GSD type 10", "GSD type 2", "22q11.2 deletion"]:
        make_disease(name=name)
    make_disease(live=False, name="Draft disease")
    withdraw(make_disease(name="Withdrawn disease"), by=make_publisher(), reason="Gone.")

    response = client.get("/diseases/")

    assert titles(response) == [
        "22q11.2 deletion",
        "Ébstein anomaly",
        "GSD type 2",
        "GSD type 10",
        "Zellweger syndrome",
    ]
    assert texts_of(response.text, "h2") == ["0–9", "E", "G", "Z"]
    assert re.findall(r'href="/diseases/\?letter=([^"]+)"', response.text) == ["%23", "E", "G", "Z"]


@pytest.mark.database
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("letter=G", ["Gaucher"]),
        ("letter=g", ["Gaucher"]),
        ("letter=%23", ["22q"]),
        ("letter=Q", ["22q", "Alagille", "Gaucher"]),
        ("letter=GG&page=x", ["22q", "Alagille", "Gaucher"]),
    ],
)
def test_a_letter_lists_what_begins_with_it(client, query, expected):
    for name in ["Gaucher", "Alagille", "22q"]:
        make_disease(name=name)

    assert titles(client.get(f"/diseases/?{query}")) == expected


def test_a_page_lists_a_hundred_diseases_and_paging_keeps_the_letter(client):
    diseases = [Disease(name=f"Gangliosidosis {number}") for number in range(101)]
    add(diseases)
    put_all_live(diseases)
    make_disease(name="Alagille")

    first = client.get("/diseases/?letter=G")
    second = client.get("/diseases/?letter=G&page=2")

    assert (len(titles(first)), titles(second)) == (100, ["Gangliosidosis 100"])
    assert re.findall(r'rel="(next|prev)" href="([^"]+)"', first.text) == [("next", "?letter=G&amp;page=2")]
    assert re.findall(r'rel="(next|prev)" href="([^"]+)"', second.text) == [("prev", "?letter=G&amp;page=1")]
    assert "Page 2 of 2" in second.text


def test_home_shows_what_was_updated_last(client):
    for day in range(1, 9):
        with time_machine.travel(f"2026-05-0{day} 12:00Z", tick=False):
            make_disease(name=f"Disease of day {day}")

    response = client.get("/")

    assert [edition.title for edition in response.context["recent"]] == [
        f"Disease of day {day}" for day in [8, 7, 6, 5, 4, 3]
    ]
    assert "8 May 2026" in response.text
    assert "See all 8 diseases" in response.text


def test_pages_of_an_empty_site_are_friendly(client):
    assert "still writing the first pages" in client.get("/").text
    assert "still writing the first pages" in client.get("/diseases/").text


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_rows(client, django_assert_num_queries, count):
    successor = make_organization()
    organizations = [make_organization(status="closed", successor=successor) for _ in range(count)]
    disease = make_disease(live=False, questions=count, organizations=organizations)
    for number in range(count):
        disease.symptoms.create(term=f"Sign {number}", source=make_source(), approved=True)
    put_live(disease)
    publisher = make_publisher()
    for number in range(count - 1):
        other = Disease.objects.create(name=f"Other {number}")
        publish(save_edition(other, by="test"), by=publisher)

    with django_assert_num_queries(8):  # the page, organizations and successors by address, who has portraits
        client.get(address_of(disease))
    with django_assert_num_queries(5):  # the page, its organizations, their successors by address, the version
        client.get(address_of(disease))
    with django_assert_num_queries(4):  # for the first time: the version, the letters, the version again, the page
        client.get("/diseases/")
    with django_assert_num_queries(2):  # the version, the page
        response = client.get("/diseases/")
    with django_assert_num_queries(6):  # the version, that of the organizations, their count, the version, and as below
        client.get("/")
    with django_assert_num_queries(4):  # the version for both counts, the recent ones, the portraits
        client.get("/")

    assert len(response.context["page"]) == count
    assert "content" in response.context["page"][0].get_deferred_fields()
    assert Edition.objects.of(Disease).live().count() == count
