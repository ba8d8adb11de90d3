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
from diseases.values import DiseasePage
from organizations.models import Organization
from organizations.values import OrganizationPage, Status
from publishing.models import Edition
from website.absolute import absolute
from website.cacheable import cacheable
from website.kind_pages import page_context, subject_context
from website.views import Preview, of_live_edition


@dataclass(frozen=True)
class SupportingOrganization:
    """An organization as the page of a disease shows it."""

    url: str
    page: OrganizationPage
    note: str
    successor: Edition | None


@cacheable()
@of_live_edition(Disease)
def disease_sheet(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Shows the sheet to print: one page of paper for a hospital or a school, with lines to fill in by hand."""
    address = absolute(request, edition.get_absolute_url())
    context = subject_context(request, edition) | {
        "sheet": lay_out(
            edition.page, sheet_contacts(edition.page), address=address, notice=str(settings.MEDICAL_NOTICE)
        ),
        "address": address,
        "qr_code": qr_code(address),
        "noindex": True,  # the page of the disease says more
    }
    return render(request, "diseases/disease_sheet.html", context)


@page_context(Disease)
def disease_context(request: HttpRequest, edition: Edition, preview: Preview | None) -> dict[str, object]:
    disease: DiseasePage = edition.page
    countries = organizations_by_country(disease)
    organizations = [(organization.url, organization.page) for _country, same in countries for organization in same]
    url = absolute(request, edition.get_absolute_url())
    return {
        "linked_data": json_ld.disease_page_json_ld(
            disease, url, edition.updated_at, organizations, partial(absolute, request)
        ),
        "countries": countries,
        "gard": next((code for code in disease.identifiers if code.scheme == Scheme.GARD), None),
        "live_slug": "" if preview else edition.slug,  # a preview has no links for suggestions
    }


def organizations_by_country(disease: DiseasePage) -> list[tuple[str, list[SupportingOrganization]]]:
    """Returns the disease's live organizations in the editors' order, grouped by the names of their countries.

    The countries are in the order in which they first occur; the group "" of unknown countries is last.
    """
    editions = Edition.objects.live_by_reference(
        Organization, {support.organization.slug for support in disease.supports}
    )
    pages: dict[str, OrganizationPage] = {slug: edition.page for slug, edition in editions.items()}
    successor_slugs = {page.successor.slug for page in pages.values() if page.successor}
    successors = Edition.objects.live_by_reference(Organization, successor_slugs)
    countries: dict[str, list[SupportingOrganization]] = {}
    for support in disease.supports:
        slug = support.organization.slug
        if slug in pages:
            page = pages[slug]
            successor = successors.get(page.successor.slug) if page.successor else None
            organization = SupportingOrganization(editions[slug].get_absolute_url(), page, support.note, successor)
            countries.setdefault(page.country_name, []).append(organization)
    return sorted(countries.items(), key=lambda country: not country[0])


def sheet_contacts(disease: DiseasePage) -> list[Contact]:
    """Returns the disease's live organizations that are not closed. Countries are named only where they differ."""
    countries = organizations_by_country(disease)
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
