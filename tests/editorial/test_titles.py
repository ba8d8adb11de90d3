"""The titles and breadcrumbs of the admin's pages say each name once."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.text import capfirst

from accounts.models import User
from tests.factories import make_disease, make_publisher, make_user

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def url(model, view, *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=arguments)


def breadcrumbs(response):
    html = re.search(r'<div class="breadcrumbs">(.*?)</div>', response.text, re.DOTALL)[1]
    return [name.strip() for name in strip_tags(html).replace("&rsaquo;", "›").split("›")]


def heading(response):
    return re.search(r"<h1>(.*?)</h1>", response.text)[1]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_is_titled_with_the_plural_name(client, model):
    client.force_login(make_user(is_superuser=True, is_staff=True))
    name = capfirst(model._meta.verbose_name_plural)

    response = client.get(url(model, "changelist"))

    assert heading(response) == name
    assert f"<title>{name} · " in response.text
    assert breadcrumbs(response) == ["Home", name]


def test_a_form_is_below_its_list_and_not_below_its_app(client):
    client.force_login(make_publisher())
    disease = make_disease(name="Gaucher disease")

    assert breadcrumbs(client.get(url(type(disease), "add"))) == ["Home", "Diseases", "Add disease"]
    assert breadcrumbs(client.get(url(type(disease), "change", disease.pk))) == ["Home", "Diseases", "Gaucher disease"]
    assert breadcrumbs(client.get(url(type(disease), "history", disease.pk))) == [
        "Home",
        "Diseases",
        "Gaucher disease",
        "History",
    ]


def test_the_pages_of_an_account_are_below_the_list_of_accounts(client):
    user = make_user(username="ada", is_superuser=True, is_staff=True)
    client.force_login(user)

    for view in ["delete", "history"]:
        assert breadcrumbs(client.get(url(User, view, user.pk)))[:3] == ["Home", "Users", "ada"]
    password = client.get(reverse("admin:auth_user_password_change", args=[user.pk]))
    assert breadcrumbs(password) == ["Home", "Users", "ada", "Change password"]


def test_a_list_in_a_popup_keeps_the_title_of_django(client):
    client.force_login(make_publisher())

    assert heading(client.get(url(type(make_disease()), "changelist"), {"_popup": 1})) == "Select disease"
