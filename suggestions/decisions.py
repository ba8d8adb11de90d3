"""What editors decide about suggestions. Accepting one changes the draft of a page; nothing goes live by it."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AnyUser, User
from publishing.models import Publishable
from publishing.verbs import READER_SUGGESTION_NOTE, PublishingError, author_name, save_edition
from suggestions.models import Suggestion

SuggestionState = Suggestion.State


class SuggestionRefused(PublishingError):
    """The step is not possible; the message tells an editor why and what to do."""


def may_decide(user: AnyUser) -> bool:
    return bool(user.is_active and user.has_perm("suggestions.change_suggestion"))


def _locked(suggestion: Suggestion, by: User) -> Suggestion:
    """Returns the row as it is now, locked until the transaction ends. A subject must be locked before.

    Raises PermissionDenied, or SuggestionRefused where the suggestion was deleted.
    """
    if not may_decide(by):
        raise PermissionDenied
    try:
        return Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    except Suggestion.DoesNotExist as error:
        raise SuggestionRefused(_("It was deleted meanwhile.")) from error


def _undecided(suggestion: Suggestion, by: User) -> Suggestion:
    """Returns the locked row. Raises SuggestionRefused where it is decided already."""
    row = _locked(suggestion, by)
    if not row.is_open:
        message = _("Nothing was changed: it is decided already (%(state)s, %(name)s).")
        raise SuggestionRefused(
            message % {"state": row.get_state_display(), "name": row.handler_name or _("by nobody")}
        )
    return row


def _set(row: Suggestion, state: SuggestionState, by: User | None, outcome: str | None = None) -> None:
    """Saves the state and the editor. Without an outcome, the outcome stays as it is."""
    row.state, row.handler, row.handler_name = state, by, author_name(by) if by else ""
    row.decided_at = None if state in Suggestion.OPEN else timezone.now()
    if outcome is not None:
        row.outcome = outcome
    row.save(update_fields=["state", "handler", "handler_name", "decided_at", "outcome"])


@transaction.atomic
def take(suggestion: Suggestion, by: User) -> None:
    """Assigns a suggestion to an editor, even where somebody else had it."""
    _set(_undecided(suggestion, by), SuggestionState.IN_WORK, by)


@transaction.atomic
def decline_suggestion(suggestion: Suggestion, by: User, reason: str = "") -> None:
    _set(_undecided(suggestion, by), SuggestionState.DECLINED, by, outcome=reason)


@transaction.atomic
def accept_by_hand(suggestion: Suggestion, by: User, outcome: str) -> None:
    """Marks a suggestion as accepted that an editor worked in without the forms of the inbox."""
    _set(_undecided(suggestion, by), SuggestionState.ACCEPTED, by, outcome=outcome)


@transaction.atomic
def mark_as_spam(suggestion: Suggestion, by: User) -> None:
    _set(_undecided(suggestion, by), SuggestionState.SPAM, by)


@transaction.atomic
def put_back(suggestion: Suggestion, by: User) -> None:
    """Puts a suggestion back into the inbox: what was marked as spam as new, what was decided as in progress."""
    row = _locked(suggestion, by)
    if row.erased_at:
        raise SuggestionRefused(_("What the reader wrote has been deleted, so nothing is left to decide."))
    if row.state == SuggestionState.SPAM:
        _set(row, SuggestionState.NEW, None)
    elif not row.is_open:
        _set(row, SuggestionState.IN_WORK, by)


def accept_suggestion(
    suggestion: Suggestion, by: User, apply: Callable[[], tuple[list[Publishable], str]]
) -> list[Publishable]:
    """Calls `apply`, saves an edition of each subject that it changed, and records the outcome.

    The caller has opened a transaction and locked the subject. `apply` returns the changed subjects, which are then
    returned, and a sentence about what it did. Raises PublishingError.
    """
    row = _undecided(suggestion, by)
    subjects, outcome = apply()
    for subject in subjects:
        edition = save_edition(subject, by, note=str(READER_SUGGESTION_NOTE))
        outcome += " " + _("%(name)s, edition %(number)s.") % {"name": subject, "number": edition.number}
    _set(row, SuggestionState.ACCEPTED, by, outcome=outcome)
    return subjects
