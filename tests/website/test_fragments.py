"""Parts of pages that are kept in memory: they save work, and no reader ever sees one that is not their page's."""

from datetime import date

import pytest
import time_machine
from django.core.handlers.wsgi import WSGIHandler
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from publishing import prose
from publishing.models import Edition
from publishing.verbs import publish, save_edition, withdraw
from tests.factories import make_disease, make_organization, make_publisher, put_live
from tests.website.wsgi import ask
from website import fragments
from website.page_cache import PageCache

pytestmark = pytest.mark.django_db


def text_of_page(subject, **extra):
    return Client().get(subject.url_of(subject.slug), **extra).text


def draft(disease, answer):
    """Saves another answer as a draft. Returns the edition."""
    disease.questions.update(answer=f"<p>{answer}</p>")
    return save_edition(disease, by="test")


def kept_text():
    return "".join(map(str, fragments._fragments.values()))


def test_a_page_from_fragments_is_the_page_without_them():
    disease = make_disease(questions=3, organizations=[make_organization(), make_organization(status="closed")])

    first, second = text_of_page(disease), text_of_page(disease)
    put_live(make_disease(name="Other disease"))
    third = text_of_page(disease)

    assert first == second == third
    assert kept_text().count(disease.questions.first().question) >= 2  # in the answers, and for other programs


def test_after_a_publication_elsewhere_nothing_of_the_edition_is_opened(monkeypatch):
    disease = make_disease(organizations=[make_organization()])
    text = text_of_page(disease)
    other = make_disease(name="Other disease")
    monkeypatch.setattr(Edition, "page", property(lambda edition: pytest.fail(f"{edition} was opened")))

    assert text_of_page(disease) == text
    with pytest.raises(pytest.fail.Exception):
        text_of_page(other)


def test_a_corrected_organization_is_right_on_the_page_of_a_disease():
    successor = make_organization(name="Successor")
    organization = make_organization(name="Old name", phone="+1 217-555-0100")
    disease = make_disease(organizations=[organization])
    before = text_of_page(disease)

    organization.phone, organization.status, organization.successor = "+1 217-555-0199", "renamed", successor
    put_live(organization)
    after = text_of_page(disease)
    successor.name = "New name"
    put_live(successor)
    last = text_of_page(disease)

    assert ("217-555-0100" in before, "217-555-0100" in after) == (True, False)
    assert ("217-555-0199" in after, "Successor" in after, "New name" in last) == (True, True, True)
    assert "Successor" not in last


def test_a_preview_and_the_live_page_show_their_own_words(admin_client):
    disease = make_disease()
    live = draft(disease, "The live answer.")
    publish(live, by=make_publisher())
    newest = draft(disease, "The answer of the draft.")

    def preview(edition):
        return admin_client.get(reverse("admin:diseases_disease_preview", args=[disease.pk, edition.number])).text

    for _ in range(2):
        pages = [text_of_page(disease), preview(newest), preview(live)]
        assert ["The live answer." in page for page in pages] == [True, False, True]
        assert ["The answer of the draft." in page for page in pages] == [False, True, False]
        assert ["Something wrong or missing?" in page for page in pages] == [True, False, False]
    assert "The answer of the draft." not in kept_text()


def test_an_answer_becomes_old_overnight():
    disease = make_disease(questions=0)
    disease.questions.create(
        topic="causes", question="Why?", answer="<p>So.</p>", last_updated=date(2020, 5, 3), position=1
    )
    put_live(disease)

    with time_machine.travel("2025-05-03 12:00Z"):
        before = text_of_page(disease)
    with time_machine.travel("2025-05-04 12:00Z"):
        after = text_of_page(disease)

    assert ["over five years old" in text for text in (before, after)] == [False, True]


def test_each_host_gets_its_own_addresses(settings):
    settings.ALLOWED_HOSTS = ["one.example.org", "two.example.org"]
    disease = make_disease()

    for _ in range(2):
        for host, other in [settings.ALLOWED_HOSTS, settings.ALLOWED_HOSTS[::-1]]:
            text = text_of_page(disease, headers={"host": host})
            assert (f"//{host}/" in text, f"//{other}/" in text) == (True, False)


def test_only_the_fragments_that_were_used_last_are_kept(monkeypatch):
    monkeypatch.setattr(fragments, "MAX_FRAGMENTS", 2)
    made = []

    def make(name):
        return fragments.keep((name,), lambda: made.append(name) or name)

    assert [make(name) for name in "abacabc"] == list("abacabc")
    assert made == ["a", "b", "c", "b", "c"]


def test_a_fragment_without_a_key_is_not_kept():
    template = Template("{% load pages %}{% fragment test key %}{{ text }}{% endfragment %}")

    def render(**context):
        return template.render(Context(context))

    assert [render(text="1"), render(text="2"), render(text="3", key=None)] == ["1", "2", "3"]
    assert [render(text="4", key=1), render(text="5", key=1), render(text="6", key=2)] == ["4", "4", "6"]


def test_what_is_being_made_while_fragments_are_cleared_is_not_kept():
    def make():
        fragments.clear_fragments()
        return "text"

    assert fragments.keep(("key",), make) == "text"
    assert kept_text() == ""


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_from_readers_does_not_stay_in_memory():
    cache = PageCache(WSGIHandler())
    disease, other = make_disease(name="Withdrawn disease"), make_disease(name="Other disease")
    try:
        for subject in (disease, other):
            assert ask(cache, subject.url_of(subject.slug)).status == 200
        assert ("Withdrawn disease" in kept_text(), prose.sanitize.cache_info().currsize > 0) == (True, True)

        withdraw(disease, by=make_publisher(), reason="Wrong")
        ask(cache, "/about/")

        assert "Withdrawn disease" not in kept_text()
        assert (prose.sanitize.cache_info().currsize, prose.blocks.cache_info().currsize) == (0, 0)
    finally:
        cache.close()
