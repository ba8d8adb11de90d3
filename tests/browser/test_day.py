"""An editor's day, from a new disease to the trash and back, in a real browser."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from diseases.models import Disease
from publishing.models import Edition
from tests.browser.conftest import answer_boxes
from tests.browser.test_editing import url
from tests.factories import make_editor, make_organization, make_publisher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def add_question(page, place, question, answer):
    page.get_by_text("Add another Question").click()
    page.locator(f"#id_questions-{place}-question").fill(question)
    page.locator(f"#id_questions-{place}-topic").select_option("causes")
    answer_boxes(page).nth(place).click()
    page.keyboard.type(answer)


def test_an_editors_day(open_window):
    organization = make_organization(name="The Helpful Society")
    editor, publisher = open_window(make_editor()), open_window(make_publisher())

    # The editor adds a disease with two questions and an organization, reorders, previews and submits.
    editor.goto(reverse("admin:diseases_disease_add"))
    editor.get_by_label("Name:", exact=True).fill("Morning disease")
    editor.get_by_label("Summary:", exact=True).fill("A disease of the morning.")
    add_question(editor, 0, "Second?", "The second answer.")
    add_question(editor, 1, "First?", "The first answer.")
    editor.get_by_text(re.compile("Add another Support organization")).click()
    editor.locator("#supports-0 .select2-selection").click()
    editor.locator(".select2-search__field").fill("Helpful")
    editor.locator(".select2-results__option", has_text="The Helpful Society").click()
    editor.get_by_role("button", name="Save and continue editing").click()
    expect(editor.get_by_text("was added successfully")).to_be_visible()
    disease = Disease.objects.get()
    editor.locator("#questions-group .has_original").filter(has=editor.locator("> h3", has_text="First?")).get_by_role(
        "button", name="Up"
    ).click()
    editor.get_by_role("button", name="Save and preview").click()
    assert editor.locator("h2[id^='q-']").all_inner_texts() == ["First?", "Second?"]
    editor.goto(url("submit", disease))
    editor.get_by_label("Note to the publishers").fill("A new page.")
    editor.get_by_role("button", name="Submit").click()

    # The publisher reads the note and publishes.
    publisher.goto(url("publish", disease))
    expect(publisher.get_by_text("A new page.")).to_be_visible()
    publisher.get_by_label("What changed, for readers").fill("First published")
    publisher.get_by_role("button", name="Publish", exact=True).click()
    expect(publisher.get_by_text(re.compile("is live"))).to_be_visible()
    first = Edition.objects.live().of(Disease).get().number

    # One word changes; the publisher compares and publishes with a note.
    editor.goto(url("change", disease))
    editor.get_by_label("Summary:", exact=True).fill("A disease of the evening.")
    editor.get_by_role("button", name="Save and continue editing").click()
    expect(editor.get_by_text("was changed successfully")).to_be_visible()
    publisher.goto(url("compare", disease))
    assert publisher.locator("del").all_inner_texts() == ["morning."]
    assert publisher.locator("ins").all_inner_texts() == ["evening."]
    publisher.goto(url("publish", disease))
    publisher.get_by_label("What changed, for readers").fill("The time of day was wrong.")
    publisher.get_by_role("button", name="Publish", exact=True).click()

    # A reader sees the comparison.
    publisher.goto(disease.url_of(disease.slug))
    publisher.get_by_role("link", name="What changed").click()
    expect(publisher.get_by_text("The time of day was wrong.")).to_be_visible()
    expect(publisher.locator("del", has_text="morning.")).to_be_visible()

    # The first edition is restored, and then published again as the previous one.
    publisher.goto(url("history", disease))
    publisher.goto(reverse("admin:diseases_disease_restore", args=[disease.pk, first]))
    publisher.get_by_role("button", name="Restore").click()
    expect(publisher.get_by_text(re.compile("was restored and saved as edition"))).to_be_visible()
    expect(publisher.get_by_label("Summary:", exact=True)).to_have_value("A disease of the morning.")
    publisher.get_by_role("link", name="Publish what readers saw before…").click()
    publisher.get_by_role("button", name="Publish this edition again").click()
    expect(publisher.get_by_text(re.compile("is live again"))).to_be_visible()
    assert Edition.objects.live().of(Disease).get().number == first

    # The disease is withdrawn, deleted, and restored from the trash.
    publisher.get_by_role("link", name="Withdraw…").click()
    publisher.get_by_label("Reason").fill("It does not exist.")
    publisher.get_by_role("button", name="Withdraw").click()
    expect(publisher.get_by_text("State: withdrawn")).to_be_visible()
    publisher.get_by_role("link", name="Delete…").click()
    publisher.get_by_label("Reason").fill("Really not.")
    publisher.get_by_role("button", name="Delete").click()
    expect(publisher.get_by_text("State: in the trash")).to_be_visible()
    publisher.get_by_role("link", name="Restore from the trash…").click()
    publisher.get_by_role("button", name="Restore from the trash").click()
    expect(publisher.get_by_text("State: withdrawn")).to_be_visible()
    assert disease.supports.get().organization == organization
    assert not Edition.objects.live().of(Disease).exists()
