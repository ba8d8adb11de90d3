import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import PasswordResetCompleteView, PasswordResetConfirmView, PasswordResetDoneView
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.passwords import PasswordReset, sends_mail
from editorial.dashboard import panels
from editorial.policy import with_admin_policy
from editorial.sessions import resume, signed_out

SESSION_EXTENDED_AT = "extended_at"
TEN_MINUTES = 600

_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])


def extend_session(request: HttpRequest) -> None:
    """Makes a session end some hours after the last request, not after the sign-in.

    It writes the session at most every ten minutes: two requests at the same time each save the whole session, and
    the second would undo what the first one stored.
    """
    now = int(time.time())
    if request.user.is_authenticated and now - request.session.get(SESSION_EXTENDED_AT, 0) > TEN_MINUTES:
        request.session[SESSION_EXTENDED_AT] = now


class EditorialSite(admin.AdminSite):
    """Django's admin with its own content security policy. A session that ends loses nothing that was typed."""

    site_header = settings.SITE_NAME
    site_title = settings.SITE_NAME
    index_title = _("Editing")

    def admin_view(self, view: _View, cacheable: bool = False) -> _View:
        staff_only = super().admin_view(view, cacheable)

        @with_admin_policy
        def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if "\0" in unquote(request.META.get("QUERY_STRING", "")):  # PostgreSQL raises an error on it
                return HttpResponseBadRequest("The address contains a NUL character.")
            is_logout = request.path == reverse("admin:logout")
            if request.method == "POST" and not is_logout and not self.has_permission(request):
                return signed_out(request)
            extend_session(request)
            return staff_only(request, *args, **kwargs)

        return inner  # type: ignore[return-value] # it takes the arguments of the view

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {"panels": panels(request.user), **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return with_admin_policy(super().login)(request, extra_context)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [path("resume/", resume, name="resume"), *super().get_urls()]


def in_admin_frame(as_view: Callable[..., Callable[..., HttpResponseBase]]) -> Callable[..., HttpResponseBase]:
    """Returns a view of Django for a forgotten password, in the look of the admin."""

    @with_admin_policy
    def inner(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        context = {**admin.site.each_context(request), "is_nav_sidebar_enabled": False, "sends_mail": sends_mail}
        return as_view(extra_context=context)(request, **kwargs)

    return inner


# These must come before the addresses of the admin, the last of which matches everything, and below its path, as its
# cookies need it. Django expects the names.
forgotten_password = [
    path(f"password-reset/{route}", in_admin_frame(as_view), name=name)
    for route, as_view, name in [
        ("", PasswordReset.as_view, "admin_password_reset"),
        ("sent/", PasswordResetDoneView.as_view, "password_reset_done"),
        ("<uidb64>/<token>/", PasswordResetConfirmView.as_view, "password_reset_confirm"),
        ("complete/", PasswordResetCompleteView.as_view, "password_reset_complete"),
    ]
]
