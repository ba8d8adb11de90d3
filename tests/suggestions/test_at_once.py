"""Posts and editors at once. SQLite lets one write at a time; on PostgreSQL the locks must hold."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import RateCount
from publishing.verbs import PublishingError
from suggestions.decisions import decline_suggestion, mark_as_spam
from suggestions.intake import SITE, TooMany, receive
from suggestions.models import Suggestion
from tests.factories import make_editor
from tests.suggestions.factories import make_suggestion

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

POSTS = 24


def at_once(step, values):
    """Returns what a step returns for each value. Each call has a thread and a database connection of its own."""

    def run(value):
        try:
            return step(value)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(run, values))


def post(n, message=None):
    try:
        return receive(Suggestion(kind="other", message=message or f"Number {n}."), f"sender {n % 12}", 1)
    except TooMany:
        return "full"


def test_the_limits_are_exact(settings):
    settings.SUGGESTIONS_PER_HOUR, settings.SUGGESTIONS_PER_ADDRESS = 15, 2

    answers = at_once(post, range(POSTS))

    assert sorted(answers, key=str) == [True] * 15 + ["full"] * 9
    assert Suggestion.objects.count() == 15
    assert RateCount.objects.get(key=SITE).count == 15


def test_one_sender_cannot_exceed_the_limit(settings):
    settings.SUGGESTIONS_PER_ADDRESS = 1

    answers = at_once(post, range(POSTS))

    assert (answers.count(True), Suggestion.objects.count()) == (12, 12)


def test_a_form_that_was_sent_twice_at_once_is_one_suggestion():
    answers = at_once(lambda n: post(n, "The same words."), range(6))

    assert sorted(answers) == [False] * 5 + [True]
    assert Suggestion.objects.count() == 1


def test_two_editors_decide_once():
    suggestion, editors = make_suggestion(), [make_editor() for _ in range(6)]

    def decide(n):
        try:
            (decline_suggestion if n % 2 else mark_as_spam)(suggestion, editors[n])
        except PublishingError:
            return "too late"
        return "done"

    assert sorted(at_once(decide, range(6))) == ["done"] + ["too late"] * 5
