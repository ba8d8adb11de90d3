"""Whether the site sends mail, and the page that sends a link to those who forgot their password."""

from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.views import PasswordResetView
from django.core import checks
from django.http import HttpResponse, HttpResponseRedirect

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


class _RedirectThenRun(HttpResponseRedirect):
    """Runs a function after the response was sent, so that the time of the response tells nothing about it."""

    def __init__(self, to: str, run_after: Callable[[], Any]) -> None:
        super().__init__(to)
        self.run_after = run_after

    def close(self) -> None:
        self.run_after()
        super().close()


class PasswordReset(PasswordResetView):
    email_template_name = "registration/password_reset_email.txt"
    extra_email_context = {"site_name": settings.SITE_NAME}

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        # Sending mail takes long and happens only for an existing account: the time would tell who has an account.
        return _RedirectThenRun(str(self.success_url), lambda: super(PasswordReset, self).form_valid(form))
