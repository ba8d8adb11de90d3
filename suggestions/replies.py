"""Replies by e-mail to readers who left an address. A template gives the text, which an editor may change."""

from smtplib import SMTPException
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from editorial.seen import SeenForm, stale_message
from publishing.verbs import author_name
from suggestions.decisions import SuggestionRefused, may_decide
from suggestions.models import Suggestion


class NotSent(Exception):
    """The mail server did not accept the message."""


class ReplyForm(SeenForm):
    subject = forms.CharField(max_length=200)
    text = forms.CharField(
        label=gettext_lazy("Reply"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=gettext_lazy("Sent as plain text, exactly as it stands here."),
    )

    def clean_subject(self) -> str:
        """Returns the subject on one line, since a line break would start another header."""
        return " ".join(self.cleaned_data["subject"].split())


def initial_reply(suggestion: Suggestion, by: User) -> dict[str, str]:
    """Returns the first values of the reply form: a text that fits the state of the suggestion."""
    context = {"suggestion": suggestion, "site_name": settings.SITE_NAME, "by": author_name(by)}
    subject = render_to_string("suggestions/mail/subject.txt", context)
    text = render_to_string("suggestions/mail/reply.txt", context)
    return {"subject": " ".join(subject.split()), "text": text.strip()}


def send_reply(suggestion: Suggestion, by: User, subject: str, text: str) -> None:
    """Sends and records a reply. Raises SuggestionRefused or NotSent, and then records nothing.

    The given suggestion has the last reply that the editor saw. The reply is recorded before it is sent, and the record
    is undone where sending fails. A transaction around the sending would block other writers while the mail server
    works.
    """
    if not may_decide(by):
        raise PermissionDenied
    rows = Suggestion.objects.filter(pk=suggestion.pk).exclude(email="")
    before = rows.filter(replied_at=suggestion.replied_at).first()
    now: dict[str, Any] = {"replied_at": timezone.now(), "replied_by_name": author_name(by), "reply": text}
    if not before or not rows.filter(replied_at=before.replied_at).update(**now):
        gone = _("The reader’s e-mail address is not here any more.")
        raise SuggestionRefused(stale_message() if rows.exists() else gone)
    reply_to = [settings.SUGGEST_EMAIL] if settings.SUGGEST_EMAIL else []
    try:
        EmailMessage(subject, text, to=[before.email], reply_to=reply_to).send()
    except (SMTPException, OSError, ValueError) as error:
        was = {name: getattr(before, name) for name in now}
        Suggestion.objects.filter(pk=before.pk, replied_at=now["replied_at"]).update(**was)
        raise NotSent(str(error)) from error
