"""The form for readers' suggestions. It needs no cookie and no script, and what was typed always comes back.

No browser or proxy may store the page. The token in a stored copy would expire, and a page that differs for each reader
would have an ETag that identifies the reader.
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
from suggestions.target import SuggestionTarget, SuggestionTargetForm

MAX_POST_BYTES = 1024 * 1024
"""The largest post in bytes that is read. Nobody types as much."""


def _topic(request: HttpRequest) -> tuple[SuggestionTarget, str]:
    """Returns what the suggestion is about and its likely kind, from the parameters of the address."""
    form = SuggestionTargetForm(request.GET)
    form.is_valid()
    values = form.cleaned_data
    about = SuggestionTarget.of_page(values.get("about", ""), values.get("slug", ""), values.get("question"))
    return about, values.get("kind", "") or (Suggestion.Kind.CORRECTION if about.question else "")


@csrf_exempt  # CSRF protection needs a cookie. The form has a signed token instead: see `form_tokens`.
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def suggest_page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _receive_post(request)
    about, kind = _topic(request)
    form = SuggestionForm(about=about, initial={"kind": kind})
    return _page(request, form, form_tokens.issue_token(about))


def _receive_post(request: HttpRequest) -> HttpResponse:
    if _post_size(request) > MAX_POST_BYTES:
        about, kind = _topic(request)
        form = SuggestionForm(about=about, initial={"kind": kind})
        trouble = _("This was more than we can take. Please go back: your words may still be there. Then send less.")
        return _page(request, form, form_tokens.issue_token(about), trouble, 413)
    token_form = FormTokenForm(request.POST)
    token = form_tokens.read_token(token_form.cleaned_data["token"]) if token_form.is_valid() else None
    about = token.about if token else _topic(request)[0]
    form = SuggestionForm(request.POST, about=about)
    if not token or not form_tokens.is_same_site(request.headers, request.get_host()):
        trouble = _("We could not be sure that this came from our own page. Please check it and send it again.")
        return _page(request, form, form_tokens.issue_token(about), trouble, 403)
    if token.is_old:
        trouble = _("This page was open for more than a day. All you typed is still here. Please send it again.")
        return _page(request, form, form_tokens.issue_token(about, again=True), trouble, 403)
    if not form.is_valid():
        return _page(request, form, token.text)
    suggestion = form.suggestion()
    if token.is_young:
        suggestion.spam_reasons.append(Suggestion.SpamReason.TOO_QUICK)
    hour = hour_now()
    try:
        receive(suggestion, sender_of(request, hour), hour)
    except TooManyFromOne:
        trouble = _("We have had very many suggestions from your internet address in this hour. Please send it later.")
        return _page(request, form, token.text, trouble, 429)
    except TooMany:
        trouble = _("We have had more suggestions in this hour than we can read. Please send it later.")
        return _page(request, form, token.text, trouble, 429)
    except OperationalError:
        trouble = _("We cannot save it just now. Nothing is lost. Please send it again in a few minutes.")
        return _page(request, form, token.text, trouble, 503)
    return redirect(reverse("suggest-thanks") + about.query)


def _post_size(request: HttpRequest) -> int:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(length) if length.isascii() and length.isdigit() else MAX_POST_BYTES + 1


def _page(request: HttpRequest, form: SuggestionForm, token: str, trouble: str = "", status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "about": form.about,
        "token": token,
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
