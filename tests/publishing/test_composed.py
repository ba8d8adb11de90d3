"""Rows and values: each field is declared once, and a field that no page shows is found."""

from datetime import date

import pytest
from django.apps import apps
from django.core import checks
from django.db import models
from django.test.utils import isolate_apps

from diseases.values import DiseasePage, QuestionValue, SymptomValue
from organizations.models import Organization
from organizations.values import OrganizationPage, PhoneNumberValue
from publishing.comparison import Comparison
from publishing.labels import label_of
from publishing.models import ChildRow, ComposedRow, Edition, Publishable
from publishing.restoring import restore
from publishing.values import Page, Reference, Value
from publishing.verbs import save_edition
from tests.factories import make_disease, make_editor, make_organization, make_question

ROWS = [model for model in apps.get_models() if issubclass(model, ComposedRow)]


class LineValue(Value):
    text: str = ""
    colour: str = ""


class LeafletPage(Page):
    text: str = ""
    lines: tuple[LineValue, ...] = ()
    mentioned: Reference | None = None


def errors_of(model):
    return [(error.id, error.msg, error.hint) for error in model.check() if error.id == "publishing.E001"]


def test_every_row_of_the_site_shows_its_fields_or_hides_them_by_intention():
    assert len(ROWS) > 5
    assert [errors_of(model) for model in ROWS] == [[] for _ in ROWS]


@isolate_apps("publishing")
def test_a_field_that_a_page_lacks_is_an_error_with_a_hint():
    class Leaflet(Publishable):
        KIND = "leaflet"
        PAGE = LeafletPage
        STAFF_ONLY = ("author",)

        text = models.TextField()
        author = models.TextField()
        colour = models.TextField()  # the page has that of each line only
        kind = models.TextField()
        authors = models.ManyToManyField("self")
        printed = models.IntegerField(editable=False)

        class Meta:
            app_label = "publishing"

    class Line(ChildRow):
        VALUE = LineValue
        SUBJECT = "leaflet"

        leaflet = models.ForeignKey(Leaflet, models.CASCADE)
        text = models.TextField()
        note = models.TextField()

        class Meta:
            app_label = "publishing"

    assert errors_of(Leaflet) == [
        (
            "publishing.E001",
            f"The field “{name}” is on no page.",
            "Add it to LeafletPage, or to Leaflet.STAFF_ONLY if readers must not see it.",
        )
        for name in ["colour", "kind", "authors"]
    ]
    # A child row without its key in the value could not be found again.
    assert [message for _id, message, _hint in errors_of(Line)] == [
        "The field “key” is on no page.",
        "The field “note” is on no page.",
    ]
    assert all(error.level == checks.ERROR for error in Leaflet.check() if error.id == "publishing.E001")


@pytest.mark.parametrize(
    ("value", "name", "label"),
    [
        (OrganizationPage, "title", "Name"),
        (OrganizationPage, "region", "State, province or county"),
        (OrganizationPage, "slug", "Address of the page"),
        (DiseasePage, "synonyms", "Other name"),
        (QuestionValue, "html", "Answer"),
        (SymptomValue, "frequency", "How often"),
        (PhoneNumberValue, "printed", "Printed"),
    ],
)
def test_a_label_is_that_of_the_field_unless_the_value_has_its_own(value, name, label):
    assert label_of(value, name) == label


@pytest.mark.django_db
def test_every_detail_of_an_organization_is_saved_compared_and_restored():
    details = {
        "also_known_as": "FS",
        "description": "Helps.",
        "street": "1 Main Street\nFloor 2",
        "toll_free": "1-888-655-4766",
        "fax": "217-555-0101",
        "email": "help@example.org",
        "website": "https://example.org/",
        "opening_hours": "Mon–Fri, 9–17 (CET)",
        "languages": ["de", "en"],
        "countries_served": ["AT", "DE"],
        "status": "renamed",
        "successor": make_organization(),
        "checked_on": date(2026, 5, 3),
        "checked_by": "Ada",
    }
    full = make_organization(**details)
    before = Edition.objects.about(full).get()
    empty = Organization(pk=full.pk, name="Empty", slug=full.slug)
    empty.save()
    after = save_edition(empty, by="test")

    labels = [change.field_label for change in Comparison(before.page, after.page, str).changes]
    restored = restore(before, by=make_editor())

    assert set(before.page.model_fields_set) == set(OrganizationPage.model_fields)
    assert [name for name in OrganizationPage.model_fields if not getattr(before.page, name)] == []
    assert len(labels) == len(OrganizationPage.model_fields) - 1  # all but the address of the page
    assert "Languages" in labels
    assert "Countries served" in labels
    assert restored.page == before.page


@pytest.mark.django_db
def test_a_page_that_lacks_a_row_removes_it_and_keeps_what_is_in_work():
    disease = make_disease()
    page = disease.compose()
    extra, open_question = make_question(disease), make_question(disease, answer="")

    disease.apply_page(page)

    assert not disease.questions.filter(key=extra.key).exists()
    assert disease.questions.filter(key=open_question.key).exists()
