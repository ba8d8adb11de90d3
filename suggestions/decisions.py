"""What editors decide about suggestions. Accepting changes the working copy; nothing goes live by it."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from publishing.models import Publishable
from publishing.verbs import READER_SUGGESTION_NOTE, PublishingError, save_edition
from suggestions.models import Suggestion

SuggestionState = Suggestion.State


class SuggestionRefused(PublishingError):
    """A step cannot be taken; the message tells an editor why and what to do."""


def name_of(user: Any) -> str:
    """As it is kept in text, which outlives the account."""
    return str(user.get_full_name() or user.get_username())[:150]


def may_decide(user: Any) -> bool:
    return bool(user.is_active and user.has_perm("suggestions.change_suggestion"))


def _locked(suggestion: Suggestion, by: Any) -> Suggestion:
    """The row as it is now, held until the transaction ends. A subject's lock, if any, is taken before."""
    if not may_decide(by):
        raise PermissionDenied
    try:
        return Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    except Suggestion.DoesNotExist as error:
        raise SuggestionRefused(_("It was deleted meanwhile.")) from error


def _undecided(suggestion: Suggestion, by: Any) -> Suggestion:
    row = _locked(suggestion, by)
    if not row.is_open:
        said = _("Nothing was done: it is decided already (%(state)s, %(name)s).")
        raise SuggestionRefused(said % {"state": row.get_state_display(), "name": row.handler_name or _("by nobody")})
    return row


def _set(row: Suggestion, state: SuggestionState, by: Any, **fields: Any) -> None:
    fields |= {"state": state, "handler": by, "handler_name": name_of(by) if by else ""}
    fields["decided_at"] = None if state in Suggestion.OPEN else timezone.now()
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=[*fields])


@transaction.atomic
def take(suggestion: Suggestion, by: Any) -> None:
    """Makes it one's own, also where somebody else had it."""
    _set(_undecided(suggestion, by), SuggestionState.IN_WORK, by)


@transaction.atomic
def decline_suggestion(suggestion: Suggestion, by: Any, reason: str = "") -> None:
    _set(_undecided(suggestion, by), SuggestionState.DECLINED, by, outcome=reason)


@transaction.atomic
def accept_by_hand(suggestion: Suggestion, by: Any, outcome: str) -> None:
    """Says that an editor did with the suggestion what no step here does."""
    _set(_undecided(suggestion, by), SuggestionState.ACCEPTED, by, outcome=outcome)


@transaction.atomic
def mark_as_spam(suggestion: Suggestion, by: Any) -> None:
    _set(_undecided(suggestion, by), SuggestionState.SPAM, by)


@transaction.atomic
def put_back(suggestion: Suggestion, by: Any) -> None:
    """Back to the inbox: what is no spam as new, what was decided as in work."""
    row = _locked(suggestion, by)
    if row.forgotten_at:
        raise SuggestionRefused(_("What the reader wrote has been deleted, so nothing is left to decide."))
    if row.state == SuggestionState.SPAM:
        _set(row, SuggestionState.NEW, None)
    elif not row.is_open:
        _set(row, SuggestionState.IN_WORK, by)


def accept_suggestion(suggestion: Suggestion, by: Any, apply: Callable[[], tuple[list[Publishable], str]]) -> None:
    """Puts it into the working copy, keeps an edition of each subject that was written, and records the outcome.

    Within the caller's transaction, which holds the subject. `write` says what it wrote to, and what it did. Raises
    PublishingError.
    """
    row = _undecided(suggestion, by)
    subjects, outcome = apply()
    for subject in subjects:
        type(subject)._base_manager.filter(pk=subject.pk).update(saved_by=name_of(by))
        edition = save_edition(subject, by, note=str(READER_SUGGESTION_NOTE))
        outcome += " " + _("%(name)s, edition %(number)s.") % {"name": subject, "number": edition.number}
    _set(row, SuggestionState.ACCEPTED, by, outcome=outcome)
