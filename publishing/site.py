import time
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views as auth
from django.core import checks
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from publishing.desk import desk
from publishing.views import resume, signed_out, with_admin_policy

PROLONGED = "prolonged"
TEN_MINUTES = 600


def prolong(request: HttpRequest) -> None:
    """Lets a session end so many hours after the last click, and not after the first.

    Not with every request: two at once each write the whole session, and the one would undo what the other put there.
    """
    now = int(time.time())
    if request.user.is_authenticated and now - request.session.get(PROLONGED, 0) > TEN_MINUTES:
        request.session[PROLONGED] = now


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
            prolong(request)
            return guarded(request, *args, **kwargs)

        return inner

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().index(request, {"desk": desk(request.user), **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        view: Any = with_admin_policy(super().login)
        return view(request, extra_context)

    def get_urls(self) -> list[Any]:
        return [path("resume/", resume, name="resume"), *super().get_urls()]


# A forgotten password. Django's views, in the look of the admin and under its path, where alone its cookies go.

SILENT_BACKENDS = [f"django.core.mail.backends.{name}.EmailBackend" for name in ["dummy", "console"]]


def sends_mail() -> bool:
    """Whether mail leaves this machine. On a developer's machine the console will do."""
    return settings.DEBUG or settings.EMAIL_BACKEND not in SILENT_BACKENDS


@checks.register(checks.Tags.security, deploy=True)
def check_mail(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A notice, not a warning: a site may well do without mail, and then says so to who forgot a password."""
    if sends_mail():
        return []
    return [
        checks.Info(
            "The site sends no mail: nobody can reset a forgotten password, and no error is reported by mail.",
            hint="Set EMAIL_URL, DEFAULT_FROM_EMAIL and ADMINS; docs/operators.md explains them.",
            id="publishing.I001",
        )
    ]


class _InTheAdmin:
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        view: Any = self
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc] # of Django's view
        return {**admin.site.each_context(view.request), "is_nav_sidebar_enabled": False, **context}


class _Answered(HttpResponseRedirect):
    """Does something once the answer is on its way, so that nobody can tell from the waiting whether it was done."""

    def __init__(self, to: str, afterwards: Any) -> None:
        super().__init__(to)
        self.afterwards = afterwards

    def close(self) -> None:
        self.afterwards()
        super().close()


class PasswordReset(_InTheAdmin, auth.PasswordResetView):
    email_template_name = "registration/password_reset_email.txt"
    extra_context = {"sends_mail": sends_mail}
    extra_email_context = {"site_name": settings.SITE_NAME}

    def form_valid(self, form: Any) -> HttpResponse:
        # Asking the mail server takes long, and is done only where there is such an account.
        return _Answered(str(self.success_url), lambda: super(PasswordReset, self).form_valid(form))


class PasswordResetDone(_InTheAdmin, auth.PasswordResetDoneView):
    pass


class PasswordResetConfirm(_InTheAdmin, auth.PasswordResetConfirmView):
    pass


class PasswordResetComplete(_InTheAdmin, auth.PasswordResetCompleteView):
    pass


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
