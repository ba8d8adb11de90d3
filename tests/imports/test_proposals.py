"""What an editor decides about an import's proposals, in the admin."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.urls import reverse

from diseases.codes import Relation
from diseases.models import Disease, Identifier, Synonym
from diseases.values import Topic
from editorial.jobs import MAX_AT_ONCE
from editorial.models import Job
from imports.models import ImportRun, Proposal, Provenance
from imports.parts import digest_of
from imports.proposals import accept_proposals
from imports.records import CodeRecord, QuestionRecord, SourceRecord, SynonymRecord
from imports.report import Heading
from imports.runner import ImportRunner
from imports.sources import source_named
from publishing.models import Edition
from publishing.trash import trash
from publishing.verbs import publish, save_edition
from tests.factories import (
    make_disease,
    make_diseases,
    make_editor,
    make_organization,
    make_publisher,
    make_question,
    make_user,
)
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LIST = "/admin/imports/proposal/"


@pytest.fixture
def editor(client):
    user = make_editor()
    client.force_login(user)
    return user


def record(answer="Nobody knows."):
    question = QuestionRecord("1", Topic.CAUSES, "What causes it?", f"<p>{answer}</p>", "https://gard.example/")
    said = {"codes": (CodeRecord("GARD", "77"),), "synonyms": (SynonymRecord("Reddism"),), "questions": (question,)}
    return SourceRecord("GARD:77", "77.xml", "Redd disease", **said)


def merge(*records, dataset="medquad"):
    return ImportRunner(dataset, source_named("MedQuAD GARD" if dataset == "medquad" else "Orphanet"), "test").run(
        records
    )


def propose(disease, part, new, *, old=None, action="add", dataset="orphanet"):
    digest = digest_of([action, new])
    about = {"kind": "disease", "subject_id": disease.pk}
    fields = {**about, "part": part, "action": action, "old": old, "new": new, "digest": digest}
    return Proposal.objects.create(dataset=dataset, record="ORPHA:1", **fields)


def conflict():
    """Returns a disease and a proposal: an editor changed its imported answer, and a new delivery changed it too."""
    merge(record())
    disease = Disease.objects.get(name="Redd disease")
    question = disease.questions.get()
    question.answer, question.reviewed_on, question.reviewed_by = "<p>An editor's words.</p>", "2026-01-01", "A. Doctor"
    question.save()
    publish(save_edition(disease, by="test"), by=make_publisher())
    merge(record("One gene does."))
    return disease, Proposal.objects.get()


def page_of(client, proposal):
    return client.get(reverse("admin:imports_proposal_change", args=[proposal.pk]))


def press(client, proposal, button, page=None):
    fields = fields_of((page or page_of(client, proposal)).text)
    return client.post(reverse("admin:imports_proposal_change", args=[proposal.pk]), fields | {button: "x"})


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def newest(disease):
    return Edition.objects.about(disease).order_by("number").last()


def test_accepting_puts_the_new_words_into_the_draft_and_not_before_readers(client, editor):
    disease, proposal = conflict()
    key, version = disease.questions.get().key, Disease.objects.get(pk=disease.pk).version

    response = press(client, proposal, "_accept")

    question = disease.questions.get()
    assert (question.key, question.answer) == (key, "<p>One gene does.</p>")
    assert (question.reviewed_on, question.reviewed_by) == (None, "")  # the review was of the old text
    assert Disease.objects.get(pk=disease.pk).version > version
    assert (newest(disease).by, newest(disease).note) == (editor, "Accepted from MedQuAD GARD: What causes it?")
    assert "An editor" in Edition.objects.about(disease).live().get().page.questions[0].html
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by, proposal.decided_by_name) == (
        "accepted",
        editor,
        str(editor.last_name),
    )
    assert response.url == LIST
    assert merge(record("One gene does.")).changed_nothing
    assert merge(record("Two genes do.")).lines[
        Heading.UPDATED
    ]  # the answer is updated again when the data set changes


@pytest.mark.usefixtures("editor")
def test_declining_leaves_everything_and_the_same_text_does_not_come_back(client):
    disease, proposal = conflict()
    editions = Edition.objects.about(disease).count()

    press(client, proposal, "_decline")
    Provenance.objects.filter(part="").update(digest="")  # as if the file were new
    merge(record("One gene does."))

    proposal.refresh_from_db()
    assert proposal.state == "declined"
    assert disease.questions.get().answer == "<p>An editor's words.</p>"
    assert Edition.objects.about(disease).count() == editions
    assert Proposal.objects.count() == 1


@pytest.mark.usefixtures("editor")
def test_the_three_texts_stand_beside_each_other_with_their_differences_marked(client):
    _disease, proposal = conflict()

    text = page_of(client, proposal).text
    sides = re.findall(r'<div class="side">(.*?)</div>', text, re.DOTALL)

    assert [re.search("<h4>(.*)</h4>", side)[1] for side in sides] == [
        "Imported before",
        "On this site now",
        "In the data set now",
    ]
    assert "<del>" not in sides[0]
    assert "<del>Nobody knows.</del><ins>An editor&#x27;s words.</ins>" in sides[1]
    assert "<del>An editor&#x27;s words.</del><ins>One gene does.</ins>" in sides[2]
    assert "It also removes the dates and the reviewer" in text


@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize("button", ["_accept", "_decline"])
def test_nobody_decides_what_they_have_not_seen(client, button):
    disease, proposal = conflict()
    opened = page_of(client, proposal)
    question = disease.questions.get()
    question.answer = "<p>Better words.</p>"
    question.save()

    response = press(client, proposal, button, page=opened)

    assert "Somebody else saved this after you opened the form" in response.text
    proposal.refresh_from_db()
    assert (proposal.state, disease.questions.get().answer) == ("pending", "<p>Better words.</p>")
    press(client, proposal, button)
    proposal.refresh_from_db()
    assert proposal.state != "pending"


@pytest.mark.usefixtures("editor")
def test_a_decision_leads_to_the_next_proposal_of_the_disease(client):
    one, other = make_disease(), make_disease()
    first, second = propose(one, "synonym:a", {"text": "A", "kind": "exact"}), propose(one, "summary", {"text": "S"})
    propose(other, "summary", {"text": "S"})

    assert press(client, first, "_accept").url == reverse("admin:imports_proposal_change", args=[second.pk])
    assert press(client, second, "_decline").url == LIST


@pytest.mark.usefixtures("editor")
def test_every_sort_is_added_changed_and_removed(client):
    merge(record())
    disease = Disease.objects.get(name="Redd disease")
    synonym, code = disease.synonyms.get(), disease.identifiers.get()
    made = {"dataset": "medquad", "record": "GARD:77"}
    for part, action, new in [
        ("name", "change", {"text": "Réd disease"}),
        ("summary", "change", {"text": "A definition."}),
        ("synonym:reddism", "remove", None),
        ("identifier:GARD:77", "change", {"scheme": "GARD", "value": "78", "relation": "exact"}),
        ("identifier:OMIM:123456", "add", {"scheme": "OMIM", "value": "123456", "relation": "broad"}),
        ("symptom:freckles:1", "add", {"term": "Freckles", "frequency": "90%", "aspect": "symptom", "hpo_id": ""}),
        (
            "question:2",
            "add",
            {"topic": "overview", "question": "What is it?", "answer": "<p>A<script>b</script></p>", "source_url": ""},
        ),
    ]:
        Proposal.objects.create(
            **made, kind="disease", subject_id=disease.pk, part=part, action=action, new=new, digest=part
        )

    response = client.post(LIST, {"action": "accept_many", "select_across": "1", "_selected_action": [1]})

    page = newest(disease).page
    assert said(response) == ["7 proposals were accepted."]
    assert (page.title, page.summary, page.summary_source, page.synonyms) == (
        "Réd disease",
        "A definition.",
        "MedQuAD GARD",
        (),
    )
    assert [(row.scheme, row.value, row.relation) for row in page.identifiers] == [
        ("GARD", "78", Relation.EXACT),
        ("OMIM", "123456", Relation.BROAD),
    ]
    assert page.identifiers[0].key == code.key
    assert [(answer.question, answer.html) for answer in page.questions] == [
        ("What is it?", "<p>A</p>"),  # before those on later topics
        ("What causes it?", "<p>Nobody knows.</p>"),
    ]
    assert disease.symptoms.get().approved is False
    assert Edition.objects.about(disease).count() == 2  # one of the import, one of all that was accepted
    assert Provenance.objects.get(part="synonym:reddism").target == synonym.key  # so that no import brings it back
    Provenance.objects.filter(part="").update(digest="")
    merge(record())
    assert not Synonym.objects.filter(text="Reddism").exists()


@pytest.mark.usefixtures("editor")
def test_accepting_a_code_joins_the_record_and_the_disease(client):
    disease = make_disease(name="Redd disease")
    merge(record())
    proposal = Proposal.objects.get()
    assert (proposal.subject, proposal.part) == (disease, "identifier:GARD:77")

    press(client, proposal, "_accept")
    merge(record())

    assert Disease.objects.count() == 1
    assert disease.synonyms.filter(text="Reddism").exists()


@pytest.mark.usefixtures("editor")
def test_what_cannot_be_accepted_is_refused_with_its_reason_and_stops_no_other(client):
    make_disease(name="Taken")
    owner = make_disease(name="Owner", live=False)
    Identifier.objects.create(disease=owner, scheme="GARD", value="5")
    trashed = make_disease(live=False)
    trash(owner, make_publisher(), "x")
    trash(trashed, make_publisher(), "x")
    disease = make_disease(name="Here")
    Synonym.objects.create(disease=disease, text="Twice", position=2)
    propose(disease, "name", {"text": "TAKEN"}, action="change")
    propose(disease, "synonym:twice", {"text": "twice", "kind": "exact"})
    propose(disease, "synonym:gone", {"text": "Other", "kind": "exact"}, action="change", old={"text": "Gone"})
    propose(disease, "identifier:GARD:5", {"scheme": "GARD", "value": "5", "relation": "exact"})
    propose(disease, "summary", {"text": "x" * 5001}, action="change")
    propose(trashed, "summary", {"text": "Fine."}, action="change")
    propose(disease, "synonym:good", {"text": "Good", "kind": "exact"})

    response = client.post(LIST, {"action": "accept_many", "select_across": "1", "_selected_action": [1]})

    messages = said(response)
    assert messages[0] == "1 proposal was accepted."
    for part, reason in {
        "name": "There is already a disease with this name",
        "synonym:twice": "It cannot be added twice",
        "synonym:gone": "was deleted in the meantime",
        "identifier:GARD:5": "GARD number 5 already belongs to “Owner”, which is in the trash",
        "summary": "At most 5,000 characters fit",
    }.items():
        proposal = Proposal.objects.about(disease).get(part=part)
        assert proposal.state == "pending"
        start = f"{disease}: {proposal.title}: "
        assert any(message.startswith(start) and reason in message for message in messages), (part, messages)
    assert any("is in the trash" in message and str(trashed) in message for message in messages)
    assert [name.text for name in newest(disease).page.synonyms][1:] == ["Twice", "Good"]


@pytest.mark.parametrize(("action", "states"), [("accept_many", (50, 0, 2)), ("decline_many", (0, 51, 1))])
def test_proposals_about_many_pages_are_decided_by_a_job_except_what_changed(client, editor, action, states):
    diseases = make_diseases(MAX_AT_ONCE + 1)
    for disease in diseases:
        propose(disease, "summary", {"text": "A definition."}, action="change")
    replaced, edited = diseases[:2]
    propose(replaced, "synonym:good", {"text": "Good", "kind": "exact"})

    response = client.post(LIST, {"action": action, "select_across": "1", "_selected_action": [1]})
    Proposal.objects.filter(subject_id=replaced.pk, part="summary").update(digest="newer", new={"text": "Newer."})
    edited.summary = "Typed by an editor."
    edited.save()
    save_edition(edited, by=editor)
    job = Job.objects.get()
    waiting = Proposal.objects.pending().count()
    call_command("run_jobs")
    job.refresh_from_db()

    assert response.url == reverse("admin:editorial_job_change", args=[job.pk])
    assert (waiting, job.total, job.remaining) == (52, 51, 0)
    assert (
        tuple(Proposal.objects.filter(state=state).count() for state in ["accepted", "declined", "pending"]) == states
    )
    assert newest(edited).page.summary == "Typed by an editor."
    assert "Newer.: was changed in the meantime" in job.items.get(subject_id=replaced.pk).reason
    is_accepted = action == "accept_many"
    assert newest(diseases[-1]).page.summary.startswith("A definition.") == is_accepted
    assert newest(diseases[-1]).origin == (job.origin if is_accepted else "")
    assert (newest(replaced).page.synonyms[-1].text == "Good") == is_accepted


def test_a_page_that_cannot_hold_one_proposal_takes_the_others():
    disease = make_disease()
    bad = {"topic": "causes", "question": "Bad?", "answer": "<p>x</p>", "source_url": "no address"}
    propose(disease, "question:1", bad)
    propose(disease, "synonym:good", {"text": "Good", "kind": "exact"})

    refusals = accept_proposals(Proposal.objects.all(), by=make_editor())

    assert [proposal.part for proposal, _reason in refusals] == ["question:1"]
    assert newest(disease).page.synonyms[-1].text == "Good"


@pytest.mark.usefixtures("editor")
def test_the_list_shows_what_waits_and_finds_by_disease(client):
    one, other = make_disease(name="Alpha"), make_disease(name="Beta")
    propose(one, "summary", {"text": "Of alpha."})
    propose(other, "synonym:b", {"text": "Of beta.", "kind": "exact"})
    done = propose(one, "synonym:a", {"text": "Decided.", "kind": "exact"})
    Proposal.objects.filter(pk=done.pk).update(state="accepted", decided_by_name="Ada")

    def listed(query=""):
        return [row.title for row in client.get(f"{LIST}?{query}").context["cl"].result_list]

    assert listed() == ["Of alpha.", "Of beta."]
    assert listed("q=beta") == ["Of beta."]
    assert listed(f"subject=disease:{one.pk}") == ["Of alpha."]
    assert listed("sort=synonym") == ["Of beta."]
    assert listed("state=accepted") == ["Decided."]
    assert listed("subject=disease:x") == ["Of alpha.", "Of beta."]


@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_needs_the_same_queries_for_any_number_of_proposals(client, django_assert_num_queries, count):
    for _ in range(count):
        propose(make_disease(live=False), "summary", {"text": "S"})

    client.get(LIST)  # a new session is written once

    with django_assert_num_queries(6):  # session, user, two for permissions, the count, the rows
        client.get(LIST)


def test_only_who_may_change_diseases_decides(client):
    proposal = propose(make_disease(), "summary", {"text": "S"})
    user = make_user(is_staff=True)
    client.force_login(user)
    url = reverse("admin:imports_proposal_change", args=[proposal.pk])

    for response in [client.get(LIST), client.get(url), client.post(url, {"_accept": "x"})]:
        assert response.status_code == 403
    with pytest.raises(PermissionDenied):
        accept_proposals([proposal], by=user)
    proposal.refresh_from_db()
    assert proposal.state == "pending"


@pytest.mark.usefixtures("editor")
def test_a_question_on_a_taken_topic_shows_the_answers_that_are_there(client):
    disease = make_disease(questions=0)
    make_question(disease, topic="causes", question="Why?", answer="<p>Because of <b>that</b>.</p>")
    new = {"topic": "causes", "question": "How come?", "answer": "<p>So.</p>", "source_url": ""}
    proposal = propose(disease, "question:1", new)

    text = page_of(client, proposal).text

    assert "Why?" in text
    assert "Because of that." in text


@pytest.mark.usefixtures("editor")
def test_the_import_shows_its_report_and_what_waits(client):
    make_disease()
    merge(record())
    sections = [{"title": "Created", "lines": [f"No. {n}" for n in range(150)]}]
    run = _run(counts={"read": 2, "created": 0, "suppressed": 3}, sections=sections)
    propose(Disease.objects.first(), "summary", {"text": "S"})
    _run()

    text = client.get("/admin/imports/importrun/").text
    report = client.get(reverse("admin:imports_importrun_change", args=[run.pk])).text
    section = client.get(reverse("admin:imports_importrun_change", args=[run.pk]) + "?section=0").text

    assert "interrupted, or still running" in text
    assert "1 proposal" in text
    assert "read 2, not imported again 3" in text
    assert "Created (150)" in report
    assert "No. 99<" in report
    assert "No. 100<" not in report
    assert "No. 149<" in section


def _run(**report):
    return ImportRun.objects.create(dataset="medquad", by_name="Ada", report=report)


@pytest.mark.usefixtures("editor")
def test_proposals_about_an_organization_are_listed_counted_shown_and_accepted(client):
    organization, other = make_organization(name="Eye Society", phone="555-0100"), make_organization(name="Other")
    propose(make_disease(), "summary", {"text": "S"})
    about = {"kind": "organization", "subject_id": organization.pk, "dataset": "page", "record": "coats/eye society"}
    proposal = Proposal.objects.create(**about, part="phone", action="change", new={"text": "555-0199"}, digest="x")
    organizations = "/admin/organizations/organization/"

    listed = client.get(f"{LIST}?subject=organization:{organization.pk}").context["cl"].result_list
    fields = client.get(f"{LIST}?sort=fields").context["cl"].result_list
    waiting = client.get(f"{organizations}?waiting=proposals").context["cl"].result_list
    form = client.get(f"{organizations}{organization.pk}/change/").text
    text = page_of(client, proposal).text
    press(client, proposal, "_accept")

    assert ([*listed], len(fields), [*waiting]) == ([proposal], 2, [organization])
    assert "1 proposal from imports is waiting" in form
    assert "<h3>Phone</h3>" in text
    assert "<del>555-0100</del><ins>555-0199</ins>" in text
    organization.refresh_from_db()
    assert (organization.phone, newest(organization).note) == ("555-0199", "Accepted from a page of text: 555-0199")
    assert newest(other).number == 1


@pytest.mark.usefixtures("editor")
def test_an_organization_on_a_disease_is_shown_by_its_name(client):
    organization = make_organization(name="Eye Society")
    proposal = propose(make_disease(), "support:eye", {"organization": str(organization.pk)}, dataset="page")

    text = page_of(client, proposal).text

    assert re.search("<h3>Organization</h3>.*Eye Society", text, re.DOTALL)


def test_whoever_may_change_one_kind_decides_about_that_kind_alone(client):
    organization = make_organization()
    about = {
        "kind": "organization",
        "subject_id": organization.pk,
        "dataset": "page",
        "record": "x",
        "action": "change",
    }
    one = Proposal.objects.create(**about, part="phone", new={"text": "1"}, digest="x")
    other = propose(make_disease(), "summary", {"text": "S"})
    user = make_user(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_organization"))
    client.force_login(user)

    assert [*client.get(LIST).context["cl"].result_list] == [one]
    assert page_of(client, other).status_code == 404
    with pytest.raises(PermissionDenied):
        accept_proposals([one, other], by=user)
    assert accept_proposals([one], by=user) == []
