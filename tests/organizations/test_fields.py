"""Languages, countries and opening hours of an organization: typed as names, stored as codes, shown as names."""

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory
from django.urls import reverse
from django.utils.translation import override

from editorial.seen import changed_fields
from organizations.models import Organization
from publishing.models import Edition
from tests.factories import make_editor, make_organization
from tests.forms import fields_of
from tests.reading import linked_data_of, text_of

DETAILS = {
    "opening_hours": "Mon–Fri, 9–17 (CET)",
    "languages": ["de", "pt-br"],
    "countries_served": ["AT", "BQ", "DE"],
}
TYPED = {
    "opening_hours": "Mon–Fri, 9–17 (CET)",
    "languages": "german, Brazilian Portuguese ,German",
    "countries_served": "Germany; Bonaire, Sint Eustatius and Saba, Austria",
}


def field(name):
    return Organization._meta.get_field(name).formfield()


@pytest.mark.parametrize(
    ("name", "typed", "codes"),
    [
        ("languages", "", []),
        ("languages", " german ;; FRENCH,German", ["de", "fr"]),
        ("languages", "American Sign Language, Tagalog", ["ase", "tl"]),
        ("countries_served", "Austria, Germany", ["AT", "DE"]),
        ("countries_served", "bonaire, sint eustatius and saba", ["BQ"]),
        ("countries_served", TYPED["countries_served"].replace("Saba,", "Saba;"), ["AT", "BQ", "DE"]),
    ],
)
def test_names_are_read_as_codes(name, typed, codes):
    assert field(name).clean(typed) == codes
    assert field(name).clean(field(name).prepare_value(codes)) == codes


@pytest.mark.parametrize(("name", "typed"), [("languages", "German, Klingon"), ("countries_served", "Klingon")])
def test_an_unknown_name_is_named(name, typed):
    with pytest.raises(ValidationError, match="We do not know this name: Klingon"):
        field(name).clean(typed)


def test_names_are_in_the_language_of_the_site():
    with override("de"):
        assert field("languages").prepare_value(["de", "fr"]) == "Deutsch; Französisch"
        assert field("languages").clean("Deutsch") == ["de"]


@pytest.mark.parametrize("languages", [["de", "xx"], "de", [["de"]]])
def test_only_known_codes_of_languages_are_valid(languages):
    with pytest.raises(ValidationError):
        Organization(name="A", languages=languages).clean_fields()


@pytest.mark.django_db
def test_an_editor_types_names_and_readers_see_names(client):
    client.force_login(make_editor())
    organization = make_organization(**dict.fromkeys(["street", "city", "region", "postal_code", "phone"], ""))
    address = reverse("admin:organizations_organization_change", args=[organization.pk])
    typed = TYPED | {"countries_served": "Germany; Bonaire, Sint Eustatius and Saba; Austria", "_preview": "1"}

    preview = client.post(address, fields_of(client.get(address).text, "organization_form") | typed, follow=True)
    again = fields_of(client.get(address).text, "organization_form")
    client.post(address, again | {"_continue": "1"})

    text = text_of(preview.text)
    assert "Opening hours Mon–Fri, 9–17 (CET)" in text
    assert "Languages German; Brazilian Portuguese" in text
    assert "Helps families in Austria; Bonaire, Sint Eustatius and Saba; Germany" in text
    assert again["languages"] == "German; Brazilian Portuguese"
    assert Edition.objects.about(organization).count() == 2  # a save without a change makes no edition
    newest = Edition.objects.about(organization).newest().get().page
    assert (newest.opening_hours, list(newest.languages)) == (DETAILS["opening_hours"], DETAILS["languages"])
    assert list(newest.countries_served) == DETAILS["countries_served"]


@pytest.mark.django_db
def test_a_form_that_was_not_touched_has_no_changed_fields():
    organization = make_organization(**DETAILS)
    form_class = modelform_factory(Organization, fields=["name", *DETAILS])
    shown = form_class(instance=organization)
    data = {name: shown[name].value() or "" for name in shown.fields}

    assert changed_fields(form_class(data, instance=organization)) == []
    assert changed_fields(form_class(data | {"languages": "German"}, instance=organization)) == ["languages"]


@pytest.mark.django_db
def test_programs_read_the_codes(client):
    organization = make_organization(**DETAILS)

    response = client.get(organization.url_of(organization.slug))

    (thing,) = [each for each in linked_data_of(response.text)["@graph"] if each["@type"] == "Organization"]
    assert thing["knowsLanguage"] == ["de", "pt-br"]
    assert [(each["@type"], each["name"], each["identifier"]) for each in thing["areaServed"]][::2] == [
        ("Country", "Austria", "AT"),
        ("Country", "Germany", "DE"),
    ]
