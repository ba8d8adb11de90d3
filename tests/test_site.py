"""Checks of all public pages: what every page must have, and what no page may have."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import html5lib
import pytest
from django.contrib.staticfiles import finders
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, models
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from community.models import Portrait
from config.wsgi import only_utf8
from diseases.models import Disease, Identifier, Question, Source, Support, Symptom, Synonym
from editorial.sessions import csrf_failure
from organizations.models import Organization
from publishing.verbs import publish, save_edition, withdraw
from tests import vocabulary
from tests.factories import (
    make_disease,
    make_organization,
    make_picture,
    make_portrait,
    make_publisher,
    make_question,
    make_source,
    put_live,
)
from tests.reading import linked_data_of

pytestmark = pytest.mark.django_db

XHTML = "{http://www.w3.org/1999/xhtml}"
FIXED = ["/", "/diseases/", "/organizations/", "/changes/", "/about/", "/accessibility/", "/privacy/", "/nowhere/"]
FIXED += ["/organizations/?country=GB"]  # only forms lead here
FIXED += ["/search/", "/search/?q=gangliosidosis", "/search/?q=society", "/search/?q=leak"]
FIXED += ["/suggest/thanks/", "/suggest/thanks/?about=disease&slug=full-disease"]  # a form leads here, no link
SAME = 7
"""How many diseases have nearly the same name."""
DISEASES, ORGANIZATIONS = SAME + 3, 5  # that are live
SCRIPTS = ['<script src="/static/search.js" defer>']
DATA = '<script type="application/ld+json">'  # browsers do not run it


@pytest.fixture
def site(monkeypatch):
    """Everything that a page can say, lists of several pages, and drafts beside it. Returns what is not linked."""
    monkeypatch.setattr("website.lists.ENTRIES_PER_PAGE", 6)
    monkeypatch.setattr("search.views.RESULTS_PER_PAGE", 2)
    monkeypatch.setattr("website.changes.LATEST_PER_PAGE", 5)
    publisher = make_publisher()
    successor = make_organization(name="New Society", slug="new-society")
    full = make_organization(
        name="Full Society",
        also_known_as="FS",
        description="Helps families.",
        toll_free="1-888-655-IRON (4766)",
        fax="407-333-1284",
        email="help@example.org",
        website="https://www.example.org/",
        opening_hours="Mon–Fri, 9–17 (CET)",
        languages=["de", "en"],
        countries_served=["AT", "DE"],
        checked_on=date(2026, 5, 3),
        checked_by="Ana Ruiz",
    )
    bare = make_organization(
        name="1 Bare Society", **dict.fromkeys(["street", "city", "region", "postal_code", "country", "phone"], "")
    )
    closed = make_organization(name="Closed Society", country="GB", status="closed", successor=successor)
    renamed = make_organization(name="Renamed Society", country="CA", status="renamed", successor=successor)

    disease = make_disease(live=False, name="Full disease", organizations=[full, bare, closed, renamed], questions=0)
    for position, kind in enumerate(["abbreviation", "former", "spelling", "subtype"], start=2):
        Synonym.objects.create(disease=disease, text=f"Name {kind}", kind=kind, position=position)
    Identifier.objects.create(disease=disease, scheme="ICD-11", value="5C64.10", relation="broad", position=2)
    Support.objects.filter(organization=full).update(note="Has a help line.")
    source = make_source(name="GARD", licence="CC BY 4.0", licence_url="https://l.example.org/", attribution="Thanks.")
    make_question(
        disease,
        source=source,
        source_url="https://source.example.org/1",
        adapted=True,
        last_updated=date(2019, 5, 1),
        reviewed_on=date(2026, 5, 3),
        reviewed_by="Dr. Okafor",
        review_due=date(2028, 5, 3),
        answer="<h3>More</h3><p>Text</p><ul><li><p>One</p></li></ul><table><tbody><tr><td>1</td></tr></tbody></table>",
    )
    make_question(disease, topic="other")
    make_question(disease, topic="other", question="LEAK of a question that nobody has answered?", answer="")
    Symptom.objects.create(disease=disease, term="Fever", frequency="7/12", source=source, approved=True, position=1)
    Symptom.objects.create(disease=disease, term="Adult onset", aspect="onset", approved=True, position=2)
    Symptom.objects.create(disease=disease, term="LEAK of a symptom", source=source, position=3)
    put_live(disease)
    make_disease(name="Bare disease", questions=0, summary="")
    for number in range(SAME):
        publish(save_edition(Disease.objects.create(name=f"Gangliosidosis {number}"), by="test"), by=publisher)

    moved = make_disease(slug="before", name="22q11.2 deletion syndrome")
    moved.slug = "after"
    moved.save()
    put_live(moved)
    gone = make_disease(slug="gone")
    withdraw(gone, by=publisher, reason="It was two diseases.")
    put_live(make_organization(slug="old-society", name="Old Society"))
    withdraw(Organization.objects.get(slug="old-society"), by=publisher, reason="It asked us to.", successor=successor)
    make_portrait(name="Full person", disease=disease, picture=make_picture(), alternative="A picture of nobody")
    make_portrait(name="Bare person", relation="", words="")
    withdraw(make_portrait(slug="left"), by=publisher, reason="Moved on.")
    make_disease(live=False, name="Draft disease")
    make_organization(live=False, name="Draft Society")
    save_edition(make_portrait(live=False, name="LEAK of a person", disease=disease), by="test")
    save_edition(make_portrait(live=False, name="LEAK of nobody", disease=disease, consent_on=None), by="test")
    pages = {"/diseases/before/": 301, "/diseases/gone/": 410, "/organizations/old-society/": 301}
    of_them = {f"{address}{end}": pages[address] for address in pages for end in ["changes/", "changes.atom"]}
    pages["/community/left/"] = pages["/community/left/changes/"] = 410
    return pages | of_them | {"/diseases/before/sheet/": 301, "/diseases/gone/sheet/": 410, "/nowhere/": 404}


@dataclass
class Found:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @cached_property
    def tree(self):
        # In strict mode the parser raises an exception for every error in the HTML.
        return html5lib.HTMLParser(strict=True).parse(self.text)

    def every(self, tag):
        return list(self.tree.iter(f"{XHTML}{tag}"))


def sweep(start):
    """Follows all links within the site. Returns the responses by address."""
    found: dict[str, Found] = {}
    waiting = list(start)
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        response = Client().get(address)
        found[address] = Found(response.status_code, dict(response.headers), list(response.cookies), response.text)
        links = re.findall(r'<a\b[^>]*\bhref="([^"]*)"', response.text)
        links = [urldefrag(urljoin(address, link.replace("&amp;", "&"))).url for link in links]
        waiting += [link for link in links if link.startswith("/")]
    return found


def without_tokens(text):
    """Returns the page without the token that is different in every form: see suggestions/form_tokens.py."""
    return re.sub(r'name="token" value="[^"]+"', "", text)


def words(element):
    return " ".join("".join(element.itertext()).split())


@pytest.mark.database
def test_every_public_page_keeps_the_rules(site):
    found = sweep(FIXED + list(site))

    statuses = {address: page.status for address, page in found.items() if page.status != 200}
    assert statuses == site  # so no link is broken

    pages = {address: page for address, page in found.items() if page.status != 301}
    feeds = [
        pages.pop(address) for address in list(pages) if address.endswith(".atom") and pages[address].status == 200
    ]
    assert len(feeds) == DISEASES + ORGANIZATIONS + 1  # of every page with a history, and of the site
    pages.pop("/diseases/gone/changes.atom")
    forms = [address for address in pages if address.startswith("/suggest/?")]
    # About each disease and organization; the questions of 2 diseases and the symptoms of one; an organization for
    # each disease that has none, which is all but one; and what did not work with this site.
    assert len(forms) == DISEASES + ORGANIZATIONS + 3 + 1 + (DISEASES - 1) + 1
    for address in forms:
        assert '<meta name="robots" content="noindex">' in pages[address].text, address
        assert words(pages[address].every("h1")[0]) == "Something wrong or missing?", address
    # 8 fixed ones; the diseases, the organizations and 1 that was removed, each with what changed; the sheets to print
    # of the diseases and of the one removed; of the A to Z 4 letters, 2 second pages and the way back from each; of the
    # directory 5 letters, and 1 within a country; of the site's publications 4 pages and the way back to the first;
    # of the search its form, 4 pages of the diseases with nearly one name and 3 of the organizations, each with the way
    # back to the first, and nothing; of the community its page, and 2 portraits and 1 that was removed, each with what
    # changed; of suggestions the form, and thanks for one about a disease and one about the site.
    of_diseases = 2 * (DISEASES + ORGANIZATIONS + 1) + (DISEASES + 1) + (4 + 2 + 2) + (5 + 1)
    assert len(pages) == 8 + of_diseases + (4 + 1) + (1 + 5 + 4 + 1) + (1 + 2 * (2 + 1)) + (1 + 2) + len(forms)
    for address, page in found.items():
        assert page.cookies == [], address
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, address
        assert "unsafe" not in policy, address
        assert "geolocation=()" in page.headers["Permissions-Policy"], address
    for address, page in pages.items():
        assert len(page.every("h1")) == 1, address
        assert words(page.every("h1")[0]), address
        assert re.findall(r"\bstyle=|<style|\bon\w+=", page.text) == [], address
        assert re.findall(r"<script[^>]*>", page.text.replace(DATA, "")) == SCRIPTS, address
        assert len([form for form in page.every("form") if form.get("role") == "search"]) == 1, address
        assert empty_labels(page) == [], address
        assert broken_fragments(page) == [], address
        assert [picture for picture in page.every("img") if not picture.get("alt")] == [], address
        assert [link.get("href") for link in page.every("a") if not (words(link) or names_itself(link))] == [], address
        assert [url for url in loaded_by(page) if not re.match("/(?!/)|data:", url)] == [], address
        assert [url for url in loaded_by(page) if url.startswith("data:") and "image" not in url] == [], address

    canonical = {address: canonical_of(page.text) for address, page in pages.items()}
    for address, page in pages.items():
        is_listed = page.status == 200 and '<meta name="robots" content="noindex">' not in page.text
        assert len(canonical[address]) == is_listed, address
    targets = {link for links in canonical.values() for link in links}
    assert [link for link in targets if canonical_of(Client().get(link).text) != [link]] == []

    of_things = [data for page in pages.values() if (data := linked_data_of(page.text))]
    assert [bool(vocabulary.check(data)) for data in of_things] == [True] * (
        DISEASES + ORGANIZATIONS + 1
    )  # and of the home page

    pictures = {picture.get("src") for page in pages.values() for picture in page.every("img")}
    assert [Client().get(picture).headers["Content-Type"] for picture in pictures] == ["image/webp"]
    pages = {
        address: page for address, page in pages.items() if address not in forms
    }  # search engines do not list them
    for part in [titles_of(pages), descriptions_of(pages)]:
        assert [address for address, text in part.items() if not text] == []
        assert repeated({address: text for address, text in part.items() if pages[address].status != 410}) == []


def names_itself(link):
    """Whether a link without words has a name all the same."""
    return link.get("aria-label") or any(picture.get("alt") for picture in link.iter(f"{XHTML}img"))


def loaded_by(page):
    """The addresses of all that a browser loads or sends for a page without being told to leave it."""
    for tag, name in [("img", "src"), ("script", "src"), ("iframe", "src"), ("source", "srcset"), ("form", "action")]:
        yield from (element.get(name) for element in page.every(tag) if element.get(name))
    for link in page.every("link"):
        if not {"canonical", "alternate"} & set(link.get("rel").split()):
            yield link.get("href")


def canonical_of(html):
    return [unescape(link) for link in re.findall(r'<link rel="canonical" href="http://testserver([^"]*)">', html)]


def empty_labels(page):
    """Returns labels without a text: a term without a description, or a colon at the end of a block."""
    empty = []
    for terms in page.every("dl"):
        items = [item for item in terms.iter() if item.tag in {f"{XHTML}dt", f"{XHTML}dd"}]
        for item, after in zip(items, [*items[1:], None], strict=True):
            if item.tag.endswith("dt") and (after is None or after.tag.endswith("dt")):
                empty.append(words(item))
            if not words(item):
                empty.append("a term or description without words")
    for tag in ["p", "li", "dd", "div", "section", "address", "span", "h2", "h3", "h4", "title"]:
        for element in page.every(tag):
            text = words(element)
            if not text:
                empty.append(f"an empty {tag}")
            if text.endswith(":"):
                empty.append(text)
    return empty


def broken_fragments(page):
    """Returns links to fragments that are not on the page."""
    ids = [element.get("id") for element in page.tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    return [link for link in re.findall(r'href="#([^"]*)"', page.text) if link not in ids]


def titles_of(pages):
    return {address: words(page.every("title")[0]) for address, page in pages.items()}


def descriptions_of(pages):
    return {
        address: next(meta.get("content") for meta in page.every("meta") if meta.get("name") == "description")
        for address, page in pages.items()
    }


def repeated(texts):
    """Returns addresses with the same text as another. The first page of a list has two: with ?page=1 and without."""
    by_text: dict[str, set[str]] = {}
    for address, text in texts.items():
        by_text.setdefault(text, set()).add(re.sub(r"[?&]page=1$", "", address))
    return [addresses for addresses in by_text.values() if len(addresses) > 1]


def test_the_files_of_the_pages_exist():
    html = Client().get("/about/").text
    links = re.findall(r'<(?:link|script)\b[^>]*\b(?:href|src)="/static/([^"]+)"', html)
    links += re.findall(r'<meta property="og:image" content="http://testserver/static/([^"]+)"', html)

    assert links == ["favicon.svg", "icons/apple-touch-icon.png", "site.css", "search.js", "icons/share.png"]
    assert [link for link in links if not finders.find(link)] == []


def test_the_draft_is_not_public(site):
    before = sweep(FIXED + list(site))
    disease = Disease.objects.get(name="Full disease")
    disease.name = disease.summary = "LEAK of a draft"
    disease.save()
    save_edition(disease, by="LEAK of an author", note="LEAK of a note")

    for model in [Disease, Synonym, Identifier, Question, Support, Symptom, Source, Organization, Portrait]:
        texts = [
            field
            for field in model._meta.get_fields()
            if isinstance(field, models.CharField | models.TextField) and not field.is_relation
        ]
        assert texts
        for row in model.objects.all():
            values = {field.name: f"LEAK-{row.pk}"[: field.max_length] for field in texts}
            model.objects.filter(pk=row.pk).update(**values)
    after = sweep(FIXED + list(site))

    assert Disease.objects.filter(name__startswith="LEAK-", slug__startswith="LEAK-").count() == Disease.objects.count()
    assert [address for address, page in after.items() if "LEAK" in page.text] == []
    assert {address: without_tokens(page.text) for address, page in after.items()} == {
        address: without_tokens(page.text) for address, page in before.items()
    }


def test_reading_writes_nothing(site):
    with CaptureQueriesContext(connection) as queries:
        sweep(FIXED + list(site))

    assert len(queries) > 100
    verbs = {re.match(r"[(\s]*(\w+)", query["sql"])[1].upper() for query in queries}
    assert verbs <= {"SELECT", "WITH"}


def test_the_script_of_the_public_pages_stores_nothing():
    script = Path(finders.find("search.js")).read_text(encoding="utf-8")

    assert re.findall(r"Storage|cookie|indexedDB|caches|serviceWorker|sendBeacon|https?:", script) == []


def test_an_error_page_needs_nothing(settings):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    client = Client(raise_request_exception=False)
    settings.ROOT_URLCONF = "tests.broken_urls"

    response = client.get("/broken/")

    page = Found(response.status_code, dict(response.headers), [], response.text)
    assert page.status == 500
    assert [words(heading) for heading in page.every("h1")] == ["Something went wrong"]
    assert [form.get("action") for form in page.every("form")] == [reverse("search:results", "config.urls")]
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_a_form_without_its_token_gets_a_page_of_the_site():
    response = csrf_failure(RequestFactory().post("/suggest/"))

    page = Found(response.status_code, dict(response.headers), [], response.text)
    assert page.status == 403
    assert [words(heading) for heading in page.every("h1")] == ["Please send the form again"]
    assert empty_labels(page) == []


@pytest.mark.parametrize(
    ("charset", "status"),
    [("", 200), ("; charset=UTF-8", 200), ("; charset=rot13", 415), ("; charset=idna", 415), ('; charset="x\0', 415)],
)
def test_a_request_that_is_not_in_utf8_is_refused(charset, status):
    said = []
    environ = RequestFactory().get("/search/?q=a").environ | {"CONTENT_TYPE": f"text/plain{charset}"}

    def read(environ, start_response):
        start_response(f"200 {WSGIRequest(environ).GET['q']}", [])
        return []

    only_utf8(read)(environ, lambda line, headers: said.append(line))

    assert [int(line.split()[0]) for line in said] == [status]
