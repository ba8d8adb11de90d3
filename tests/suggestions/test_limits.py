"""The limits of what is accepted, what is held as spam, and what the site knows of a sender."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import RateCount
from suggestions.intake import LOCK_TIMEOUT, SITE
from suggestions.models import Suggestion
from suggestions.sender_hash import sender_of
from tests.factories import make_question, put_live
from tests.reading import text_of
from tests.suggestions.test_form import FORM, SHOWN, TYPED, given_back, make_answer, opened, query_of, send

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def spam_reasons():
    return [(row.state, row.spam_reasons) for row in Suggestion.objects.order_by("pk")]


def sender(hour=1, **meta):
    return sender_of(RequestFactory().get("/", **{"REMOTE_ADDR": "192.0.2.1"} | meta), hour)


# Senders


def test_the_hash_of_a_sender_changes_every_hour():
    assert sender() == sender()
    assert len({sender(1), sender(2), sender(REMOTE_ADDR="192.0.2.2")}) == 3
    assert len(sender()) == 64


def test_the_networks_of_one_customer_are_one_sender():
    customer = sender(REMOTE_ADDR="2001:db8:1:2::1")

    assert sender(REMOTE_ADDR="2001:db8:1:2:ffff::9") == sender(REMOTE_ADDR="2001:db8:1:ff::1") == customer
    assert sender(REMOTE_ADDR="2001:db8:1:102::1") != customer
    assert sender(REMOTE_ADDR="::ffff:192.0.2.1") == sender()
    assert sender(REMOTE_ADDR="fe80::1%eth0") == sender(REMOTE_ADDR="fe80::2")


def test_a_forged_header_is_ignored(settings):
    forged = {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    assert sender(**forged) == sender()

    settings.BEHIND_TLS_PROXY = True
    proxy = {"REMOTE_ADDR": "127.0.0.1"}
    seen = sender(HTTP_X_FORWARDED_FOR="192.0.2.1", **proxy)
    assert seen == sender()
    for header in ["203.0.113.9, 192.0.2.1", "a, b,192.0.2.1", "203.0.113.9,  192.0.2.1:5000"]:
        assert sender(HTTP_X_FORWARDED_FOR=header, **proxy) == seen
    assert sender(HTTP_X_FORWARDED_FOR="[2001:db8::1]:443", **proxy) == sender(REMOTE_ADDR="2001:db8::2")
    unknown = sender(HTTP_X_FORWARDED_FOR="unknown", **proxy)
    assert sender(HTTP_X_FORWARDED_FOR="192.0.2.1, \0", **proxy) == sender(REMOTE_ADDR="") == unknown != seen


def test_no_address_is_stored(client):
    send(client, opened(client) | TYPED, REMOTE_ADDR="192.0.2.77")

    kept = [*Suggestion.objects.values_list(), *RateCount.objects.values_list()]
    assert len(kept) == 1 + 2  # the site's, and the sender's
    assert "192.0.2.77" not in repr(kept)


# What looks like spam is held


def test_a_suggestion_of_a_robot_is_held_and_thanked_for(client):
    fields = opened(client)

    for more, at in [({"homepage": "x"}, "12:01Z"), ({}, "12:00:02Z"), ({"message": "www.a.b " * 4}, "12:01Z")]:
        answer = send(client, fields | TYPED | {"message": f"{more}"} | more, at=f"2026-06-01 {at}")
        assert answer["Location"] == "/suggest/thanks/"

    assert spam_reasons() == [("spam", ["hidden_field"]), ("spam", ["too_quick"]), ("spam", ["links"])]
    assert len({label for row in Suggestion.objects.all() for label in row.spam_reasons_text}) == 3


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("https://a.b https://c.d http://e.f", "new"),
        ("https://a.b HTTPS://c.d http://e.f www.g.h", "spam"),
        ("[url=a] [URL=b] <a href=c> [url]", "spam"),
    ],
)
def test_many_links_look_like_spam(client, message, state):
    send(client, opened(client) | {"kind": "other", "message": message})

    assert Suggestion.objects.get().state == state


def test_the_links_of_the_page_itself_do_not_count(client):
    links = " ".join(f"https://{n}.example.org" for n in range(6))
    disease, question = make_answer(f"<p>See {links}</p>")
    query = query_of(disease, question)

    send(client, opened(client, query) | {"proposed": f"Look at {links}"}, query)

    assert Suggestion.objects.get().state == "new"


def test_a_form_that_was_sent_twice_is_one_suggestion(client):
    fields = opened(client) | TYPED | {"email": "a@example.org"}

    for again in [{}, {}, {"message": TYPED["message"].upper() + "!"}, {"email": ""}]:
        assert send(client, fields | again)["Location"] == "/suggest/thanks/"

    assert spam_reasons() == [("new", [])]
    assert RateCount.objects.get(key=SITE).count == 1


def test_the_same_words_from_elsewhere_are_held(client):
    disease, _question = make_answer()
    query = query_of(disease)
    send(client, opened(client) | TYPED)

    send(client, opened(client) | TYPED | {"email": "b@example.org"})
    send(client, opened(client, query) | TYPED, query)
    send(client, opened(client, at="2026-07-02 12:00Z") | TYPED, at="2026-07-02 12:01Z")

    assert spam_reasons() == [("new", []), ("spam", ["twice"]), ("spam", ["twice"]), ("new", [])]


def test_the_same_words_about_another_question_of_the_page_are_not_lost(client):
    disease, question = make_answer()
    other = make_question(disease, question="How is it treated?", answer="<p>With care.</p>")
    put_live(disease)

    for each in [question, other, other]:
        query = query_of(disease, each)
        send(client, opened(client, query) | {"message": "This is out of date."}, query)

    assert [*Suggestion.objects.order_by("pk").values_list("question", flat=True)] == [
        "What causes it?",
        "How is it treated?",
    ]
    assert spam_reasons() == [("new", []), ("spam", ["twice"])]


# Limits


def test_one_sender_has_an_hourly_limit_and_keeps_the_words(client, settings):
    settings.SUGGESTIONS_PER_ADDRESS = 2
    settings.SUGGEST_EMAIL = "mail@example.org"
    fields = opened(client)
    for n in range(2):
        assert send(client, fields | TYPED | {"message": f"Number {n}."}).status_code == 302

    refused = send(client, fields | TYPED)
    other = send(client, fields | TYPED, REMOTE_ADDR="192.0.2.9")
    later = send(client, fields | TYPED | {"message": "Number 3."}, at="2026-06-01 13:00Z")

    assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
    assert "from your internet address" in text_of(refused.text)
    assert 'href="mailto:mail@example.org"' in refused.text
    assert given_back(refused) == TYPED
    assert SHOWN in refused.text
    assert (other.status_code, later.status_code) == (302, 302)
    assert set(RateCount.objects.values_list("hour", flat=True)) == {int(later_hour().timestamp()) // 3600}


def later_hour():
    return timezone.datetime.fromisoformat("2026-06-01T13:00:00+00:00")


def test_all_senders_together_have_an_hourly_limit(client, settings):
    settings.SUGGESTIONS_PER_HOUR = 3
    fields = opened(client)
    statuses = [
        send(client, fields | TYPED | {"message": f"Number {n}."}, REMOTE_ADDR=f"192.0.2.{n}").status_code
        for n in range(5)
    ]

    assert statuses == [302, 302, 302, 429, 429]
    assert RateCount.objects.count() == 1 + 3


def test_spam_does_not_use_up_the_limit_of_others(client, settings):
    settings.SUGGESTIONS_PER_HOUR = 4
    fields = opened(client) | TYPED

    spam = [
        send(client, fields | {"homepage": "x", "message": f"Buy {n}."}, REMOTE_ADDR=f"192.0.2.{n}").status_code
        for n in range(10)
    ]
    proper = [send(client, fields | {"message": f"Please {n}."}).status_code for n in range(3)]

    assert spam == [302, 302] + [429] * 8
    assert proper == [302, 302, 429]


def test_many_automated_posts_leave_no_more_than_the_limit_and_no_mail(client, settings):
    assert settings.SUGGESTIONS_PER_HOUR == 60
    settings.SUGGESTIONS_PER_HOUR = 20
    fields = opened(client)
    posts, answers = 120, {}
    with time_machine.travel("2026-06-01 12:01Z", tick=False):
        for n in range(posts):
            robot = {"homepage": "x" * (n % 3 == 0), "message": f"Number {n}. " + "https://a.b " * (n % 7)}
            address = f"198.51.{n // 24}.{n % 24}" if n % 2 else f"2001:db8:{n // 4:x}::{n:x}"
            status = Client().post(FORM, fields | TYPED | robot, REMOTE_ADDR=address).status_code
            answers[status] = answers.get(status, 0) + 1

    assert answers == {302: settings.SUGGESTIONS_PER_HOUR, 429: posts - settings.SUGGESTIONS_PER_HOUR}
    assert Suggestion.objects.count() == 20
    assert Suggestion.objects.filter(state="spam").count() == 10
    assert RateCount.objects.count() <= 20 + 2
    assert mail.outbox == []


def test_a_refused_post_needs_one_query(client, settings, django_assert_num_queries):
    settings.SUGGESTIONS_PER_HOUR = 1
    fields = opened(client) | TYPED
    send(client, fields)

    with django_assert_num_queries(1):  # the counts
        assert send(client, fields | {"message": "Another one."}).status_code == 429


def test_old_words_may_be_sent_again(client):
    send(client, opened(client) | TYPED)
    Suggestion.objects.update(at=timezone.now() - timedelta(days=400))

    send(client, opened(client) | TYPED)

    assert spam_reasons() == [("new", []), ("new", [])]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no such limit")
def test_the_lock_timeout_of_others_stays_as_it_was(client):
    def timeout():
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA busy_timeout").fetchone()[0]

    before = timeout()
    for n in range(2):
        send(client, opened(client) | TYPED | {"message": f"Number {n}."})

    assert timeout() == before > LOCK_TIMEOUT
