import time
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.passwords import PasswordReset, PasswordResetComplete, PasswordResetConfirm, PasswordResetDone
from editorial.dashboard import panels
from editorial.policy import with_admin_policy
from editorial.sessions import resume, signed_out

SESSION_EXTENDED_AT = "prolonged"
TEN_MINUTES = 600


def extend_session(request: HttpRequest) -> None:
    """Lets a session end so many hours after the last click, and not after the first.

    Not with every request: two at once each write the whole session, and the one would undo what the other put there.
    """
    now = int(time.time())
    if request.user.is_authenticated and now - request.session.get(SESSION_EXTENDED_AT, 0) > TEN_MINUTES:
        request.session[SESSION_EXTENDED_AT] = now


class EditorialSite(admin.AdminSite):
    """Django's admin with a content security policy of its own, and with no word lost when a session ends."""

    site_header = settings.SITE_NAME
    site_title = settings.SITE_NAME
    index_title = _("Editing")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        @with_admin_policy
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "\0" in unquote(request.META.get("QUERY_STRING", "")):
                return HttpResponseBadRequest("The address contains a NUL character.")  # PostgreSQL would fail on it
            leaving = request.path == reverse("admin:logout")
            if request.method == "POST" and not leaving and not self.has_permission(request):
                return signed_out(request)
            extend_session(request)
            return guarded(request, *args, **kwargs)

        return inner

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().index(request, {"panels": panels(request.user), **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        view: Any = with_admin_policy(super().login)
        return view(request, extra_context)

    def get_urls(self) -> list[Any]:
        return [path("resume/", resume, name="resume"), *super().get_urls()]


# Before the admin's own addresses, the last of which takes everything; the names are those that Django looks for.
forgotten_password = [
    path("password-reset/", with_admin_policy(PasswordReset.as_view()), name="admin_password_reset"),
    path("password-reset/sent/", with_admin_policy(PasswordResetDone.as_view()), name="password_reset_done"),
    path(
        "password-reset/<uidb64>/<token>/",
        with_admin_policy(PasswordResetConfirm.as_view()),
        name="password_reset_confirm",
    ),
    path(
        "password-reset/complete/",
        with_admin_policy(PasswordResetComplete.as_view()),
        name="password_reset_complete",
    ),
]
