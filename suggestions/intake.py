"""Saves what a reader sent, within limits, in one short transaction.

No mail is sent for it, since a flood of suggestions must not become a flood of mail.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import RateCount
from suggestions.models import Suggestion

SITE, SPAM = "site", "spam"
"""The keys of the hourly counts of all suggestions, and of those held as spam."""

SECONDS_PER_HOUR = 3600
MAX_LINKS = 3
DUPLICATE_PERIOD = timedelta(days=30)
"""The time within which the same words count as a duplicate."""

LOCK_TIMEOUT = 2_000
"""Milliseconds that a post waits for another writer. It is short, since a waiting post blocks a worker."""


class TooMany(Exception):
    """The site accepts no more suggestions in this hour."""


class TooManyFromOne(TooMany):
    """The site accepts no more suggestions from this sender in this hour."""


def hour_now() -> int:
    return int(timezone.now().timestamp()) // SECONDS_PER_HOUR


def receive(suggestion: Suggestion, sender: str, hour: int) -> bool:
    """Saves a suggestion, with the state "spam" where it looks like spam. Raises TooMany.

    Returns False and saves nothing where the same form was sent before.
    """
    words = f"{suggestion.proposed_words} {suggestion.message}"
    suggestion.digest = _words_digest(words)
    if _count_links(words) > max(MAX_LINKS, _count_links(suggestion.current_words)):
        suggestion.spam_reasons = [*suggestion.spam_reasons, Suggestion.SpamReason.LINKS]
    _raise_when_full(sender, hour)  # This is repeated below; here it saves waiting for the lock.
    with _short_lock_timeout(), transaction.atomic():
        if not RateCount.count_up(SITE, hour, settings.SUGGESTIONS_PER_HOUR):
            raise TooMany
        # From here on one post runs at a time, since the row of the count is locked.
        RateCount.delete_before(hour)
        before = Suggestion.objects.filter(digest=suggestion.digest, at__gt=timezone.now() - DUPLICATE_PERIOD)
        if any(_is_same(suggestion, each) for each in before):
            transaction.set_rollback(True)
            return False
        if before:
            suggestion.spam_reasons = [*suggestion.spam_reasons, Suggestion.SpamReason.TWICE]
        if not RateCount.count_up(sender, hour, settings.SUGGESTIONS_PER_ADDRESS):
            raise TooManyFromOne
        if suggestion.spam_reasons:
            suggestion.state = Suggestion.State.SPAM
            # Spam has a limit of its own, so that a flood of it does not use up the limit of all.
            if not RateCount.count_up(SPAM, hour, max(settings.SUGGESTIONS_PER_HOUR // 2, 1)):
                raise TooMany
        suggestion.save(force_insert=True)
    return True


def _raise_when_full(sender: str, hour: int) -> None:
    counts = dict(RateCount.objects.filter(hour=hour, key__in=[SITE, sender]).values_list("key", "count"))
    if counts.get(sender, 0) >= settings.SUGGESTIONS_PER_ADDRESS:
        raise TooManyFromOne
    if counts.get(SITE, 0) >= settings.SUGGESTIONS_PER_HOUR:
        raise TooMany


def _is_same(suggestion: Suggestion, before: Suggestion) -> bool:
    """Returns True where a suggestion is about the same place as one before and brings no new e-mail address."""
    names = ["about_kind", "about_slug", "question_key"]
    is_same_place = all(getattr(suggestion, name) == getattr(before, name) for name in names)
    return is_same_place and suggestion.email in {"", before.email}


def _words_digest(words: str) -> str:
    """Returns a digest of the words that ignores capitals, spaces and punctuation."""
    folded = " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", words).casefold()))
    return hashlib.sha256(folded.encode()).hexdigest()


def _count_links(words: str) -> int:
    return len(re.findall(r"https?://|\bwww\.|\[url\b|<a\b", words, re.IGNORECASE))


@contextmanager
def _short_lock_timeout() -> Iterator[None]:
    """Lets a reader's post wait less long than an editor's save for its turn to write. Only SQLite needs this."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before:d}")
