"""The search page, and the suggestions that its field shows while somebody types.

What a reader searches for is the reader's own: it is not kept here, and no cache between us and them may keep it.
"""

from dataclasses import replace

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from search.engine import Hit, SearchSuggestion, search, suggest_names
from search.forms import SearchForm

RESULTS_PER_PAGE = 20
MAX_RESULTS_PAGE = 1_000
"""The last page that anybody is shown."""


def _asked(request: HttpRequest) -> SearchForm:
    request.encoding = "utf-8"  # and not as the request says, which may name one that writes halves of signs
    return SearchForm(request.GET)


@cache_control(private=True, no_cache=True)
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    form = _asked(request)
    if not form.query:
        return render(request, "search/search.html")
    found = search(form.query, page=min(form.number, MAX_RESULTS_PAGE), per_page=RESULTS_PER_PAGE, exact=form.is_exact)
    page = Paginator(range(found.total), RESULTS_PER_PAGE).get_page(found.page)
    context = {
        "query": form.query,
        "results": found,
        "hits": [_printed(hit) for hit in found.hits],
        "page": page,
        "noindex": True,
    }
    return render(request, "search/results.html", context)


def _printed(hit: Hit) -> Hit:
    """Its code as the pages print it: ORPHA 446."""
    if hit.reason.sort != "code":
        return hit
    return replace(hit, reason=replace(hit.reason, text=hit.reason.text.replace(":", " ", 1)))


@cache_control(private=True, max_age=60)
@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """What the field offers for the words so far, and what is said of it to those who do not see it."""
    query = _asked(request).query
    found = suggest_names(query) if len(query) > 1 else ()
    said = ngettext("%(count)d suggestion", "%(count)d suggestions", len(found)) % {"count": len(found)}
    options = [{"title": each.title, "url": each.url, "reason": _in_a_line(each), "kind": each.kind} for each in found]
    return JsonResponse({"count": len(found), "options": options, "said": said if found else _("No suggestions")})


def _in_a_line(suggestion: SearchSuggestion) -> str:
    """Why it is suggested. That it is no disease is said too: an organization may be called like one."""
    kind = _("Organization") if suggestion.kind == "organization" else ""
    return " · ".join(part for part in (kind, suggestion.reason) if part)
