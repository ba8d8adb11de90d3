"""Editing in a real browser: from a file to the public page, two editors at once, and texts that are not lost."""

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from diseases.models import Disease
from organizations.models import Organization
from publishing.models import Edition
from tests.browser.conftest import answer_boxes
from tests.factories import PASSWORD, make_disease, make_editor, make_publisher, make_question

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def url(step, subject):
    return reverse(f"admin:{subject._meta.app_label}_{subject._meta.model_name}_{step}", args=[subject.pk])


def publish(page, subject):
    page.goto(url("publish", subject))
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Edition 1 is live.")).to_be_visible()


def test_from_the_seed_file_to_the_public_page(open_window, seed_page):
    call_command("import_page", str(seed_page), stdout=StringIO())
    disease = Disease.objects.get()
    page = open_window(make_publisher())

    page.goto(url("publish", disease))
    expect(page.get_by_text("Not live, so not on the page")).to_be_visible()
    for organization in Organization.objects.all():
        publish(page, organization)
    publish(page, disease)
    page.get_by_role("link", name="Live page").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Neonatal hemochromatosis")
    questions = page.locator("h2[id^='q-']")
    assert questions.all_inner_texts() == [
        "What causes neonatal hemochromatosis?",
        "Is neonatal hemochromatosis inherited?",
        "How might neonatal hemochromatosis be treated?",
    ]
    expect(page.get_by_text(re.compile("Last updated 1 May 2020"))).to_have_count(3)
    expect(page.locator("address")).to_have_count(6)
    dialled = {link.get_attribute("href") for link in page.locator("a[href^='tel:']").all()}
    assert dialled == {
        "tel:+441212123839",
        "tel:+14078294488",
        "tel:+18886554766",
        "tel:+16042797135",
        "tel:+18772234766",
        "tel:+443030401101",
    }


def test_an_editor_is_refused_publishing(open_window):
    disease = make_disease(live=False)
    page = open_window(make_editor())

    page.goto(url("change", disease))
    expect(page.get_by_role("link", name="Submit…")).to_be_visible()
    expect(page.get_by_role("link", name="Publish…", exact=True)).to_have_count(0)
    response = page.goto(url("publish", disease))

    assert response.status == 403
    assert not Edition.objects.live().exists()


def test_an_answer_is_written_in_the_editor_previewed_and_handed_over(open_window):
    disease = make_disease(live=False)
    page = open_window(make_editor())

    page.goto(url("change", disease))
    answer = answer_boxes(page).first
    answer.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" A word in ")
    page.keyboard.press("Control+b")
    page.keyboard.type("bold")
    page.get_by_role("button", name="Save and preview").click()

    expect(page.get_by_text(re.compile("Not public"))).to_be_visible()
    expect(page.locator("strong", has_text="bold")).to_be_visible()
    assert disease.questions.get().answer.endswith("A word in <strong>bold</strong></p>")
    page.goto(url("submit", disease))
    page.get_by_label("Note to the publishers").fill("One new sentence.")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("State: ready to publish")).to_be_visible()


def test_opening_and_saving_in_the_browser_changes_nothing(open_window):
    disease = make_disease(questions=0)
    make_question(disease, answer="<p>One <em>two</em></p><ul><li>a</li><li>b</li></ul>")
    make_question(disease, answer='<h3>x</h3><p><a href="https://example.org/">there</a></p>')
    before = list(disease.questions.values())
    page = open_window(make_editor())

    page.goto(url("change", disease))
    expect(answer_boxes(page)).to_have_count(2)
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    assert list(disease.questions.values()) == before


def test_two_editors_one_of_whom_deletes_a_question(open_window):
    disease = make_disease(questions=0)
    make_question(disease, question="Kept?", answer="<p>Kept.</p>")
    make_question(disease, question="Deleted?", answer="<p>Deleted.</p>")
    first, second = open_window(make_editor(last_name="Lovelace")), open_window(make_editor())

    second.goto(url("change", disease))
    second.get_by_label("Summary:", exact=True).fill("By the second.")
    answer_boxes(second).nth(1).click()
    second.keyboard.press("Control+End")
    second.keyboard.type(" And improved.")
    first.goto(url("change", disease))
    first.locator("#id_questions-1-DELETE").check()
    first.get_by_role("button", name="Save and continue editing").click()
    expect(first.get_by_text("was changed successfully")).to_be_visible()
    second.get_by_role("button", name="Save and continue editing").click()

    expect(second.get_by_text("Another person saved this page while you were editing it")).to_be_visible()
    expect(second.get_by_text("Lovelace")).to_be_visible()
    expect(second.get_by_label("Summary:", exact=True)).to_have_value("By the second.")
    expect(answer_boxes(second).nth(1)).to_contain_text("Deleted. And improved.")
    assert disease.questions.count() == 1
    second.get_by_role("button", name="Save and continue editing").click()
    expect(second.get_by_text("was changed successfully")).to_be_visible()

    disease.refresh_from_db()
    assert disease.summary == "By the second."
    assert [row.answer for row in disease.questions.all()] == ["<p>Kept.</p>", "<p>Deleted. And improved.</p>"]


def test_an_expired_session_costs_no_word(open_window):
    disease, editor = make_disease(), make_editor()
    page = open_window(editor)

    page.goto(url("change", disease))
    page.get_by_label("Summary:", exact=True).fill("Typed for an hour.")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("Nothing that you typed is lost")).to_be_visible()
    page.get_by_label("Username").fill(editor.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Send it now").click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    disease.refresh_from_db()
    assert disease.summary == "Typed for an hour."


def test_rows_are_reordered_by_keyboard_even_with_a_table_in_an_answer(open_window):
    disease = make_disease(questions=0)
    make_question(disease, question="One?", answer="<table><tbody><tr><td><p>a</p></td></tr></tbody></table>")
    make_question(disease, question="Two?")
    make_question(disease, question="Three?")
    page = open_window(make_editor())

    page.goto(url("change", disease))
    row = page.locator("#questions-group .has_original").filter(has=page.locator("> h3", has_text="One?"))
    down = row.get_by_role("button", name="Down")
    down.press("Enter")
    expect(down).to_be_focused()
    down.press("Enter")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    assert [row.question for row in disease.questions.all()] == ["Two?", "Three?", "One?"]


def test_rows_are_reordered_by_dragging(open_window):
    disease = make_disease(questions=0)
    make_question(disease, question="One?", answer="<table><tbody><tr><td><p>a</p></td></tr></tbody></table>")
    make_question(disease, question="Two?")
    page = open_window(make_editor())

    page.goto(url("change", disease))
    page.set_viewport_size({"width": 1280, "height": 3000})  # one row is taller than a screen
    headings = page.locator("#questions-group .has_original > h3")
    expect(headings).to_have_count(2)
    headings.nth(1).drag_to(headings.nth(0), source_position={"x": 80, "y": 8}, target_position={"x": 80, "y": 3})
    expect(headings.first).to_contain_text("Two?")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    assert [row.question for row in disease.questions.all()] == ["Two?", "One?"]


def test_leaving_a_changed_form_asks_first(open_window):
    disease = make_disease()
    page = open_window(make_editor())
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))

    page.goto(url("change", disease))
    page.get_by_role("link", name="History").click()
    assert asked == []
    page.goto(url("change", disease))
    page.get_by_label("Summary:", exact=True).fill("Not saved.")
    page.get_by_role("link", name="History").click()
    page.wait_for_url("**/history/")

    assert asked == ["beforeunload"]
