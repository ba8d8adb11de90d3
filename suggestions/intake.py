"""Takes what a reader sent, within limits, in one short transaction. No mail goes out: a flood must not become mail."""

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

SITE, SPAM = "site", "held"
"""The keys under which all suggestions of an hour, and those held as spam, are counted."""

SECONDS_PER_HOUR = 3600
MAX_LINKS = 3
DUPLICATE_PERIOD = timedelta(days=30)
"""How long the same words count as sent before."""

LOCK_TIMEOUT = 2_000
"""Milliseconds that a post waits for somebody else who is writing. Meanwhile it keeps a reader of a page waiting."""


class TooMany(Exception):
    """No more is taken in this hour."""


class TooManyFromOne(TooMany):
    """No more is taken from this sender in this hour."""


def hour_now() -> int:
    return int(timezone.now().timestamp()) // SECONDS_PER_HOUR


def receive(suggestion: Suggestion, sender: str, hour: int) -> bool:
    """Keeps a suggestion, held as spam where it looks like that. Raises TooMany.

    False where we have it already: a form that was sent twice is one suggestion.
    """
    words = f"{suggestion.proposed_words} {suggestion.message}"
    suggestion.digest = _words_digest(words)
    if _count_links(words) > max(MAX_LINKS, _count_links(suggestion.current_words)):
        suggestion.spam_reasons = [*suggestion.spam_reasons, Suggestion.SpamReason.LINKS]
    _refuse_when_full(sender, hour)  # what is refused anyway need not wait for its turn to write
    with _not_for_long(), transaction.atomic():
        if not RateCount.count_up(SITE, hour, settings.SUGGESTIONS_PER_HOUR):
            raise TooMany
        # From here on one post at a time: that row is held.
        RateCount.forget(hour)
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
            # So that a flood of spam leaves room for what is none.
            if not RateCount.count_up(SPAM, hour, _max_spam()):
                raise TooMany
        suggestion.save(force_insert=True)
    return True


def _max_spam() -> int:
    return max(settings.SUGGESTIONS_PER_HOUR // 2, 1)


def _refuse_when_full(sender: str, hour: int) -> None:
    counts = dict(RateCount.objects.filter(hour=hour, key__in=[SITE, sender]).values_list("key", "count"))
    if counts.get(sender, 0) >= settings.SUGGESTIONS_PER_ADDRESS:
        raise TooManyFromOne
    if counts.get(SITE, 0) >= settings.SUGGESTIONS_PER_HOUR:
        raise TooMany


def _is_same(suggestion: Suggestion, before: Suggestion) -> bool:
    """Whether nothing of a suggestion is new to us."""
    names = ["about_kind", "about_slug", "question_key"]
    same_place = all(getattr(suggestion, name) == getattr(before, name) for name in names)
    return same_place and suggestion.email in {"", before.email}


def _words_digest(words: str) -> str:
    """The same for the same words, however they are written."""
    folded = " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", words).casefold()))
    return hashlib.sha256(folded.encode()).hexdigest()


def _count_links(words: str) -> int:
    return len(re.findall(r"https?://|\bwww\.|\[url\b|<a\b", words, re.IGNORECASE))


@contextmanager
def _not_for_long() -> Iterator[None]:
    """On SQLite one writer at a time has its turn, and an editor's may wait longer for it than a reader's post."""
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
