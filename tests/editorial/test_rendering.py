"""The site's renderer of forms: what it returns without templates is what Django's templates return."""

import re

import pytest
from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminTextareaWidget
from django.forms.renderers import DjangoTemplates
from django.urls import reverse
from django.utils.safestring import mark_safe

from editorial.rendering import FormRenderer
from tests.factories import make_disease, make_organizations, make_publisher, make_source

TEXTS = ["", "plain", "<b>&\"'</b>", mark_safe("<b>safe</b>"), None, 0, 7, True, False]
CHOICES = [("", "---"), ("a", "<A>"), ("Group & more", [("b", "B"), (7, "Seven")]), ("c", mark_safe("<i>C</i>"))]
ATTRIBUTES = {"class": 'x"y', "required": True, "disabled": False, "rows": 3, "data-none": None}
WIDGETS = [
    *[forms.TextInput, forms.HiddenInput, forms.CheckboxInput, forms.DateInput, forms.EmailInput, forms.URLInput],
    *[forms.NumberInput, forms.Textarea, AdminDateWidget, AdminTextareaWidget],
    lambda attrs: forms.Select(attrs, CHOICES),
    lambda attrs: forms.SelectMultiple(attrs, CHOICES),
    lambda attrs: forms.NullBooleanSelect(attrs),
    lambda attrs: forms.RadioSelect(attrs, CHOICES),
]


@pytest.mark.parametrize("widget", WIDGETS)
@pytest.mark.parametrize("value", TEXTS)
def test_a_widget_says_what_it_says_with_djangos_templates(widget, value):
    ours = widget(ATTRIBUTES).render("a<b", value, {"id": "x"}, FormRenderer())

    assert ours == widget(ATTRIBUTES).render("a<b", value, {"id": "x"}, DjangoTemplates())


class SampleForm(forms.Form):
    name = forms.CharField(label=mark_safe("<i>Name</i>"), help_text="<Help>")
    place = forms.ChoiceField(label="A & B", choices=CHOICES)
    is_open = forms.BooleanField(required=False)
    size = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect)  # its label names no field


@pytest.mark.parametrize("data", [None, {}, {"name": "<x>", "place": "nowhere"}, {"name": "x", "place": "b"}])
def test_a_form_with_labels_and_errors_says_what_it_says_with_djangos_templates(data):
    ours, theirs = SampleForm(data, renderer=FormRenderer()), SampleForm(data, renderer=DjangoTemplates())

    assert str(ours) == str(theirs)
    assert ours.as_p() == theirs.as_p()
    assert [str(ours.errors), str(ours.non_field_errors())] == [str(theirs.errors), str(theirs.non_field_errors())]


@pytest.mark.django_db
def test_a_change_form_says_what_it_says_with_djangos_templates(client, settings):
    client.force_login(make_publisher())
    make_source(name="<Source> & more")
    disease = make_disease(questions=2, organizations=make_organizations(2))
    pages = []

    for renderer in [settings.FORM_RENDERER, "django.forms.renderers.DjangoTemplates"]:
        settings.FORM_RENDERER = renderer
        text = client.get(reverse("admin:diseases_disease_change", args=[disease.pk])).text
        pages.append(re.sub(r'(nonce|name="csrfmiddlewaretoken" value)="[^"]*"', "", text))

    assert pages[0] == pages[1]
