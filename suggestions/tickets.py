"""The ticket that a form carries: that it is ours, when it was given out, and what it is about.

It takes the place of a CSRF cookie, which no public page sets. Nothing of it is kept, here or in the browser.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core import signing

from publishing.models import Edition
from suggestions.about import About

SALT = "suggestions.form"
YOUNG = 3
"""Seconds within which nobody reads a form and answers it."""

OLD = 24 * 3600
"""Seconds after which a form must be sent once more."""


@dataclass(frozen=True)
class Ticket:
    text: str
    about: About
    is_young: bool
    is_old: bool


def issue(about: About, *, again: bool = False) -> str:
    """A new ticket. `again`: for a form that was filled in before, and may come back at once."""
    edition = about.edition.pk if about.edition else None
    question = str(about.answer.key) if about.answer else None
    return signing.dumps([edition, question, again], salt=SALT)


def read(text: str) -> Ticket | None:
    """None for what we did not give out."""
    try:
        edition_pk, question, again = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    # It was live when the ticket was given out, even if another is now.
    edition = Edition.objects.filter(pk=edition_pk).first() if edition_pk else None
    key = UUID(question) if question else None
    about = About.of_edition(edition, key) if edition else About()
    if edition and edition.redacted_at:
        # Its words must not be seen any more, so the reader goes on with those of today.
        today = About.of_page(edition.kind, edition.slug, key)
        about = today if today.edition else about
    return Ticket(text, about, is_young=not again and _is_within(text, YOUNG), is_old=not _is_within(text, OLD))


def _is_within(text: str, seconds: int) -> bool:
    try:
        signing.loads(text, salt=SALT, max_age=seconds)
    except signing.SignatureExpired:
        return False
    return True


def comes_from_here(headers: Any, host: str) -> bool:
    """Whether a page of this site sent a form, as far as the browser says. One that says nothing is believed."""
    site = headers.get("Sec-Fetch-Site")
    if site:
        return site in {"same-origin", "none"}
    origin = headers.get("Origin")
    return not origin or origin.partition("://")[2] == host
