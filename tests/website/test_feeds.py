"""The Atom feeds have the same entries as the pages "What changed"."""

import re
from datetime import datetime

import pytest
import time_machine
from defusedxml import ElementTree
from django.test import Client

from publishing.models import Event
from publishing.restoring import hide_comparison
from publishing.verbs import publish, redact, save_edition, withdraw
from tests.factories import make_disease, make_organization, make_publisher
from tests.reading import texts_of

pytestmark = pytest.mark.django_db
BASE = "http://testserver"
ATOM = "{http://www.w3.org/2005/Atom}"


def read(path):
    response = Client().get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    return ElementTree.fromstring(response.content)


def entries_of(feed):
    return [
        (entry.findtext(f"{ATOM}title"), entry.findtext(f"{ATOM}updated"), entry.findtext(f"{ATOM}summary"))
        for entry in feed.iter(f"{ATOM}entry")
    ]


def ids_of(feed):
    return [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]


@pytest.fixture
def publisher():
    return make_publisher(first_name="Ada", last_name="Publisher")


def edit(disease, publisher, summary, **how):
    disease.summary = summary
    disease.save()
    return publish(save_edition(disease, by="Ben Editor"), by=publisher, **how)


@pytest.fixture
def disease(publisher):
    """A disease that was published four times, once with a minor change, with a draft and staff notes in between."""
    with time_machine.travel("2026-05-01 12:00Z", tick=False):
        disease = make_disease(live=False, name="Gaucher disease", slug="gaucher", summary="The first words.")
        publish(save_edition(disease, by="Ben Editor"), by=publisher)
    with time_machine.travel("2026-05-02 12:00Z", tick=False):
        edit(disease, publisher, "The frist words stand.", note="A sentence more.")
    with time_machine.travel("2026-05-03 12:00Z", tick=False):
        edit(disease, publisher, "The first words stand.", note="A typing error.", minor=True)
    with time_machine.travel("2026-05-04 12:00Z", tick=False):
        edit(disease, publisher, "The first words stand here.", note="Where they <stand> & why.")
    disease.summary = "A later SECRET."
    disease.save()
    save_edition(disease, by="Ben Editor", note="SECRET note")
    return disease


def test_the_feed_of_a_page_has_the_entries_of_its_history(disease):
    feed = read("/diseases/gaucher/changes.atom")

    assert feed.findtext(f"{ATOM}title") == "Gaucher disease · Plainly Rare"
    assert feed.findtext(f"{ATOM}updated") == "2026-05-04T12:00:00+00:00"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Plainly Rare"
    assert feed.findtext(f"{ATOM}id") == f"{BASE}/feeds/changes.atom#disease-{disease.pk}"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {
        "alternate": f"{BASE}/diseases/gaucher/changes/",
        "self": f"{BASE}/diseases/gaucher/changes.atom",
    }
    assert entries_of(feed) == [
        (
            "Changed: Gaucher disease",
            "2026-05-04T12:00:00+00:00",
            "<p>Where they &lt;stand&gt; &amp; why.</p><ul><li>Summary: changed</li></ul>",
        ),
        (
            "Changed: Gaucher disease",
            "2026-05-02T12:00:00+00:00",
            "<p>A sentence more.</p><ul><li>Summary: changed</li></ul>",
        ),
        ("First published: Gaucher disease", "2026-05-01T12:00:00+00:00", "<p>First published.</p>"),
    ]


def test_the_entries_are_those_of_the_pages(client, disease, publisher):
    with time_machine.travel("2026-05-05 12:00Z", tick=False):
        make_organization(name="Society", slug="society")
    withdraw(make_disease(name="Withdrawn disease"), by=publisher, reason="Gone.")

    for page, feed in [
        ("/changes/", "/feeds/changes.atom"),
        ("/diseases/gaucher/changes/", "/diseases/gaucher/changes.atom"),
        ("/organizations/society/changes/", "/organizations/society/changes.atom"),
    ]:
        html = client.get(page).text
        shown = re.findall(r'<time datetime="(.{10})"', html)
        assert shown
        assert [updated[:10] for _title, updated, _summary in entries_of(read(feed))] == shown
        assert f'<a href="{feed}">Follow changes (Atom feed)</a>' in html
    assert [title for title, _updated, _summary in entries_of(read("/feeds/changes.atom"))] == [
        "First published: Society",
        "Changed: Gaucher disease",
        "Changed: Gaucher disease",
        "First published: Gaucher disease",
    ]


def test_drafts_staff_notes_and_hidden_or_redacted_texts_are_not_in_it(disease, publisher):
    events = Event.objects.filter(kind="disease", verb=Event.Verb.PUBLISHED).order_by("pk")
    _first, second, _minor, last = [event.edition for event in events]
    hide_comparison(last, by=publisher, reason="REASON")
    redact(second, by=publisher, reason="REASON")

    feeds = [Client().get(path).text for path in ["/diseases/gaucher/changes.atom", "/feeds/changes.atom"]]

    secrets = ["SECRET", "Ada", "Ben", "REASON", "typing error", "A sentence more."]
    assert [word for word in secrets for feed in feeds if word in feed] == []
    summaries = [summary for _title, _updated, summary in entries_of(read("/diseases/gaucher/changes.atom"))]
    assert summaries[0].endswith("So there is no comparison.</p>")
    assert "<li>" not in "".join(summaries)


def test_ids_are_permanent_and_unique(disease, publisher):
    before = {path: ids_of(read(path)) for path in ["/diseases/gaucher/changes.atom", "/feeds/changes.atom"]}
    disease.slug, disease.name = "gaucher-disease", "Gaucher’s disease"
    edit(disease, publisher, "Moved.")

    own, whole = read("/diseases/gaucher-disease/changes.atom"), read("/feeds/changes.atom")

    assert before["/diseases/gaucher/changes.atom"] == before["/feeds/changes.atom"]
    assert ids_of(own)[1:] == ids_of(whole)[1:] == before["/feeds/changes.atom"]
    assert len(set(ids_of(own))) == 4
    assert all(re.fullmatch(r"tag:testserver,2\d{3}-\d\d-\d\d:publication/\d+", each) for each in ids_of(own))
    assert own.findtext(f"{ATOM}id") == f"{BASE}/feeds/changes.atom#disease-{disease.pk}"


def test_the_feed_of_a_moved_or_withdrawn_page_answers_like_the_page(client, disease, publisher):
    disease.slug = "gaucher-disease"
    edit(disease, publisher, "Moved.")
    moved = client.get("/diseases/gaucher/changes.atom")
    withdraw(disease, by=publisher, reason="It was two diseases.")
    gone = client.get("/diseases/gaucher-disease/changes.atom")
    make_disease(live=False, slug="draft")

    assert (moved.status_code, moved["Location"]) == (301, "/diseases/gaucher-disease/changes.atom")
    assert (gone.status_code, "It was two diseases." in gone.text) == (410, True)
    for path in ["/diseases/draft/changes.atom", "/organizations/never/changes.atom"]:
        assert client.get(path).status_code == 404


def test_an_unchanged_feed_is_not_sent_again(client, disease):
    for path in ["/diseases/gaucher/changes.atom", "/feeds/changes.atom"]:
        first = client.get(path)
        assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_text_is_escaped(publisher):
    hostile = "</title><script>alert(1)</script> ]]> & \x0b\x1f \uffff"
    disease = make_disease(name=f"D {hostile}", slug="d")
    edit(disease, publisher, "More.", note=hostile)

    for path in ["/diseases/d/changes.atom", "/feeds/changes.atom"]:
        title, _updated, summary = entries_of(read(path))[0]
        assert title.startswith("Changed: D </title><script>alert(1)</script> ]]> & ")
        assert summary.startswith("<p>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; ]]&gt; &amp; ")


def test_an_empty_site_has_a_feed_without_entries():
    feed = read("/feeds/changes.atom")

    assert entries_of(feed) == []
    assert datetime.fromisoformat(feed.findtext(f"{ATOM}updated"))


@pytest.mark.parametrize("count", [1, 35])
def test_its_length_and_its_queries_are_limited(publisher, django_assert_num_queries, count):
    disease = make_disease(slug="d")
    for number in range(count):
        edit(disease, publisher, f"Summary {number}.")
    client = Client()

    with django_assert_num_queries(5):  # the page, the count, the publications, what is hidden, the titles
        own = client.get("/diseases/d/changes.atom")
    with django_assert_num_queries(2):  # the count, the publications with their titles
        whole = client.get("/feeds/changes.atom")

    assert (own.text.count("<entry>"), whole.text.count("<entry>")) == (min(count + 1, 20), min(count + 1, 30))


def test_pages_link_to_their_feeds(client, disease):
    for path, title, feed in [
        ("/diseases/gaucher/", "What changed: Gaucher disease", "/diseases/gaucher/changes.atom"),
        ("/diseases/gaucher/changes/", "What changed: Gaucher disease", "/diseases/gaucher/changes.atom"),
        ("/about/", "", ""),
    ]:
        html = client.get(path).text
        own = [(title, feed)] if feed else []
        found = re.findall(r'<link rel="alternate" type="application/atom\+xml" title="([^"]+)" href="([^"]+)">', html)
        assert found == [*own, ("What changed on this site", "/feeds/changes.atom")]
        assert texts_of(html, "h1")
