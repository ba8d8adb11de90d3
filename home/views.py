"""The home page. All of it comes from live editions, never from rows."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from community.invitation import people
from community.lists import few, live_portraits
from diseases.directory import letters, live_diseases
from organizations.directory import places
from website import linked_data
from website.absolute import absolute

RECENT = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    counts = letters()
    context = {
        "letters": list(counts),
        "count": sum(counts.values()),
        "recent": live_diseases().order_by("-updated_at", "sort_key")[:RECENT],
        "organization_count": sum(places().values()),
        "few": few(live_portraits()),
        "people": people(),
        "linked_data": linked_data.home(partial(absolute, request)),
    }
    return render(request, "home/home.html", context)
