"""The form for readers' suggestions: no cookie, no script, and what was typed comes back whatever happens.

Neither a browser nor a proxy may store it: a copy's ticket would grow old, and the ETag of a page that is another one
for every reader would be a mark on that reader.
"""

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from suggestions import form_tokens
from suggestions.forms import FormTokenForm, SuggestionForm
from suggestions.intake import TooMany, TooManyFromOne, hour_now, receive
from suggestions.models import Suggestion
from suggestions.sender_hash import sender_of
from suggestions.topic import SuggestionTopic, SuggestionTopicForm

MAX_POST_BYTES = 1024 * 1024
"""Bytes of a post that is read at all. Nobody types as much."""


def _topic(request: HttpRequest) -> tuple[SuggestionTopic, str]:
    """What the address says the suggestion is about, and of what kind it may be."""
    form = SuggestionTopicForm(request.GET)
    form.is_valid()
    said = form.cleaned_data
    about = SuggestionTopic.of_page(said.get("about", ""), said.get("slug", ""), said.get("question"))
    return about, said.get("kind", "") or (Suggestion.Kind.CORRECTION if about.answer else "")


@csrf_exempt  # no cookie, so no token in one: see tickets
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def suggest_page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _sent(request)
    about, kind = _topic(request)
    form = SuggestionForm(about=about, initial={"kind": kind})
    return _page(request, form, form_tokens.issue_token(about))


def _sent(request: HttpRequest) -> HttpResponse:
    if _post_size(request) > MAX_POST_BYTES:
        about, kind = _topic(request)
        form = SuggestionForm(about=about, initial={"kind": kind})
        said = _("This was more than we can take. Go back: what you typed may still be there. Please send less of it.")
        return _page(request, form, form_tokens.issue_token(about), said, 413)
    ticket_form = FormTokenForm(request.POST)
    ticket = form_tokens.read_token(ticket_form.cleaned_data["ticket"]) if ticket_form.is_valid() else None
    about = ticket.about if ticket else _topic(request)[0]
    form = SuggestionForm(request.POST, about=about)
    if not ticket or not form_tokens.is_same_site(request.headers, request.get_host()):
        said = _("We could not be sure that this came from our own page. Please look it over and send it once more.")
        return _page(request, form, form_tokens.issue_token(about), said, 403)
    if ticket.is_old:
        said = _("This page was open for more than a day. All you typed is still here: please send it once more.")
        return _page(request, form, form_tokens.issue_token(about, again=True), said, 403)
    if not form.is_valid():
        return _page(request, form, ticket.text)
    suggestion = form.suggestion()
    if ticket.is_young:
        suggestion.spam_reasons.append(Suggestion.SpamReason.TOO_QUICK)
    hour = hour_now()
    try:
        receive(suggestion, sender_of(request, hour), hour)
    except TooManyFromOne:
        said = _("We have taken as much as we can from your internet address in this hour. Please come back later.")
        return _page(request, form, ticket.text, said, 429)
    except TooMany:
        said = _("More suggestions have come in this hour than we can read. Please come back later.")
        return _page(request, form, ticket.text, said, 429)
    except OperationalError:
        said = _("We cannot take it just now. Nothing is lost: please send it once more in a few minutes.")
        return _page(request, form, ticket.text, said, 503)
    return redirect(reverse("suggest-thanks") + about.query)


def _post_size(request: HttpRequest) -> int:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(length) if length.isascii() and length.isdigit() else MAX_POST_BYTES + 1


def _page(
    request: HttpRequest, form: SuggestionForm, ticket: str, trouble: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "about": form.about,
        "ticket": ticket,
        "trouble": trouble,
        "is_full": status in {429, 503},
        "noindex": True,
    }
    response = render(request, "suggestions/suggest.html", context, status=status)
    if status in {429, 503}:
        response["Retry-After"] = "3600" if status == 429 else "300"
    return response


@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    about, _kind = _topic(request)
    return render(request, "suggestions/thanks.html", {"about": about, "noindex": True})
