"""The page of an organization as immutable values."""

from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Annotated

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from organizations.codes_and_names import country_name, names_of_countries, names_of_languages
from publishing.values import Email, Line, Page, Reference, Text, Url, Value, limit
from search.documents import Document, DocumentSection, Name

# Countries whose postal addresses end with "city, region postal code", or with one line each in this order.
# In all other countries the postal code is before the city.
CITY_REGION_POSTAL = {"US", "CA", "AU"}
CITY_POSTAL = {"GB", "IE", "NZ", "ZA", "IN", "SG"}

# The fields that say who the organization is, and its postal address. All others say how to reach it.
ABOUT = frozenset(["title", "slug", "also_known_as", "description", "status", "successor", "checked_on", "checked_by"])
POSTAL_ADDRESS = frozenset(["street", "city", "region", "postal_code", "country"])


class Status(TextChoices):
    ACTIVE = "active", _("active")
    CLOSED = "closed", _("closed")
    RENAMED = "renamed", _("renamed")
    MERGED = "merged", _("merged into another organization")


class PhoneNumberValue(Value):
    """A telephone number as the organization writes it, and in E.164 form, or "" where it cannot be dialled."""

    printed: Annotated[str, limit(100)]
    dial: Line = ""


class OrganizationPage(Page):
    LABELS = {"slug": _("Address of the page")}

    also_known_as: Annotated[str, limit(200)] = ""
    description: Text = ""
    street: tuple[Line, ...] = ()
    city: Annotated[str, limit(100)] = ""
    region: Annotated[str, limit(100)] = ""
    postal_code: Annotated[str, limit(20)] = ""
    country: Annotated[str, limit(2)] = ""
    phone: PhoneNumberValue | None = None
    toll_free: PhoneNumberValue | None = None
    fax: PhoneNumberValue | None = None
    email: Email = ""
    website: Url = ""
    opening_hours: Annotated[str, limit(200)] = ""
    languages: tuple[Annotated[str, limit(20)], ...] = ()
    countries_served: tuple[Annotated[str, limit(2)], ...] = ()
    status: Status = Status.ACTIVE
    successor: Reference | None = None
    checked_on: date | None = None
    checked_by: Annotated[str, limit(150)] = ""

    def references(self) -> tuple[Reference, ...]:
        return (self.successor,) if self.successor else ()

    def document(self, kind: str, label: str, key: int, url: str) -> Document:
        document = super().document(kind, label, key, url)
        other = (Name(self.also_known_as, str(_("also called"))),) if self.also_known_as else ()
        texts = {_("Description"): self.description, _("Contact"): ", ".join((*self.postal_address, self.website))}
        return replace(
            document,
            names=document.names + other,
            about=", ".join(filter(None, [self.city, self.region, self.country_name])),
            sections=tuple(
                DocumentSection(str(heading), "", text) for heading, text in texts.items() if text.strip(", ")
            ),
        )

    @cached_property
    def country_name(self) -> str:
        return country_name(self.country) if self.country else ""

    @property
    def languages_name(self) -> str:
        return names_of_languages(self.languages)

    @property
    def countries_served_name(self) -> str:
        return names_of_countries(self.countries_served)

    @cached_property
    def postal_address(self) -> tuple[str, ...]:
        """Returns the lines of the postal address without the name, in the order that the country uses."""
        if self.country in CITY_REGION_POSTAL:
            city_lines = [" ".join(filter(None, [", ".join(filter(None, [self.city, self.region])), self.postal_code]))]
        elif self.country in CITY_POSTAL:
            city_lines = [self.city, self.region, self.postal_code]
        else:
            city_lines = [" ".join(filter(None, [self.postal_code, self.city])), self.region]
        lines = (*self.street, *city_lines, self.country_name)
        return tuple(line for line in lines if line)

    @property
    def has_contact_details(self) -> bool:
        """Returns whether the page says how to reach the organization."""
        return self._says_more_than(ABOUT)

    @property
    def has_contact_list(self) -> bool:
        """Returns whether the page says more about that than the postal address."""
        return self._says_more_than(ABOUT | POSTAL_ADDRESS)

    def _says_more_than(self, names: frozenset[str]) -> bool:
        return any(getattr(self, name) for name in type(self).model_fields if name not in names)
