"""Django's views for a forgotten password, in the look of the admin and below its path, as its cookies need it."""

from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views as auth
from django.contrib.auth.forms import PasswordResetForm
from django.core import checks
from django.http import HttpResponse, HttpResponseRedirect
from django.views.generic.base import ContextMixin, View

SILENT_BACKENDS = [f"django.core.mail.backends.{name}.EmailBackend" for name in ["dummy", "console"]]


def sends_mail() -> bool:
    """Returns whether the site can send mail. With DEBUG, mail that is printed on the console counts too."""
    return settings.DEBUG or settings.EMAIL_BACKEND not in SILENT_BACKENDS


@checks.register(checks.Tags.security, deploy=True)
def check_mail(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Returns a notice where the site sends no mail. It is no warning, since a site can work without mail."""
    if sends_mail():
        return []
    return [
        checks.Info(
            "The site sends no mail: nobody can reset a forgotten password, and no error is reported by mail.",
            hint="Set EMAIL_URL, DEFAULT_FROM_EMAIL and ADMINS; docs/operators.md explains them.",
            id="accounts.I001",
        )
    ]


class _AdminContext(ContextMixin, View):
    """Adds the context of the admin's pages to a view."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**admin.site.each_context(self.request), "is_nav_sidebar_enabled": False, **context}


class _RedirectThenRun(HttpResponseRedirect):
    """Runs a function after the response was sent, so that the time of the response tells nothing about it."""

    def __init__(self, to: str, run_after: Callable[[], Any]) -> None:
        super().__init__(to)
        self.run_after = run_after

    def close(self) -> None:
        self.run_after()
        super().close()


class PasswordReset(_AdminContext, auth.PasswordResetView):
    template_name = "accounts/password_reset_form.html"
    subject_template_name = "accounts/password_reset_subject.txt"
    email_template_name = "accounts/password_reset_email.txt"
    extra_context = {"sends_mail": sends_mail}
    extra_email_context = {"site_name": settings.SITE_NAME}

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        # Sending mail takes long and happens only for an existing account: the time would tell who has an account.
        return _RedirectThenRun(str(self.success_url), lambda: super(PasswordReset, self).form_valid(form))


class PasswordResetDone(_AdminContext, auth.PasswordResetDoneView):
    template_name = "accounts/password_reset_done.html"


class PasswordResetConfirm(_AdminContext, auth.PasswordResetConfirmView):
    template_name = "accounts/password_reset_confirm.html"


class PasswordResetComplete(_AdminContext, auth.PasswordResetCompleteView):
    template_name = "accounts/password_reset_complete.html"
