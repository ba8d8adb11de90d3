"""The index follows the live pages at once, in every process, and has nothing that was rolled back."""

import threading
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from diseases.models import Synonym
from publishing.trash import trash
from publishing.verbs import publish, save_edition, withdraw
from search import index, names
from search.engine import search, suggest_names
from search.models import IndexedCode, IndexedWord, IndexEntry, IndexVersion
from search.names import Names, current_names, reset
from tests.factories import make_disease, make_entry, make_organization, make_publisher, make_question, put_live

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def titles(text):
    return [hit.title for hit in search(text).hits]


def elsewhere(action):
    """Returns what an action returns in another thread with a connection of its own."""
    outcome = []

    def run():
        try:
            outcome.append(action())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=30)
    return outcome[0]


def test_a_disease_is_found_while_it_is_live():
    disease = make_disease(live=False, name="Zebra fever")
    assert titles("zebra fever") == []

    put_live(disease)
    assert titles("zebra fever") == ["Zebra fever"]

    Synonym.objects.create(disease=disease, text="Stripes", position=2)
    save_edition(disease, by="test")
    assert titles("stripes") == []

    put_live(disease)
    assert titles("stripes") == ["Zebra fever"]

    withdraw(disease, by=make_publisher(), reason="A test.")
    assert titles("zebra fever") == titles("stripes") == titles("zebre fevre") == []
    assert suggest_names("zeb") == ()
    assert (IndexEntry.objects.count(), IndexedCode.objects.count(), IndexedWord.objects.count()) == (0, 0, 0)


def test_what_a_disease_page_says_is_found():
    disease = make_disease(name="Zebra fever", summary="Of hoofed animals.", questions=0)
    Synonym.objects.create(disease=disease, text="Horse fever", kind="former", position=2)
    question = make_question(disease, question="How is it treated?", answer="<p>With <em>shade</em>.</p><p>Soon.</p>")
    put_live(disease)

    (former,) = search("horse fever").hits
    (answer,) = search("shade soon").hits
    (summary,) = search("hoofed").hits

    assert (former.url, former.about) == (f"/diseases/{disease.slug}/", "Of hoofed animals.")
    assert (former.reason.note, former.reason.text) == ("formerly called", "Horse fever")
    assert (answer.reason.text, answer.reason.anchor) == ("How is it treated?", f"q-{question.key}")
    assert answer.reason.excerpt == ((False, "With "), (True, "shade"), (False, ". "), (True, "Soon"), (False, "."))
    assert (summary.reason.text, summary.reason.anchor) == ("Summary", "")


def test_organizations_are_found_beside_diseases():
    make_disease(name="Zebra fever")
    make_organization(name="Zebra Fever Foundation", also_known_as="ZFF", city="Basel", region="", country="CH")

    assert titles("zebra fever") == ["Zebra fever", "Zebra Fever Foundation"]
    (hit,) = search("zff").hits
    assert (hit.label, hit.about) == ("Organization", "Basel, Switzerland")
    assert titles("foundation basel") == ["Zebra Fever Foundation"]


def test_a_page_in_the_trash_is_not_found():
    disease = make_disease(name="Zebra fever")

    trash(disease, by=make_publisher(is_superuser=True), reason="A test.")

    assert titles("zebra") == []


@pytest.mark.django_db(transaction=True)
def test_changes_of_another_connection_are_seen_at_once_if_they_are_committed():
    make_entry("Zebra rash")
    disease = make_disease(live=False, name="Horse fever", summary="With blisters.")
    edition, publisher = save_edition(disease, by="test"), make_publisher()
    assert (titles("horse fever"), titles("blistres")) == ([], [])
    done, seen = threading.Event(), threading.Event()

    def publish_and_think_again():
        try:
            with transaction.atomic():
                publish(edition, by=publisher)
                own = titles("horse fever"), titles("blistres")
                done.set()
                seen.wait(timeout=20)
                transaction.set_rollback(True)
            return own, titles("horse fever")
        finally:
            done.set()

    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(elsewhere(publish_and_think_again)))
    thread.start()
    done.wait(timeout=20)
    try:
        meanwhile = titles("horse fever"), titles("blistres"), titles("zebra rash")
    finally:
        seen.set()
        thread.join(timeout=30)

    assert outcome == [((["Horse fever"], ["Horse fever"]), [])]
    assert meanwhile == ([], [], ["Zebra rash"])
    assert (titles("horse fever"), titles("blistres")) == ([], [])

    elsewhere(lambda: publish(edition, by=publisher))
    assert (titles("horse fever"), titles("blistres")) == (["Horse fever"], ["Horse fever"])

    elsewhere(lambda: withdraw(disease, by=publisher, reason="A test."))
    assert (titles("horse fever"), titles("blistres")) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_that_is_rolled_back_is_forgotten():
    make_entry("Zebra fever")
    assert titles("zebra fever") == ["Zebra fever"]

    with transaction.atomic():
        make_entry("Horse fever")
        with transaction.atomic():
            make_entry("Donkey fever")
            assert titles("fever") == ["Donkey fever", "Horse fever", "Zebra fever"]
            transaction.set_rollback(True)
        assert titles("fever") == ["Horse fever", "Zebra fever"]
    assert titles("fever") == ["Horse fever", "Zebra fever"]


@pytest.mark.django_db(transaction=True)
def test_after_a_publication_only_the_names_that_differ_are_worked_out_again(monkeypatch):
    first, stays = make_entry("Zebra fever"), make_entry("Donkey fever")
    with current_names() as before:
        numbers = list(before.own[IndexEntry.objects.get(key=stays.key).pk])
    replaced = []
    update = Names.update
    monkeypatch.setattr(Names, "update", lambda self, changed: (replaced.extend(changed), update(self, changed)))

    other = make_entry("Horse fever")
    removed = IndexEntry.objects.get(key=first.key).pk
    index.remove(first.kind, first.key)

    with current_names() as after:
        assert list(after.own[IndexEntry.objects.get(key=stays.key).pk]) == numbers
    assert after is before
    assert sorted(replaced) == sorted([removed, IndexEntry.objects.get(key=other.key).pk])
    assert titles("fever") == ["Donkey fever", "Horse fever"]


@pytest.mark.django_db(transaction=True)
def test_the_names_are_read_once_for_each_version(django_assert_num_queries):
    make_entry("Zebra fever")
    with django_assert_num_queries(3), current_names():
        pass
    with django_assert_num_queries(1), current_names():
        pass
    make_entry("Horse fever")
    with django_assert_num_queries(3), current_names():
        pass


@pytest.mark.django_db(transaction=True)
def test_names_are_all_worked_out_again_where_many_changed(monkeypatch):
    documents = [make_entry(f"Zebra fever {n}") for n in range(4)]
    assert len(titles("fever")) == 4
    monkeypatch.setattr(names, "MAX_CHANGES", 2)

    for document in documents[1:]:
        index.remove(document.kind, document.key)
    make_entry("Horse fever")

    assert titles("fever") == ["Horse fever", documents[0].title]


@pytest.mark.django_db(transaction=True)
def test_a_process_follows_an_index_with_other_entries():
    document = make_entry("Zebra fever")
    assert titles("fever") == ["Zebra fever"]

    index.remove(document.kind, document.key)
    make_entry("Horse fever")

    assert titles("fever") == ["Horse fever"]


def test_an_old_process_finds_what_a_new_process_finds():
    documents = [make_entry(f"Fever {n}", "Heat", f"Type {n} heat", What_is_it=f"Number {n}.") for n in range(9)]
    search("fever")
    for document in documents[::2]:
        index.remove(document.kind, document.key)
    for document in documents[1::4]:
        index.put_all([document])
    make_entry("Feverish", "Heat")
    asked = ["fever", "fevr", "heat", "type 3 heat", "number", "nummber", "fev"]

    remembered = [(search(text), suggest_names(text)) for text in asked]
    reset()

    assert [(search(text), suggest_names(text)) for text in asked] == remembered


def test_reindexing_finds_what_is_live_and_nothing_else():
    live, withdrawn = make_disease(name="Zebra fever"), make_disease(name="Horse fever")
    make_disease(live=False, name="Donkey fever")
    withdraw(withdrawn, by=make_publisher(), reason="A test.")
    make_entry("Left over fever")
    IndexEntry.objects.filter(kind=live.KIND, key=live.pk).delete()
    out = StringIO()

    call_command("reindex", stdout=out)

    assert out.getvalue() == "1 live pages are in the search index.\n"
    assert titles("fever") == ["Zebra fever"]


def test_reindexing_if_needed_does_nothing_where_the_index_is_right():
    make_disease(name="Zebra fever")
    out = StringIO()

    call_command("reindex", if_needed=True, stdout=out)
    assert out.getvalue() == ""

    IndexEntry.objects.update(key=0)  # as many as are live, but not the same
    call_command("reindex", if_needed=True, stdout=out)
    assert out.getvalue() == "1 live pages are in the search index.\n"
    assert titles("zebra fever") == ["Zebra fever"]

    IndexVersion.objects.update(folding=0)  # as an earlier version of the site left it
    call_command("reindex", if_needed=True, stdout=out)
    assert out.getvalue() == "1 live pages are in the search index.\n" * 2


def test_the_count_of_a_word_is_that_of_its_pages():
    documents = [make_entry(f"Fever {n}", What_is_it="A jaundice.", How="Jaundice.") for n in range(3)]
    assert IndexedWord.objects.get(word="jaundice").pages == 3

    index.put_all([documents[0]])
    index.remove(documents[1].kind, documents[1].key)
    assert IndexedWord.objects.get(word="jaundice").pages == 2

    for document in documents:
        index.remove(document.kind, document.key)
    assert not IndexedWord.objects.exists()
