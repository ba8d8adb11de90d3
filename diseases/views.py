"""The pages of a disease. Public views read live editions only."""

from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from diseases import json_ld
from diseases.codes import Scheme
from diseases.models import Disease
from diseases.sheets import Contact, lay_out, qr_code
from diseases.values import DiseasePage, IdentifierValue, SupportValue
from organizations.models import Organization
from organizations.values import OrganizationPage, Status
from publishing.models import Address, Edition
from website.absolute import absolute
from website.cacheable import cacheable
from website.fragments import FragmentKey, keep, key_of
from website.json_ld import Thing
from website.kind_pages import page_context, subject_context
from website.views import Preview, of_live_edition


@dataclass(frozen=True)
class Supports:
    """What a disease says about the organizations that help, and the primary keys of these with their addresses."""

    values: tuple[SupportValue, ...]
    slug_of: dict[int, str]


@dataclass(frozen=True)
class SupportingOrganization:
    """An organization as the page of a disease shows it."""

    edition: Edition
    page: OrganizationPage
    note: str
    successor: Edition | None

    @property
    def key(self) -> FragmentKey:
        """Returns the key of what is shown of the organization. The note belongs to the disease."""
        return key_of(self.edition), key_of(self.successor) if self.successor else ()


@cacheable()
@of_live_edition(Disease)
def disease_sheet(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Shows the sheet to print: one page of paper for a hospital or a school, with lines to fill in by hand."""
    address = absolute(request, edition.get_absolute_url())
    context = subject_context(request, edition) | {
        "sheet": lay_out(
            edition.page, sheet_contacts(supports_of(edition)), address=address, notice=str(settings.MEDICAL_NOTICE)
        ),
        "address": address,
        "qr_code": qr_code(address),
        "noindex": True,  # the page of the disease says more
    }
    return render(request, "diseases/disease_sheet.html", context)


@page_context(Disease)
def disease_context(request: HttpRequest, edition: Edition, preview: Preview | None) -> dict[str, object]:
    # Nothing of a preview is kept.
    supports = supports_of(edition) if preview else keep(("supports", *key_of(edition)), lambda: supports_of(edition))
    countries = organizations_by_country(supports)
    organizations = [organization for _country, same in countries for organization in same]

    def linked_data() -> Thing:
        mentioned = [(organization.edition.get_absolute_url(), organization.page) for organization in organizations]
        url = absolute(request, edition.get_absolute_url())
        return json_ld.disease_page_json_ld(
            edition.page, url, edition.updated_at, mentioned, partial(absolute, request)
        )

    def gard() -> IdentifierValue | None:
        return next((code for code in edition.page.identifiers if code.scheme == Scheme.GARD), None)

    return {
        "linked_data": linked_data,
        "countries": countries,
        "mentions_key": tuple(organization.key for organization in organizations),
        "gard": gard,
        "live_slug": "" if preview else edition.slug,  # a preview has no links for suggestions
    }


def supports_of(edition: Edition) -> Supports:
    disease: DiseasePage = edition.page
    slugs = {support.organization.slug for support in disease.supports}
    return Supports(disease.supports, Address.objects.first_slugs(Organization, slugs))


def organizations_by_country(supports: Supports) -> list[tuple[str, list[SupportingOrganization]]]:
    """Returns the live organizations of a disease in the editors' order, grouped by the names of their countries.

    The countries are in the order in which they first occur; the group "" of unknown countries is last.
    """
    editions = Edition.objects.live_by_address(Organization, supports.slug_of)
    pages = {slug: organization_page(edition) for slug, edition in editions.items()}
    successor_slugs = {page.successor.slug for page in pages.values() if page.successor}
    successors = Edition.objects.live_by_reference(Organization, successor_slugs)
    countries: dict[str, list[SupportingOrganization]] = {}
    for support in supports.values:
        slug = support.organization.slug
        if slug in pages:
            page = pages[slug]
            successor = successors.get(page.successor.slug) if page.successor else None
            organization = SupportingOrganization(editions[slug], page, support.note, successor)
            countries.setdefault(page.country_name, []).append(organization)
    return sorted(countries.items(), key=lambda country: not country[0])


def organization_page(edition: Edition) -> OrganizationPage:
    """Returns the page of a live organization, opened once for all diseases that it helps with."""
    page: OrganizationPage = keep(("page", *key_of(edition)), lambda: edition.page)
    return page


def sheet_contacts(supports: Supports) -> list[Contact]:
    """Returns the live organizations of a disease that are not closed. Countries are named only where they differ."""
    countries = organizations_by_country(supports)
    return [
        Contact.of(
            organization.page,
            organization.successor.title if organization.successor else "",
            with_country=len(countries) > 1,
        )
        for _country, organizations in countries
        for organization in organizations
        if organization.page.status != Status.CLOSED
    ]
