"""The public history: what it shows, and what it must not show."""

import re
from datetime import date

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from organizations.models import Organization
from publishing.models import Event, PublicVersion
from publishing.restoring import hidden_comparisons, hide_comparison, show_comparison
from publishing.verbs import PublishingError, publish, redact, save_edition, withdraw
from tests.factories import make_disease, make_editor, make_organization, make_publisher, make_question
from tests.reading import text_of, texts_of
from website import changes, views

pytestmark = pytest.mark.django_db


@pytest.fixture
def publisher():
    return make_publisher(first_name="Ada", last_name="Publisher")


@pytest.fixture
def disease(publisher):
    """A disease that was published three times, with a draft and a minor change in between."""
    with time_machine.travel("2026-05-01 12:00Z", tick=False):
        disease = make_disease(live=False, name="Gaucher disease", slug="gaucher", summary="The first words.")
        publish(save_edition(disease, by="Ben Editor"), by=publisher)
    with time_machine.travel("2026-05-02 12:00Z", tick=False):
        edit(disease, publisher, "The frist words stand.", note="A sentence more.")
    with time_machine.travel("2026-05-03 12:00Z", tick=False):
        disease.summary = "A draft with a SECRET."
        disease.save()
        save_edition(disease, by="Ben Editor", note="SECRET note")
        edit(disease, publisher, "The first words stand.", note="A typing error.", minor=True)
    with time_machine.travel("2026-05-04 12:00Z", tick=False):
        edit(disease, publisher, "The first words stand here.", note="Where they <stand>.\n\nAnd why.")
    disease.summary = "A later SECRET."
    disease.save()
    save_edition(disease, by="Ben Editor")
    return disease


def edit(subject, publisher, summary, *, note="", minor=False):
    subject.summary = summary
    subject.save()
    return publish(save_edition(subject, by="Ben Editor"), by=publisher, note=note, minor=minor)


def published(subject):
    """Returns the published editions of a subject, the oldest first."""
    events = Event.objects.filter(kind=subject.KIND, subject_id=subject.pk, verb=Event.Verb.PUBLISHED)
    return [event.edition for event in events.select_related("edition").order_by("pk")]


def entries(response):
    """Returns the text of each entry of the page."""
    return [re.sub(r" (?=[.,])", "", text) for text in texts_of(response.text, "section")]


def test_each_publication_is_compared_with_the_one_listed_before(client, disease):
    response = client.get("/diseases/gaucher/changes/")

    assert texts_of(response.text, "h1") == ["What changed: Gaucher disease"]
    assert texts_of(response.text, "title") == ["What changed: Gaucher disease · Plainly Rare"]
    # This includes the minor change from "frist" to "first".
    assert entries(response) == [
        "4 May 2026 Where they &lt;stand&gt;. And why. Summary: changed "
        "The (removed) frist (end) (added) first (end) words (removed) stand. (end) (added) stand here. (end)",
        "2 May 2026 A sentence more. Summary: changed "
        "The (removed) first words. (end) (added) frist words stand. (end)",
        "1 May 2026 First published.",
    ]


def test_drafts_and_names_of_the_staff_are_not_shown(client, disease):
    for address in ["/diseases/gaucher/changes/", "/changes/"]:
        text = client.get(address).text
        assert [word for word in ["SECRET", "Ada", "Ben Editor", "A typing error."] if word in text] == []


def test_all_text_is_escaped(client, publisher):
    disease = make_disease(questions=0, slug="escaped", summary="<script>alert(1)</script>")
    question = make_question(disease, question="<b>Why</b>?", answer="<p>1 &lt; <em>2</em> &amp; 3</p>")
    disease.name = "<i>Name</i>"
    edit(disease, publisher, "<script>alert(2)</script>", note="<script>alert(3)</script>")
    question.answer = '<p>1 &lt; <a href="https://example.org/?a=%22&amp;b">2</a> &amp; 4</p>'
    question.save()
    edit(disease, publisher, "<script>alert(2)</script>")

    html = client.get("/diseases/escaped/changes/").text + client.get("/changes/").text

    assert re.findall(r"<(?:script(?! src=)|b|i|em)\b", html) == []
    assert re.findall(r'<a [^>]*href="http', html) == []
    for text in ["<script>alert(1)</script>", "<script>alert(2)</script>", "<b>Why</b>?", "<i>Name</i>", "1 < "]:
        assert text.replace("<", "&lt;").replace(">", "&gt;") in html


def test_a_first_publication_is_listed_even_if_it_is_minor(client, publisher):
    organization = make_organization(live=False, slug="society")
    publish(save_edition(organization, by="test"), by=publisher, minor=True)

    assert len(entries(client.get("/organizations/society/changes/"))) == 1
    assert "first published" in text_of(client.get("/changes/").text)


def test_a_redacted_edition_is_listed_without_its_text(client, disease, publisher):
    _first, second, _minor, _last = published(disease)
    redact(second, by=publisher, reason="REASON")

    response = client.get("/diseases/gaucher/changes/")

    says = "We had to remove this version, or the one before it, from the history. So there is no comparison."
    assert entries(response) == [
        f"4 May 2026 Where they &lt;stand&gt;. And why. {says}",
        f"2 May 2026 {says}",
        "1 May 2026 First published.",
    ]
    assert "REASON" not in response.text
    assert "A sentence more." not in client.get("/changes/").text


def test_a_publisher_hides_a_comparison_and_shows_it_again(client, disease, publisher):
    first, second, _minor, last = published(disease)
    before = client.get("/diseases/gaucher/changes/").text
    versions = [PublicVersion.current()]

    for _ in range(2):  # the second time changes nothing
        hide_comparison(second, by=publisher, reason="It named a child.")
        versions.append(PublicVersion.current())
    hidden = client.get("/diseases/gaucher/changes/")
    for _ in range(2):
        show_comparison(second, by=publisher)
        versions.append(PublicVersion.current())

    assert entries(hidden)[1:] == [
        "2 May 2026 A sentence more. The comparison is not shown.",
        "1 May 2026 First published.",
    ]
    assert "Summary: changed" in entries(hidden)[0]
    assert "child" not in hidden.text
    assert client.get("/diseases/gaucher/changes/").text == before
    assert [versions.index(version) for version in versions] == [0, 1, 1, 3, 3]
    steps = Event.objects.filter(edition=second, verb__startswith="comparison").order_by("pk")
    assert [(step.verb, step.by, step.by_name, step.note) for step in steps] == [
        ("comparison_hidden", publisher, "Ada Publisher", "It named a child."),
        ("comparison_shown", publisher, "Ada Publisher", ""),
    ]
    assert hidden_comparisons([first.pk, second.pk, last.pk]) == set()


def test_only_a_publisher_hides_a_comparison_and_only_that_of_a_publication(disease):
    edition = published(disease)[1]
    draft = save_edition(disease, by="test")

    for verb in [hide_comparison, show_comparison]:
        with pytest.raises(PermissionDenied):
            verb(edition, make_editor(), "No.")
        with pytest.raises(PublishingError, match="never published"):
            verb(draft, make_publisher(), "No.")
    assert hidden_comparisons([edition.pk, draft.pk]) == set()


def test_the_history_of_a_withdrawn_moved_or_unknown_page_answers_like_the_page(client, disease, publisher):
    make_disease(live=False, slug="draft")
    disease.slug = "gaucher-disease"
    edit(disease, publisher, "Moved.")
    moved = client.get("/diseases/gaucher/changes/?page=2")
    found = client.get(moved["Location"])
    withdraw(disease, by=publisher, reason="It was two diseases.")
    gone = client.get("/diseases/gaucher-disease/changes/")

    assert (moved.status_code, moved["Location"]) == (301, "/diseases/gaucher-disease/changes/")
    assert "Address: changed" in text_of(found.text)
    assert gone.status_code == 410
    assert "It was two diseases." in gone.text
    assert "words stand" not in gone.text
    for address in ["/diseases/draft/changes/", "/diseases/never/changes/", "/organizations/never/changes/"]:
        assert client.get(address).status_code == 404
    assert "Gaucher" not in client.get("/changes/").text


def test_an_edition_that_is_published_again_says_that_nothing_changed(client, publisher):
    society = make_organization(slug="society", live=False)
    edition = save_edition(society, by="test")
    publish(edition, by=publisher)
    withdraw(society, by=publisher, reason="A mishap.")
    publish(edition, by=publisher, note="Back again.")

    first, second = entries(client.get("/organizations/society/changes/"))

    assert first.endswith("Back again. The page says the same as before.")
    assert second.endswith("First published.")


def test_organizations_have_their_public_names(client, publisher):
    kept, renamed = make_organization(name="Kept Society"), make_organization(name="Before", slug="before")
    gone, never = make_organization(slug="gone-society"), make_organization(name="Draft Society", live=False)
    disease = make_disease(slug="named", questions=0)
    for position, organization in enumerate([kept, renamed, gone, never]):
        disease.supports.create(organization=organization, position=position, note=f"Note {position}.")
    edit(disease, publisher, disease.summary)
    renamed.name = "After"
    renamed.save()
    publish(save_edition(renamed, by="test"), by=publisher)
    withdraw(gone, by=publisher, reason="It asked us to.")

    newest, _first = entries(client.get("/diseases/named/changes/"))

    assert [f"Organization “{name}” Added" in newest for name in ["Kept Society", "After", "Gone society"]] == [
        True
    ] * 3
    assert [word for word in ["Draft", "Before", "Note 3."] if word in newest] == []


def test_an_organization_has_a_history_too(client, publisher):
    society = make_organization(slug="society", name="Society", country="US")
    Organization.objects.filter(pk=society.pk).update(country="CA", checked_on=date(2026, 5, 3))
    publish(save_edition(society, by="test"), by=publisher)

    page, response = client.get("/organizations/society/"), client.get("/organizations/society/changes/")

    assert '<a href="/organizations/society/changes/">What changed</a>' in page.text
    assert texts_of(response.text, "h1") == ["What changed: Society"]
    assert texts_of(response.text, "strong") == ["Country:", "Details checked on:"]


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_publications(client, publisher, django_assert_num_queries, count):
    disease = make_disease(slug="long", organizations=[make_organization() for _ in range(count)])
    for number in range(count):
        disease.supports.create(organization=make_organization(), position=number)
        edit(disease, publisher, f"Summary {number}.")

    with django_assert_num_queries(5):  # the page, the count, the publications, what is hidden, the titles
        client.get("/diseases/long/changes/")
    with django_assert_num_queries(2):  # the count, the publications with their titles
        client.get("/changes/")


def test_a_page_has_twenty_publications_and_each_is_compared(client, publisher):
    disease = make_disease(slug="long", summary="Summary 0.")
    for number in range(1, 22):
        edit(disease, publisher, f"Summary {number}.")

    first, second = client.get("/diseases/long/changes/"), client.get("/diseases/long/changes/?page=2")

    assert [len(entries(response)) for response in [first, second]] == [20, 2]
    assert "(removed) 1. (end) (added) 2. (end)" in entries(first)[-1]
    assert "(removed) 0. (end) (added) 1. (end)" in entries(second)[0]
    assert entries(second)[1].endswith("First published.")
    assert "page 2" in texts_of(second.text, "title")[0]


def test_a_comparison_that_is_too_long_lists_the_last_changes_without_their_text(client, publisher):
    disease = make_disease(slug="long", summary="Short.", questions=0)
    disease.synonyms.all().delete()
    make_question(disease, question="Long?", answer=f"<p>{'long ' * 8001}</p>")
    edit(disease, publisher, "Brief.")

    newest, _first = entries(client.get("/diseases/long/changes/"))

    says = "There are more changes than fit here. The last ones are listed without their text."
    assert says in newest
    assert "(removed) Short. (end) (added) Brief. (end)" in newest
    assert newest.endswith("Question “Long?” Added")


def test_the_site_lists_its_latest_publications(client, disease, publisher, monkeypatch):
    with time_machine.travel("2026-05-05 12:00Z", tick=False):
        society = make_organization(name="Society", slug="society")
    withdraw(make_disease(name="Withdrawn disease"), by=publisher, reason="Gone.")
    disease.name = "Gaucher’s disease"
    with time_machine.travel("2026-05-06 12:00Z", tick=False):
        edit(disease, publisher, "The first words.", minor=True)

    html = client.get("/changes/").text
    items = re.findall(r"<li>\s*<a.*?</li>", html[html.index("<main") : html.index("</main>")], re.S)

    assert [" ".join(re.sub("<[^>]+>", " ", item).split()) for item in items] == [
        "Society Organization · first published 5 May 2026",
        "Gaucher’s disease Disease · changed 4 May 2026 Where they &lt;stand&gt;. And why.",
        "Gaucher’s disease Disease · changed 2 May 2026 A sentence more.",
        "Gaucher’s disease Disease · first published 1 May 2026",
    ]
    assert re.findall(r'href="([^"]+)"', items[0]) == [f"/organizations/{society.slug}/changes/"]
    assert '<a href="/changes/">What changed</a>' in client.get("/").text

    monkeypatch.setattr(changes, "LATEST_PER_PAGE", 2)
    assert "Page 2 of 2" in client.get("/changes/?page=2").text
    assert "latest" not in text_of(client.get("/changes/").text)


def test_the_list_of_the_site_is_limited_and_says_so(client, publisher, monkeypatch):
    monkeypatch.setattr(changes, "LATEST", 3)
    monkeypatch.setattr(views, "LATEST", 3)
    for _ in range(3):
        make_organization()

    assert "latest 3 entries" in text_of(client.get("/changes/").text)


def test_an_empty_site_has_a_friendly_text(client):
    assert "Nothing has been published yet." in client.get("/changes/").text
