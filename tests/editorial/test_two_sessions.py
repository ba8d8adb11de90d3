"""Two sessions have one form of the admin open: the second loses no word, and overwrites nothing unseen.

`ROWS` has every admin with a change form, `STEPS` every form that carries the token of what it shows; a new one without
an entry fails. Forms with child rows have more tests in test_conflicts.py, and proposals in tests/imports.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from community.models import Portrait
from diseases.models import Disease, Question, Source, Support, Symptom
from editorial.forms import NoteForm, PublishForm, SubmitForm, TrashForm, WithdrawForm
from editorial.seen import SeenForm, SeenModelForm
from organizations.forms import CheckedForm
from organizations.models import Organization
from publishing.models import Edition, Event, Publishable
from publishing.verbs import publish, save_edition
from suggestions.accept_forms import AcceptAnswerForm, AcceptDetailsForm
from suggestions.models import Suggestion
from suggestions.replies import ReplyForm
from tests.factories import (
    make_disease,
    make_organization,
    make_portrait,
    make_publisher,
    make_question,
    make_source,
    make_user,
)
from tests.forms import fields_of
from tests.suggestions.factories import make_suggestion

MESSAGE = "Somebody else saved this after you opened the form"


def make_symptom():
    return Symptom.objects.create(disease=make_disease(), term="Fever", frequency="90%")


def make_role():
    role = Group.objects.create(name="Translators")
    role.permissions.add(Permission.objects.get(codename="view_disease"))
    return role


# For each model: how to make a row, a field that both people change, and one that only the second changes.
ROWS = {
    User: (make_user, "first_name", "email", "new@example.org"),
    Group: (make_role, "name", "permissions", "change_disease"),
    Source: (make_source, "licence", "attribution", "As they ask."),
    Symptom: (make_symptom, "frequency", "term", "High fever"),
    Disease: (make_disease, "summary", "staff_notes", "Ask the clinic."),
    Organization: (make_organization, "city", "languages", "French"),
    Portrait: (make_portrait, "relation", "words", "Other words."),
}


def test_every_admin_with_a_change_form_is_tested():
    request = HttpRequest()
    request.user = User(is_superuser=True, is_active=True)
    with_form = {
        model
        for model, model_admin in admin.site._registry.items()
        if model_admin.has_change_permission(request) and model is not Suggestion  # nobody edits what a reader wrote
    }

    assert with_form == set(ROWS)


@pytest.fixture
def two_people(db):
    people = []
    for name in ["First", "Second"]:
        client = Client()
        client.force_login(make_user(username=name, last_name=name, is_staff=True, is_superuser=True))
        people.append(client)
    return people


def change_url(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def read(page, row):
    return fields_of(page.text, f"{row._meta.model_name}_form")


def saved(row, name):
    value = getattr(type(row).objects.get(pk=row.pk), name)
    if name == "permissions":
        return value.get().codename
    return "French" if value == ["fr"] else value


def posted(value):
    return Permission.objects.get(codename=value).pk if value == "change_disease" else value


@pytest.mark.parametrize("model", ROWS)
def test_who_saves_second_is_told_and_keeps_every_word(two_people, model):
    make, both, _only_second, _value = ROWS[model]
    (first, second), row = two_people, make()
    url = change_url(row)
    opened = read(second.get(url), row)
    assert first.post(url, read(first.get(url), row) | {both: "Alpha"}).status_code == 302

    refused = second.post(url, opened | {both: "Beta"})

    assert (refused.status_code in {200, 409}, MESSAGE in refused.text) == (True, True)
    assert saved(row, both) == "Alpha"
    assert "Alpha" in refused.text
    again = read(refused, row)
    assert again[both] == "Beta"
    assert second.post(url, again).status_code == 302
    assert saved(row, both) == "Beta"


@pytest.mark.parametrize("model", ROWS)
def test_two_people_who_change_different_fields_keep_both_changes(two_people, model):
    make, both, only_second, value = ROWS[model]
    (first, second), row = two_people, make()
    url = change_url(row)
    opened = read(second.get(url), row)
    first.post(url, read(first.get(url), row) | {both: "Alpha"})

    refused = second.post(url, opened | {only_second: posted(value)})
    second.post(url, read(refused, row))

    assert MESSAGE in refused.text
    assert saved(row, both) == "Alpha"
    assert saved(row, only_second) == value


@pytest.mark.parametrize("model", ROWS)
def test_who_saves_second_what_is_saved_already_is_not_stopped_for_nothing(two_people, model):
    make, both, _only_second, _value = ROWS[model]
    (first, second), row = two_people, make()
    url = change_url(row)
    opened = read(second.get(url), row)
    first.post(url, read(first.get(url), row) | {both: "The same"})

    response = second.post(url, opened | {both: "The same"})
    if issubclass(model, Publishable):  # its version counts, not only its fields
        response = second.post(url, read(response, row))

    assert response.status_code == 302
    assert saved(row, both) == "The same"


# Forms of steps. Each function returns the address of the form, what the second person types, and what the first does
# meanwhile.


def make_draft():
    organization = make_organization(live=False)
    save_edition(organization, by="test")
    return organization


def change(subject, **fields):
    type(subject).objects.get(pk=subject.pk)  # the row as another person's form would have it
    for name, value in fields.items():
        setattr(subject, name, value)
    subject.save()
    return save_edition(subject, by="test")


def step(subject, name, *arguments):
    return reverse(f"admin:{subject._meta.app_label}_{subject._meta.model_name}_{name}", args=[subject.pk, *arguments])


def submitting():
    draft = make_draft()
    return step(draft, "submit"), {"note": "Typed."}, lambda: change(draft, city="Elsewhere")


def publishing():
    draft = make_draft()
    return step(draft, "publish"), {"note": "Typed."}, lambda: change(draft, city="Elsewhere")


def publishing_again():
    organization, publisher = make_organization(), make_publisher()
    publish(change(organization, city="Second"), by=publisher)
    third = change(organization, city="Third")
    return step(organization, "previous"), {"note": "Typed."}, lambda: publish(third, by=publisher)


def withdrawing():
    organization, publisher = make_organization(), make_publisher()
    newer = change(organization, city="Elsewhere")
    return step(organization, "withdraw"), {"reason": "Typed."}, lambda: publish(newer, by=publisher)


def trashing():
    draft, publisher = make_draft(), make_publisher()
    edition = Edition.objects.about(draft).get()
    return step(draft, "trash"), {"reason": "Typed."}, lambda: publish(edition, by=publisher)


def checking():
    draft = make_draft()
    return step(draft, "checked"), {"checked_by": "Typed."}, lambda: change(draft, phone="217-555-0199")


def merging():
    organization, survivor, disease = make_organization(), make_organization(), make_disease()
    add = lambda: Support.objects.create(disease=disease, organization=organization, position=1)  # noqa: E731
    return step(organization, "merge_into", survivor.pk), {}, add


def answering():
    disease = make_disease(questions=0)
    question = make_question(disease, answer="<p>One.</p>")
    publish(save_edition(disease, by="test"), by=make_publisher())
    suggestion = make_suggestion(disease, question, kind="correction", proposed_words="Two.")
    change_answer = lambda: Question.objects.filter(pk=question.pk).update(answer="<p>Three.</p>")  # noqa: E731
    return step(suggestion, "accept", "answer"), {"answer": "<p>Typed.</p>"}, change_answer


def correcting():
    organization = make_organization()
    suggestion = make_suggestion(organization, kind="correction")
    return step(suggestion, "accept", "details"), {"city": "Typed"}, lambda: change(organization, city="Elsewhere")


def replying():
    suggestion = make_suggestion(email="parent@example.org")
    sent = {"replied_at": "2026-05-03T12:00Z", "replied_by_name": "First", "reply": "Thank you."}
    reply = lambda: Suggestion.objects.filter(pk=suggestion.pk).update(**sent)  # noqa: E731
    return step(suggestion, "reply"), {"subject": "Typed", "text": "Typed."}, reply


STEPS = {
    submitting: SubmitForm,
    publishing: PublishForm,
    publishing_again: PublishForm,
    withdrawing: WithdrawForm,
    trashing: TrashForm,
    checking: CheckedForm,
    merging: SeenForm,
    answering: AcceptAnswerForm,
    correcting: AcceptDetailsForm,
    replying: ReplyForm,
}
BULK_ACTIONS = {"publish_many": NoteForm, "submit_many": NoteForm, "withdraw_many": TrashForm, "trash_many": TrashForm}


def subclasses(form):
    found = {form}
    for each in form.__subclasses__():
        found |= subclasses(each)
    return found


def test_every_form_with_a_token_is_tested():
    with_token = subclasses(SeenForm) - subclasses(SeenModelForm)

    assert with_token == {form for form in [*STEPS.values(), *BULK_ACTIONS.values()] if form in with_token}


def content_of(page):
    return fields_of(page.text[page.text.index("content-main") :])


def everything():
    """Returns all rows that a step could change."""
    models = [Disease, Organization, Portrait, Question, Support, Symptom, Edition, Event, Suggestion]
    return {model: list(model.objects.order_by("pk").values()) for model in models}


@pytest.mark.parametrize("prepare", STEPS, ids=lambda prepare: prepare.__name__)
def test_who_takes_a_step_second_is_told_and_keeps_every_word(two_people, prepare):
    _first, second = two_people
    url, typed, meanwhile = prepare()
    page = second.get(url)
    assert isinstance(page.context["form"], STEPS[prepare])
    meanwhile()
    before = everything()

    refused = second.post(url, content_of(page) | typed)

    assert MESSAGE in refused.text
    assert everything() == before
    again = content_of(refused)
    assert {name: again[name] for name in typed} == typed
    assert second.post(url, again).status_code == 302
    assert everything() != before


@pytest.mark.parametrize("action", BULK_ACTIONS)
def test_who_acts_on_many_second_is_told_and_keeps_every_word(two_people, action):
    _first, second = two_people
    is_live = action == "withdraw_many"
    changed, other = make_organization(live=is_live), make_organization(live=is_live)
    save_edition(changed, by="test")
    url = reverse("admin:organizations_organization_changelist")
    chosen = {"action": action, "_selected_action": [changed.pk, other.pk]}
    page = second.post(url, chosen)
    assert isinstance(page.context["form"], BULK_ACTIONS[action])
    name = "note" if BULK_ACTIONS[action] is NoteForm else "reason"
    change(changed, city="Elsewhere")
    before = everything()

    refused = second.post(url, content_of(page) | chosen | {name: "Typed."})

    assert MESSAGE in refused.text
    assert everything() == before
    again = content_of(refused)
    assert again[name] == "Typed."
    assert second.post(url, again | chosen).status_code == 302
    assert everything() != before


ROUNDS = 5


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["change", "publish", "checked"])
def test_of_two_who_send_one_form_at_the_same_time_one_is_told(two_people, name):
    for number in range(ROUNDS):
        draft = make_draft()
        url = step(draft, name)
        typed = {"change": "city", "publish": "note", "checked": "checked_by"}[name]
        form_id = "organization_form" if name == "change" else "form 1"

        def send(item, url=url, typed=typed, form_id=form_id):
            client, fields = item
            try:
                return client.post(url, fields)
            finally:
                connection.close()

        items = [
            (client, fields_of(client.get(url).text, form_id) | {typed: f"Round {number}, {n}"})
            for n, client in enumerate(two_people)
        ]
        with ThreadPoolExecutor(2) as pool:
            responses = list(pool.map(send, items))

        refused = [n for n, response in enumerate(responses) if response.status_code != 302]
        assert len(refused) == 1
        assert MESSAGE in responses[refused[0]].text
        kept = f"Round {number}, {1 - refused[0]}"
        draft.refresh_from_db()
        note = Event.objects.filter(subject_id=draft.pk, kind=draft.KIND).values_list("note", flat=True).first()
        assert {"change": draft.city, "publish": note, "checked": draft.checked_by}[name] == kept
        assert f"Round {number}, {refused[0]}" in responses[refused[0]].text
