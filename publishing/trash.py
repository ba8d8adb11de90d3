"""What is taken out of the lists, and what is removed for good since nobody will ask for it."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from publishing.models import Edition, Event, Publishable, kinds
from publishing.verbs import lock, record_event, require_permission, withdraw


@transaction.atomic
def trash(subject: Publishable, by: Any, reason: str) -> None:
    """Moves a subject to the trash, out of the lists. What is live is withdrawn, which takes a publisher."""
    require_permission(by, "delete", type(subject))
    subject = lock(type(subject), subject.pk)
    if Edition.objects.about(subject).live().exists():
        withdraw(subject, by, reason)
    if not subject.trashed_at:
        subject.trashed_at = timezone.now()
        subject.save(update_fields={"trashed_at"})
        record_event(subject, Event.Verb.TRASHED, by, note=reason)


@transaction.atomic
def untrash(subject: Publishable, by: Any) -> None:
    """Takes a subject out of the trash, as a draft: it goes live again only by publish()."""
    require_permission(by, "delete", type(subject))
    subject = lock(type(subject), subject.pk)
    if subject.trashed_at:
        subject.trashed_at = None
        subject.save(update_fields={"trashed_at"})
        record_event(subject, Event.Verb.UNTRASHED, by)


@transaction.atomic
def prune_editions(dry_run: bool = False) -> int:
    """Removes editions that nobody will ask for; returns how many. What was published stays for ever.

    They are over a year old, not the newest of their subject, and no event is about them.
    """
    year_ago = timezone.now() - timedelta(days=365)
    old = Edition._base_manager.filter(is_newest=False, events=None, is_live=False, at__lt=year_ago)
    count = old.count()
    if not dry_run:
        old.delete()
    return count


@transaction.atomic
def prune_files(dry_run: bool = False) -> int:
    """Removes pictures that neither a row nor an edition shows any more; returns how many."""
    return sum(kind.prune_files(dry_run=dry_run) for kind in kinds().values())
