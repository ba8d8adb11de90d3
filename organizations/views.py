"""The directory of organizations and the pages of one organization. Public views read live editions only."""

from collections import Counter
from functools import partial

from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from organizations.codes_and_names import country_name
from organizations.directory import counts_by_country_and_letter
from organizations.forms import CountryForm
from organizations.json_ld import organization_page_json_ld
from organizations.models import Organization
from organizations.values import OrganizationPage, Status
from publishing.models import Edition
from website.absolute import absolute
from website.cacheable import cacheable
from website.kind_pages import page_context
from website.lists import list_pages, live_entries
from website.views import Preview


@cacheable("country", "letter", "page")
@require_safe
def organization_list(request: HttpRequest) -> HttpResponse:
    organizations = live_entries(Organization).annotate(
        city=KT("content__city"), country=KT("content__country"), status=KT("content__status")
    )
    counts = counts_by_country_and_letter()
    form = CountryForm(request.GET, list({country for country, _letter in counts if country}))
    country = form.chosen
    if country:
        organizations = organizations.filter(content__country=country)  # SQLite cannot compare the KT annotation
    letter_counts = Counter[str]()
    for (counted_country, counted_letter), number in counts.items():
        if country in ("", counted_country):
            letter_counts[counted_letter] += number
    context = {"form": form, "country_name": country_name(country) if country else ""}
    return list_pages(request, Organization, organizations, letter_counts, context, country=country)


@page_context(Organization)
def organization_context(request: HttpRequest, edition: Edition, preview: Preview | None) -> dict[str, object]:
    organization: OrganizationPage = edition.page
    reference = organization.successor
    successors = Edition.objects.live_by_reference(Organization, {reference.slug} if reference else set())
    mentions = list(
        Edition.objects.mentioning(Organization, edition.subject_id)
        .only("kind", "slug", "title")
        .annotate(status=KT("content__status"))
        .order_by("sort_key", "pk")
    )
    # An organization mentions another one only as its successor. All other mentions are pages that it helps with.
    predecessors = [mention for mention in mentions if mention.kind == Organization.KIND]
    url = absolute(request, edition.get_absolute_url())
    return {
        "linked_data": organization_page_json_ld(organization, url, edition.updated_at, partial(absolute, request)),
        "successor": successors.get(reference.slug) if reference else None,
        "helps_with": [mention for mention in mentions if mention.kind != Organization.KIND],
        "formerly": [mention for mention in predecessors if mention.status == Status.RENAMED],  # type: ignore[attr-defined] # annotated above
        "took_over": [mention for mention in predecessors if mention.status != Status.RENAMED],  # type: ignore[attr-defined] # annotated above
    }
