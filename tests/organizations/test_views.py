"""The directory and the pages of organizations, as readers see them."""

import re
from datetime import date

import pytest
from django.test import RequestFactory
from django.urls import reverse

from organizations.models import Organization
from publishing.verbs import publish, save_edition, withdraw
from tests.factories import make_disease, make_organization, make_publisher, put_live
from tests.reading import texts_of
from website.kind_pages import render_edition
from website.views import Preview

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def address_of(organization):
    return reverse("organizations:detail", args=[organization.slug])


def titles(response):
    return [edition.title for edition in response.context["page"]]


def test_an_organization_page_says_what_is_known(client):
    organization = make_organization(
        name="Iron Society",
        also_known_as="IS, The Society",
        description="Helps families.",
        checked_on=date(2026, 5, 3),
        checked_by="Ana Ruiz",
    )
    make_disease(name="Zellweger syndrome", organizations=[organization])
    make_disease(name="Alagille syndrome", organizations=[organization])
    make_disease(name="Draft disease", organizations=[organization], live=False)
    withdraw(make_disease(name="Gone", organizations=[organization]), by=make_publisher(), reason="Gone.")

    html = client.get(address_of(organization)).text

    assert texts_of(html, "h1") == ["Iron Society"]
    assert texts_of(html, "h2") == ["How to reach it", "Helps with"]
    assert texts_of(html, "dt") == ["Also known as", "Phone"]
    assert "Helps families." in html
    assert texts_of(html[html.index('id="helps-with"') :], "li")[:2] == ["Alagille syndrome", "Zellweger syndrome"]
    assert "Draft disease" not in html
    assert ">Gone<" not in html
    assert 'Details checked on <time datetime="2026-05-03">3 May 2026</time> by Ana Ruiz' in html


def test_an_organization_without_details_has_no_empty_section(client):
    organization = make_organization(
        **dict.fromkeys(["street", "city", "region", "postal_code", "country", "phone"], "")
    )

    html = client.get(address_of(organization)).text

    assert re.findall(r"<(?:dl|dt|address|h2)\b", html) == []


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("closed", "This organization has closed."),
        ("renamed", "This organization has changed its name."),
        ("merged", "This organization has merged into another one."),
    ],
)
def test_a_former_organization_and_its_successor_name_each_other(client, status, says):
    successor = make_organization(name="New Society")
    old = make_organization(name="Old Society", status=status, successor=successor)

    of_old, of_new = client.get(address_of(old)).text, client.get(address_of(successor)).text

    assert f'{says} Please contact <a href="{address_of(successor)}">New Society</a>' in " ".join(of_old.split())
    assert texts_of(of_new, "dt")[0] == ("Formerly" if status == "renamed" else "Successor of")
    assert f'<a href="{address_of(old)}">Old Society</a>' in of_new
    assert "Helps with" not in of_new


def test_a_successor_without_a_live_page_is_not_linked(client):
    old = make_organization(status="closed", successor=make_organization(live=False, name="Draft Society"))

    html = client.get(address_of(old)).text

    assert "This organization has closed." in html
    assert "Please contact" not in html
    assert "Draft Society" not in html


def test_a_change_is_not_public_before_it_is_published(client):
    organization = make_organization(city="Springfield")
    organization.city = "Chicago"
    organization.save()
    edition = save_edition(organization, by="test")

    public = client.get(address_of(organization)).text
    preview = render_edition(RequestFactory().get("/preview/"), edition, preview=Preview(change_url="/edit/")).text

    assert ("Springfield" in public, "Chicago" in public) == (True, False)
    assert ("Springfield" in preview, "Chicago" in preview) == (False, True)
    assert "Preview of edition 2, saved by test on" in preview


def test_a_former_address_redirects_and_a_withdrawn_one_gives_the_reason(client):
    organization = make_organization(slug="before")
    organization.slug = "after"
    organization.save()
    put_live(organization)

    moved = client.get("/organizations/before/")
    withdraw(organization, by=make_publisher(), reason="They asked us to.")
    gone = client.get("/organizations/before/")

    assert (moved.status_code, moved["Location"]) == (301, "/organizations/after/")
    assert gone.status_code == 410
    assert "They asked us to." in gone.text


def test_the_directory_lists_live_organizations_with_their_place(client):
    make_organization(name="Zebra Society", city="Rugby", country="GB")
    make_organization(name="Alpha Society", city="", country="CA")
    make_organization(name="Beta Society", city="", country="", status="closed")
    make_organization(name="Draft Society", live=False)

    response = client.get("/organizations/")

    assert titles(response) == ["Alpha Society", "Beta Society", "Zebra Society"]
    columns = "".join(re.findall(r'<ul class="columns">.*?</ul>', response.text, re.S))
    assert texts_of(columns, "li") == [
        "Alpha Society Canada",
        "Beta Society (closed)",
        "Zebra Society Rugby, United Kingdom",
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("country=GB", ["Alpha", "Zebra"]),
        ("country=GB&letter=Z", ["Zebra"]),
        ("country=CA", ["Beta"]),
        ("country=", ["Alpha", "Beta", "Gamma", "Zebra"]),
        ("country=FR", ["Alpha", "Beta", "Gamma", "Zebra"]),
        ("country=CA&letter=Z", ["Beta"]),
        ("letter=g", ["Gamma"]),
    ],
)
def test_the_directory_is_narrowed_by_country_and_letter(client, query, expected):
    for name, country in [("Zebra", "GB"), ("Beta", "CA"), ("Alpha", "GB"), ("Gamma", "")]:
        make_organization(name=name, country=country)

    assert titles(client.get(f"/organizations/?{query}")) == expected


def test_the_filter_lists_the_countries_of_live_organizations_by_name(client):
    for country in ["US", "GB", "CA", "AX", ""]:
        make_organization(country=country)
    make_organization(country="FR", live=False)

    html = client.get("/organizations/?country=GB").text

    assert texts_of(html, "option") == [
        "All countries",
        "Åland Islands",
        "Canada",
        "United Kingdom",
        "United States of America",
    ]
    assert re.findall(r'<option value="(\w+)" selected', html) == ["GB"]
    assert texts_of(html, "h1") == ["Support organizations: United Kingdom"]
    assert re.findall(r'href="/organizations/(\?[^"]+)"', html) == ["?country=GB&amp;letter=O"]


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_rows(client, django_assert_num_queries, count):
    successor = make_organization(name="Successor")
    organization = make_organization(status="renamed", successor=successor)
    publisher = make_publisher()
    for number in range(count - 1):
        other = Organization.objects.create(name=f"Other {number}", status="renamed", successor=successor)
        publish(save_edition(other, by="test"), by=publisher)
    for _ in range(count):
        make_disease(questions=0, organizations=[organization, successor])

    with django_assert_num_queries(4):  # for the first time: the version, the countries, the version again, the page
        client.get("/organizations/")
    with django_assert_num_queries(2):  # the version, the page
        response = client.get("/organizations/?country=US" if count == 1 else "/organizations/")
    with django_assert_num_queries(4):  # the page, its successor by address, who mentions it
        of_old = client.get(address_of(organization))
    with django_assert_num_queries(2):  # the page, who mentions it
        of_new = client.get(address_of(successor))

    assert len(response.context["page"]) == count + 1
    assert len(of_old.context["helps_with"]) == count
    assert len(of_new.context["formerly"]) == count
    assert "content" in response.context["page"][0].get_deferred_fields()
