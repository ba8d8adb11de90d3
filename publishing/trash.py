"""Moves subjects to the trash and restores them, and deletes old editions and unused files for good."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import AnyUser
from publishing.models import Edition, Event, Publishable, kinds
from publishing.verbs import author_name, lock, record_event, require_permission, withdraw


@transaction.atomic
def trash(subject: Publishable, by: AnyUser, reason: str) -> None:
    """Moves a subject to the trash and withdraws it where it is live. Only a publisher may do the latter."""
    author = require_permission(by, "delete", type(subject))
    subject = lock(type(subject), subject.pk)
    if Edition.objects.about(subject).live().exists():
        withdraw(subject, author, reason)
    if not subject.trashed_at:
        subject.trashed_at, subject.saved_by = timezone.now(), author_name(author)
        subject.save(update_fields={"trashed_at", "saved_by"})
        record_event(subject, Event.Verb.TRASHED, author, note=reason)


@transaction.atomic
def untrash(subject: Publishable, by: AnyUser) -> None:
    """Restores a subject from the trash as a draft. Only `publish` makes it live again."""
    author = require_permission(by, "delete", type(subject))
    subject = lock(type(subject), subject.pk)
    if subject.trashed_at:
        subject.trashed_at, subject.saved_by = None, author_name(author)
        subject.save(update_fields={"trashed_at", "saved_by"})
        record_event(subject, Event.Verb.UNTRASHED, author)


@transaction.atomic
def prune_editions(dry_run: bool = False) -> int:
    """Deletes old editions that were never used, and returns how many these are.

    An edition is deleted where it is over a year old, is not the newest of its subject, and no event is about it. Every
    edition that was published has an event, so it stays.
    """
    year_ago = timezone.now() - timedelta(days=365)
    old = Edition._base_manager.filter(is_newest=False, events=None, is_live=False, at__lt=year_ago)
    count = old.count()
    if not dry_run:
        old.delete()
    return count


@transaction.atomic
def prune_files(dry_run: bool = False) -> int:
    """Deletes pictures that no row and no edition uses any more, and returns how many these are."""
    return sum(kind.prune_files(dry_run=dry_run) for kind in kinds().values())
