"""Deletes what readers wrote about themselves: after a set time, and when somebody asks for it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import RateCount
from suggestions.intake import hour_now
from suggestions.models import Suggestion

SPAM_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Forgotten:
    suggestions: int = 0
    undecided: int = 0
    """How many of them nobody had decided."""
    spam: int = 0
    tallies: int = 0


@transaction.atomic
def forget_old(days: int) -> Forgotten:
    """Of suggestions sent so many days ago or earlier, all that was typed; spam after a month, as a whole."""
    now = timezone.now()
    spam, _each = Suggestion.objects.filter(state=Suggestion.State.SPAM, at__lte=now - SPAM_KEPT).delete()
    suggestions, undecided = _forget(Q(at__lte=now - timedelta(days=days)))
    return Forgotten(suggestions, undecided, spam, RateCount.forget(hour_now()))


@transaction.atomic
def forget_address(email: str) -> Forgotten:
    """All that came with an e-mail address, however old and in whatever state."""
    return Forgotten(*_forget(Q(email__iexact=email.strip())))


def _forget(which: Q) -> tuple[int, int]:
    """The rows stay, without a word that was typed: what it was about, when, and what became of it."""
    rows = Suggestion.objects.filter(which, forgotten_at=None)
    gone: dict[str, Any] = dict.fromkeys(Suggestion.TYPED, "")
    undecided = rows.open().update(
        state=Suggestion.State.DECLINED, decided_at=timezone.now(), forgotten_at=timezone.now(), **gone
    )
    return undecided + rows.update(forgotten_at=timezone.now(), **gone), undecided


def said(found: Forgotten) -> str:
    """What was done, in a sentence."""
    words = _(
        "%(suggestions)s suggestions were cleared of all that was typed (%(undecided)s of them nobody had decided), "
        "%(spam)s held as spam were deleted, and %(tallies)s counts of past hours."
    )
    return words % vars(found)
