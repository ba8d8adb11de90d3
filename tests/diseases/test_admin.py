"""Diseases in the admin: dates and HTML of answers, codes, and the order of rows."""

from datetime import date

import pytest
import time_machine
from django.forms import modelform_factory
from django.urls import reverse

from diseases.forms import QuestionForm
from diseases.models import Identifier, Question, Synonym
from publishing.models import Edition
from tests.factories import make_disease, make_editor, make_organization, make_question, make_source
from tests.forms import add_row, fields_of, row_of
from tests.queries import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    user = make_editor()
    client.force_login(user)
    return user


def change_url(disease):
    return reverse("admin:diseases_disease_change", args=[disease.pk])


def open_form(client, disease):
    return fields_of(client.get(change_url(disease)).text, "disease_form")


def save(client, disease, fields):
    return client.post(change_url(disease), fields | {"_continue": "1"})


@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize(
    ("answer", "ticked", "expected"),
    [
        ("<p>One <strong>word</strong>.</p>", True, date(2020, 5, 1)),  # formatting alone
        ("\n<p >One word.</p>", True, date(2020, 5, 1)),  # the same text, written by a browser's editor
        ("<p>Two words.</p>", True, date(2026, 11, 22)),
        ("<p>Two words.</p>", False, date(2020, 5, 1)),  # a typo's repair
    ],
)
@time_machine.travel("2026-11-22 12:00 +0000", tick=False)
def test_last_updated_moves_only_with_the_words_and_a_ticked_box(client, answer, ticked, expected):
    disease = make_disease(questions=0)
    question = make_question(disease, answer="<p>One word.</p>", last_updated=date(2020, 5, 1))
    fields = open_form(client, disease)
    row = row_of(fields, "questions", question.pk)
    fields[row + "answer"] = answer
    if not ticked:
        del fields[row + "new_date"]

    save(client, disease, fields)

    question.refresh_from_db()
    assert question.last_updated == expected


@pytest.mark.usefixtures("editor")
def test_a_date_that_an_editor_types_is_the_date(client):
    disease = make_disease()
    question = disease.questions.get()
    fields = open_form(client, disease)
    row = row_of(fields, "questions", question.pk)

    save(client, disease, fields | {row + "answer": "<p>New words.</p>", row + "last_updated": "2024-02-29"})

    question.refresh_from_db()
    assert question.last_updated == date(2024, 2, 29)


@pytest.mark.usefixtures("editor")
def test_rewritten_html_alone_is_no_change(client):
    disease = make_disease(questions=0)
    question = make_question(disease, answer="<ul><li>One</li><li>Two</li></ul>")
    disease = type(disease).objects.get(pk=disease.pk)
    save(client, disease, open_form(client, disease))
    editions = Edition.objects.about(disease).count()
    fields = open_form(client, disease)

    save(
        client,
        disease,
        fields
        | {row_of(fields, "questions", question.pk) + "answer": "<ul><li><p>One</p></li>\n<li><p>Two</p></li></ul>"},
    )

    question.refresh_from_db()
    assert question.answer == "<ul><li>One</li><li>Two</li></ul>"
    assert Edition.objects.about(disease).count() == editions


@pytest.mark.usefixtures("editor")
def test_only_what_the_editor_offers_survives_in_an_answer(client):
    disease = make_disease()
    fields = open_form(client, disease)
    row = row_of(fields, "questions", disease.questions.get().pk)
    wild = (
        '<h1>Big</h1><h3 onclick="x()">Small</h3><p style="color:red">A <b>b</b> <em>c</em> <u>d</u>'
        '<a href="javascript:alert(1)">bad</a> <a href="https://example.org/">good</a></p>'
        "<script>alert(1)</script><img src=x onerror=alert(1)><table><tbody><tr><td>1</td></tr></tbody></table>"
    )

    save(client, disease, fields | {row + "answer": wild})

    answer = disease.questions.get().answer
    assert answer == (
        "Big<h3>Small</h3><p>A b <em>c</em> d"
        'bad <a href="https://example.org/">good</a></p>'
        "<table><tbody><tr><td>1</td></tr></tbody></table>"
    )


@pytest.mark.usefixtures("editor")
def test_rows_are_added_and_reordered(client):
    disease = make_disease(questions=0)
    one, two = make_question(disease, question="One?"), make_question(disease, question="Two?")
    fields = add_row(open_form(client, disease), "questions", question="Three?", topic="outlook", answer="<p>3</p>")
    fields[row_of(fields, "questions", one.pk) + "position"] = "2"
    fields[row_of(fields, "questions", two.pk) + "position"] = "1"
    fields["questions-2-position"] = "3"

    save(client, disease, fields)

    page = Edition.objects.about(disease).order_by("number").last().page
    assert [answer.question for answer in page.questions] == ["Two?", "One?", "Three?"]
    assert page.questions[1].key == one.key


@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize(
    ("scheme", "typed", "stored"),
    [
        ("GARD", "GARD:0007172", "7172"),
        ("ORPHA", "ORPHAcode: 446", "446"),
        ("OMIM", "231100", "231100"),
        ("MONDO", "MONDO:0009275", "0009275"),
        ("UMLS", "c0268059", "C0268059"),
        ("ICD-10", "e83.1", "E83.1"),
        ("ICD-11", "5C64.10", "5C64.10"),
        ("OMIM", "12", None),
        ("ICD-10", "E83.1; E84", None),
        ("GARD", "<script>", None),
    ],
)
def test_codes_are_validated_per_scheme(client, scheme, typed, stored):
    disease = make_disease(live=False)
    fields = open_form(client, disease)

    response = save(client, disease, add_row(fields, "identifiers", scheme=scheme, value=typed, relation="exact"))

    codes = [row.value for row in disease.identifiers.exclude(position=1)]
    assert codes == ([stored] if stored else [])
    if not stored:
        assert "is not a valid" in response.text
        assert fields_of(response.text, "disease_form")["identifiers-1-value"] == typed


@pytest.mark.database
@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("synonyms", {"text": "WILSON’S  disease", "kind": "exact"}),
        ("identifiers", {"scheme": "OMIM", "value": "OMIM:277900", "relation": "exact"}),
        ("supports", {"organization": "{organization}"}),
    ],
)
def test_a_duplicate_row_is_an_error_at_that_row(client, prefix, values):
    organization = make_organization()
    disease = make_disease(organizations=[organization])
    Synonym.objects.create(disease=disease, text="Wilson’s disease", position=2)
    Identifier.objects.create(disease=disease, scheme="OMIM", value="277900", position=2)
    values = {name: value.format(organization=organization.pk) for name, value in values.items()}

    response = save(client, disease, add_row(open_form(client, disease), prefix, **values) | {"summary": "Typed."})

    assert "This is here twice" in response.text
    assert fields_of(response.text, "disease_form")["summary"] == "Typed."


@pytest.mark.database
@pytest.mark.usefixtures("editor")
def test_rows_may_exchange_their_unique_values(client):
    one, two = make_organization(), make_organization()
    disease = make_disease(organizations=[one, two])
    first, second = disease.supports.all()
    fields = open_form(client, disease)
    rows = [row_of(fields, "supports", row.pk) for row in (first, second)]

    response = save(
        client, disease, fields | {f"{rows[0]}organization": str(two.pk), f"{rows[1]}organization": str(one.pk)}
    )

    assert response.status_code == 302
    kept = {row.key: row.organization for row in disease.supports.all()}
    assert kept == {first.key: two, second.key: one}


@pytest.mark.database
@pytest.mark.usefixtures("editor")
def test_a_row_may_take_the_unique_value_of_a_deleted_row(client):
    one, two = make_organization(), make_organization()
    disease = make_disease(organizations=[one, two])
    first, second = disease.supports.all()
    fields = open_form(client, disease)

    changes = {row_of(fields, "supports", first.pk) + "organization": str(two.pk)}
    save(client, disease, fields | changes | {row_of(fields, "supports", second.pk) + "DELETE": "on"})

    assert [(row.key, row.organization) for row in disease.supports.all()] == [(first.key, two)]


@pytest.mark.database
@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize(("one", "other"), [("ébstein anomaly", "ÉBSTEIN  anomaly"), ("STRASSE", "straße")])
def test_names_that_differ_in_capitals_alone_are_one_name_on_every_database(client, one, other):
    make_disease(name=one)
    url = reverse("admin:diseases_disease_add")

    response = client.post(url, fields_of(client.get(url).text, "disease_form") | {"name": other})

    assert "There is already a disease with this name" in response.text


@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ({"last_updated": "2026-11-23"}, "in the future"),
        ({"reviewed_on": "2026-11-23", "reviewed_by": "A. Doctor"}, "in the future"),
        ({"reviewed_on": "2026-11-01", "reviewed_by": "A. Doctor", "review_due": "2026-10-01"}, "after the last one"),
    ],
)
@time_machine.travel("2026-11-22 12:00 +0000", tick=False)
def test_an_impossible_date_is_refused(client, dates, message):
    disease = make_disease()
    fields = open_form(client, disease)
    row = row_of(fields, "questions", disease.questions.get().pk)

    response = save(client, disease, fields | {row + name: value for name, value in dates.items()})

    assert message in response.text


@pytest.mark.usefixtures("editor")
def test_an_answer_that_is_too_long_is_an_error_and_stays_in_the_form(client):
    disease = make_disease()
    fields = open_form(client, disease)
    row = row_of(fields, "questions", disease.questions.get().pk)

    response = save(client, disease, fields | {row + "answer": "&" * 30_000})

    assert "too long by" in response.text
    assert len(fields_of(response.text, "disease_form")[row + "answer"]) == 30_000


@pytest.mark.usefixtures("editor")
def test_the_change_form_takes_as_many_queries_for_any_number_of_questions(client):
    disease = make_disease(questions=0)
    source = make_source()

    needed = []
    for count in [1, 3]:
        while disease.questions.count() < count:
            make_question(disease, source=source)
        needed.append(queries_of(lambda: client.get(change_url(disease))))

    assert needed[0] == needed[1] <= 40


@pytest.mark.usefixtures("editor")
def test_a_review_needs_a_reviewer(client):
    disease = make_disease()
    fields = open_form(client, disease)
    row = row_of(fields, "questions", disease.questions.get().pk)

    response = save(client, disease, fields | {row + "reviewed_on": "2026-01-01"})

    assert "Enter who reviewed the answer" in response.text
    assert disease.questions.get().reviewed_on is None


def test_a_changed_source_gives_every_page_that_names_it_a_new_edition(client, editor):
    source = make_source()
    disease = make_disease(questions=0)
    make_question(disease, source=source)
    editor.refresh_from_db()

    url = reverse("admin:diseases_source_change", args=[source.pk])
    client.post(url, fields_of(client.get(url).text, "source_form") | {"licence": "CC BY 4.0"})

    edition = Edition.objects.about(disease).order_by("number").last()
    assert edition.page.sources[0].licence == "CC BY 4.0"
    assert edition.by == editor


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("<ul><li>a" * 50_000, "Ensure this value has at most 100000 characters (it has 450000)."),
        ("<p>" * 33_333, "The answer is too long by 199997 characters."),
    ],
)
def test_an_answer_that_is_nested_very_deeply_is_refused_with_a_reason(answer, reason):
    form = modelform_factory(Question, form=QuestionForm)({"answer": answer})

    assert form.errors["answer"] == [reason]
