"""The inbox: who may see and decide, what accepting changes in the draft, and answers by e-mail."""

import re
import smtplib
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diseases.models import Symptom
from organizations.models import Organization
from publishing.models import Edition
from publishing.trash import trash
from publishing.verbs import publish, save_edition, withdraw
from suggestions.models import Suggestion
from tests.factories import (
    make_disease,
    make_editor,
    make_organization,
    make_publisher,
    make_question,
    make_source,
    make_user,
    put_live,
)
from tests.forms import fields_of
from tests.queries import queries_of
from tests.reading import text_of, texts_of
from tests.suggestions.factories import make_suggestion

pytestmark = pytest.mark.django_db

LIST = "/admin/suggestions/suggestion/"
MARKED = "<script>alert('x')</script>{{ 7|add:7 }}"
FOLLOWING = "Following a reader’s suggestion."


def url(suggestion, step="change", *more):
    return reverse(f"admin:suggestions_suggestion_{step}", args=[suggestion.pk, *more])


@pytest.fixture
def editor(client):
    user = make_editor(first_name="Ada", last_name="Lovelace")
    client.force_login(user)
    return user


def make_answer(answer="<p>It runs in <em>families</em>.</p><p>Two.</p>", **fields):
    disease = make_disease(live=False, questions=0, **fields)
    question = make_question(disease, question="What causes it?", answer=answer)
    put_live(disease)
    return disease, question


def corrected(proposed="It seldom runs in families.\n\nTwo.", **fields):
    disease, question = make_answer(**fields)
    return disease, question, make_suggestion(disease, question, kind="correction", proposed_words=proposed, message="")


def state_of(suggestion):
    suggestion.refresh_from_db()
    return suggestion.state, suggestion.handler_name


def form_of(client, address):
    html = client.get(address).text
    return fields_of(html[html.index("content-main") :])


def main_of(response):
    html = response.text
    return html[html.index('id="content-main"') :]


# Permissions


PAGES = ["change", "decline", "done", "reply", "delete"]


def test_nobody_without_the_permission_sees_a_suggestion(client):
    suggestion = make_suggestion(email="a@example.org")
    client.force_login(make_user("", is_staff=True))

    assert client.get(LIST).status_code == 403
    for name in PAGES:
        assert client.get(url(suggestion, name)).status_code == 403
        assert client.post(url(suggestion, name), {"_take": "1"}).status_code == 403
    assert "Suggestions from readers" not in client.get("/admin/").text
    client.logout()
    assert client.get(url(suggestion)).status_code == 302
    assert client.post(url(suggestion), {"_take": "1"}).status_code == 403
    assert state_of(suggestion) == ("new", "")


def test_a_user_who_may_only_view_changes_nothing(client):
    _disease, _question, suggestion = corrected()
    viewer = make_user("", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_suggestion"))
    client.force_login(viewer)

    page = client.get(url(suggestion))
    assert page.status_code == 200
    assert "submit-row" not in main_of(page)
    for address in [*(url(suggestion, name) for name in PAGES[1:]), url(suggestion, "accept", "answer")]:
        assert client.get(address).status_code == 403
    for button in ["_take", "_spam", "_back"]:
        assert client.post(url(suggestion), {button: "1"}).status_code == 403
    assert "Suggestions from readers" in client.get("/admin/").text
    assert client.post(LIST, {"action": "take_many", "_selected_action": suggestion.pk}).status_code in {200, 302, 403}
    assert state_of(suggestion) == ("new", "")


def test_a_user_who_may_not_change_diseases_cannot_accept_into_them(client):
    _disease, _question, suggestion = corrected()
    user = make_user("", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_suggestion", "change_suggestion"]))
    client.force_login(user)

    assert "Accept into the answer" not in client.get(url(suggestion)).text
    for target in ["answer", "name", "symptom", "organization"]:
        assert client.post(url(suggestion, "accept", target), {"text": "x"}).status_code == 403
    assert client.post(url(suggestion), {"_take": "1"}).status_code == 302
    assert state_of(suggestion)[0] == "in_work"


def test_nobody_adds_one_in_the_admin_and_an_editor_may_delete(client, editor):
    suggestion = make_suggestion()

    chief = Client()
    chief.force_login(make_user("", is_staff=True, is_superuser=True))
    for anybody in [client, chief]:
        assert anybody.get(f"{LIST}add/").status_code == 403
        assert "/add/" not in anybody.get(LIST).text.partition("content-main")[2]
    assert not Permission.objects.filter(codename="add_suggestion").exists()
    assert client.post(url(suggestion, "delete"), {"post": "yes"}).status_code == 302
    assert not Suggestion.objects.exists()


def test_a_missing_suggestion_is_not_found(client, editor):
    suggestion = make_suggestion()

    assert client.get(url(suggestion, "accept", "answer")).status_code == 404
    assert client.get(url(suggestion, "accept", "nonsense")).status_code == 404
    suggestion.pk += 1
    for name in PAGES[1:4]:
        assert client.get(url(suggestion, name)).status_code == 404


# The list and the first page


def test_the_list_shows_open_suggestions_the_oldest_first(client, editor):
    rows = {state: make_suggestion(state=state, message=f"It is {state}.") for state in Suggestion.State.values}

    def listed(query=""):
        return [row.state for row in client.get(LIST + query).context["cl"].result_list]

    assert listed() == ["new", "in_work"]
    assert listed("?state=spam") == ["spam"]
    assert listed("?state=all") == [*reversed(rows)]
    assert listed("?state=nonsense") == ["new", "in_work"]
    assert listed("?q=is+in_work") == ["in_work"]
    assert listed("?kind__exact=symptom") == []


def test_the_list_needs_no_query_per_row(client, editor):
    needed = []
    for count in [1, 3]:
        while Suggestion.objects.count() < count:
            make_suggestion(make_disease())
        needed.append(queries_of(lambda: client.get(LIST)))

    assert needed[0] == needed[1] <= 10


@pytest.mark.database
def test_many_at_once(client, editor):
    rows = [make_suggestion(), make_suggestion(state="accepted", handler_name="Grace")]

    def act(action):
        fields = {"action": action, "_selected_action": [row.pk for row in rows]}
        client.post(f"{LIST}?state=all", fields)
        return [state_of(row)[0] for row in rows]

    assert act("take_many") == ["in_work", "accepted"]
    assert act("mark_many_as_spam") == ["spam", "accepted"]
    assert act("put_many_back") == ["new", "in_work"]
    assert act("decline_many") == ["declined", "declined"]


def test_the_first_page_lists_open_suggestions(client, editor):
    make_suggestion(make_disease(name="Marfan syndrome"), kind="symptom")
    make_suggestion(state="in_work", handler_name="Grace")
    for state in ["spam", "accepted"]:
        make_suggestion(state=state)

    html = client.get("/admin/").text
    section = re.search(r'<section id="panel-suggestions".*?</section>', html, re.DOTALL)[0]

    assert texts_of(section, "h2") == ["Suggestions from readers 2"]
    assert [text.split(" · ")[0] for text in texts_of(section, "li")] == [
        "Marfan syndrome symptom",
        "The site Grace other",
    ]
    assert texts_of(section, "p") == ["Show all: 1 new · 1 in progress"]


# One suggestion


def test_the_words_of_readers_are_never_markup(client, editor):
    disease, question = make_answer(name="Marfan syndrome")
    texts = {"message": MARKED, "proposed_words": f"It runs in families.\n\n{MARKED}", "email": "a@example.org"}
    suggestion = make_suggestion(disease, question, **texts, outcome=MARKED, reply=MARKED, handler_name=MARKED)

    pages = [url(suggestion), *(url(suggestion, name) for name in PAGES[1:])]
    pages += [url(suggestion, "accept", name) for name in ["answer", "name", "symptom", "organization"]]
    for address in [*pages, LIST, "/admin/"]:
        html = client.get(address).text
        assert "<script>alert" not in html, address
        assert "14" not in re.findall(r"alert\('x'\)</script>(\d+)", html)
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;{{ 7|add:7 }}" in client.get(url(suggestion)).text


def test_the_difference_is_shown_word_by_word(client, editor):
    _disease, _question, suggestion = corrected()

    page = main_of(client.get(url(suggestion)))

    assert re.findall(r"<(del|ins)>([^<]*)</", page) == [("ins", "seldom ")]
    assert texts_of(page, "dd")[:1] == ["new"]


def test_taking_putting_back_and_declining(client, editor):
    suggestion = make_suggestion()

    client.post(url(suggestion), {"_take": "1"})
    assert state_of(suggestion) == ("in_work", "Ada Lovelace")
    client.post(url(suggestion), {"_spam": "1"})
    assert state_of(suggestion) == ("spam", "Ada Lovelace")
    client.post(url(suggestion), {"_back": "1"})
    assert state_of(suggestion) == ("new", "")
    client.post(url(suggestion, "decline"), {"reason": "No source."})
    assert state_of(suggestion) == ("declined", "Ada Lovelace")
    assert suggestion.outcome == "No source."
    client.post(url(suggestion), {"_back": "1"})
    client.post(url(suggestion, "done"), {"outcome": "Wrote a new question."})
    assert (*state_of(suggestion), suggestion.outcome) == ("accepted", "Ada Lovelace", "Wrote a new question.")
    assert suggestion.decided_at


def test_one_suggestion_leads_to_the_next_open_one(client, editor):
    now = timezone.now()
    first, second, third = (make_suggestion(at=now - timedelta(days=days)) for days in [3, 2, 1])
    make_suggestion(state="spam", at=now)

    def next_of(suggestion):
        return re.findall(r'href="([^"]*)">Next suggestion', client.get(url(suggestion)).text)

    client.post(url(second, "decline"), {"reason": ""})
    assert [next_of(each) for each in [first, second, third]] == [[url(third)], [url(third)], [url(first)]]
    client.post(url(first, "decline"), {"reason": ""})
    assert next_of(third) == []


def test_a_decision_of_somebody_else_stays(client, editor):
    _disease, question, suggestion = corrected()
    fields = form_of(client, url(suggestion, "accept", "answer"))
    Suggestion.objects.update(state="declined", handler_name="Grace")

    for name in ["_take", "_spam"]:
        client.post(url(suggestion), {name: "1"})
    refused = [client.post(url(suggestion, name), {"reason": "x", "outcome": "x"}) for name in ["decline", "done"]]
    refused.append(client.post(url(suggestion, "accept", "answer"), fields))

    assert all("it is decided already (declined, Grace)" in page.text for page in refused)
    assert state_of(suggestion) == ("declined", "Grace")
    assert "families</em>" in question.__class__.objects.get().answer


# Accepting


def accept(client, suggestion, target, **fields):
    address = url(suggestion, "accept", target)
    return client.post(address, form_of(client, address) | fields)


def test_an_answer_is_edited_accepted_and_published(client, editor):
    disease, question, suggestion = corrected()
    version = disease.version
    form = form_of(client, url(suggestion, "accept", "answer"))
    assert form["answer"] == "<p>It seldom runs in families.</p><p>Two.</p>"

    done = client.post(
        url(suggestion, "accept", "answer"), form | {"answer": form["answer"].replace("seldom", "rarely")}
    )

    assert done["Location"] == reverse("admin:diseases_disease_change", args=[disease.pk])
    question.refresh_from_db()
    disease.refresh_from_db()
    assert question.answer == "<p>It rarely runs in families.</p><p>Two.</p>"
    assert question.last_updated is not None
    assert disease.version > version
    assert disease.saved_by == "Ada Lovelace"
    edition = Edition.objects.about(disease).newest().get()
    assert (edition.number, edition.note, edition.by, edition.is_live) == (2, FOLLOWING, editor, False)
    assert state_of(suggestion) == ("accepted", "Ada Lovelace")
    assert "edition 2" in suggestion.outcome
    public = f"/diseases/{disease.slug}/"
    assert "rarely" not in client.get(public).text
    publisher = make_publisher()
    client.force_login(publisher)
    publish_url = reverse("admin:diseases_disease_publish", args=[disease.pk])
    fields = form_of(client, publish_url)
    assert fields["note"] == FOLLOWING
    client.post(publish_url, fields)
    assert "rarely" in client.get(public).text
    history = text_of(client.get(f"{public}changes/").text)
    assert FOLLOWING in history
    assert form_of(client, publish_url)["note"] == ""


def test_the_editor_decides_whether_the_date_of_an_answer_changes(client, editor):
    _disease, question, suggestion = corrected()
    address = url(suggestion, "accept", "answer")
    form = form_of(client, address)
    del form["new_date"]

    client.post(address, form)

    question.refresh_from_db()
    assert (question.answer, question.last_updated) == ("<p>It seldom runs in families.</p><p>Two.</p>", None)


def test_an_unchanged_answer_is_not_accepted(client, editor):
    _disease, question, suggestion = corrected()

    page = accept(client, suggestion, "answer", answer=f"<div>{question.answer}</div>")

    assert "The answer already says this." in page.text
    assert state_of(suggestion)[0] == "new"


def test_for_a_changed_answer_the_editor_chooses_which_words_to_start_from(client, editor):
    _disease, question, suggestion = corrected()
    question.answer = "<p>It runs in families.</p><p>Two, and three.</p>"
    question.save()
    address = url(suggestion, "accept", "answer")

    page = client.get(address)

    assert "changed since the reader saw it" in client.get(url(suggestion)).text
    assert re.findall(r"<ins>([^<]*)</ins>", page.text) == ["seldom ", "Two, and three."]
    assert 'name="answer"' not in page.text
    assert form_of(client, f"{address}?start=today")["answer"] == question.answer
    form = form_of(client, f"{address}?start=reader")
    assert form["answer"] == "<p>It seldom runs in families.</p><p>Two.</p>"
    client.post(f"{address}?start=reader", form)
    question.refresh_from_db()
    assert question.answer == form["answer"]


def test_later_changes_are_shown_if_the_reader_proposed_no_words(client, editor):
    disease, question, _other = corrected()
    suggestion = make_suggestion(disease, question, kind="correction", message="It is old.")
    question.answer = "<p>It runs in <em>families</em>.</p><p>Three.</p>"
    question.save()

    page = main_of(client.get(url(suggestion, "accept", "answer")))

    assert "What was changed here since the reader saw it" in page
    assert texts_of(page, "ins") == ["Three."]
    assert fields_of(page)["answer"] == question.answer
    assert "have lost" not in page


def test_an_answer_that_somebody_changes_meanwhile_comes_back(client, editor):
    _disease, question, suggestion = corrected()
    address = url(suggestion, "accept", "answer")
    form = form_of(client, address) | {"answer": "<p>Mine.</p>"}
    question.answer = "<p>Theirs.</p>"
    question.save()

    first = client.post(address, form)

    assert "Somebody else saved this after you opened the form" in first.text
    assert "Theirs." in first.text
    again = fields_of(main_of(first))
    assert again["answer"] == "<p>Mine.</p>"
    question.refresh_from_db()
    assert question.answer == "<p>Theirs.</p>"
    client.post(address, again)
    question.refresh_from_db()
    assert question.answer == "<p>Mine.</p>"


def test_nothing_is_accepted_into_a_deleted_page_or_question(client, editor):
    disease, question, suggestion = corrected()
    form = form_of(client, url(suggestion, "accept", "answer"))
    trash(disease, make_publisher(), "Twice.")

    page = client.post(url(suggestion, "accept", "answer"), form)
    assert "is in the trash. Restore it first." in page.text
    question.delete()
    disease.trashed_at = None
    disease.save()
    for _twice in range(2):
        page = client.post(url(suggestion, "accept", "answer"), form)
        assert "This question was deleted meanwhile." in page.text
        form = fields_of(main_of(page))
        assert "It seldom runs in families." in form["answer"]
    assert "This question was deleted" in client.get(url(suggestion)).text
    assert client.get(url(suggestion, "accept", "answer")).status_code == 404
    assert not disease.questions.exists()
    assert state_of(suggestion)[0] == "new"


def test_a_page_that_was_renamed_or_withdrawn_is_still_found(client, editor):
    disease, question, suggestion = corrected(slug="before")
    disease.slug = "after"
    disease.save()
    put_live(disease)
    withdraw(disease, make_publisher(), "Wrong.")

    assert "(no longer live)" in client.get(url(suggestion)).text
    accept(client, suggestion, "answer")
    question.refresh_from_db()
    assert "seldom" in question.answer


def test_another_name_is_accepted_once(client, editor):
    disease = make_disease(name="Marfan syndrome")
    first, second = make_suggestion(disease), make_suggestion(disease)

    accept(client, first, "name", text="Marfan’s disease", kind="former")
    twice = accept(client, second, "name", text="MARFAN’S  disease", kind="exact")

    assert [(row.text, row.kind) for row in disease.synonyms.all()][1:] == [("Marfan’s disease", "former")]
    assert "is already there" in twice.text
    assert (state_of(first)[0], state_of(second)[0]) == ("accepted", "new")
    page = Edition.objects.about(disease).newest().get().page
    assert [name.text for name in page.synonyms][-1] == "Marfan’s disease"


@pytest.mark.parametrize(("approved", "spam_reasons"), [("on", ["Fever"]), ("", [])])
def test_a_symptom_is_on_the_page_if_the_editor_approves_it(client, editor, approved, spam_reasons):
    disease, source = make_disease(), make_source()
    suggestion = make_suggestion(disease, kind="symptom")
    address = url(suggestion, "accept", "symptom")
    form = form_of(client, address)
    assert form.pop("approved") == "on"

    typed = {"term": "Fever", "frequency": "7/12", "source": source.pk}
    client.post(address, form | typed | ({"approved": approved} if approved else {}))

    row = Symptom.objects.get()
    assert (row.term, row.source, row.approved) == ("Fever", source, bool(approved))
    assert [sign.term for sign in Edition.objects.about(disease).newest().get().page.symptoms] == spam_reasons
    assert state_of(suggestion)[0] == "accepted"


def test_a_new_organization_is_a_draft_and_listed_on_the_disease(client, editor):
    disease = make_disease()
    suggestion = make_suggestion(disease, kind="organization", message="Rare Hearts helped us, says Jane Doe.")

    done = accept(client, suggestion, "organization", name="Rare Hearts", website="hearts.example.org", phone="555-1")

    organization = Organization.objects.get()
    assert done["Location"] == reverse("admin:organizations_organization_change", args=[organization.pk])
    assert (organization.name, organization.website) == ("Rare Hearts", "https://hearts.example.org")
    assert "Jane" not in organization.staff_notes
    assert [row.organization for row in disease.supports.all()] == [organization]
    assert not Edition.objects.of(Organization).live().exists()
    for subject in [organization, disease]:
        assert Edition.objects.about(subject).newest().get().note == FOLLOWING
    assert "Rare Hearts" in state_and_outcome(suggestion)


def state_and_outcome(suggestion):
    suggestion.refresh_from_db()
    return f"{suggestion.state}: {suggestion.outcome}"


def test_a_new_organization_without_a_disease_and_one_that_exists(client, editor):
    make_organization(name="Iron Society", phone="217-555-0177")
    suggestion = make_suggestion(kind="organization")

    twice = accept(client, suggestion, "organization", name="Another", country="US", phone="(217) 555 0177")
    assert "“Iron Society” exists already (the same telephone or fax number)" in twice.text
    assert "is_listed" not in twice.text
    assert Organization.objects.count() == 1
    accept(client, suggestion, "organization", name="Another", country="US")
    assert Organization.objects.count() == 2
    assert state_of(suggestion)[0] == "accepted"


def test_the_details_of_an_organization_are_corrected(client, editor):
    lines = {"street": "1 Main Street\nFloor 2", "country": "US"}
    organization = make_organization(name="Iron Society", phone="217-555-0100", **lines)
    suggestion = make_suggestion(organization, kind="correction", message="New number: 217-555-0199")

    assert "Nothing is changed yet." in accept(client, suggestion, "details").text
    form = form_of(client, url(suggestion, "accept", "details")) | {"phone": "217-555-0199"}
    form = {name: value.replace("\n", "\r\n") for name, value in form.items()}  # as a browser sends lines
    organization.fax = "217-555-0111"
    organization.phone = "217-555-0155"
    organization.save()
    held_back = client.post(url(suggestion, "accept", "details"), form)
    assert "Somebody else saved this after you opened the form" in held_back.text
    assert "Saved now: Phone: 217-555-0155; Fax: 217-555-0111" in held_back.text
    client.post(url(suggestion, "accept", "details"), fields_of(main_of(held_back)))

    organization.refresh_from_db()
    assert (organization.phone, organization.fax) == ("217-555-0199", "217-555-0111")
    assert Edition.objects.about(organization).newest().get().note == FOLLOWING
    assert "Corrected: Phone." in state_and_outcome(suggestion)


def test_values_that_no_page_may_have_come_back(client, editor):
    disease = make_disease()
    suggestion = make_suggestion(disease)

    for target, fields in [
        ("name", {"text": ""}),
        ("name", {"text": "x" * 251}),
        ("name", {"text": "a\0b"}),
        ("symptom", {"term": "x" * 251}),
        ("organization", {"name": "A", "website": "javascript:alert(1)"}),
    ]:
        page = accept(client, suggestion, target, **fields)
        assert page.status_code == 200, target
        assert "errorlist" in page.text
    assert state_of(suggestion)[0] == "new"
    assert Edition.objects.about(disease).count() == 1


def test_the_note_about_readers_is_proposed_only_for_unpublished_editions(client):
    disease = make_disease()
    publisher = make_publisher()
    client.force_login(publisher)
    address = reverse("admin:diseases_disease_publish", args=[disease.pk])
    disease.summary = "By an editor."
    disease.save()
    save_edition(disease, by=publisher, note="An internal note.")

    assert form_of(client, address)["note"] == ""
    disease.summary = "By a reader."
    disease.save()
    edition = save_edition(disease, by=publisher, note=FOLLOWING)
    assert form_of(client, address)["note"] == FOLLOWING
    publish(edition, by=publisher)
    disease.summary = "By an editor again."
    disease.save()
    save_edition(disease, by=publisher)
    assert form_of(client, address)["note"] == ""


# Answers by mail


def test_a_reply_is_sent_as_edited_and_recorded(client, editor, settings):
    settings.SUGGEST_EMAIL = "people@example.org"
    disease, question, _suggestion = corrected(name="Marfan <b>syndrome")
    suggestion = make_suggestion(disease, question, email="parent@example.org", message=MARKED)
    form = form_of(client, url(suggestion, "reply"))
    assert form["subject"] == "Your suggestion about Marfan <b>syndrome"
    assert "“What causes it?” on the page Marfan <b>syndrome." in form["text"]
    assert form["text"].endswith("With kind regards\nAda Lovelace\nPlainly Rare")

    client.post(url(suggestion, "reply"), form | {"text": f"Thank you.\r\n{MARKED}"})

    (sent,) = mail.outbox
    assert (sent.to, sent.reply_to, sent.cc, sent.bcc) == (["parent@example.org"], ["people@example.org"], [], [])
    assert sent.body.split() == f"Thank you. {MARKED}".split()
    assert (sent.content_subtype, getattr(sent, "alternatives", [])) == ("plain", [])
    suggestion.refresh_from_db()
    assert (suggestion.replied_by_name, suggestion.state) == ("Ada Lovelace", "new")
    assert suggestion.reply.startswith("Thank you.")
    assert suggestion.replied_at


@pytest.mark.parametrize(
    ("state", "words"),
    [("new", "are checking it"), ("accepted", "You were right"), ("declined", "leave the page as it is")],
)
def test_the_template_fits_the_outcome(client, editor, state, words):
    suggestion = make_suggestion(email="parent@example.org", state=state)

    form = form_of(client, url(suggestion, "reply"))

    assert words in form["text"]
    assert form["subject"] == "Your suggestion to Plainly Rare"


def test_a_subject_cannot_add_a_header(client, editor):
    suggestion = make_suggestion(email="parent@example.org")
    form = form_of(client, url(suggestion, "reply"))

    client.post(url(suggestion, "reply"), form | {"subject": "Hello\r\nBcc: all@example.org", "to": "x@example.org"})

    (sent,) = mail.outbox
    assert sent.subject == "Hello Bcc: all@example.org"
    assert sent.recipients() == ["parent@example.org"]
    assert "\nBcc:" not in sent.message().as_string()


@pytest.mark.parametrize(
    "error", [smtplib.SMTPServerDisconnected("gone"), ConnectionRefusedError("no"), TimeoutError()]
)
def test_if_sending_fails_no_word_is_lost(client, editor, monkeypatch, error):
    def fail(self, messages):
        raise error

    suggestion = make_suggestion(email="parent@example.org")
    form = form_of(client, url(suggestion, "reply")) | {"text": "Typed for an hour."}
    monkeypatch.setattr(EmailBackend, "send_messages", fail)

    page = client.post(url(suggestion, "reply"), form)

    assert page.status_code == 200
    assert "It could not be sent" in page.text
    assert "Typed for an hour." in page.text
    suggestion.refresh_from_db()
    assert (suggestion.replied_at, suggestion.reply) == (None, "")
    monkeypatch.undo()
    assert client.post(url(suggestion, "reply"), fields_of(main_of(page))).status_code == 302
    assert len(mail.outbox) == 1


def test_two_editors_do_not_reply_at_once(client, editor):
    suggestion = make_suggestion(email="parent@example.org")
    form = form_of(client, url(suggestion, "reply"))

    pages = [client.post(url(suggestion, "reply"), form) for _ in range(2)]

    assert len(mail.outbox) == 1
    assert "Somebody else saved this after you opened the form" in pages[1].text
    assert "This would be another e-mail." in client.get(url(suggestion, "reply")).text
    assert "This would be another e-mail." in pages[1].text
    client.post(url(suggestion, "reply"), fields_of(main_of(pages[1])) | {"text": "And one more thing."})
    assert [sent.body for sent in mail.outbox][1:] == ["And one more thing."]


def test_without_an_address_or_without_mail_nothing_is_sent(client, editor, settings):
    silent = make_suggestion()
    assert "left no e-mail address" in client.get(url(silent, "reply")).text
    client.post(url(silent, "reply"), {"subject": "x", "text": "x", "seen": ""})
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    suggestion = make_suggestion(email="parent@example.org")
    page = client.post(url(suggestion, "reply"), {"subject": "x", "text": "x", "seen": ""})

    assert "This site cannot send e-mail" in page.text
    suggestion.refresh_from_db()
    assert suggestion.replied_at is None
    assert mail.outbox == []
