"""The A to Z and the page of one disease. All of it comes from live editions, never from rows."""

from dataclasses import dataclass
from datetime import date
from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from diseases import json_ld
from diseases.codes import Scheme
from diseases.directory import letters, live_diseases
from diseases.models import Disease
from diseases.sheets import Contact, lay_out, qr_code
from diseases.values import DiseasePage, QuestionValue
from organizations.models import Organization
from organizations.values import OrganizationPage, Status
from publishing.models import Edition
from website.absolute import absolute, page_url
from website.changes import history
from website.feeds import feed_of
from website.paging import EditionPaginator
from website.views import Preview, of_live_edition

DISEASES_PER_PAGE = 100
OLD_AFTER_YEARS = 5  # years after which an answer says that it is old


@dataclass(frozen=True)
class SupportingOrganization:
    """An organization as a disease's page shows it."""

    url: str
    page: OrganizationPage
    note: str
    successor: Edition | None


@require_safe
def disease_list(request: HttpRequest) -> HttpResponse:
    diseases = live_diseases().order_by("sort_key", "pk")
    counts = letters()
    count = sum(counts.values())
    letter = request.GET.get("letter", "").upper()
    if letter in counts:
        diseases, count = diseases.filter(letter=letter), counts[letter]
    else:
        letter = ""
    page = EditionPaginator(diseases, DISEASES_PER_PAGE, count).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "page_url": page_url(request, page, letter=letter),
        "letters": list(counts),
        "letter": letter,
    }
    return render(request, "diseases/disease_list.html", context)


@of_live_edition(Disease)
def disease_detail(request: HttpRequest, edition: Edition) -> HttpResponse:
    return render_disease(request, edition)


@of_live_edition(Disease)
def disease_changes(request: HttpRequest, edition: Edition) -> HttpResponse:
    page = history(edition, request.GET.get("page"))
    context = {"edition": edition, "page": page, "page_url": page_url(request, page)}
    return render(request, "diseases/disease_changes.html", context)


@of_live_edition(Disease)
def disease_feed(request: HttpRequest, edition: Edition) -> HttpResponse:
    return feed_of(request, edition)


@of_live_edition(Disease)
def disease_sheet(request: HttpRequest, edition: Edition) -> HttpResponse:
    """One sheet of paper for a hospital or a school, with room for the family's own handwriting."""
    address = absolute(request, edition.get_absolute_url())
    context = {
        "edition": edition,
        "sheet": lay_out(
            edition.page, sheet_contacts(edition.page), address=address, notice=str(settings.MEDICAL_NOTICE)
        ),
        "address": address,
        "qr_code": qr_code(address),
        "noindex": True,  # it says less than the page
    }
    return render(request, "diseases/disease_sheet.html", context)


def render_disease(request: HttpRequest, edition: Edition, *, preview: Preview | None = None) -> HttpResponse:
    """The page of any edition: of the live one for the public, of any other as a preview for the staff."""
    disease: DiseasePage = edition.page
    today = timezone.localdate()
    countries = organizations_by_country(disease)
    helpers = [(helper.url, helper.page) for _country, same in countries for helper in same]
    url = absolute(request, edition.get_absolute_url())
    context = {
        "edition": edition,
        "preview": preview,
        "page_url": url,
        "linked_data": json_ld.disease_page_json_ld(
            disease, url, edition.updated_at, helpers, partial(absolute, request)
        ),
        "disease": disease,
        "old_answers": {answer.key for answer in disease.questions if is_old(answer, today)},
        "countries": countries,
        "gard": next((code for code in disease.identifiers if code.scheme == Scheme.GARD), None),
        "live_slug": "" if preview else edition.slug,  # for links by which readers tell us of the page
    }
    return render(request, "diseases/disease_detail.html", context)


def is_old(answer: QuestionValue, today: date) -> bool:
    """Whether the answer is known to have last changed more than five years ago."""
    updated = answer.last_updated
    return bool(
        updated and (updated.year + OLD_AFTER_YEARS, updated.month, updated.day) < (today.year, today.month, today.day)
    )


def organizations_by_country(disease: DiseasePage) -> list[tuple[str, list[SupportingOrganization]]]:
    """The disease's live organizations in the editors' order, under the names of their countries.

    Countries stand in the order in which they first occur; those whose country is not known come last.
    """
    editions = Edition.objects.live_by_reference(
        Organization, {support.organization.slug for support in disease.supports}
    )
    pages: dict[str, OrganizationPage] = {slug: edition.page for slug, edition in editions.items()}
    moved_to = {page.successor.slug for page in pages.values() if page.successor}
    successors = Edition.objects.live_by_reference(Organization, moved_to)
    countries: dict[str, list[SupportingOrganization]] = {}
    for support in disease.supports:
        slug = support.organization.slug
        if slug in pages:
            page = pages[slug]
            successor = successors.get(page.successor.slug) if page.successor else None
            helper = SupportingOrganization(editions[slug].get_absolute_url(), page, support.note, successor)
            countries.setdefault(page.country_name, []).append(helper)
    return sorted(countries.items(), key=lambda country: not country[0])


def sheet_contacts(disease: DiseasePage) -> list[Contact]:
    """The disease's live organizations that have not closed, each with its country where there are several."""
    countries = organizations_by_country(disease)
    return [
        Contact.of(helper.page, helper.successor.title if helper.successor else "", with_country=len(countries) > 1)
        for _country, helpers in countries
        for helper in helpers
        if helper.page.status != Status.CLOSED
    ]
