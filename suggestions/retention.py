"""Deletes what readers wrote: after some months, and when a reader asks for it."""

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
class Erased:
    suggestions: int = 0
    undecided: int = 0
    """How many of these suggestions had no decision."""
    spam: int = 0
    rate_counts: int = 0


@transaction.atomic
def erase_old(days: int) -> Erased:
    """Deletes the texts of suggestions that are `days` days old or older, spam after 30 days, and old rate counts."""
    now = timezone.now()
    spam, _each = Suggestion.objects.filter(state=Suggestion.State.SPAM, at__lte=now - SPAM_KEPT).delete()
    suggestions, undecided = _erase(Q(at__lte=now - timedelta(days=days)))
    return Erased(suggestions, undecided, spam, RateCount.delete_before(hour_now()))


@transaction.atomic
def erase_by_email(email: str) -> Erased:
    """Deletes the texts of all suggestions with an e-mail address, whatever their age and state."""
    return Erased(*_erase(Q(email__iexact=email.strip())))


def _erase(which: Q) -> tuple[int, int]:
    """Empties the typed fields. The rows stay: what they were about, when they were sent and what was decided."""
    rows = Suggestion.objects.filter(which, erased_at=None)
    empty: dict[str, Any] = dict.fromkeys(Suggestion.TYPED, "")
    undecided = rows.open().update(
        state=Suggestion.State.DECLINED, decided_at=timezone.now(), erased_at=timezone.now(), **empty
    )
    return undecided + rows.update(erased_at=timezone.now(), **empty), undecided


def report(found: Erased) -> str:
    """Returns a sentence that says what was deleted."""
    words = _(
        "Deleted: the texts of %(suggestions)s suggestions (%(undecided)s of them without a decision), "
        "%(spam)s suggestions held as spam, and %(rate_counts)s counts of past hours."
    )
    return words % vars(found)
