"""Symptoms in the admin: they have their own list and form, with the rules of all other parts of a disease's page."""

import pytest
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.urls import reverse

from diseases.models import Disease, Identifier, Symptom, Synonym
from editorial.jobs import MAX_AT_ONCE
from editorial.models import Job
from imports.models import Proposal
from publishing.models import Edition
from publishing.trash import trash
from tests.factories import make_disease, make_diseases, make_editor, make_publisher, make_source, make_user
from tests.forms import add_row, fields_of, row_of

pytestmark = pytest.mark.django_db

LIST = "/admin/diseases/symptom/"


@pytest.fixture
def editor(client):
    user = make_editor()
    client.force_login(user)
    return user


def make_symptom(disease, term="Fever", **fields):
    return Symptom.objects.create(disease=disease, term=term, **{"frequency": "90%"} | fields)


def url_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def open_form(client, row):
    return fields_of(client.get(url_of(row)).text, f"{row._meta.model_name}_form")


def act(client, action, query="", **data):
    chosen = {"action": action, "select_across": "1", "_selected_action": [1]}
    return client.post(f"{LIST}?{query}", chosen | data)


def newest(disease):
    return Edition.objects.about(disease).order_by("number").last()


def terms(disease):
    return [sign.term for sign in newest(disease).page.symptoms]


def messages(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_many_symptoms_are_approved_at_once_with_one_edition_for_each_disease(client, editor):
    one, other, untouched = make_disease(name="Alpha one"), make_disease(name="Alpha two"), make_disease(name="Beta")
    for disease in (one, other, untouched):
        make_symptom(disease, "Fever", position=1)
        make_symptom(disease, "Rash", position=2)
    editions = Edition.objects.count()
    version = Disease.objects.get(pk=one.pk).version

    response = act(client, "approve_selected", "q=alpha")

    assert messages(response) == ["4 symptoms are now approved."]
    assert [terms(disease) for disease in (one, other, untouched)] == [["Fever", "Rash"], ["Fever", "Rash"], []]
    assert (newest(one).by, newest(one).note) == (editor, "2 symptoms approved")
    assert Edition.objects.count() == editions + 2
    assert Disease.objects.get(pk=one.pk).version > version
    assert not Edition.objects.about(one).live().get().page.symptoms  # readers see nothing of it yet

    act(client, "unapprove_selected", "q=rash")
    act(client, "delete_selected", f"disease={other.pk}", post="yes")

    assert [terms(disease) for disease in (one, other)] == [["Fever"], []]
    assert not other.symptoms.exists()


def test_symptoms_of_many_diseases_are_approved_by_a_job_except_those_that_changed(client, editor):
    diseases = make_diseases(MAX_AT_ONCE + 1)
    Symptom.objects.bulk_create(
        Symptom(disease=disease, term=term, position=position)
        for disease in diseases
        for position, term in enumerate(["Fever", "Rash"], start=1)
    )
    first = diseases[0]

    response = act(client, "approve_selected")
    first.symptoms.filter(term="Rash").update(term="Itch")
    job = Job.objects.get()
    waiting = Symptom.objects.filter(approved=False).count()
    call_command("run_jobs")
    job.refresh_from_db()

    assert response.url == reverse("admin:editorial_job_change", args=[job.pk])
    assert (waiting, job.total, job.done, job.refused) == (102, 51, 50, 1)
    assert terms(first) == ["Fever"]
    assert terms(diseases[-1]) == ["Fever", "Rash"]
    assert (newest(first).by, newest(first).note, newest(first).origin) == (editor, "1 symptom approved", job.origin)
    assert "“Itch” was changed in the meantime." in job.items.get().reason

    act(client, "unapprove_selected")
    call_command("run_jobs")

    assert [terms(disease) for disease in diseases] == [[]] * 51

    page = act(client, "delete_selected")
    assert page.context["states"] == [("symptoms", 102)]
    assert "Fever" not in page.text
    client.post(LIST, fields_of(page.text))
    assert Symptom.objects.count() == 102
    call_command("run_jobs")
    assert not Symptom.objects.exists()


@pytest.mark.usefixtures("editor")
def test_a_disease_form_that_was_open_comes_back_merged_and_then_saves(client):
    disease = make_disease()
    make_symptom(disease)
    fields = open_form(client, disease) | {"summary": "Typed."}
    act(client, "approve_selected", f"disease={disease.pk}")

    returned = client.post(url_of(disease), fields | {"_continue": "1"})
    again = fields_of(returned.text, "disease_form")

    assert returned.status_code == 409
    assert f"Edition {newest(disease).number}: saved by" in returned.text
    assert again["summary"] == "Typed."
    assert client.post(url_of(disease), again | {"_continue": "1"}).status_code == 302
    assert (newest(disease).page.summary, terms(disease)) == ("Typed.", ["Fever"])


@pytest.mark.usefixtures("editor")
def test_one_row_is_added_and_changed_in_a_form(client):
    disease = make_disease()
    source = make_source()
    make_symptom(disease, "Rash", position=7)
    url = reverse("admin:diseases_symptom_add")
    form = fields_of(client.get(f"{url}?_changelist_filters=disease%3D{disease.pk}").text, "symptom_form")
    assert form["disease"] == str(disease.pk)

    client.post(url, form | {"term": "Fever", "frequency": "7/12", "source": source.pk})
    row = disease.symptoms.get(term="Fever")
    fields = open_form(client, row)
    client.post(url_of(row), fields | {"frequency": "8/12"})

    assert (row.position, row.approved) == (8, True)
    assert [(sign.term, sign.frequency, sign.source) for sign in newest(disease).page.symptoms] == [
        ("Fever", "8/12", source.name)
    ]


@pytest.mark.usefixtures("editor")
def test_saving_a_row_without_a_change_changes_nothing(client):
    disease = make_disease()
    row = make_symptom(disease, approved=True)
    act(client, "approve_selected")
    disease.refresh_from_db()
    editions = Edition.objects.count()

    client.post(url_of(row), open_form(client, row))

    assert Disease.objects.get(pk=disease.pk).version == disease.version
    assert Edition.objects.count() == editions


@pytest.mark.usefixtures("editor")
def test_a_row_that_somebody_else_saved_meanwhile_is_not_overwritten_unseen(client):
    disease = make_disease()
    row, other = make_symptom(disease), make_symptom(disease, "Rash")
    fields = open_form(client, row) | {"term": "High fever"}
    Symptom.objects.filter(pk=other.pk).update(approved=True)  # another row of the disease is no hindrance
    Symptom.objects.filter(pk=row.pk).update(frequency="50%")

    returned = client.post(url_of(row), fields)
    again = fields_of(returned.text, "symptom_form")

    assert "Saved now: Frequency: 50%" in returned.text
    assert again["term"] == "High fever"
    assert Symptom.objects.get(pk=row.pk).frequency == "50%"
    client.post(url_of(row), again)
    assert Symptom.objects.get(pk=row.pk).term == "High fever"
    fields = open_form(client, row)
    Symptom.objects.filter(pk=other.pk).update(approved=False)
    assert client.post(url_of(row), fields | {"term": "Fever"}).status_code == 302


@pytest.mark.usefixtures("editor")
def test_a_duplicate_symptom_is_an_error_at_the_term(client):
    disease = make_disease()
    make_symptom(disease, "Fever")
    row = make_symptom(disease, "Rash")
    url = reverse("admin:diseases_symptom_add")
    new = fields_of(client.get(url).text, "symptom_form") | {"disease": disease.pk, "frequency": "90%"}

    for response in [
        client.post(url, new | {"term": "FEVER"}),
        client.post(url_of(row), open_form(client, row) | {"term": "fever"}),
        client.post(url_of(row), open_form(client, row) | {"term": "Fever"}),
    ]:
        assert "The disease already has this symptom with the same frequency and source." in response.text
    assert sorted(disease.symptoms.values_list("term", flat=True)) == ["Fever", "Rash"]


@pytest.mark.usefixtures("editor")
def test_the_form_and_the_list_of_diseases_count_symptoms_to_approve(client):
    disease, other = make_disease(name="Alpha"), make_disease(name="Beta")
    make_symptom(disease, "Fever", approved=True)
    make_symptom(disease, "Rash")
    make_symptom(other, approved=True)
    Proposal.objects.create(
        dataset="mondo",
        record="M",
        part="summary",
        action="change",
        new={"text": "S"},
        kind="disease",
        subject_id=disease.pk,
    )

    form = " ".join(client.get(url_of(disease)).text.split())
    lists = {
        name: [row.name for row in client.get(f"/admin/diseases/disease/?waiting={name}").context["cl"].result_list]
        for name in ["symptoms", "proposals", ""]
    }

    assert "Symptoms</a>: 1 approved for the page" in form
    assert "1 waiting for approval" in form
    assert "1 proposal from imports is waiting" in form
    assert lists == {"symptoms": ["Alpha"], "proposals": ["Alpha"], "": ["Alpha", "Beta"]}


@pytest.mark.database
@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize("count", [1, 3])
def test_the_lists_need_the_same_queries_for_any_number_of_rows(client, django_assert_num_queries, count):
    source = make_source()
    for _ in range(count):
        make_symptom(make_disease(live=False), source=source)
    client.get(LIST)  # a new session is written once

    with django_assert_num_queries(7):  # session, user, two for permissions, the sources, the count, the rows
        client.get(LIST)
    with django_assert_num_queries(6):
        client.get("/admin/diseases/disease/?waiting=symptoms")


def test_a_user_who_may_only_view_cannot_approve(client):
    row = make_symptom(make_disease())
    client.force_login(make_user(is_staff=True))

    for response in [client.get(LIST), client.get(url_of(row)), act(client, "approve_selected")]:
        assert response.status_code == 403
    assert not Symptom.objects.get().approved


# Sources and codes in the form of a disease


@pytest.mark.usefixtures("editor")
def test_names_and_codes_keep_their_sources_which_the_form_does_not_show(client):
    disease, source = make_disease(), make_source()
    Synonym.objects.filter(disease=disease).update(source=source)
    Identifier.objects.filter(disease=disease).update(source=source)
    own = Synonym.objects.create(disease=disease, text="Own", position=2)
    theirs = disease.synonyms.get(source=source)
    fields = open_form(client, disease)
    changes = {
        row_of(fields, "synonyms", theirs.pk) + "text": "Own",
        row_of(fields, "synonyms", own.pk) + "text": theirs.text,
        row_of(fields, "identifiers", disease.identifiers.get().pk) + "value": "12345",
        "summary_source": str(source.pk),
    }

    client.post(url_of(disease), fields | changes | {"_continue": "1"})

    page = newest(disease).page
    assert [(name.text, name.source) for name in page.synonyms] == [("Own", source.name), (theirs.text, "")]
    assert [(code.value, code.source) for code in page.identifiers] == [("12345", source.name)]
    assert page.summary_source == source.name


@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize("trashed", [False, True])
def test_a_gard_number_belongs_to_one_disease(client, trashed):
    owner = make_disease(name="Owner", live=False)
    Identifier.objects.create(disease=owner, scheme="GARD", value="7172", position=2)
    if trashed:
        trash(owner, make_publisher(), "x")
    disease = make_disease()
    fields = open_form(client, disease)
    typed = {"scheme": "GARD", "value": "GARD:0007172"}

    refused = client.post(url_of(disease), add_row(fields, "identifiers", **typed, relation="exact"))
    taken = client.post(url_of(disease), add_row(fields, "identifiers", **typed, relation="broad"))

    words = "GARD number 7172 already belongs to “Owner”" + (", which is in the trash" if trashed else "")
    assert words in refused.text
    assert "one_disease_a_gard_id" not in refused.text
    assert taken.status_code == 302


@pytest.mark.usefixtures("editor")
def test_a_gard_number_may_move_from_row_to_row_of_its_disease(client):
    disease = make_disease()
    old = Identifier.objects.create(disease=disease, scheme="GARD", value="7172", position=2)
    fields = open_form(client, disease)
    fields = add_row(fields, "identifiers", scheme="GARD", value="7172", relation="exact")

    response = client.post(url_of(disease), fields | {row_of(fields, "identifiers", old.pk) + "DELETE": "on"})

    assert response.status_code == 302
    assert disease.identifiers.get(scheme="GARD").key != old.key


@pytest.mark.usefixtures("editor")
def test_a_changed_source_gives_pages_whose_symptoms_or_summary_name_it_a_new_edition(client):
    source = make_source()
    symptom, summary, waiting = make_disease(), make_disease(summary_source=source), make_disease()
    make_symptom(symptom, source=source, approved=True)
    make_symptom(waiting, source=source)
    editions = Edition.objects.about(waiting).count()
    url = reverse("admin:diseases_source_change", args=[source.pk])

    client.post(url, fields_of(client.get(url).text, "source_form") | {"licence": "CC BY 4.0"})

    for disease in (symptom, summary):
        assert newest(disease).page.sources[0].licence == "CC BY 4.0"
    assert Edition.objects.about(waiting).count() == editions


def test_a_changed_source_of_many_pages_gives_them_new_editions_in_a_job(client, editor):
    source = make_source()
    diseases = make_diseases(MAX_AT_ONCE + 1, summary_source=source)
    url = reverse("admin:diseases_source_change", args=[source.pk])
    fields = fields_of(client.get(url).text, "source_form")

    client.post(url, fields)
    assert not Job.objects.exists()  # nothing was changed
    response = client.post(url, fields | {"licence": "CC BY 4.0"})

    job = Job.objects.get()
    assert reverse("admin:editorial_job_change", args=[job.pk]) in client.get(response.url).text
    source.refresh_from_db()
    assert source.licence == "CC BY 4.0"
    assert {newest(disease).number for disease in diseases} == {1}
    call_command("run_jobs")
    for edition in map(newest, diseases):
        assert edition.page.sources[0].licence == "CC BY 4.0"
        assert (edition.number, edition.by, edition.note) == (2, editor, f"{source} changed")
        assert edition.origin_label == f"job {job.pk}"
