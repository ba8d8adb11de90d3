"""Describes an organization's page in JSON-LD, for search engines and other programs."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from organizations.codes_and_names import country_name
from organizations.values import OrganizationPage, PhoneNumberValue, Status
from website.absolute import path_of
from website.json_ld import Absolute, Thing, breadcrumbs, graph, refer, thing, web_page, web_site


def organization_json_ld(page: OrganizationPage, url: str, **properties: Any) -> Thing:
    """Returns the name of an organization, how to reach it, and the given properties. `url` is the address of its page.

    A closed organization has no contact details, so that no program sends people there: schema.org can express
    "closed" only with a date, which is not known here.
    """
    if page.status != Status.CLOSED:
        properties |= _contact(page)
    return thing("Organization", id=f"{url}#organization", name=page.title, mainEntityOfPage=url, **properties)


def _contact(page: OrganizationPage) -> dict[str, Any]:
    toll_free = _dial(page.toll_free)
    option = "https://schema.org/TollFree"
    return {
        "url": page.website,
        "telephone": _dial(page.phone),
        "faxNumber": _dial(page.fax),
        "email": page.email,
        "contactPoint": thing("ContactPoint", telephone=toll_free, contactOption=option) if toll_free else None,
        "address": _postal_address(page),
        "knowsLanguage": list(page.languages),
        "areaServed": [thing("Country", name=country_name(code), identifier=code) for code in page.countries_served],
    }


def _dial(number: PhoneNumberValue | None) -> str:
    """Returns the number in international form, or "" where there is none that a program could dial."""
    return number.dial if number else ""


def _postal_address(page: OrganizationPage) -> Thing | None:
    if not page.postal_address:
        return None
    return thing(
        "PostalAddress",
        streetAddress=", ".join(page.street),
        addressLocality=page.city,
        addressRegion=page.region,
        postalCode=page.postal_code,
        addressCountry=page.country,
    )


def organization_page_json_ld(
    page: OrganizationPage, url: str, updated_at: datetime | None, absolute: Absolute
) -> Thing:
    """Returns the page and the organization that it is about."""
    organization = organization_json_ld(page, url, alternateName=page.also_known_as, description=page.description)
    trail = breadcrumbs(
        (_("Home"), absolute(path_of("home"))),
        (_("Organizations"), absolute(path_of("organizations:list"))),
        (page.title, url),
    )
    site = web_site(absolute)
    about = refer(organization)
    return graph(
        web_page("WebPage", page.title, url, updated_at, isPartOf=site, breadcrumb=trail, mainEntity=about),
        organization,
    )
