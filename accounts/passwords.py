"""A forgotten password. Django's views, in the look of the admin and under its path, where alone its cookies go."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views as auth
from django.core import checks
from django.http import HttpResponse, HttpResponseRedirect

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
            id="accounts.I001",
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
    template_name = "accounts/password_reset_form.html"
    subject_template_name = "accounts/password_reset_subject.txt"
    email_template_name = "accounts/password_reset_email.txt"
    extra_context = {"sends_mail": sends_mail}
    extra_email_context = {"site_name": settings.SITE_NAME}

    def form_valid(self, form: Any) -> HttpResponse:
        # Asking the mail server takes long, and is done only where there is such an account.
        return _Answered(str(self.success_url), lambda: super(PasswordReset, self).form_valid(form))


class PasswordResetDone(_InTheAdmin, auth.PasswordResetDoneView):
    template_name = "accounts/password_reset_done.html"


class PasswordResetConfirm(_InTheAdmin, auth.PasswordResetConfirmView):
    template_name = "accounts/password_reset_confirm.html"


class PasswordResetComplete(_InTheAdmin, auth.PasswordResetCompleteView):
    template_name = "accounts/password_reset_complete.html"
