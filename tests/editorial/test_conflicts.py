"""Two people edit one subject, a session ends, a CSRF token is lost: no text is lost or silently overwritten."""

import re
from datetime import date

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from diseases.models import Disease
from publishing.models import Edition
from publishing.verbs import save_edition
from tests.factories import PASSWORD, make_disease, make_editor, make_organization, make_question, make_source
from tests.forms import add_row, fields_of, row_of

pytestmark = pytest.mark.django_db


def change_url(subject):
    return reverse(f"admin:{subject._meta.app_label}_{subject._meta.model_name}_change", args=[subject.pk])


def browser(**names):
    client = Client()
    client.force_login(make_editor(**names))
    return client


def open_form(client, subject):
    return fields_of(client.get(change_url(subject)).text, f"{subject.KIND}_form")


def save(client, subject, fields):
    return client.post(change_url(subject), fields | {"_continue": "1"})


def returned_form(response):
    assert response.status_code == 409
    return fields_of(response.text, "disease_form")


@pytest.fixture
def disease():
    disease = make_disease(questions=0, summary="A summary.", organizations=[make_organization()])
    make_question(disease, question="First?", answer="<p>One.</p>")
    make_question(disease, question="Second?", answer="<p>Two.</p>")
    save_edition(disease, by="test")
    return disease


@pytest.fixture
def first():
    return browser(first_name="Ada", last_name="Lovelace")


@pytest.fixture
def second():
    return browser()


def test_the_second_save_is_refused_and_shows_who_saved_what(first, second, disease):
    fields = open_form(second, disease)
    save(first, disease, open_form(first, disease) | {"summary": "By Ada."})

    response = save(second, disease, fields | {"summary": "By the second."})

    disease.refresh_from_db()
    assert disease.summary == "By Ada."
    assert returned_form(response)["summary"] == "By the second."
    assert [edition.by_name for edition in response.context["conflict"].editions] == ["Ada Lovelace"]
    (difference,) = response.context["conflict"].differences
    assert [(segment.tag, segment.text) for segment in difference.segments] == [
        ("same", "By "),
        ("del", "Ada."),
        ("ins", "the second."),
    ]


def test_the_save_after_a_conflict_succeeds(first, second, disease):
    fields = open_form(second, disease)
    save(first, disease, open_form(first, disease) | {"summary": "By Ada."})

    again = returned_form(save(second, disease, fields | {"summary": "By the second."}))
    response = save(second, disease, again)

    disease.refresh_from_db()
    assert response.status_code == 302
    assert disease.summary == "By the second."


def test_a_field_that_the_second_editor_did_not_change_gets_the_saved_value(first, second, disease):
    question = disease.questions.first()
    fields = open_form(second, disease)
    ada = open_form(first, disease)
    save(first, disease, ada | {row_of(ada, "questions", question.pk) + "answer": "<p>One, by Ada.</p>"})

    again = returned_form(save(second, disease, fields | {"summary": "By the second."}))
    save(second, disease, again)

    question.refresh_from_db()
    disease.refresh_from_db()
    assert (question.answer, disease.summary) == ("<p>One, by Ada.</p>", "By the second.")


def test_a_deleted_row_comes_back_with_the_text_that_was_typed_into_it(first, second, disease):
    question = disease.questions.first()
    fields = open_form(second, disease)
    typed = {row_of(fields, "questions", question.pk) + "answer": "<p>One, improved.</p>"}
    ada = open_form(first, disease)
    save(first, disease, ada | {row_of(ada, "questions", question.pk) + "DELETE": "on"})
    assert not disease.questions.filter(pk=question.pk).exists()

    again = returned_form(save(second, disease, fields | typed))
    assert save(second, disease, again).status_code == 302

    back = disease.questions.get(question="First?")
    assert (back.answer, back.key) == ("<p>One, improved.</p>", question.key)
    assert disease.questions.count() == 2


def test_a_deleted_row_that_was_not_changed_stays_deleted_and_is_shown(first, second, disease):
    question = disease.questions.first()
    fields = open_form(second, disease)
    ada = open_form(first, disease)
    save(first, disease, ada | {row_of(ada, "questions", question.pk) + "DELETE": "on"})

    response = save(second, disease, fields | {"summary": "By the second."})
    assert "First?" in response.text
    assert "One." in response.text
    save(second, disease, returned_form(response))

    assert [row.question for row in disease.questions.all()] == ["Second?"]


def test_the_new_rows_of_both_editors_are_saved(first, second, disease):
    fields = add_row(
        open_form(second, disease), "questions", question="By the second?", topic="outlook", answer="<p>b</p>"
    )
    ada = add_row(open_form(first, disease), "questions", question="By Ada?", topic="treatment", answer="<p>a</p>")
    save(first, disease, ada)

    again = returned_form(save(second, disease, fields))
    save(second, disease, again)

    assert {row.question for row in disease.questions.all()} == {"First?", "Second?", "By Ada?", "By the second?"}


def test_an_organization_that_both_editors_added_is_not_saved_twice(first, second, disease):
    organization = make_organization(name="The Society")
    fields = add_row(open_form(second, disease), "supports", organization=str(organization.pk))
    save(first, disease, add_row(open_form(first, disease), "supports", organization=str(organization.pk)))

    again = save(second, disease, returned_form(save(second, disease, fields)))

    assert "This is here twice" in again.text
    assert disease.supports.count() == 2


def test_a_row_that_another_person_changed_is_not_deleted_unseen(first, second, disease):
    question = disease.questions.first()
    fields = open_form(second, disease)
    ada = open_form(first, disease)
    save(first, disease, ada | {row_of(ada, "questions", question.pk) + "answer": "<p>One. Important.</p>"})

    response = save(second, disease, fields | {row_of(fields, "questions", question.pk) + "DELETE": "on"})
    assert "You marked this for deletion, but another person has changed it" in response.text
    save(second, disease, returned_form(response))

    question.refresh_from_db()
    assert question.answer == "<p>One. Important.</p>"


def test_a_row_that_nobody_changed_is_deleted_as_marked(first, second, disease):
    question = disease.questions.first()
    fields = open_form(second, disease)
    save(first, disease, open_form(first, disease) | {"summary": "By Ada."})

    marked = fields | {row_of(fields, "questions", question.pk) + "DELETE": "on"}
    save(second, disease, returned_form(save(second, disease, marked)))

    assert [row.question for row in disease.questions.all()] == ["Second?"]


def order(fields, disease, *questions):
    """Returns the fields with the questions in this order."""
    rows = {row.question: row_of(fields, "questions", row.pk) for row in disease.questions.all()}
    return fields | {f"{rows[name]}position": str(place) for place, name in enumerate(questions, start=1)}


def names(disease):
    return [row.question for row in disease.questions.all()]


@pytest.mark.database
def test_an_order_is_one_editors_or_the_others_and_never_a_mixture(first, second, disease):
    make_question(disease, question="Third?")
    fields = open_form(second, disease)
    save(first, disease, order(open_form(first, disease), disease, "Third?", "First?", "Second?"))

    untouched = save(second, disease, fields | {"summary": "By the second."})
    save(second, disease, returned_form(untouched))
    assert names(disease) == ["Third?", "First?", "Second?"]

    moved = save(second, disease, order(fields, disease, "First?", "Third?", "Second?"))
    assert "You both changed the order" in moved.text
    save(second, disease, returned_form(moved))
    assert names(disease) == ["First?", "Third?", "Second?"]


@time_machine.travel("2026-11-22 12:00 +0000", tick=False)
def test_new_text_in_a_restored_row_does_not_keep_the_old_date(first, second, disease):
    question = disease.questions.first()
    type(question).objects.filter(pk=question.pk).update(last_updated=date(2020, 5, 1))
    fields = open_form(second, disease)
    ada = open_form(first, disease)
    save(first, disease, ada | {row_of(ada, "questions", question.pk) + "DELETE": "on"})

    typed = {row_of(fields, "questions", question.pk) + "answer": "<p>Entirely new words.</p>"}
    save(second, disease, returned_form(save(second, disease, fields | typed)))

    assert disease.questions.get(question="First?").last_updated == date(2026, 11, 22)


@pytest.mark.database
def test_a_row_that_two_bring_back_is_one_row(first, second, disease):
    question, third = disease.questions.first(), browser()
    forms = {client: open_form(client, disease) for client in [first, second, third]}
    rows = {client: row_of(fields, "questions", question.pk) for client, fields in forms.items()}
    save(first, disease, forms[first] | {rows[first] + "DELETE": "on"})

    for client, words in [(second, "<p>By the second.</p>"), (third, "<p>By the third.</p>")]:
        again = returned_form(save(client, disease, forms[client] | {rows[client] + "answer": words}))
        assert save(client, disease, again).status_code == 302

    assert [row.answer for row in disease.questions.filter(key=question.key)] == ["<p>By the third.</p>"]
    assert disease.questions.count() == 2


def test_an_error_after_a_conflict_keeps_everything(first, second, disease):
    fields = open_form(second, disease)
    save(first, disease, open_form(first, disease) | {"summary": "By Ada."})
    again = returned_form(save(second, disease, fields | {"summary": "By the second."}))

    wrong = save(second, disease, again | {"name": ""})
    right = fields_of(wrong.text, "disease_form")

    assert (wrong.status_code, right["summary"]) == (200, "By the second.")
    assert save(second, disease, right | {"name": disease.name}).status_code == 302


def test_a_value_that_a_page_may_not_have_comes_back_as_an_error(second, disease):
    source = make_source()
    type(source).objects.update(url="javascript:alert(1)")
    question = disease.questions.first()
    fields = open_form(second, disease)

    response = save(
        second,
        disease,
        fields | {row_of(fields, "questions", question.pk) + "source": str(source.pk), "summary": "Typed."},
    )

    assert returned_form(response)["summary"] == "Typed."
    assert "is not an address that begins with http" in response.text
    disease.refresh_from_db()
    assert disease.summary == "A summary."


@pytest.mark.parametrize("total", ["9" * 5000, "-1", "x", ""])
def test_an_invalid_count_of_rows_does_not_crash(first, second, disease, total):
    fields = open_form(second, disease)
    save(first, disease, open_form(first, disease) | {"summary": "By Ada."})

    response = save(second, disease, fields | {"questions-TOTAL_FORMS": total})

    assert response.status_code == 409


def test_a_change_that_is_not_on_the_page_is_a_conflict_too(first, second, disease):
    fields = open_form(second, disease)
    save(first, disease, open_form(first, disease) | {"staff_notes": "Ada asked the clinic."})

    response = save(second, disease, fields | {"summary": "By the second."})

    assert returned_form(response)["staff_notes"] == "Ada asked the clinic."
    assert "Last saved by <strong>Ada Lovelace</strong>" in response.text
    disease.refresh_from_db()
    assert disease.summary == "A summary."


def test_an_answer_with_other_html_and_the_same_text_counts_as_unchanged(first, second, disease):
    question = disease.questions.first()
    fields = open_form(second, disease)
    row = row_of(fields, "questions", question.pk)
    ada = open_form(first, disease)
    save(first, disease, ada | {row_of(ada, "questions", question.pk) + "answer": "<p>One, by Ada.</p>"})

    again = returned_form(save(second, disease, fields | {row + "answer": "\n<p >One.</p>\n"}))

    assert again[row + "answer"] == "<p>One, by Ada.</p>"


def test_a_form_without_a_version_is_refused(second, disease):
    fields = open_form(second, disease)
    del fields["seen"]

    response = save(second, disease, fields | {"summary": "From nowhere."})

    assert returned_form(response)["summary"] == "From nowhere."
    disease.refresh_from_db()
    assert disease.summary == "A summary."


@pytest.mark.parametrize("seen", ["", "{}", "[]", "nonsense", '{"version": 1, "edition": 1, "fields": {"": 7}}'])
def test_a_form_with_an_invalid_version_is_refused(second, disease, seen):
    response = save(second, disease, open_form(second, disease) | {"seen": seen, "summary": "Typed."})

    assert returned_form(response)["summary"] == "Typed."


def test_after_an_expired_session_the_text_is_kept_through_the_sign_in(second, disease):
    fields = open_form(second, disease) | {"summary": "Typed before the session ended. <b>&amp;", "_continue": "1"}
    user, kept = make_editor(), Edition.objects.about(disease).count()
    client = Client(enforce_csrf_checks=False)

    signed_out = client.post(change_url(disease), fields)
    assert signed_out.status_code == 403
    assert "Nothing that you typed is lost" in signed_out.text
    shown = re.search(r'<details class="typed">.*?</details>', signed_out.text, re.DOTALL)[0]
    assert re.findall(r"<dt>(.*?)</dt>", shown)[:2] == ["name", "summary"]
    assert "seen" not in shown

    wrong = client.post(
        reverse("admin:resume"), fields_of(signed_out.text) | {"username": user.username, "password": "no"}
    )
    offered = client.post(
        reverse("admin:resume"), fields_of(wrong.text) | {"username": user.username, "password": PASSWORD}
    )
    assert Edition.objects.about(disease).count() == kept

    client.post(change_url(disease), fields_of(offered.text))

    disease.refresh_from_db()
    assert disease.summary == "Typed before the session ended. <b>&amp;"
    assert Edition.objects.about(disease).order_by("number").last().by == user


def test_a_lost_csrf_token_loses_no_text(disease):
    user = make_editor()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    fields = open_form(client, disease) | {"summary": "Typed with a lost token.", "_continue": "1"}

    headers = {"origin": "http://testserver"}
    offered = client.post(change_url(disease), fields | {"csrfmiddlewaretoken": "x" * 64}, headers=headers)
    assert offered.status_code == 403
    again = fields_of(offered.text)
    assert again["summary"] == "Typed with a lost token."
    client.post(change_url(disease), again)

    assert Disease.objects.get().summary == "Typed with a lost token."


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"referer": "https://evil.example/x"}, {}])
def test_a_form_of_another_site_is_not_offered_for_sending(disease, headers):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_editor())

    refused = client.post(change_url(disease), {"summary": "Forged."}, headers=headers)

    assert refused.status_code == 403
    assert "Forged" not in refused.text
    assert "csrfmiddlewaretoken" not in refused.text


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/admin/", "/diseases/", ""])
def test_resume_redirects_only_into_the_admin(client, path):
    response = client.post(reverse("admin:resume"), {"path": path, "typed": "[]"})

    assert response.url == reverse("admin:index")


def test_a_password_is_never_sent_back(client):
    response = client.post(reverse("admin:password_change"), {"old_password": "hunter2", "new_password1": "hunter3"})

    assert response.status_code == 403
    assert "hunter" not in response.text
