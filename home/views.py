"""The home page. Its content comes from live editions only."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from community.invitation import people_heading
from community.lists import live_portraits, teaser
from diseases.models import Disease
from organizations.directory import counts_by_country_and_letter
from website import json_ld
from website.absolute import absolute
from website.cacheable import cacheable
from website.lists import letters_of, live_entries

RECENT = 6


@cacheable()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    counts = letters_of(Disease)
    context = {
        "letters": list(counts),
        "count": sum(counts.values()),
        "recent": live_entries(Disease).order_by("-updated_at", "sort_key")[:RECENT],
        "organization_count": sum(counts_by_country_and_letter().values()),
        "few": teaser(live_portraits()),
        "people": people_heading(),
        "linked_data": json_ld.home_json_ld(partial(absolute, request)),
    }
    return render(request, "home/home.html", context)
