"""The public pages in a real browser: barriers, width, weight, and a policy that nothing runs into."""

import gzip
import json
import re
from datetime import date
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from playwright.sync_api import expect

from diseases.models import Disease
from organizations.models import Organization
from publishing.restoring import hide_comparison
from publishing.verbs import publish, save_edition, withdraw
from tests.browser.barriers import VIEWS, barriers
from tests.factories import make_disease, make_organization, make_publisher, make_question, make_source, put_live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ANSWER = (
    "<p>{}</p><h3>More</h3><ul><li><p>One</p></li><li><p>Two</p></li></ul><table><tbody><tr>{}</tr></tbody></table>"
)
WORDS = "The exact cause is not known, and doctors are still looking for it. " * 12
CAUSES = "<p>It runs in families.</p>" + f"<p>{WORDS}The cause is well {{}} to doctors. {WORDS}</p>"
LONG = "Pseudopseudohypoparathyroidism"


FREQUENCIES = ["90%", "7.5%", "7/12", "Very frequent (99-80%)", "Occasional (29-5%)", "in adults", ""]


def make_symptoms() -> Disease:
    """A disease without answers and with 60 symptoms, some of them from two sources, and with its inheritance."""
    disease = make_disease(live=False, name="Symptoms", slug="symptoms", questions=0, summary_source=make_source())
    sources = [make_source(name="GARD: rare diseases"), make_source(name="Orphanet")]
    for number in range(60):
        term = f"{LONG} of the {number}th finger" if number % 9 == 0 else f"Abnormality {number} of the heart"
        for source in sources[: 1 + (number % 5 == 0)]:
            frequency = FREQUENCIES[(number + source.pk) % len(FREQUENCIES)]
            disease.symptoms.create(term=term, frequency=frequency, source=source, approved=True, position=number)
    for aspect, term in [("inheritance", "Autosomal recessive inheritance"), ("course", "Rapidly progressive")]:
        disease.symptoms.create(term=term, aspect=aspect, source=sources[0], approved=True, position=99)
    return put_live(disease)


def make_history() -> Disease:
    """A disease whose page changed twice: first a little of everything, then where a comparison is hidden."""
    publisher = make_publisher()
    iron, liver = make_organization(name="Iron Society"), make_organization(name="Children’s Liver Foundation")
    with time_machine.travel("2026-05-01 12:00Z"):
        disease = make_disease(live=False, name="Iron overload", slug="compared", questions=0)
        causes = make_question(disease, question="What causes it?", answer=CAUSES.format("unknown"))
        make_question(disease, question="How is it treated?", answer="<p>With care.</p>", last_updated=date(2020, 5, 1))
        support = disease.supports.create(organization=iron, position=1, note="Has a help line.\nCall at any time.")
        disease.supports.create(organization=liver, position=2)
        publish(save_edition(disease, by="test"), by=publisher)
    with time_machine.travel("2026-05-03 12:00Z"):
        disease.questions.update(position=1, last_updated=date(2026, 5, 2))
        causes.refresh_from_db()
        causes.answer, causes.position = CAUSES.format("known"), 2
        causes.last_updated = None
        causes.save()
        support.delete()
        publish(save_edition(disease, by="test"), by=publisher, note="What we now know of its cause.")
    with time_machine.travel("2026-05-04 12:00Z"):
        make_question(disease, question="Who can help?", answer="<p>Many people.</p>", position=3)
        edition = publish(save_edition(disease, by="test"), by=publisher)
    hide_comparison(edition, by=publisher, reason="It named someone.")
    return disease


def make_history_of(seed_page) -> Disease:
    """The seed page, published as it was imported and once more with a little of everything changed."""
    publisher = make_publisher()
    with time_machine.travel("2026-05-01 12:00Z"):
        call_command("import_page", str(seed_page), stdout=StringIO())
        disease = Disease.objects.get()
        for subject in [*Organization.objects.all(), disease]:
            publish(save_edition(subject, by="test"), by=publisher)
    with time_machine.travel("2026-05-03 12:00Z"):
        causes, inherited, treated = disease.questions.all()
        causes.answer = causes.answer.replace("is unknown", "is known")
        inherited.position, treated.position = treated.position, inherited.position
        inherited.last_updated = date(2026, 5, 2)
        for question in [causes, inherited, treated]:
            question.save()
        disease.supports.get(organization__name="Iron Disorders Institute Inc.").delete()
        publish(save_edition(disease, by="test"), by=publisher, note="What we now know of its cause.")
    return disease


@pytest.fixture
def site(live_server):
    """A disease with 3 answers and 6 organizations, and one page of every other sort. Returns their addresses."""
    successor = make_organization(name="New Society", slug="new-society")
    organizations = [
        make_organization(
            name="The International Society of Families with Hemochromatosis",
            slug="society",
            description="Helps families.",
            phone="+44 (0) 121 212 3839",
            toll_free="1–888–655–IRON (4766)",
            fax="407-333-1284",
            email="a-rather-long-name@iron-overload-society.example.org",
            website="https://www.iron-overload-society.example.org/families/",
            checked_on=date(2026, 5, 3),
            checked_by="Ana Ruiz, volunteer",
        ),
        make_organization(status="closed", successor=successor, slug="closed"),
        make_organization(status="renamed", successor=successor),
        make_organization(country="CA"),
        make_organization(country="GB"),
        make_organization(country=""),
    ]
    disease = make_disease(live=False, name=f"{LONG} type 2", slug="full", questions=0, organizations=organizations)
    source = make_source(name="GARD", licence="CC BY 4.0", licence_url="https://l.example.org/", attribution="Thanks.")
    for topic in ["causes", "inheritance", "other"]:
        make_question(
            disease,
            topic=topic,
            question=f"What should a family know about the {topic} of {LONG.lower()}?",
            answer=ANSWER.format(WORDS, "<td><p>About one in a hundred</p></td>" * 5),
            last_updated=date(2019, 5, 1),
            reviewed_on=date(2026, 5, 3),
            reviewed_by="Dr. Mina Okafor, hepatologist",
            review_due=date(2028, 5, 3),
            source=source,
            source_url="https://source.example.org/1",
            adapted=True,
        )
    put_live(disease)
    make_disease(slug="bare", questions=0, summary="")
    make_symptoms()
    make_organization(slug="gone")
    withdraw(Organization.objects.get(slug="gone"), by=make_publisher(), reason="It asked us to.")
    paths = ["/", "/diseases/", "/diseases/?letter=P", "/diseases/full/", "/diseases/bare/"]
    paths += ["/diseases/symptoms/", "/diseases/full/sheet/", "/diseases/bare/sheet/"]
    paths += ["/organizations/", "/organizations/?country=GB", "/organizations/society/", "/organizations/closed/"]
    make_history()
    paths += ["/changes/", "/diseases/compared/changes/", "/organizations/society/changes/"]
    paths += ["/organizations/new-society/", "/organizations/gone/", "/about/", "/accessibility/", "/privacy/"]
    return {path: live_server.url + path for path in [*paths, "/nowhere/"]}


@pytest.mark.parametrize(("width", "color_scheme"), VIEWS)
def test_no_page_has_a_barrier_scrolls_sideways_or_complains(site, open_window, width, color_scheme):
    page = open_window(viewport={"width": width, "height": 800}, color_scheme=color_scheme)

    for path, address in site.items():
        page.goto(address)
        assert barriers(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_what_is_for_other_programs_runs_into_no_policy(site, new_context):
    page = new_context().new_page()
    page.add_init_script("violations = []; addEventListener('securitypolicyviolation', (e) => violations.push(e.type))")
    with_data = []

    for path, address in site.items():
        page.goto(address)
        assert page.evaluate("violations") == [], path
        for block in page.locator("script[type='application/ld+json']").all():
            with_data.append(path)
            assert json.loads(block.text_content())["@context"] == "https://schema.org"

    assert {"/", "/diseases/full/", "/diseases/symptoms/", "/organizations/closed/"} <= set(with_data)
    page.goto(site["/"])
    manifest = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/site.webmanifest")


def test_targets_in_the_navigation_are_large_enough_for_a_finger(site, new_context):
    page = new_context(viewport={"width": 320, "height": 800}).new_page()

    for path in ["/", "/diseases/full/"]:
        page.goto(site[path])
        boxes = [link.bounding_box() for link in page.locator("nav a, .letterhead-name").all()]
        assert boxes
        # 2.75rem of the smallest letters are 44 pixels.
        assert [box for box in boxes if box["height"] < 43.9] == []


def test_a_keyboard_reaches_the_content_first(site, page):
    page.goto(site["/diseases/full/"])
    page.keyboard.press("Tab")

    assert page.locator(":focus").inner_text() == "Skip to content"
    assert page.locator(":focus").bounding_box()["height"] > 40

    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_print_has_all_answers_and_the_addresses_of_links_but_no_navigation(site, page):
    page.goto(site["/diseases/full/"])
    page.emulate_media(media="print")

    assert [nav for nav in page.locator("nav").all() if nav.is_visible()] == []
    assert [answer.is_visible() for answer in page.locator(".answer .prose").all()] == [True] * 3
    after = "getComputedStyle(document.querySelector('.facts a'), '::after').content"
    assert "https://source.example.org/1" in page.evaluate(after)


SIGNS_READ_ALOUD = """
- region "Signs and symptoms":
  - heading "Signs and symptoms" [level=2]
  - paragraph: /^These are medical terms\\. The most frequent signs come first\\. A person may have only some/
  - term: In about 9 of 10 people
  - definition:
    - list:
      - listitem: Anemia
      - listitem: Fever
  - term: How often is not known
  - definition:
    - list:
      - listitem: Itch
  - term: Inheritance
  - definition: autosomal recessive
  - paragraph: This list has no date, so it may be old. Please ask your doctor what has changed.
"""


def test_signs_read_right_in_their_order(live_server, page):
    disease = make_disease(live=False, slug="signs")
    for term, frequency in [("Itch", ""), ("Fever", "90%"), ("Anemia", "90%")]:
        disease.symptoms.create(term=term, frequency=frequency, approved=True)
    disease.symptoms.create(term="Autosomal recessive inheritance", aspect="inheritance", approved=True)
    put_live(disease)
    page.goto(f"{live_server.url}/diseases/signs/")

    expect(page.locator(".signs")).to_match_aria_snapshot(SIGNS_READ_ALOUD)


def test_signs_stand_open_on_paper_and_on_a_narrow_screen(site, new_context):
    page = new_context(viewport={"width": 320, "height": 800}).new_page()
    page.goto(site["/diseases/symptoms/"])

    for media in ["screen", "print"]:
        page.emulate_media(media=media)
        terms = page.locator(".signs li").all()
        assert len(terms) == 60 + 3  # the sources and the ontology too
        assert [term for term in terms if not term.is_visible()] == []
        # A bar is as long as its number, of the length that all have.
        box, shown = (page.locator(f".signs svg >> nth=0 >> rect >> nth={place}").bounding_box() for place in [0, 1])
        assert box["width"] > 150
        assert 0.5 < shown["width"] / box["width"] <= 1


def test_a_disease_page_is_light(site, page):
    responses = {}
    page.on("response", lambda response: responses.update({response.url.split("/", 3)[3]: response}))
    page.goto(site["/diseases/full/"])

    responses.pop("static/favicon.svg", None)
    assert sorted(responses) == ["diseases/full/", "static/search.js", "static/site.css"]
    html, *files = (responses[address] for address in sorted(responses))
    assert html.headers["content-encoding"] == "gzip"
    # The tests' server sends static files as they are; the real one sends them compressed.
    weight = int(html.headers["content-length"]) + sum(len(gzip.compress(file.body())) for file in files)
    assert weight < 30_000, weight


READ_ALOUD = """
- 'heading "What changed: Iron overload" [level=1]'
- region "4 May 2026":
  - heading "4 May 2026" [level=2]
  - paragraph: The comparison is not shown.
- region "3 May 2026":
  - heading "3 May 2026" [level=2]
  - paragraph: What we now know of its cause.
  - heading "Question “How is it treated?”" [level=3]
  - list:
    - listitem:
      - paragraph: Moved to another place
    - listitem:
      - paragraph:
        - strong: "Last updated:"
        - text: changed
      - paragraph:
        - deletion: (removed) 1 May 2020 (end)
        - insertion: (added) 2 May 2026 (end)
  - heading "Question “What causes it?”" [level=3]
  - list:
    - listitem:
      - paragraph:
        - strong: "Answer:"
        - text: changed
      - paragraph:
        - text: /^… looking for it\\. .* The cause is well$/
        - deletion: (removed) unknown (end)
        - insertion: (added) known (end)
        - text: /^to doctors\\. .* …$/
  - heading "Organization “Iron Society”" [level=3]
  - list:
    - listitem:
      - paragraph: Removed
      - paragraph:
        - deletion: "Note: Has a help line."
      - paragraph:
        - deletion: Call at any time.
- region "1 May 2026":
  - heading "1 May 2026" [level=2]
  - paragraph: First published.
"""


def test_a_comparison_reads_right_in_its_order(live_server, page):
    make_history()
    page.goto(f"{live_server.url}/diseases/compared/changes/")

    expect(page.locator("main")).to_match_aria_snapshot(READ_ALOUD)
    # The signs are for the eye: to the ear, the words beside them say it.
    assert not re.search(r"[−+[\]]", page.locator("[aria-labelledby=change-2]").inner_text())
    spoken = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    texts = [node["name"]["value"] for node in spoken if node["role"]["value"] == "StaticText"]
    assert "unknown" in texts
    assert [text for text in texts if re.search(r"[−+[\]]", text)] == []


SEED_READ_ALOUD = """
- 'heading "What changed: Neonatal hemochromatosis" [level=1]'
- region "3 May 2026":
  - heading "3 May 2026" [level=2]
  - paragraph: What we now know of its cause.
  - heading "Question “What causes neonatal hemochromatosis?”" [level=3]
  - list:
    - listitem:
      - paragraph:
        - strong: "Answer:"
        - text: changed
      - paragraph:
        - text: The exact cause of neonatal hemochromatosis is
        - deletion: (removed) unknown. (end)
        - insertion: (added) known. (end)
        - text: /^It is thought that women who have a baby .* …$/
  - heading "Question “How might neonatal hemochromatosis be treated?”" [level=3]
  - list:
    - listitem:
      - paragraph: Moved to another place
  - heading "Question “Is neonatal hemochromatosis inherited?”" [level=3]
  - list:
    - listitem:
      - paragraph:
        - strong: "Last updated:"
        - text: changed
      - paragraph:
        - deletion: (removed) 1 May 2020 (end)
        - insertion: (added) 2 May 2026 (end)
  - heading "Organization “Iron Disorders Institute Inc.”" [level=3]
  - list:
    - listitem:
      - paragraph: Removed
- region "1 May 2026":
  - heading "1 May 2026" [level=2]
  - paragraph: First published.
"""


def test_a_comparison_of_the_seed_page_reads_right(live_server, page, seed_page):
    disease = make_history_of(seed_page)
    page.goto(f"{live_server.url}/diseases/{disease.slug}/changes/")

    expect(page.locator("main")).to_match_aria_snapshot(SEED_READ_ALOUD)


def test_what_was_taken_out_and_put_in_is_told_without_colour(live_server, page):
    make_history()
    page.goto(f"{live_server.url}/diseases/compared/changes/")

    for media in ["screen", "print"]:
        page.emulate_media(media=media)
        for tag, line, sign in [("del", "line-through", "[−"), ("ins", "underline", "[+")]:
            style = f"getComputedStyle(document.querySelector('.runs {tag}'), {{}})"
            assert line in page.evaluate(style.format("null") + ".textDecorationLine")
            assert sign in page.evaluate(style.format("'::before'") + ".content")
