"""What readers wrote is deleted: after some months, and when they ask for it."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import RateCount
from suggestions.models import Suggestion
from tests.factories import make_disease, make_editor
from tests.suggestions.factories import make_suggestion

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PERSONAL = ["email", "message", "proposed_words", "current_words", "reply", "outcome", "digest"]


def erase(**options):
    out = StringIO()
    call_command("erase_suggestions", stdout=out, **options)
    return out.getvalue().strip()


def sent_ago(days, **fields):
    return make_suggestion(at=timezone.now() - timedelta(days=days), **fields)


def typed(row):
    row.refresh_from_db()
    return [name for name in PERSONAL if getattr(row, name)]


def full(days, **fields):
    """A suggestion with something in every field that somebody typed."""
    texts = {name: f"Secret {name}" for name in PERSONAL} | {"email": "Parent@Example.org"}
    return sent_ago(days, **texts | {"state": "accepted", "handler_name": "Ada"} | fields)


def test_after_some_days_what_was_typed_is_deleted_and_the_rest_stays():
    old, young = full(181, about=make_disease(name="Marfan syndrome")), full(179)

    said = erase()

    assert typed(old) == []
    assert typed(young) == PERSONAL
    assert (old.about_title, old.state, old.handler_name, old.kind) == ("Marfan syndrome", "accepted", "Ada", "other")
    assert "Secret" not in repr(Suggestion.objects.filter(pk=old.pk).values().get())
    assert said.startswith("Deleted: the texts of 1 suggestions (0 of them without a decision)")


def test_the_operator_sets_the_number_of_days(settings):
    settings.SUGGESTION_DAYS = 10
    rows = [full(days) for days in (5, 11, 60)]

    erase(days=30)
    assert [bool(typed(row)) for row in rows] == [True, True, False]
    erase()
    assert [bool(typed(row)) for row in rows] == [True, False, False]


def test_an_undecided_suggestion_is_closed_when_its_words_are_deleted():
    waiting = full(200, state="in_work", handler_name="Ada")

    assert "(1 of them without a decision)" in erase()

    assert typed(waiting) == []
    assert (waiting.state, waiting.is_open) == ("declined", False)


def test_suggestions_with_an_address_are_deleted_on_request_at_any_age():
    theirs = [full(0), full(5, state="new"), full(5, state="spam")]
    others = full(0, email="other@example.org")

    said = erase(email=" parent@example.ORG ")

    assert [typed(row) for row in theirs] == [[], [], []]
    assert [row.state for row in theirs] == ["accepted", "declined", "spam"]
    assert typed(others) == PERSONAL
    assert said.startswith("Deleted: the texts of 3 suggestions (1 of them")


def test_spam_is_deleted_after_a_month_and_hashes_after_an_hour():
    old, young = sent_ago(31, state="spam"), sent_ago(29, state="spam")
    with time_machine.travel("2026-06-01 12:30Z", tick=False):
        noon = int(timezone.now().timestamp()) // 3600
        RateCount.objects.create(key="a" * 64, hour=noon - 1)
        RateCount.objects.create(key="a" * 64, hour=noon)
        Suggestion.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=31))
        Suggestion.objects.filter(pk=young.pk).update(at=timezone.now() - timedelta(days=29))
        said = erase()

    assert list(Suggestion.objects.all()) == [young]
    assert list(RateCount.objects.values_list("hour", flat=True)) == [noon]
    assert "1 suggestions held as spam, and 1 counts of past hours" in said


def test_a_second_run_finds_nothing_to_do():
    full(200)
    erase()

    assert erase() == (
        "Deleted: the texts of 0 suggestions (0 of them without a decision), "
        "0 suggestions held as spam, and 0 counts of past hours."
    )


@pytest.mark.parametrize("options", [{"days": 0}, {"days": -5}, {"days": 10**9}, {"email": ""}, {"email": "nobody"}])
def test_a_typing_error_deletes_nothing(options):
    row = full(0, email="")

    with pytest.raises(CommandError):
        erase(**options)

    assert typed(row) == PERSONAL[1:]


def test_the_database_enforces_the_rules():
    row = full(200)
    erase()

    for fields in [{"message": "again"}, {"state": "odd"}, {"kind": "odd"}, {"about_kind": "disease"}]:
        with pytest.raises(IntegrityError), transaction.atomic():
            Suggestion.objects.filter(pk=row.pk).update(**fields)


def test_a_deleted_account_leaves_its_name():
    editor = make_editor(first_name="Ada", last_name="Lovelace")
    row = make_suggestion(handler=editor, handler_name="Ada Lovelace", state="in_work")
    editor.delete()

    row.refresh_from_db()
    assert (row.handler, row.handler_name) == (None, "Ada Lovelace")
