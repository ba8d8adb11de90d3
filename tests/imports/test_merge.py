"""What an import may do to a site that editors work on."""

import json
import os
import random
import signal
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from diseases.codes import Relation
from diseases.models import Disease, Identifier, Question, Source, Symptom, Synonym
from diseases.values import SynonymKind, Topic
from imports import medquad, runner
from imports.models import ImportRun, Proposal, Provenance
from imports.parts import row_key
from imports.proposals import accept_proposals, decline_proposals
from imports.records import (
    CodeRecord,
    Delivery,
    QuestionRecord,
    SourceRecord,
    SymptomRecord,
    SynonymRecord,
    UnreadableSource,
)
from imports.report import Heading
from imports.runner import ImportRunner
from imports.sources import source_named, source_of
from publishing.models import Edition, Event
from publishing.trash import trash
from publishing.verbs import publish, save_edition
from tests.factories import make_disease, make_editor, make_publisher, make_question
from transfer.rehearsal import rehearsal

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CAUSES = QuestionRecord(
    "1-1", Topic.CAUSES, "What causes Redd disease?", "<p>Nobody knows.</p>", "https://gard.example/"
)
RECORD = SourceRecord(
    "GARD:77",
    "77.xml",
    "Redd disease",
    codes=(CodeRecord("GARD", "77"), CodeRecord("UMLS", "C0000077", Relation.UNKNOWN)),
    synonyms=(SynonymRecord("Reddism"),),
    questions=(CAUSES,),
    symptoms=(SymptomRecord("Red hair", "90%"), SymptomRecord("Freckles")),
)


def merge(*records, dataset="medquad", by="import_medquad", dry_run=False, **options):
    merging = ImportRunner(dataset, source_named("MedQuAD GARD" if dataset == "medquad" else "Orphanet"), by, **options)
    with rehearsal() if dry_run else nullcontext():
        return merging.run(records, dry_run=dry_run)


def redd():
    return Disease.objects.get(folded_name="redd disease")


def numbered(number, name):
    names = (SynonymRecord(f"{name}'s other name"),)
    return replace(RECORD, key=f"GARD:{number}", name=name, codes=(CodeRecord("GARD", str(number)),), synonyms=names)


def answer(text):
    return (replace(CAUSES, answer=f"<p>{text}</p>"),)


def state():
    """Returns everything that an import saves, without times and primary keys."""
    names = dict(Disease.objects.values_list("pk", "name"))

    def text(row):
        about = {"subject_id": names[row["subject_id"]]} if "subject_id" in row else {}
        return json.dumps(row | about, default=str, sort_keys=True)

    rows = {
        model.__name__: sorted(text(row) for row in model.objects.values(*fields))
        for model, fields in {
            Disease: ["name", "slug", "summary", "staff_notes", "trashed_at"],
            Synonym: ["disease__name", "key", "text", "kind", "position", "source__name"],
            Identifier: ["disease__name", "key", "scheme", "value", "relation", "position"],
            Question: ["disease__name", "key", "topic", "question", "answer", "position", "last_updated"],
            Symptom: ["disease__name", "key", "term", "frequency", "aspect", "approved", "position"],
            Provenance: ["subject_id", "dataset", "record", "part", "target", "is_created", "digest", "content"],
            Proposal: ["subject_id", "dataset", "record", "part", "action", "old", "new", "digest", "state"],
            Edition: ["kind", "title", "slug", "number", "digest", "is_live", "note"],
            Event: ["kind", "verb", "note", "edition__title"],
        }.items()
    }
    return rows


def test_a_record_becomes_a_draft_with_everything_it_says_and_no_date():
    report = merge(RECORD)

    disease = redd()
    edition = save_edition(disease, by="test")
    page = edition.page
    assert edition.number == 1  # the import saved the rows as an edition, so there is no new one
    assert report.lines[Heading.CREATED] == ["Redd disease (GARD:77)"]
    assert [name.text for name in page.synonyms] == ["Reddism"]
    assert [(code.scheme, code.value, code.relation) for code in page.identifiers] == [
        ("GARD", "77", "exact"),
        ("UMLS", "C0000077", "unknown"),
    ]
    assert [(each.html, each.last_updated, each.source) for each in page.questions] == [
        ("<p>Nobody knows.</p>", None, "MedQuAD GARD")
    ]
    assert page.symptoms == ()  # none is approved yet
    assert list(disease.symptoms.values_list("term", "frequency", "approved")) == [
        ("Red hair", "90%", False),
        ("Freckles", "", False),
    ]
    assert [source.name for source in page.sources] == ["MedQuAD GARD"]
    assert not Edition.objects.live().exists()


def test_a_second_run_changes_nothing_and_says_so():
    merge(RECORD)
    before, version = state(), redd().version

    report = merge(RECORD)

    assert (report.changed_nothing, report.unchanged, state(), redd().version) == (True, 1, before, version)


def test_what_no_editor_touched_follows_the_dataset_in_the_draft_alone():
    publisher = make_publisher()
    merge(RECORD, by=publisher, publish_new=True)

    symptoms = (SymptomRecord("Red hair", "50%"), SymptomRecord("Freckles"))
    report = merge(replace(RECORD, questions=answer("A gene."), symptoms=symptoms))

    assert report.lines[Heading.UPDATED] == [
        "Redd disease (GARD:77): question “What causes Redd disease?”",
        "Redd disease (GARD:77): symptom “Red hair”",
    ]
    assert redd().questions.get().answer == "<p>A gene.</p>"
    assert Edition.objects.live().get().page.questions[0].html == "<p>Nobody knows.</p>"
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    "touch",
    [
        {"answer": "<p>An editor's words.</p>"},
        {"reviewed_on": "2020-01-01", "reviewed_by": "Dr A"},
        {"reviewed_by": "Dr A"},
        {"source": None},
    ],
)
def test_what_an_editor_touched_is_proposed_once_and_a_refusal_stands_for_that_text(touch):
    merge(RECORD)
    Question.objects.update(**touch)
    here = Question.objects.values().get()

    first, again = (merge(replace(RECORD, questions=answer("A gene."))) for _ in range(2))

    proposal = Proposal.objects.get()
    assert (proposal.action, proposal.old["answer"], proposal.new["answer"]) == (
        "change",
        "<p>Nobody knows.</p>",
        "<p>A gene.</p>",
    )
    assert (len(first.lines[Heading.PROPOSED]), again.changed_nothing, Question.objects.values().get()) == (
        1,
        True,
        here,
    )

    Proposal.objects.update(state="declined")
    merge(replace(RECORD, questions=answer("A gene."), synonyms=()))
    assert Proposal.objects.filter(part="question:1-1").count() == 1  # a declined proposal is not made again
    merge(replace(RECORD, questions=answer("Two genes.")))
    assert Proposal.objects.pending().get(part="question:1-1").new["answer"] == "<p>Two genes.</p>"


def test_what_an_editor_deleted_does_not_come_back():
    merge(RECORD)
    disease = redd()
    gone = [disease.synonyms.all(), disease.questions.all(), disease.symptoms.filter(term="Freckles")]
    for rows in (*gone, disease.identifiers.exclude(scheme="GARD")):
        rows.delete()

    report = merge(replace(RECORD, questions=answer("A gene."), definition="A definition."))

    assert (disease.synonyms.count(), disease.questions.count()) == (0, 0)
    assert list(disease.symptoms.values_list("term", flat=True)) == ["Red hair"]
    assert [str(code) for code in disease.identifiers.all()] == ["GARD:77"]
    assert "Redd disease (GARD:77): question:1-1" in report.lines[Heading.SUPPRESSED]


def test_what_no_page_may_hold_never_gets_into_a_row():
    merge(replace(RECORD, questions=answer('<script>alert(1)</script>Words <a href="javascript:x">here</a>')))

    assert redd().questions.get().answer == "<p>Words here</p>"


def test_a_disease_in_the_bin_is_left_there():
    merge(RECORD)
    trash(redd(), by=make_publisher(), reason="Not ours")
    before = state()

    report = merge(replace(RECORD, questions=answer("A gene.")))

    assert (report.lines[Heading.SKIPPED], state()) == (
        ["77.xml, Redd disease: it is in the trash, and stays there"],
        before,
    )


@pytest.mark.parametrize(
    ("now", "rows", "proposed"),
    [
        (["50%", "90%"], {1: "90%", 2: "50%"}, []),
        (["50%"], {1: "90%", 2: "50%"}, ["symptom:red hair:1"]),
        (["50%", "20%"], {1: "20%", 2: "50%"}, []),
        (["20%", "90%", "50%"], {1: "90%", 2: "50%", 3: "20%"}, []),
    ],
)
def test_a_term_that_stands_twice_is_followed_by_its_frequency(now, rows, proposed):
    def red(*frequencies):
        return replace(RECORD, symptoms=tuple(SymptomRecord("Red hair", frequency) for frequency in frequencies))

    merge(red("90%", "50%"))

    report = merge(red(*now))

    assert report.lines[Heading.FAILED] == []
    assert dict(redd().symptoms.values_list("position", "frequency")) == rows
    assert [proposal.part for proposal in Proposal.objects.all()] == proposed
    before = state()
    Provenance.objects.filter(part="").update(digest="")  # as if the record had changed
    assert merge(red(*now)).changed_nothing
    assert state() == before


def test_for_a_disease_in_the_bin_nothing_is_proposed_by_its_name():
    trash(make_disease(name="Redd disease"), by=make_publisher(), reason="Not ours")

    report = merge(RECORD)

    assert report.lines[Heading.SKIPPED] == ["77.xml, Redd disease: it is in the trash, and stays there"]
    assert not Proposal.objects.exists()


def test_what_vanished_from_the_dataset_is_proposed_for_removal_until_it_is_back():
    merge(RECORD)

    merge(replace(RECORD, synonyms=()))
    proposal = Proposal.objects.get()
    assert (proposal.action, proposal.part, proposal.old["text"]) == ("remove", "synonym:reddism", "Reddism")
    assert redd().synonyms.count() == 1

    merge(RECORD)
    assert not Proposal.objects.exists()


def test_a_question_under_a_new_number_did_not_vanish_and_then_does():
    merge(RECORD)

    merge(replace(RECORD, questions=(replace(CAUSES, key="1-9"),)))
    assert not Proposal.objects.exists()

    merge(replace(RECORD, questions=()))
    assert Proposal.objects.get().action == "remove"


def propose_every_kind():
    """Makes a disease with pending proposals of several kinds. Returns it and the record that led to them."""
    merge(RECORD)
    Disease.objects.update(name="An editor's name", folded_name="an editor's name")
    Question.objects.update(answer="<p>An editor's words.</p>")
    disease = Disease.objects.get()
    make_question(disease, topic="outlook", question="Why?", answer="<p>Our own.</p>")
    outlook = QuestionRecord("1-2", Topic.OUTLOOK, "What is the outlook?", "<p>Good.</p>")
    said = replace(RECORD, name="Reddest disease", definition="A definition.", questions=(*answer("A gene."), outlook))
    merge(said)
    parts = list(Proposal.objects.pending().order_by("part").values_list("part", flat=True))
    assert parts == ["name", "question:1-1", "question:1-2", "summary"]
    return disease, said


def test_what_the_dataset_takes_back_waits_no_longer():
    propose_every_kind()

    merge(RECORD)

    assert not Proposal.objects.exists()


def test_what_the_editors_did_themselves_or_have_undone_waits_no_longer():
    disease, said = propose_every_kind()
    disease.name, disease.summary = "Reddest disease", "A definition."
    disease.save()
    disease.questions.all().delete()

    merge(replace(said, synonyms=(SynonymRecord("New"),)))

    assert Proposal.objects.pending().get().part == "synonym:reddism"
    assert disease.questions.get().answer == "<p>Good.</p>"  # its topic is free


def test_what_was_declined_does_not_leave_another_text_waiting():
    merge(RECORD)
    Question.objects.update(answer="<p>An editor's words.</p>")
    for text in ("One gene.", "Two genes.", "One gene."):
        merge(replace(RECORD, questions=answer(text)))
        decline_proposals(Proposal.objects.pending().filter(new__answer="<p>One gene.</p>"), by=make_editor())

    assert not Proposal.objects.pending().exists()


def test_a_second_answer_on_a_topic_is_proposed_and_one_on_a_new_topic_is_put_in_its_place():
    disease = make_disease(name="Redd disease", questions=0)
    Identifier.objects.create(disease=disease, scheme="GARD", value="77")
    make_question(disease, topic="causes", question="Why?", answer="<p>Our own.</p>")
    overview = QuestionRecord("1-2", Topic.OVERVIEW, "What is Redd disease?", "<p>A disease.</p>")

    merge(replace(RECORD, questions=(CAUSES, overview)))

    assert list(disease.questions.values_list("question", flat=True)) == ["What is Redd disease?", "Why?"]
    proposal = Proposal.objects.get()
    assert (proposal.action, proposal.part, proposal.reason) == (
        "add",
        "question:1-1",
        "The page already has an answer on this topic that is not from this data set.",
    )


@pytest.mark.parametrize("before", [replace(CAUSES, answer=""), replace(CAUSES, topic=Topic.OUTLOOK)])
def test_an_answer_that_comes_later_to_a_topic_is_no_second_one_either(before):
    merge(replace(RECORD, questions=(before,)))
    make_question(redd(), topic="causes", question="Why?", answer="<p>Our own.</p>")

    merge(RECORD)

    assert redd().questions.filter(topic="causes").exclude(answer="").get().question == "Why?"
    assert (
        Proposal.objects.get().reason == "The page already has an answer on this topic that is not from this data set."
    )


def test_the_same_question_with_another_answer_is_proposed_as_a_change():
    disease = make_disease(name="Redd disease", questions=0)
    Identifier.objects.create(disease=disease, scheme="GARD", value="77")
    make_question(disease, topic="causes", question="What causes Redd disease?", answer="<p>Our own.</p>")

    merge(RECORD)

    assert disease.questions.get().answer == "<p>Our own.</p>"
    assert (Proposal.objects.get().action, Proposal.objects.get().part) == ("change", "question:1-1")


def test_what_an_editors_own_row_says_already_is_proposed_and_stops_nothing_else():
    merge(replace(RECORD, synonyms=(SynonymRecord("Cafe disease"),)))
    Synonym.objects.create(disease=redd(), text="Café disease")
    Symptom.objects.create(disease=redd(), term="red hair", frequency="50%", source=source_named("MedQuAD GARD"))
    symptoms = (SymptomRecord("Red hair", "50%"), SymptomRecord("Freckles", "1%"))

    report = merge(replace(RECORD, synonyms=(SynonymRecord("Café disease"),), symptoms=symptoms))

    assert report.lines[Heading.FAILED] == []
    assert sorted(redd().synonyms.values_list("text", flat=True)) == ["Cafe disease", "Café disease"]
    assert list(redd().symptoms.values_list("frequency", flat=True)) == ["50%", "90%", "1%"]
    assert sorted(Proposal.objects.values_list("part", "reason")) == [
        ("symptom:red hair:1", "The page already says this in another place. Delete one of the two."),
        ("synonym:cafe disease", "The page already says this in another place. Delete one of the two."),
    ]


@pytest.mark.parametrize("dataset", ["mondo", "orphanet"])  # the data set that added the synonym, and another one
def test_a_gard_id_of_another_disease_that_becomes_exact_is_a_conflict(dataset):
    merge(RECORD)
    blue = make_disease(name="Blue disease", questions=0)
    blue.identifiers.update(scheme="ORPHA", value="900005")
    doubtful = CodeRecord("GARD", "77", Relation.UNKNOWN)
    mondo = SourceRecord("MONDO:0000001", "line 1", "Blue disease", codes=(CodeRecord("ORPHA", "900005"), doubtful))
    merge(mondo, dataset="mondo", create=False)
    merge(replace(mondo, codes=mondo.codes[:1]), dataset="orphanet", create=False)

    sure = (CodeRecord("ORPHA", "900005"), CodeRecord("GARD", "77"))
    report = merge(replace(mondo, codes=sure, synonyms=(SynonymRecord("Azure"),)), dataset=dataset, create=False)

    assert report.lines[Heading.FAILED] == []
    assert report.lines[Heading.CONFLICTS] == ["line 1, Blue disease: GARD 77 is Redd disease"]
    assert blue.identifiers.get(scheme="GARD").relation == "unknown"
    assert blue.synonyms.filter(text="Azure").exists()


def test_a_name_alone_joins_nothing_but_is_proposed_with_its_code():
    disease = make_disease(name="REDD  disease", questions=0)

    report = merge(RECORD)

    assert (disease.identifiers.filter(scheme="GARD").count(), Disease.objects.count()) == (0, 1)
    assert [len(report.lines[heading]) for heading in (Heading.CREATED, Heading.SKIPPED)] == [0, 1]
    proposal = Proposal.objects.get()
    assert (proposal.subject, proposal.part, proposal.new["value"]) == (disease, "identifier:GARD:77", "77")

    Identifier.objects.create(disease=disease, scheme="GARD", value="77")
    merge(RECORD)
    assert (disease.synonyms.filter(text="Reddism").count(), Proposal.objects.count()) == (1, 0)


@pytest.mark.parametrize("moved", [False, True])
def test_a_code_that_was_accepted_for_the_wrong_disease_stops_nothing_once_it_is_taken_away(moved):
    wrong, right = make_disease(name="Redd disease", questions=0), make_disease(name="Right", questions=0)
    merge(RECORD)
    assert accept_proposals(Proposal.objects.all(), by=make_editor()) == []
    wrong.identifiers.filter(scheme="GARD").delete()
    Disease.objects.filter(pk=wrong.pk).update(name="Wrong", folded_name="wrong")
    if moved:
        Identifier.objects.create(disease=right, scheme="GARD", value="77")

    report = merge(RECORD)

    owner = Disease.objects.get(identifiers__scheme="GARD", identifiers__value="77")
    assert (report.lines[Heading.FAILED], owner.name) == ([], "Right" if moved else "Redd disease")
    assert set(Provenance.objects.values_list("subject_id", flat=True)) == {owner.pk}
    assert merge(replace(RECORD, synonyms=())).lines[Heading.FAILED] == []


def test_a_name_that_belongs_to_another_code_is_a_conflict():
    merge(RECORD)

    report = merge(numbered(78, "Redd disease"))

    assert report.lines[Heading.CONFLICTS] == [
        "77.xml, Redd disease: the name belongs to a disease on this site that is GARD 77"
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_that_moves_to_another_record_is_free_whatever_their_order(order):
    merge(RECORD)
    moved = [replace(RECORD, name="Redd disease, type 1"), numbered(78, "Redd disease")][::order]

    report = merge(*moved)

    assert (report.lines[Heading.CONFLICTS], report.lines[Heading.CREATED]) == ([], ["Redd disease (GARD:78)"])
    assert (report.read, merge(*moved).changed_nothing) == (2, True)


def test_codes_of_several_diseases_join_none():
    for number in (1, 2):
        Identifier.objects.create(disease=make_disease(name=f"Form {number}"), scheme="OMIM", value="600100")
    before = state()

    report = merge(
        SourceRecord("ORPHA:9", "line 9", "Form", codes=(CodeRecord("ORPHA", "900009"), CodeRecord("OMIM", "600100"))),
        dataset="orphanet",
        create=False,
    )

    assert report.lines[Heading.CONFLICTS] == [
        "line 9, Form: its OMIM code belongs to several diseases on this site: Form 1, Form 2"
    ]
    assert state() == before


def test_a_code_joins_names_are_added_lost_letters_mended_and_a_definition_is_proposed():
    merge(replace(RECORD, name="Rdd disease", synonyms=(SynonymRecord("Caf disease"),)))
    disease = Disease.objects.get()
    Identifier.objects.create(disease=disease, scheme="ORPHA", value="900009")
    orphanet = SourceRecord(
        "ORPHA:900009",
        "line 9",
        "Ginger disease",
        codes=(CodeRecord("ORPHA", "900009"), CodeRecord("UMLS", "C0000077")),
        synonyms=(SynonymRecord("Café disease"), SynonymRecord("rédd disease")),
        definition="A rare disease.",
    )

    merge(orphanet, dataset="orphanet", create=False)

    disease.refresh_from_db()
    assert (disease.name, disease.summary) == ("Rédd disease", "")
    assert list(disease.synonyms.values_list("text", flat=True)) == ["Café disease", "Ginger disease"]
    assert disease.identifiers.get(scheme="UMLS").relation == "exact"  # the relation was unknown before
    assert Proposal.objects.get().new == {"text": "A rare disease."}


def test_letters_that_an_editor_gave_back_leave_the_name_to_editors():
    disease = make_disease(name="Rdd disease", questions=0)
    disease.identifiers.update(scheme="ORPHA", value="900009")
    orphanet = SourceRecord(
        "ORPHA:900009",
        "line 9",
        "Ginger disease",
        codes=(CodeRecord("ORPHA", "900009"),),
        synonyms=(SynonymRecord("Rédd disease"),),
    )
    merge(orphanet, dataset="orphanet", create=False)
    assert accept_proposals(Proposal.objects.pending(), by=make_editor()) == []

    merge(replace(orphanet, definition="A rare disease."), dataset="orphanet", create=False)

    disease.refresh_from_db()
    assert disease.name == "Rédd disease"
    assert [proposal.part for proposal in Proposal.objects.pending()] == ["summary"]


def test_a_code_that_an_editor_deleted_joins_nothing_in_the_same_run_either():
    disease = make_disease(name="One", questions=0)
    disease.identifiers.update(scheme="ORPHA", value="900001")
    omim = CodeRecord("OMIM", "600001")
    one = SourceRecord("ORPHA:900001", "line 1", "One", codes=(CodeRecord("ORPHA", "900001"), omim))
    two = SourceRecord("ORPHA:900002", "line 2", "Two", codes=(CodeRecord("ORPHA", "900002"), omim))
    merge(one, dataset="orphanet")
    disease.identifiers.filter(scheme="OMIM").delete()

    first = merge(replace(one, definition="A definition."), two, dataset="orphanet")

    assert (first.lines[Heading.CONFLICTS], first.lines[Heading.CREATED]) == ([], ["Two (ORPHA:900002)"])
    assert merge(replace(one, definition="A definition."), two, dataset="orphanet").changed_nothing


def test_a_retired_code_that_an_editor_brought_back_can_be_removed_once_more():
    disease = make_disease(name="One", questions=0)
    disease.identifiers.update(scheme="ORPHA", value="900001")
    record = SourceRecord(
        "ORPHA:900002",
        "line 2",
        "One",
        codes=(CodeRecord("ORPHA", "900002"),),
        former=(CodeRecord("ORPHA", "900001"),),
    )
    merge(record, dataset="orphanet")
    assert accept_proposals(Proposal.objects.all(), by=make_editor()) == []
    Identifier.objects.create(disease=disease, scheme="ORPHA", value="900001")

    merge(replace(record, definition="A definition."), dataset="orphanet")

    assert accept_proposals(Proposal.objects.pending().filter(action="remove"), by=make_editor()) == []
    assert not disease.identifiers.filter(value="900001").exists()


def test_two_datasets_that_differ_in_the_kind_of_a_thing_propose_nothing_when_another_thing_changes():
    umls = CodeRecord("UMLS", "C0000077", Relation.EXACT)
    gard = CodeRecord("GARD", "77")
    former = SynonymRecord("Reddism", SynonymKind.FORMER)
    asked = replace(CAUSES, key="2", answer="")
    mondo = SourceRecord(
        "MONDO:0000001", "1", "Redd disease", codes=(gard, umls), synonyms=(former,), questions=(asked,)
    )
    merge(RECORD)
    merge(mondo, dataset="mondo")

    merge(replace(mondo, definition="A definition."), dataset="mondo")
    merge(replace(RECORD, definition="A definition."))

    assert {proposal.part for proposal in Proposal.objects.all()} == {"summary"}


def test_groups_and_diseases_that_are_not_here_are_made_only_where_that_is_asked_for():
    disorder = SourceRecord("ORPHA:1", "line 1", "A disorder", codes=(CodeRecord("ORPHA", "1"),))
    group = SourceRecord("ORPHA:2", "line 2", "A group", codes=(CodeRecord("ORPHA", "2"),), may_have_page=False)

    merge(disorder, group, dataset="orphanet", create=False)
    assert Disease.objects.count() == 0

    merge(disorder, group, dataset="orphanet", create=True)
    assert [str(disease) for disease in Disease.objects.all()] == ["A disorder"]


def test_a_record_that_cannot_be_stored_is_named_and_the_others_go_on():
    too_long = replace(numbered(1, "Long"), synonyms=(SynonymRecord("x" * 300),))

    report = merge(too_long, RECORD)

    assert len(report.lines[Heading.FAILED]) == 1
    assert report.lines[Heading.FAILED][0].startswith("77.xml, Long: synonym “xxx")
    assert [str(disease) for disease in Disease.objects.all()] == ["Redd disease"]


def test_a_name_that_is_too_long_is_refused_also_for_a_disease_that_is_here():
    merge(RECORD)

    report = merge(replace(RECORD, name="x" * 230))

    assert len(report.lines[Heading.FAILED]) == 1
    assert redd().name == "Redd disease"


def test_a_dry_run_says_what_a_run_does_and_changes_nothing():
    publisher = make_publisher()
    twin = numbered(78, "Redd disease")
    before = state()

    dry = merge(RECORD, twin, by=publisher, publish_new=True, dry_run=True)

    assert state() == before
    assert dry.as_json() == merge(RECORD, twin, by=publisher, publish_new=True).as_json()


def test_of_several_that_are_written_together_only_the_one_that_is_refused_fails():
    other = make_disease()
    key = row_key("medquad", "GARD:2", "identifier:GARD:2")
    Identifier.objects.create(disease=other, key=key, scheme="OMIM", value="9")

    report = merge(*(numbered(number, f"Number {number}") for number in range(1, 5)), by=make_publisher())

    (failed,) = report.lines[Heading.FAILED]
    assert failed.startswith("77.xml, Number 2: another page on this site already has what it says")
    assert "\n" not in failed  # as PostgreSQL says it
    assert report.lines[Heading.CREATED] == [f"Number {number} (GARD:{number})" for number in (1, 3, 4)]
    assert Disease.objects.count() == 4
    assert other.identifiers.get(scheme="OMIM").key == key


@pytest.mark.parametrize(
    "second",
    [
        numbered(88, "REDD  disease"),
        replace(numbered(77, "Other"), key="GARD:77-2"),
        replace(numbered(88, "Other"), codes=(CodeRecord("GARD", "88"), RECORD.codes[1])),
        replace(numbered(88, "Other"), synonyms=(SynonymRecord("Redd disease"),)),
        replace(numbered(88, "Other"), former=RECORD.codes[:1]),
        replace(numbered(88, "Redd disease"), codes=()),
    ],
)
def test_a_disease_that_is_met_again_before_it_is_written_is_known(second, monkeypatch):
    publisher = make_publisher()

    def alone_and_together():
        for most in (1, 30):
            monkeypatch.setattr(runner, "BATCH_SIZE", most)
            with transaction.atomic():
                yield merge(RECORD, second, by=publisher, publish_new=True).as_json(), state()
                transaction.set_rollback(True)

    alone, together = alone_and_together()

    assert together == alone


@pytest.mark.parametrize(("diseases", "symptoms"), [(1, 1), (1, 40), (8, 2)])
def test_new_diseases_take_as_many_queries_with_many_of_them_and_many_rows(
    diseases, symptoms, django_assert_num_queries
):
    signs = tuple(SymptomRecord(f"Sign {n}") for n in range(symptoms))
    records = [replace(numbered(n, f"Number {n}"), symptoms=signs) for n in range(diseases)]
    merging = ImportRunner("medquad", source_named("MedQuAD GARD"), make_publisher(), publish_new=True)
    merging.run([])
    for record in records:
        merging._merge(record)

    with django_assert_num_queries(42):
        merging._write_pending()

    assert len(merging.report.lines[Heading.PUBLISHED]) == diseases


class Killed(BaseException):
    """Stands for the end of the process: no code may catch it."""


def killed_at(number):
    """Returns a wrapper of the database that stops at one query. The database then rolls back the transaction."""
    left = number

    def wrapper(execute, *arguments):
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return execute(*arguments)

    return connection.execute_wrapper(wrapper)


def test_an_import_that_was_killed_anywhere_ends_as_an_undisturbed_one(monkeypatch):
    monkeypatch.setattr(runner, "BATCH_SIZE", 3)
    publisher = make_publisher()
    edited = make_disease(name="Blue disease")
    Identifier.objects.create(disease=edited, scheme="GARD", value="5")
    blue = numbered(5, "Blue disease")
    records = [RECORD, blue, *(numbered(n, f"Number {n}") for n in range(200, 212))]

    def run():
        return merge(*records, by=publisher, publish_new=True)

    def undone(work):
        with transaction.atomic():
            result = work()
            transaction.set_rollback(True)
        return result

    queries = 0

    def count(execute, *arguments):
        nonlocal queries
        queries += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        undisturbed = undone(lambda: (run(), state())[1])
    chance = random.Random(4)  # noqa: S311 # which points does not matter, that they are the same does

    for number in chance.sample(range(1, queries - 60), 12):

        def work(number=number):
            with killed_at(number):
                try:
                    run()
                except Killed:
                    pass
                else:
                    raise AssertionError("was not killed")
            run()
            return state()

        assert undone(work) == undisturbed


def test_the_command_reports_and_fails_for_a_damaged_file(tmp_path, capsys):
    (tmp_path / "broken.xml").write_text("<Document", encoding="utf-8")

    with pytest.raises(CommandError, match="1 records were not imported"):
        call_command("import_medquad", tmp_path, report=tmp_path / "report.json")

    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["counts"]["failed"] == 1
    assert "broken.xml" in capsys.readouterr().out
    assert ImportRun.objects.get().report == report


def test_a_dry_run_of_the_command_leaves_no_source_behind(tmp_path):
    (tmp_path / "other.xml").write_text("<Document/>", encoding="utf-8")

    call_command("import_medquad", tmp_path, dry_run=True)

    assert not Source.objects.exists()


def test_the_command_says_early_where_it_cannot_write_its_report(tmp_path):
    with pytest.raises(CommandError, match="is a folder"):
        call_command("import_medquad", tmp_path, report=tmp_path)


def test_the_command_says_late_where_it_could_not_write_its_report(tmp_path):
    (tmp_path / "other.xml").write_text("<Document/>", encoding="utf-8")

    with pytest.raises(CommandError, match="Cannot write the report"):
        call_command("import_medquad", tmp_path, report=Path("/dev/full"))

    assert ImportRun.objects.get().finished_at


@pytest.mark.parametrize(
    ("stop", "message"),
    [
        (KeyboardInterrupt, "The records so far are complete"),
        (UnreadableSource("The rest of the file is damaged."), "damaged"),
        (OperationalError("database or disk is full"), "The records so far are complete"),
    ],
)
def test_a_run_that_is_stopped_tells_what_it_did(tmp_path, capsys, monkeypatch, stop, message):
    if isinstance(stop, OperationalError):
        monkeypatch.setattr(runner, "BATCH_SIZE", 1)  # no more queries go to the database that fails

    def stopped():
        yield replace(RECORD, remarks=("Look at this.",))
        yield RECORD
        raise stop

    monkeypatch.setattr(medquad, "read_medquad", lambda path: Delivery(stopped(), [], 2, (path,)))

    with pytest.raises(CommandError, match=message):
        call_command("import_medquad", tmp_path)

    run = ImportRun.objects.get()
    assert (run.finished_at, run.report["counts"]["created"]) == (None, 1)
    assert "Look at this." in capsys.readouterr().out


def test_files_whose_names_are_no_text_are_read_and_reported(tmp_path, capsys):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"\xff.xml")).write_text("<Document/>", encoding="utf-8")

    call_command("import_medquad", folder)

    assert ImportRun.objects.get().files == "caf?"
    assert "caf?/?.xml" in capsys.readouterr().out


def test_publishing_needs_someone_who_may(tmp_path):
    with pytest.raises(CommandError, match="needs --by"):
        call_command("import_medquad", tmp_path, publish_new=True)
    with pytest.raises(CommandError, match="may not publish"):
        call_command("import_medquad", tmp_path, publish_new=True, by=make_editor().username)


def test_only_what_the_run_made_goes_live():
    publisher = make_publisher()
    draft = make_disease(name="Blue disease", live=False)
    Identifier.objects.create(disease=draft, scheme="GARD", value="5")
    publish(save_edition(make_disease(name="Green disease", live=False), by="test"), by=publisher)

    merge(RECORD, numbered(5, "Blue disease"), by=publisher, publish_new=True)

    assert sorted(edition.title for edition in Edition.objects.live()) == ["Green disease", "Redd disease"]


def test_a_source_that_editors_renamed_is_still_the_datasets():
    source_named("MedQuAD GARD")  # as an import of a page creates it
    source = source_of("medquad")
    Source.objects.update(name="GARD, as MedQuAD has it")

    assert source_of("medquad") == source == Source.objects.get()
    assert source.licence == "CC BY 4.0"


def test_what_did_not_come_again_is_named_and_left_alone(tmp_path, monkeypatch, capsys):
    merge(RECORD, numbered(5, "Blue disease"))
    monkeypatch.setattr(medquad, "read_medquad", lambda path: Delivery(iter([RECORD]), [], 1, (path,)))
    before = state()

    call_command("import_medquad", tmp_path, limit=1)
    assert "Imported before" not in capsys.readouterr().out

    call_command("import_medquad", tmp_path)
    assert "not among these records: nothing was changed (1):\n  Blue disease (GARD:5)\n" in capsys.readouterr().out
    assert state() == before


def test_each_record_of_a_disease_that_did_not_come_again_is_named():
    merge(RECORD, replace(numbered(77, "Other name"), key="GARD:77-2"), numbered(5, "Blue disease"))
    trashed = Disease.objects.get(name="Blue disease")
    trash(trashed, by=make_publisher(is_superuser=True), reason="A mistake.")
    run = ImportRunner("medquad", source_of("medquad"), "test")

    run.run([])
    run.report_missing()

    assert run.report.lines[Heading.MISSING] == ["Redd disease (GARD:77)", "Redd disease (GARD:77-2)"]


def test_a_record_whose_code_an_editor_gave_to_another_disease_feeds_neither():
    merge(RECORD)
    other = make_disease(name="Other")
    Identifier.objects.filter(scheme="GARD").delete()
    Identifier.objects.create(disease=other, scheme="GARD", value="77")
    before = state()

    report = merge(replace(RECORD, questions=answer("Something new.")))

    assert report.lines[Heading.CONFLICTS] == [
        "77.xml, Redd disease: it was imported into Redd disease, and its codes now belong to Other"
    ]
    assert state() == before


def test_what_two_datasets_said_is_proposed_for_removal_when_neither_says_it_any_more():
    merge(RECORD)
    orphanet = SourceRecord("ORPHA:7", "line 7", "Redd disease", codes=RECORD.codes[:1], synonyms=RECORD.synonyms)
    merge(orphanet, dataset="orphanet")
    without = replace(RECORD, synonyms=())

    assert merge(without).lines[Heading.PROPOSED] == []
    merge(replace(orphanet, synonyms=()), dataset="orphanet")

    proposal = Proposal.objects.get()
    assert (proposal.dataset, proposal.action, proposal.title) == ("orphanet", "remove", "Reddism")


def test_a_machine_that_shuts_down_gets_the_report_written(tmp_path, monkeypatch):
    def stopped():
        yield RECORD
        os.kill(os.getpid(), signal.SIGTERM)
        yield numbered(5, "Blue disease")

    monkeypatch.setattr(medquad, "read_medquad", lambda path: Delivery(stopped(), [], 2, (path,)))
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(CommandError, match="Interrupted"):
        call_command("import_medquad", tmp_path)

    assert ImportRun.objects.get().report["counts"]["created"] == 1
    assert signal.getsignal(signal.SIGTERM) == before
