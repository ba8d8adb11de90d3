"""The signed token in the form: it proves that the form is ours, and says when it was issued and what it is about.

It replaces a CSRF cookie, since no public page sets a cookie. Neither the site nor the browser stores it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.core import signing

from publishing.models import Edition
from suggestions.target import SuggestionTarget

SALT = "suggestions.form"
MIN_AGE = 3
"""Seconds that a person needs at least to fill in the form."""

MAX_AGE = 24 * 3600
"""Seconds after which a form must be sent again."""


@dataclass(frozen=True)
class FormToken:
    text: str
    about: SuggestionTarget
    is_young: bool
    is_old: bool


def issue_token(about: SuggestionTarget, *, again: bool = False) -> str:
    """Returns a new token. `again` is True for a form that is filled in already and may be sent at once."""
    edition = about.edition.pk if about.edition else None
    question = str(about.question.key) if about.question else None
    return signing.dumps([edition, question, again], salt=SALT)


def read_token(text: str) -> FormToken | None:
    """Returns the token, or None where the text is not a token of ours."""
    try:
        edition_pk, question, again = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    # This edition was live when the token was issued, even if another one is live now.
    edition = Edition.objects.filter(pk=edition_pk).first() if edition_pk else None
    key = UUID(question) if question else None
    about = SuggestionTarget.of_edition(edition, key) if edition else SuggestionTarget()
    if edition and edition.redacted_at:
        # Nobody may see its words any more, so the form goes on with the edition that is live now.
        today = SuggestionTarget.of_page(edition.kind, edition.slug, key)
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


def is_same_site(headers: Mapping[str, str], host: str) -> bool:
    """Returns False where the browser says that a page of another site sent the form. Some browsers say nothing."""
    site = headers.get("Sec-Fetch-Site")
    if site:
        return site in {"same-origin", "none"}
    origin = headers.get("Origin")
    return not origin or origin.partition("://")[2] == host
