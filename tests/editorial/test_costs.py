"""What a save and a restoration cost in queries to the database, with one row of each class and with three."""

import pytest
from django.urls import reverse

from diseases.models import Identifier, Symptom, Synonym
from publishing.models import Edition
from publishing.restoring import restore
from publishing.verbs import save_edition
from tests.factories import make_disease, make_organizations, make_publisher, make_source
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.mark.parametrize("count", [1, 3])
def test_saving_one_changed_word_reads_and_writes_no_other_row(client, django_assert_num_queries, count):
    client.force_login(make_publisher())
    disease = make_disease(questions=count, organizations=make_organizations(count))
    address = reverse("admin:diseases_disease_change", args=[disease.pk])
    fields = fields_of(client.get(address).text, "disease_form") | {"questions-0-answer": "<p>Another word.</p>"}

    with django_assert_num_queries(38):
        response = client.post(address, fields)

    assert response.status_code == 302
    assert "Another word." in str(Edition.objects.about(disease).newest().get().content)


@pytest.mark.parametrize("count", [1, 3])
def test_publishing_takes_as_many_queries_for_any_number_of_rows(client, django_assert_num_queries, count):
    client.force_login(make_publisher())
    disease = make_disease(questions=count, organizations=make_organizations(count))
    disease.questions.update(answer="<p>Another word.</p>")
    newest = save_edition(disease, by="test")
    address = reverse("admin:diseases_disease_publish", args=[disease.pk])
    fields = fields_of(client.get(address).text) | {"note": "One word."}

    with django_assert_num_queries(28):  # 6 of them begin and end transactions, 5 are about the session and the account
        response = client.post(address, fields)

    assert response.status_code == 302
    assert Edition.objects.about(disease).live().get() == newest


@pytest.mark.parametrize("count", [1, 3, 150])
@pytest.mark.parametrize("change", ["delete", "update"])
def test_restoring_takes_as_many_queries_for_any_number_of_rows(django_assert_max_num_queries, count, change):
    disease, publisher, source = make_disease(questions=1), make_publisher(), make_source()
    Symptom.objects.bulk_create(
        Symptom(disease=disease, term=f"Sign {n}", approved=True, source=source, position=n)
        for n in range(1, count + 1)
    )
    first = save_edition(disease, by=publisher)
    if change == "delete":
        disease.symptoms.all().delete()
    else:
        disease.symptoms.update(frequency="90%")
    save_edition(disease, by=publisher)

    with django_assert_max_num_queries(25):
        restored = restore(first, by=publisher)

    assert (restored.number, restored.content) == (4, first.content)


@pytest.mark.parametrize("count", [1, 3])
def test_opening_a_form_reads_every_row_once(client, django_assert_num_queries, count):
    client.force_login(make_publisher())
    disease = make_disease(questions=count, organizations=make_organizations(count))
    for position in range(1, count + 1):
        Synonym.objects.create(disease=disease, text=f"Synonym {position}", position=position)
        Identifier.objects.create(disease=disease, scheme="orpha", value=f"{position}", position=position)
        make_source(name=f"Source {position}")

    with django_assert_num_queries(18):
        response = client.get(reverse("admin:diseases_disease_change", args=[disease.pk]))

    assert [response.text.count(f'value="Synonym {n}"') for n in range(1, count + 1)] == [1] * count
