"""The form for readers' suggestions, as a reader, a robot and a page of another site use it."""

import re
from urllib.parse import urlencode

import pytest
import time_machine
from django.core import mail, signing
from django.db import OperationalError, connection
from django.test import Client

from accounts.models import RateCount
from diseases.models import Disease
from publishing.models import Edition
from publishing.verbs import publish, redact, save_edition, withdraw
from suggestions import form_tokens, views
from suggestions.models import Suggestion
from tests.factories import make_disease, make_organization, make_publisher, make_question, put_live
from tests.forms import fields_of
from tests.reading import text_of, texts_of

pytestmark = pytest.mark.django_db

FORM = "/suggest/"
NOON = "2026-06-01 12:00Z"
TYPED = {"kind": "other", "message": "My cousin’s “trees” & <b>more</b>"}
SHOWN = "My cousin’s “trees” &amp; &lt;b&gt;more&lt;/b&gt;"


def opened(client, query="", at=NOON):
    """Returns the fields of the form as it is opened at a time."""
    with time_machine.travel(at, tick=False):
        html = client.get(FORM + query).text
    return fields_of(html[html.index("<main") :])


def send(client, fields, query="", at="2026-06-01 12:01Z", **headers):
    with time_machine.travel(at, tick=False):
        return client.post(FORM + query, fields, **headers)


def query_of(disease, question=None, **more):
    return "?" + urlencode(
        {"about": disease.KIND, "slug": disease.slug} | ({"question": question.key} if question else {}) | more
    )


def make_answer(answer="<p>It runs in families.</p>", **fields):
    disease = make_disease(live=False, questions=0, **fields)
    question = make_question(disease, question="What causes it?", answer=answer)
    put_live(disease)
    return disease, question


def test_a_correction_stores_everything_that_it_is_about(client):
    disease, question = make_answer("<p>It runs in <em>families</em>.</p><ul><li>one</li></ul>", name="Marfan syndrome")
    query = query_of(disease, question)

    html = client.get(FORM + query).text
    fields = opened(client, query)
    sent = send(
        client, fields | {"proposed": "It seldom runs in families.\r\n\r\n- one", "email": "a@example.org"}, query
    )

    assert texts_of(html, "title") == ["Suggestion about “What causes it?” (Marfan syndrome) · Plainly Rare"]
    assert (fields["kind"], fields["proposed"]) == ("correction", "It runs in families.\n\n- one")
    assert (sent.status_code, sent["Location"]) == (302, "/suggest/thanks/?about=disease&slug=marfan-syndrome")
    kept = Suggestion.objects.values().get()
    expected = {
        "kind": "correction",
        "about_kind": "disease",
        "about_slug": "marfan-syndrome",
        "about_title": "Marfan syndrome",
        "question_key": question.key,
        "question": "What causes it?",
        "edition": 1,
        "current_words": "It runs in families.\n\n- one",
        "proposed_words": "It seldom runs in families.\n\n- one",
        "message": "",
        "email": "a@example.org",
        "state": "new",
        "spam_reasons": [],
        "handler_name": "",
    }
    assert {name: kept[name] for name in expected} == expected
    thanked = client.get(sent["Location"]).text
    assert texts_of(thanked, "h1") == ["Thank you"]
    assert '<a href="/diseases/marfan-syndrome/">Back to Marfan syndrome</a>' in thanked
    assert mail.outbox == []


def test_no_cookie_is_set_and_no_copy_is_stored(client):
    for response in [client.get(FORM), client.post(FORM, TYPED), send(client, opened(client) | TYPED)]:
        assert list(response.cookies) == []
        assert "no-store" in response["Cache-Control"]
        assert not response.has_header("ETag")
    assert list(client.get("/suggest/thanks/").cookies) == []
    assert 'name="robots" content="noindex"' in client.get(FORM).text


@pytest.mark.parametrize("kind", Suggestion.Kind.values)
def test_every_kind_can_be_about_the_site_in_general(client, kind):
    send(client, opened(client, f"?kind={kind}") | {"message": "Some words."})

    kept = Suggestion.objects.get()
    assert (kept.kind, kept.about_kind, kept.about_title, kept.edition) == (kind, "", "", None)
    assert kept.get_absolute_url() == ""


def test_a_suggestion_about_an_organization(client):
    organization = make_organization(name="Iron Society")
    query = query_of(organization)

    send(client, opened(client, query) | {"kind": "organization", "message": "It has moved."}, query)

    kept = Suggestion.objects.get()
    assert (kept.about_kind, kept.about_slug, kept.current_words) == ("organization", "iron-society", "")


@pytest.mark.parametrize(
    "query",
    [
        "?about=disease&slug=draft-of-a-disease",
        "?about=disease&slug=withdrawn",
        "?about=disease&slug=nowhere",
        "?about=disease",
        "?about=disease&slug=%00",
        "?about=portrait&slug=nowhere",
        "?about=\0&slug=../../etc/passwd&question=%00&kind=%00",
        f"?about=disease&slug={'x' * 5000}",
        "?question=0c1d2e3f-0000-4000-8000-000000000000",
        "?about=disease&about=organization&slug=%FF",
    ],
)
def test_a_suggestion_about_a_page_that_is_not_live_is_about_the_site(client, query):
    make_disease(live=False, name="Draft of a disease", slug="draft-of-a-disease")
    withdraw(make_disease(slug="withdrawn", name="Withdrawn disease"), by=make_publisher(), reason="Wrong.")

    response = client.get(FORM + query)

    assert response.status_code == 200
    assert texts_of(response.text, "title") == ["Send us a suggestion · Plainly Rare"]
    assert "raft of a" not in text_of(response.text)
    assert client.get(f"/suggest/thanks/{query}").status_code == 200
    send(client, opened(client, query) | TYPED, query)
    assert Suggestion.objects.get().about_kind == ""


def test_the_form_never_shows_the_words_of_a_draft(client):
    disease, question = make_answer()
    question.answer = "<p>LEAK of a draft.</p>"
    question.save()
    hidden = make_question(disease, question="LEAK of a question?")
    save_edition(disease, by="test")

    assert "LEAK" not in client.get(FORM + query_of(disease, question)).text
    html = client.get(FORM + query_of(disease, hidden)).text
    assert "LEAK" not in html
    assert 'name="proposed"' not in html


def test_a_former_address_leads_to_the_page(client):
    disease, question = make_answer(slug="before", name="Renamed disease")
    disease.slug = "after"
    disease.save()
    put_live(disease)

    send(client, opened(client, f"?about=disease&slug=before&question={question.key}") | TYPED)

    kept = Suggestion.objects.get()
    assert (kept.about_slug, kept.question) == ("after", "What causes it?")


def test_a_suggestion_is_about_the_edition_that_the_reader_saw(client):
    disease, question = make_answer("<p>As it was.</p>")
    query = query_of(disease, question)
    fields = opened(client, query)
    question.answer = "<p>As it is.</p>"
    question.save()
    publish(save_edition(disease, by="test"), by=make_publisher())
    withdraw(disease, by=make_publisher(), reason="Wrong.")

    send(client, fields | {"proposed": "As it should be."}, query)

    kept = Suggestion.objects.get()
    assert (kept.edition, kept.current_words, kept.about_slug) == (1, "As it was.", disease.slug)


# What is refused, and that everything typed comes back


def given_back(response):
    """Returns the typed fields of the form in the answer."""
    fields = fields_of(response.text[response.text.index("<main") :])
    return {name: fields.get(name) for name in TYPED}


def test_something_must_be_written(client):
    disease, question = make_answer()
    query = query_of(disease, question)

    for about, words in [("", "Please write something here."), (query, "Please change the words above, or write")]:
        response = send(client, opened(client, about) | {"kind": "correction", "email": "a@example.org"}, about)
        assert response.status_code == 200
        assert words in text_of(response.text)
        assert 'value="a@example.org"' in response.text
        assert texts_of(response.text, "title")[0].startswith("Please look again: ")
    assert not Suggestion.objects.exists()


def test_a_change_of_spaces_is_not_a_correction(client):
    disease, question = make_answer("<p>One two.</p><p>Three.</p>")
    fields = opened(client, query_of(disease, question))

    send(client, fields | {"proposed": " One  two.\r\nThree. \r\n\r\n", "message": "A comma is missing."})

    assert Suggestion.objects.get().proposed_words == ""


@pytest.mark.parametrize(
    ("field", "length", "says"),
    [
        ("message", 5_001, "This is 1 character too long."),
        ("message", 5_023, "This is 23 characters too long."),
        ("message", 7_000, "This is 2,000 characters too long."),
        ("proposed", 20 + 5_023, "This is 23 characters too long."),
    ],
)
def test_a_text_that_is_too_long_comes_back_and_says_by_how_much(client, field, length, says):
    disease, question = make_answer("<p>Twenty characters it</p>")
    query = query_of(disease, question)
    assert len(opened(client, query)["proposed"]) == 20
    text = ("line\n" * length)[: length - 1] + "e"

    response = send(client, opened(client, query) | {field: text.replace("\n", "\r\n")}, query)

    assert says in text_of(response.text)
    typed = fields_of(response.text[response.text.index("<main") :])[field]
    assert typed.replace("\r\n", "\n") == text
    assert not Suggestion.objects.exists()
    assert "maxlength" not in response.text[response.text.index("<main") :]
    send(client, opened(client, query) | {field: text[: -int(re.sub(r"\D", "", says))]}, query)
    assert Suggestion.objects.exists()


@pytest.mark.parametrize("email", ["nobody", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"])
def test_an_invalid_address_is_refused(client, email):
    response = send(client, opened(client) | TYPED | {"email": email})

    assert "This is not an e-mail address." in text_of(response.text)
    assert given_back(response) == TYPED
    assert not Suggestion.objects.exists()


def test_an_address_that_is_too_long_says_by_how_much(client):
    address = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.org"

    response = send(client, opened(client) | TYPED | {"email": address})

    assert f"This is {len(address) - 254} characters too long." in text_of(response.text)
    assert f'value="{address}"' in response.text


def test_words_about_a_question_that_was_deleted_meanwhile_are_not_lost(client):
    disease, question = make_answer()
    query = query_of(disease, question)
    fields = opened(client, query) | {"proposed": "It seldom runs in families.", "message": "Our doctor said so."}
    question.delete()
    put_live(Disease.objects.get())
    redact(Edition.objects.get(number=1), make_publisher(), "A name stood there.")

    back = send(client, fields | {"token": "no more"}, query)
    send(client, fields, query)

    assert fields_of(back.text[back.text.index("<main") :])["message"] == (
        "It seldom runs in families.\n\nOur doctor said so."
    )
    kept = Suggestion.objects.get()
    assert (kept.about_title, kept.edition, kept.question_key) == (disease.name, 2, None)
    assert kept.message == "It seldom runs in families.\n\nOur doctor said so."


def test_words_that_were_redacted_meanwhile_are_not_shown_or_kept_again(client):
    disease, question = make_answer("<p>LEAK of a name.</p>")
    query = query_of(disease, question)
    fields = opened(client, query)
    question.answer = "<p>Corrected.</p>"
    question.save()
    put_live(disease)
    redact(Edition.objects.get(number=1), make_publisher(), "A name stood there.")

    send(client, fields | {"proposed": "Corrected again."}, query)

    kept = Suggestion.objects.get()
    assert (kept.edition, kept.current_words, kept.proposed_words) == (2, "Corrected.", "Corrected again.")


def test_control_characters_are_left_out(client):
    send(client, opened(client) | TYPED | {"message": "a\0b\x07c\x1b[31m\r\nd\te\u202ef \u200fשלום"})

    assert Suggestion.objects.get().message == "abc[31m\nd\tef \u200fשלום"


@pytest.mark.parametrize("fields", [{"kind": "praise"}, {"kind": ""}, {"kind": "a\0"}])
def test_an_unknown_kind_is_refused(client, fields):
    response = send(client, opened(client) | TYPED | fields)

    assert response.status_code == 200
    assert SHOWN in response.text
    assert text_of(response.text).count("Please choose one.") == 2  # above the form, and in its place
    assert not Suggestion.objects.exists()


@pytest.mark.parametrize(
    "token",
    ["", "\0", "x" * 1000, "W251bGwsbnVsbCxmYWxzZV0:1wXyZ1:forged", signing.dumps([1, None, False], salt="other")],
    ids=["nothing", "NUL", "long", "forged", "signed for something else"],
)
def test_a_forged_post_is_not_taken_and_comes_back(client, token):
    response = send(client, TYPED | {"token": token})

    assert response.status_code == 403
    assert "We could not be sure" in text_of(response.text)
    assert given_back(response) == TYPED
    assert SHOWN in response.text
    assert not Suggestion.objects.exists()


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
        ({"Origin": "https://evil.example.org"}, False),
        ({"Origin": "http://testserver.evil.example.org"}, False),
        ({"Origin": "null"}, False),
    ],
)
def test_a_post_from_another_sites_page_is_not_taken(client, headers, is_taken):
    response = send(client, opened(client) | TYPED, headers=headers)

    assert response.status_code == (302 if is_taken else 403)
    assert Suggestion.objects.count() == is_taken
    if not is_taken:
        assert given_back(response) == TYPED


def test_a_page_that_was_open_for_days_must_be_sent_again(client):
    disease, question = make_answer()
    query = query_of(disease, question)
    fields = opened(client, query) | {"message": TYPED["message"]}

    late = send(client, fields, query, at="2026-06-02 12:00:02Z")
    again = fields_of(late.text[late.text.index("<main") :])
    at_once = send(client, again, query, at="2026-06-02 12:00:03Z")

    assert (late.status_code, at_once.status_code) == (403, 302)
    assert "open for more than a day" in text_of(late.text)
    assert SHOWN in late.text
    kept = Suggestion.objects.get()
    assert (kept.state, kept.question) == ("new", "What causes it?")


def test_an_enormous_post_is_not_read(client):
    response = client.post(FORM, {"message": "x" * (views.MAX_POST_BYTES + 1)})

    assert response.status_code == 413
    assert "more than we can take" in text_of(response.text)
    assert len(response.text) < 20_000


def test_other_methods_are_refused(client):
    assert client.put(FORM).status_code == 405
    assert client.post("/suggest/thanks/").status_code == 405
    assert client.head(FORM).status_code == 200
    assert client.post(FORM, "{", content_type="application/json").status_code == 403


def test_the_words_come_back_if_the_database_is_locked(client, monkeypatch):
    def busy(*args):
        raise OperationalError("database is locked")

    fields = opened(client) | TYPED
    monkeypatch.setattr(views, "receive", busy)
    response = send(client, fields)

    assert response.status_code == 503
    assert given_back(response) == TYPED


# Where the links stand


def test_every_page_links_to_the_form_and_a_preview_does_not(client):
    disease, question = make_answer(name="Marfan syndrome")
    disease.symptoms.create(term="Fever", approved=True)
    put_live(disease)
    organization = make_organization(name="Iron Society")

    def links(path):
        html = client.get(path).text
        main = html[html.index("<main") : html.index("</main>")]
        return re.findall(r'<a href="(/suggest/[^"]*)" rel="nofollow"', main)

    about = "/suggest/?about=disease&amp;slug=marfan-syndrome"
    assert links("/diseases/marfan-syndrome/") == [
        f"{about}&amp;kind=symptom",
        f"{about}&amp;question={question.key}",
        f"{about}&amp;kind=organization",
        about,
    ]
    assert links("/organizations/iron-society/") == ["/suggest/?about=organization&amp;slug=iron-society"]
    assert links("/search/?q=xqzwvkj") == ["/suggest/"]
    assert links("/about/") == ["/suggest/"]
    assert links("/accessibility/") == ["/suggest/?kind=other"]
    assert len(re.findall(r'href="/suggest/" rel="nofollow"', client.get("/").text)) == 2  # the menu and the foot
    assert len(re.findall(r'href="[^"]*/suggest/', client.get("/diseases/marfan-syndrome/").text)) == 4 + 2
    staff = Client()
    staff.force_login(make_publisher())
    for subject in [disease, organization]:
        number = 2 if subject == disease else 1
        preview = staff.get(f"/admin/{subject._meta.app_label}/{subject.KIND}/{subject.pk}/preview/{number}/").text
        assert "Preview" in preview
        assert "/suggest/" not in preview[preview.index("<main") : preview.index("</main>")]


@pytest.mark.parametrize("count", [1, 3])
def test_the_form_needs_one_query_for_any_length_of_page(client, django_assert_num_queries, count):
    disease = make_disease(questions=count)
    query = query_of(disease, disease.questions.first())

    with django_assert_num_queries(1):  # the live edition
        client.get(FORM + query)
    with django_assert_num_queries(0):
        client.get(FORM)


def test_the_token_says_nothing_about_the_reader(client):
    first, second = opened(client)["token"], opened(client)["token"]

    assert first == second
    assert signing.loads(first, salt=form_tokens.SALT) == [None, None, False]
    assert connection.vendor != "sqlite" or not RateCount.objects.exists()
