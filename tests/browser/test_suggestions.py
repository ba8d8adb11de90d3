"""From a reader's words to the public page, in a real browser: the reader without scripts, the editor with them."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from suggestions import form_tokens
from suggestions.models import Suggestion
from tests.browser.barriers import VIEWS, barriers, own_barriers
from tests.browser.conftest import answer_boxes
from tests.factories import (
    make_disease,
    make_editor,
    make_organization,
    make_publisher,
    make_question,
    put_live,
)
from tests.suggestions.factories import make_suggestion

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

LONG = "Pseudopseudohypoparathyroidism"


@pytest.fixture
def disease():
    disease = make_disease(live=False, name=f"{LONG} type 2", slug="long", questions=0)
    words = "<p>It runs in <strong>families</strong>.</p><ul><li>one in two</li><li>one in four</li></ul>"
    make_question(disease, question=f"Is {LONG.lower()} inherited?", answer=words)
    disease.symptoms.create(term="Fever", approved=True)
    return put_live(disease)


def test_a_readers_correction_is_accepted_published_and_credited(open_window, disease, monkeypatch):
    monkeypatch.setattr(form_tokens, "MIN_AGE", -1)  # a program is as quick as a robot
    reader = open_window(java_script_enabled=False, viewport={"width": 390, "height": 800})

    reader.goto("/diseases/long/")
    link = reader.locator(".answer").get_by_role("link", name="Something wrong or missing?")
    assert link.bounding_box()["height"] >= 43.9
    link.click()
    answer = reader.get_by_label("The answer, as you would write it")
    expect(answer).to_have_value("It runs in families.\n\n- one in two\n- one in four")
    expect(reader.get_by_label("Something is wrong")).to_be_checked()
    expect(reader.get_by_label("Leave this empty")).not_to_be_in_viewport()
    answer.fill("It runs in families.\n\n- one in two\n- about one in three <b>children</b>")
    reader.get_by_label("Your e-mail address").fill("parent@example.org")
    reader.get_by_role("button", name="Send", exact=True).click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("Thank you")
    reader.reload()  # This loads the thanks again, and does not send the form again.
    assert reader.context.cookies() == []
    assert Suggestion.objects.get().state == "new"

    editor = open_window(make_editor(first_name="Ada", last_name="Lovelace"))
    editor.goto(reverse("admin:index"))
    editor.locator("#panel-suggestions").get_by_role("link", name=disease.name).click()
    expect(editor.locator("ins")).to_have_text(["about", "three <b>children</b>"])
    editor.get_by_role("button", name="Assign to me").click()
    expect(editor.get_by_text("It is assigned to you now.")).to_be_visible()
    editor.get_by_role("link", name="Accept into the answer…").click()
    text = answer_boxes(editor)
    expect(text.locator("li")).to_have_text(["one in two", "about one in three <b>children</b>"])
    expect(text.locator("strong")).to_have_text("families")
    text.locator("li").last.click()
    editor.keyboard.press("End")
    for _ in " <b>children</b>":
        editor.keyboard.press("Backspace")
    editor.get_by_role("button", name="Accept into the draft").click()
    expect(editor.get_by_text("It is saved in the draft.")).to_be_visible()
    expect(editor.get_by_text("State: live, with unpublished changes")).to_be_visible()
    reader.goto("/diseases/long/")
    expect(reader.get_by_text("about one in three")).to_have_count(0)

    publisher = open_window(make_publisher())
    publisher.goto(reverse("admin:diseases_disease_publish", args=[disease.pk]))
    expect(publisher.get_by_label("What changed, for readers")).to_have_value("Following a reader’s suggestion.")
    publisher.get_by_role("button", name="Publish", exact=True).click()
    expect(publisher.get_by_text("Edition 2 is live.")).to_be_visible()

    reader.goto("/diseases/long/")
    expect(reader.locator(".answer .prose li")).to_have_text(["one in two", "about one in three"])
    reader.goto("/diseases/long/changes/")
    expect(reader.get_by_text("Following a reader’s suggestion.")).to_be_visible()
    expect(reader.locator(".changes ins")).to_contain_text(["about", "three"])
    assert "parent@example.org" not in reader.content()
    assert Suggestion.objects.get().state == "accepted"


@pytest.mark.parametrize(("width", "color_scheme"), VIEWS)
def test_the_form_has_no_barrier_and_does_not_scroll_sideways(open_window, disease, width, color_scheme):
    question = disease.questions.get()
    page = open_window(viewport={"width": width, "height": 800}, color_scheme=color_scheme)

    def check(name):
        assert barriers(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name

    about = "about=disease&slug=long"
    for path in ["", f"?{about}", f"?{about}&question={question.key}", f"?{about}&kind=symptom", f"thanks/?{about}"]:
        page.goto(f"/suggest/{path}")
        check(path)
    page.goto(f"/suggest/?{about}&question={question.key}")
    page.get_by_text("The answer on the page now", exact=True).click()
    page.get_by_label("What would you like to tell us?").fill("x" * 5_023)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This is 23 characters too long.")
    check("too long")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("What would you like to tell us?")).to_be_focused()


def test_the_form_is_filled_in_with_the_keyboard_alone(open_window, disease, monkeypatch):
    monkeypatch.setattr(form_tokens, "MIN_AGE", -1)
    page = open_window()
    page.goto("/suggest/?about=disease&slug=long&kind=symptom")
    page.get_by_label("A symptom is missing").focus()
    page.keyboard.press("Tab")
    page.keyboard.type("Night sweats")
    page.keyboard.press("Tab")
    page.keyboard.type("a@example.org")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    kept = Suggestion.objects.get()
    assert (kept.kind, kept.message, kept.email, kept.spam_reasons) == ("symptom", "Night sweats", "a@example.org", [])


def test_the_links_are_not_printed(live_server, page, disease):
    page.goto(f"{live_server.url}/diseases/long/")
    page.emulate_media(media="print")

    assert [link.is_visible() for link in page.locator(".suggest").all()] == [False, False]


@pytest.mark.parametrize(("width", "color_scheme"), VIEWS)
def test_the_inbox_has_no_barriers_of_ours(open_window, disease, width, color_scheme):
    question = disease.questions.get()
    organization = make_organization()
    words = {"kind": "correction", "current_words": "One.", "proposed_words": "Two.", "email": "a@example.org"}
    changed = make_suggestion(disease, question, **words, at=timezone.now() - timedelta(days=3))
    about = make_suggestion(organization, state="declined", outcome="No.", spam_reasons=["links"], handler_name="Ada")
    page = open_window(make_publisher(), viewport={"width": width, "height": 800}, color_scheme=color_scheme)

    page.goto(reverse("admin:index"))
    found = {"first page": own_barriers(page)}
    page.goto(reverse("admin:suggestions_suggestion_changelist"))
    found["list"] = own_barriers(page)
    for name in ["change", "decline", "done", "reply"]:
        page.goto(reverse(f"admin:suggestions_suggestion_{name}", args=[changed.pk]))
        found[name] = own_barriers(page)
    for target in ["answer", "answer/?start=reader", "name", "symptom", "organization"]:
        page.goto(
            reverse("admin:suggestions_suggestion_accept", args=[changed.pk, "x"]).replace(
                "x/", target if "?" in target else f"{target}/"
            )
        )
        found[target] = own_barriers(page)
    for address in [("change",), ("accept", "details")]:
        page.goto(reverse(f"admin:suggestions_suggestion_{address[0]}", args=[about.pk, *address[1:]]))
        found[address] = own_barriers(page)

    assert {name: each for name, each in found.items() if each} == {}
    assert re.search(r"/accept/details/$", page.url)
