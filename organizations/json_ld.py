"""What an organization's page says, for other programs."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from organizations.values import OrganizationPage, PhoneNumberValue, Status
from website.json_ld import Absolute, Thing, breadcrumbs, graph, refer, thing, web_page, web_site


def organization_json_ld(page: OrganizationPage, url: str, **told: Any) -> Thing:
    """The organization whose page stands at an address: its name and how to reach it, as every page about it says them.

    The vocabulary cannot say "closed" without the day, which nobody knows here. So of a closed one nothing is said by
    which a program would send people there.
    """
    if page.status != Status.CLOSED:
        told |= _contact(page)
    return thing("Organization", id=f"{url}#organization", name=page.title, mainEntityOfPage=url, **told)


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
    }


def _dial(number: PhoneNumberValue | None) -> str:
    """In the international form. What cannot be dialled as it is printed is for people to read, not for programs."""
    return number.dial if number else ""


def _postal_address(page: OrganizationPage) -> Thing | None:
    if not page.envelope:
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
    own = organization_json_ld(page, url, alternateName=page.also_known_as, description=page.description)
    trail = breadcrumbs(
        (_("Home"), absolute(reverse("home"))),
        (_("Organizations"), absolute(reverse("organizations:list"))),
        (page.title, url),
    )
    site = web_site(absolute)
    return graph(
        web_page("WebPage", page.title, url, updated_at, isPartOf=site, breadcrumb=trail, mainEntity=refer(own)), own
    )
