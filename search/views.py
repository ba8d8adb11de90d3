"""The search page, and the suggestions that the search field shows while a reader types.

The site stores nothing of what readers search for, and no shared cache may store it.
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
"""The number of the last page of results that is shown."""


def _read_form(request: HttpRequest) -> SearchForm:
    # A request may name its own encoding, and some encodings give half characters that no database stores.
    request.encoding = "utf-8"
    return SearchForm(request.GET)


@cache_control(private=True, no_cache=True)
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    form = _read_form(request)
    if not form.query:
        return render(request, "search/search.html")
    found = search(form.query, page=min(form.number, MAX_RESULTS_PAGE), per_page=RESULTS_PER_PAGE, exact=form.is_exact)
    page = Paginator(range(found.total), RESULTS_PER_PAGE).get_page(found.page)
    context = {
        "query": form.query,
        "results": found,
        "hits": [_display_code(hit) for hit in found.hits],
        "page": page,
        "noindex": True,
    }
    return render(request, "search/results.html", context)


def _display_code(hit: Hit) -> Hit:
    """Returns the result with its code as pages print it: ORPHA 446."""
    if hit.reason.matched != "code":
        return hit
    return replace(hit, reason=replace(hit.reason, text=hit.reason.text.replace(":", " ", 1)))


@cache_control(private=True, max_age=60)
@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """Returns the suggestions for the words so far, and a status text for screen readers."""
    query = _read_form(request).query
    found = suggest_names(query) if len(query) > 1 else ()
    status = ngettext("%(count)d suggestion", "%(count)d suggestions", len(found)) % {"count": len(found)}
    options = [
        {"title": suggestion.title, "url": suggestion.url, "reason": _reason_line(suggestion)} for suggestion in found
    ]
    return JsonResponse({"count": len(found), "options": options, "said": status if found else _("No suggestions")})


def _reason_line(suggestion: SearchSuggestion) -> str:
    """Returns the kind and the reason for a suggestion in one line: some organizations are called like a disease."""
    return " · ".join(filter(None, [suggestion.label, suggestion.reason]))
