"""The ticket that a form carries: that it is ours, when it was given out, and what it is about.

It takes the place of a CSRF cookie, which no public page sets. Nothing of it is kept, here or in the browser.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core import signing

from publishing.models import Edition
from suggestions.topic import SuggestionTopic

SALT = "suggestions.form"
MIN_AGE = 3
"""Seconds within which nobody reads a form and answers it."""

MAX_AGE = 24 * 3600
"""Seconds after which a form must be sent once more."""


@dataclass(frozen=True)
class FormToken:
    text: str
    about: SuggestionTopic
    is_young: bool
    is_old: bool


def issue_token(about: SuggestionTopic, *, again: bool = False) -> str:
    """A new ticket. `again`: for a form that was filled in before, and may come back at once."""
    edition = about.edition.pk if about.edition else None
    question = str(about.answer.key) if about.answer else None
    return signing.dumps([edition, question, again], salt=SALT)


def read_token(text: str) -> FormToken | None:
    """None for what we did not give out."""
    try:
        edition_pk, question, again = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    # It was live when the ticket was given out, even if another is now.
    edition = Edition.objects.filter(pk=edition_pk).first() if edition_pk else None
    key = UUID(question) if question else None
    about = SuggestionTopic.of_edition(edition, key) if edition else SuggestionTopic()
    if edition and edition.redacted_at:
        # Its words must not be seen any more, so the reader goes on with those of today.
        today = SuggestionTopic.of_page(edition.kind, edition.slug, key)
        about = today if today.edition else about
    return FormToken(
        text, about, is_young=not again and _is_within(text, MIN_AGE), is_old=not _is_within(text, MAX_AGE)
    )


def _is_within(text: str, seconds: int) -> bool:
    try:
        signing.loads(text, salt=SALT, max_age=seconds)
    except signing.SignatureExpired:
        return False
    return True


def is_same_site(headers: Any, host: str) -> bool:
    """Whether a page of this site sent a form, as far as the browser says. One that says nothing is believed."""
    site = headers.get("Sec-Fetch-Site")
    if site:
        return site in {"same-origin", "none"}
    origin = headers.get("Origin")
    return not origin or origin.partition("://")[2] == host
