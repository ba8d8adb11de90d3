"""The search page and its suggestions, as readers see them."""

import re
import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from django.urls import reverse

from diseases.models import Disease, Synonym
from publishing.verbs import save_edition, withdraw
from tests.factories import add, make_disease, make_organization, make_publisher, make_question, put_all_live, put_live
from tests.reading import text_of, texts_of

pytestmark = [pytest.mark.django_db, pytest.mark.database]

SCRIPT = Path(__file__).parent.parent.parent / "static" / "search.js"
RESULTS = reverse("search:results")
SUGGEST = reverse("search:suggest")

HOSTILE = {
    "NUL": "%00",
    "NUL in a word": "hemo%00chromatosis",
    "broken UTF-8": "%ff%fe%c3%28",
    "half a pair": "%ed%a0%80",
    "long": "a" * 10_000,
    "many words": "+".join(f"word{n}" for n in range(500)),
    "quotes": "%22%27%60%E2%80%9C",
    "operators": "NEAR(a+b)+AND+NOT+*+OR+-c+%5E%22",
    "wildcards": "%25_%25*?",
    "columns": "title:x+%7Ba+b%7D:y",
    "SQL": quote("'; DROP TABLE search_entry; --"),
    "HTML": quote('"><script>alert(1)</script>'),
    "emoji": quote("👩‍👩‍👧 🧬"),
    "right to left": quote("\u202eמחלה נדירה"),
    "only marks": quote("\u0301\u200d\u200e\ufeff"),
    "repeated": "one&q=two&q=three",
    "page": "disease&page=-1&page=9e99&exact=%00",
    "far page": "disease&page=99999999999999999999",
    "brackets": "&q[]=a&q[b]=c",
}


def make_ferropathy():
    """Returns a live disease that can be found by title, other name, code and answer."""
    disease = make_disease(live=False, name="Neonatal ferropathy", summary="A rare disease of newborns.", questions=0)
    disease.identifiers.update(scheme="ORPHA", value="446")
    Synonym.objects.create(disease=disease, text="Newborn iron storage", kind="exact", position=2)
    answer = "<p>Some need a <strong>transplantation</strong> early.</p>"
    make_question(disease, question="How might it be treated?", answer=answer)
    return put_live(disease)


def address_of(disease):
    return reverse("diseases:detail", args=[disease.slug])


def hits(html):
    """Returns the text of each result, in order."""
    found = re.search(r'<ol class="results".*?</ol>', html, re.DOTALL)
    return texts_of(found[0], "li") if found else []


# What the page says


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("neonatal ferropathy", "Disease A rare disease of newborns."),
        ("newborn iron storage", "Disease · also called Newborn iron storage A rare disease of newborns."),
        ("ORPHA:446", "Disease · code ORPHA 446 A rare disease of newborns."),
        ("transplantation", "Disease · found in: How might it be treated? Some need a transplantation early."),
    ],
)
def test_a_result_says_why_it_was_found(client, query, words):
    disease = make_ferropathy()

    html = client.get(RESULTS, {"q": query}).text

    assert hits(html) == [f"Neonatal ferropathy {words}"]
    assert f'<a href="{address_of(disease)}">Neonatal ferropathy</a>' in html


def test_a_result_links_to_its_answer_and_marks_the_words(client):
    disease = make_ferropathy()
    anchor = f"q-{disease.questions.get().key}"

    html = client.get(RESULTS, {"q": "transplantation"}).text

    assert f'<a href="{address_of(disease)}#{anchor}">How might it be treated?</a>' in html
    assert f'id="{anchor}"' in client.get(address_of(disease)).text
    assert texts_of(html, "mark") == ["transplantation"]


def test_diseases_and_organizations_are_counted_and_listed_together(client):
    make_disease(name="Gaucher disease", summary="Of the spleen.")
    make_organization(name="Gaucher Society", city="Leeds", region="", country="GB")

    html = client.get(RESULTS, {"q": "gaucher"}).text

    assert texts_of(html, "title") == ["2 results for “gaucher” · Plainly Rare"]
    assert texts_of(html, "h1") == ["2 results for “ gaucher ”"]
    assert sorted(hits(html)) == [
        "Gaucher Society Organization Leeds, United Kingdom",
        "Gaucher disease Disease Of the spleen.",
    ]


def test_one_result_is_counted_in_the_singular(client):
    make_disease(name="Gaucher disease")

    html = client.get(RESULTS, {"q": "gaucher"}).text

    assert texts_of(html, "title") == ["1 result for “gaucher” · Plainly Rare"]


def test_only_what_is_live_is_found(client):
    make_disease(name="Gaucher draft", live=False)
    withdraw(make_disease(name="Gaucher gone"), by=make_publisher(), reason="Gone.")
    changed = make_disease(name="Gaucher disease")
    changed.name = "Gaucher changed"
    changed.save()
    save_edition(changed, by="test")

    html = client.get(RESULTS, {"q": "gaucher"}).text
    suggested = client.get(SUGGEST, {"q": "gaucher"}).json()["options"]

    assert texts_of(html, "h2") == ["Gaucher disease"]
    assert [option["title"] for option in suggested] == ["Gaucher disease"]


def test_many_results_have_pages(client):
    diseases = [Disease(name=f"Gangliosidosis {number:02}") for number in range(45)]
    add(diseases)
    put_all_live(diseases)

    pages = [client.get(RESULTS, {"q": "gangliosidosis", "page": page}) for page in ["", "2", "3", "4", "x"]]

    assert [len(hits(page.text)) for page in pages] == [20, 20, 5, 5, 20]
    assert len({title for page in pages[:3] for title in texts_of(page.text, "h2")}) == 45
    assert [texts_of(page.text, "title")[0].split(" · ")[0] for page in pages] == [
        "45 results for “gangliosidosis”",
        "45 results for “gangliosidosis”, page 2",
        "45 results for “gangliosidosis”, page 3",
        "45 results for “gangliosidosis”, page 3",
        "45 results for “gangliosidosis”",
    ]
    assert 'href="?q=gangliosidosis&amp;page=3"' in pages[1].text
    assert '<ol class="results" start="21">' in pages[1].text


def test_a_correction_is_announced_and_the_reader_can_search_for_the_exact_words(client):
    make_disease(name="Gangliosidosis")

    corrected = client.get(RESULTS, {"q": "gangliosidozis"}).text
    exact = client.get(RESULTS, {"q": "gangliosidozis", "exact": "1"}).text

    assert texts_of(corrected, "h1") == ["1 result for “ Gangliosidosis ”"]
    assert "Showing results for Gangliosidosis Search instead for gangliosidozis" in text_of(corrected)
    assert 'href="?q=gangliosidozis&amp;exact=1"' in corrected
    assert 'value="gangliosidozis"' in corrected
    assert texts_of(exact, "h1") == ["Nothing found for “ gangliosidozis ”"]


def test_a_page_without_results_has_links_to_the_lists(client):
    make_disease(name="Gangliosidosis")

    response = client.get(RESULTS, {"q": "xqzwvkj"})

    html = response.text
    assert response.status_code == 200
    assert texts_of(html, "title") == ["Nothing found for “xqzwvkj” · Plainly Rare"]
    assert hits(html) == []
    main = html[html.index("<main") :]
    assert [url in main for url in ['href="/diseases/"', 'href="/organizations/"']] == [True, True]
    assert "please tell us" in text_of(html)
    assert '<a href="/suggest/" rel="nofollow">' in main


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": " \t\n"}, {"q": "\0"}])
def test_without_words_the_page_is_a_form_with_hints(client, query):
    response = client.get(RESULTS, query)

    assert texts_of(response.text, "h1") == ["Search"]
    assert texts_of(response.text, "h2") == ["You can look for", "Or look through the lists"]
    assert 'name="robots"' not in response.text


def test_results_are_for_readers_and_not_for_robots(client):
    make_disease(name="Gaucher disease")

    for query in ["gaucher", "xqzwvkj"]:
        assert '<meta name="robots" content="noindex">' in client.get(RESULTS, {"q": query}).text


# The suggestions


def test_suggestions_have_titles_and_a_count(client):
    disease = make_disease(name="Zellweger syndrome")
    organization = make_organization(name="Zellweger Families")

    response = client.get(SUGGEST, {"q": "zellw"})

    found = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert sorted(found.pop("options"), key=lambda option: option["reason"]) == [
        {"title": "Zellweger syndrome", "url": address_of(disease), "reason": "Disease"},
        {
            "title": "Zellweger Families",
            "url": reverse("organizations:detail", args=[organization.slug]),
            "reason": "Organization",
        },
    ]
    assert found == {"count": 2, "said": "2 suggestions"}


def test_a_suggestion_says_which_name_matches(client):
    make_ferropathy()

    (option,) = client.get(SUGGEST, {"q": "newborn iron"}).json()["options"]

    assert (option["title"], option["reason"]) == (
        "Neonatal ferropathy",
        "Disease · also called Newborn iron storage",
    )


@pytest.mark.parametrize("query", ["", "z", "xqzwvkj"])
def test_without_suggestions_the_status_says_so(client, query):
    make_disease(name="Zellweger syndrome")

    assert client.get(SUGGEST, {"q": query}).json() == {"count": 0, "options": [], "said": "No suggestions"}


def test_the_script_is_small():
    assert len(SCRIPT.read_bytes()) < 3 * 1024


# Privacy and hostile input


@pytest.mark.parametrize("address", [RESULTS, SUGGEST])
def test_a_search_is_stored_nowhere(client, address):
    make_disease(name="Gaucher disease")

    response = client.get(address, {"q": "gaucher"})

    assert response.cookies == {}
    assert "private" in response.headers["Cache-Control"]
    assert "Cookie" not in response.headers.get("Vary", "")
    again = client.get(address, {"q": "gaucher"}, headers={"if-none-match": response.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("address", [RESULTS, SUGGEST])
def test_a_search_can_only_be_read(client, address):
    assert client.head(address, {"q": "gaucher"}).status_code == 200
    assert client.post(address, {"q": "gaucher"}).status_code == 405


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_get_a_normal_answer(client, query):
    make_disease(name="Gaucher disease")

    page = client.get(f"{RESULTS}?q={query}")
    suggested = client.get(f"{SUGGEST}?q={query}")

    assert (page.status_code, suggested.status_code) == (200, 200)
    assert len(texts_of(page.text, "h1")) == 1
    assert len(page.text) < 60_000
    assert re.findall(r"<script(?! src=)|\0", page.text) == []
    assert sorted(suggested.json()) == ["count", "options", "said"]


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "utf-16", "none"])
def test_a_request_cannot_choose_its_encoding(client, charset):
    for address in [RESULTS, SUGGEST]:
        response = client.get(
            f"{address}?q=%5Cud800+%2B2AA-", headers={"content-type": f"text/plain; charset={charset}"}
        )
        assert response.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_bytes_that_no_browser_sends_get_a_normal_answer_from_the_server(live_server):
    make_disease(name="Gaucher disease")
    words = [b"\xff\xfe\xc3(", b"%00%ff%", b"'\"<>|^`{}", "Ĳ🧬".encode(), b"a" * 10_000]

    for word in words:
        for address in [RESULTS, SUGGEST]:
            with socket.create_connection((live_server.thread.host, live_server.thread.port), timeout=10) as connection:
                connection.sendall(b"GET %s?q=%s HTTP/1.0\r\nHost: localhost\r\n\r\n" % (address.encode(), word))
                assert connection.makefile("rb").readline().split()[1] == b"200", word[:10]
