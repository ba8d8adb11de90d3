"""Keeps what an editor typed when the session has ended or the form has no valid CSRF token."""

import json
import re
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from editorial.policy import with_admin_policy
from editorial.seen import SEEN_FIELD

SECRET_FIELDS = {"csrfmiddlewaretoken", "password", "password1", "password2", "old_password"}
SECRET_FIELDS |= {"new_password1", "new_password2", "usable_password"}


def posted_pairs(request: HttpRequest) -> list[list[str]]:
    """Returns the posted fields as pairs of name and value, without passwords, which are never sent back."""
    return [[name, value] for name, values in request.POST.lists() if name not in SECRET_FIELDS for value in values]


def readable_fields(typed: list[list[str]]) -> list[tuple[str, str]]:
    """Returns the fields that an editor filled in, to be read: no row numbers, keys, empty fields or tags."""
    technical = re.compile(rf"{SEEN_FIELD}|_\w+|.*__prefix__.*|.*(_FORMS|-id|-key|-position|-new_date)")
    found = [(name, strip_tags(value).strip()) for name, value in typed if not technical.fullmatch(name)]
    return [(name.replace("-", " ").replace("_", " "), value) for name, value in found if value]


def _render_resume(
    request: HttpRequest, path: str, typed: list[list[str]], form: AdminAuthenticationForm
) -> HttpResponse:
    """Renders the page that holds what was typed, with a form to sign in or, after that, with a button to send it."""
    context = {
        **admin.site.each_context(request),
        "title": _("Your text is not saved yet"),
        "path": path,
        "typed": typed,
        "typed_json": json.dumps(typed),
        "readable": readable_fields(typed),
        "is_nav_sidebar_enabled": False,
        "form": form,
        "signed_in": admin.site.has_permission(request),
    }
    return render(request, "editorial/resume.html", context)


@with_admin_policy
@never_cache
@requires_csrf_token
def signed_out(request: HttpRequest) -> HttpResponse:
    """Answers a POST without a session or a valid CSRF token. Nothing is saved; the page holds what was typed."""
    response = _render_resume(request, request.get_full_path(), posted_pairs(request), AdminAuthenticationForm(request))
    response.status_code = 403
    return response


def _is_same_site(request: HttpRequest) -> bool:
    """Returns whether a page of this site sent the POST. A form of another site must not be offered for sending."""
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    return urlsplit(origin)[:2] == (request.scheme, request.get_host())


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answers a POST without a valid CSRF token. In the admin the usual cause is a lost cookie or an old tab."""
    if request.path == reverse("admin:login"):
        return redirect(request.get_full_path())
    if request.path.startswith(reverse("admin_password_reset")) and not admin.site.has_permission(request):
        return redirect("admin_password_reset")
    if request.path.startswith(reverse("admin:index")) and _is_same_site(request):
        return signed_out(request)
    return render(request, "403_csrf.html", {"reason": reason}, status=403)


@with_admin_policy
@never_cache
@sensitive_post_parameters("password")
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Signs the person in, and shows a button that sends the typed text once more, with a valid token."""
    path = request.POST.get("path", "")
    if not (path.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(path, None)):
        return redirect("admin:index")
    try:
        typed = [[str(name), str(value)] for name, value in json.loads(request.POST.get("typed", "[]"))]
    except (ValueError, TypeError):
        return redirect(path)
    form = AdminAuthenticationForm(request, request.POST)
    if not admin.site.has_permission(request) and form.is_valid():
        login(request, form.get_user())
    return _render_resume(request, path, typed, form)
