"""The first page of the admin, the keyboard shortcuts, and the reset of a password, in a real browser."""

import re

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from publishing.models import Edition
from publishing.verbs import save_edition, submit
from tests.browser.barriers import VIEWS, own_barriers, own_barriers_in_both_schemes
from tests.browser.conftest import answer_boxes
from tests.browser.test_editing import url
from tests.factories import make_disease, make_editor, make_organization, make_publisher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.mark.parametrize(("width", "color_scheme"), VIEWS)
@pytest.mark.parametrize("full", [True, False])
def test_the_first_page_is_accessible_and_does_not_scroll_sideways(open_window, width, color_scheme, full):
    publisher = make_publisher()
    if full:
        draft, changed = make_disease(live=False), make_organization(name="A" * 60)
        submit(save_edition(draft, publisher), publisher, note="A long word: " + "x" * 100)
        changed.description = "New."
        changed.save()
        save_edition(changed, publisher)
    page = open_window(publisher, viewport={"width": width, "height": 800}, color_scheme=color_scheme)

    page.goto(reverse("admin:index"))
    titles = page.locator(".panels h2").all_inner_texts()

    assert [re.sub(r"\s+\d+$", "", title) for title in titles] == [
        "Ready to publish",
        "My drafts",
        "Suggestions from readers",
        "Live with unpublished changes",
        "Recently published",
    ]
    assert page.locator(".panels li").count() == (5 if full else 0)
    assert own_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_shortcuts_save_and_preview(open_window):
    disease = make_disease(live=False)
    page = open_window(make_editor())

    page.goto(url("change", disease))
    save = page.get_by_role("button", name="Save and continue editing")
    expect(save).to_have_attribute("aria-keyshortcuts", "Control+S Meta+S")
    expect(save).to_have_attribute("title", re.compile("^(Ctrl\\+|⌘)S$"))
    expect(page.get_by_role("button", name="Save and preview")).to_have_attribute("aria-keyshortcuts", "Alt+Shift+P")
    page.get_by_label("Summary:", exact=True).fill("Saved by a key.")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    disease.refresh_from_db()
    assert disease.summary == "Saved by a key."

    answer = answer_boxes(page).first
    answer.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Typed in the editor.")
    page.keyboard.press("Alt+Shift+p")
    expect(page.get_by_text(re.compile("Not public"))).to_be_visible()
    assert disease.questions.get().answer.endswith("Typed in the editor.</p>")


def test_shortcuts_work_on_a_keyboard_with_other_letters(open_window):
    disease = make_disease(live=False)
    page = open_window(make_editor())

    page.goto(url("change", disease))
    page.get_by_label("Summary:", exact=True).fill("Ещё слово.")
    page.evaluate(
        """document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { key: "ы", code: "KeyS", ctrlKey: true, bubbles: true, cancelable: true })
        )"""
    )

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    disease.refresh_from_db()
    assert disease.summary == "Ещё слово."


def test_a_page_without_the_buttons_has_no_shortcuts(open_window):
    disease = make_disease(live=False)
    page = open_window(make_publisher())
    taken = """() => ["s", "p"].map((key) => {
      const event = new KeyboardEvent("keydown", { key, code: `Key${key.toUpperCase()}`, ctrlKey: key === "s",
        altKey: key === "p", shiftKey: key === "p", bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
      return event.defaultPrevented;
    })"""

    page.goto(url("publish", disease))
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_visible()

    assert page.evaluate(taken) == [False, False]
    assert not Edition.objects.live().filter(kind=disease.KIND).exists()


def test_other_keys_save_nothing(open_window):
    disease = make_disease(live=False)
    page = open_window(make_editor())

    page.goto(url("change", disease))
    page.get_by_label("Summary:", exact=True).fill("")
    for keys in ["s", "Shift+S", "Control+Shift+s", "Alt+s", "Control+Alt+s", "Shift+P", "Alt+p"]:
        page.keyboard.press(keys)

    assert page.get_by_label("Summary:", exact=True).input_value() == "sSP"
    assert Edition.objects.about(disease).count() == 0


def test_a_forgotten_password_is_set_without_a_barrier(open_window):
    make_editor(username="ada", email="ada@example.org")
    page = open_window()

    page.goto(reverse("admin:login"))
    page.get_by_role("link", name="Forgotten your login credentials?").click()
    expect(page.get_by_label("Email")).to_be_visible()
    assert own_barriers_in_both_schemes(page) == []
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_text("you will receive a message with a link")).to_be_visible()
    assert own_barriers_in_both_schemes(page) == []
    page.goto(re.search(r"http\S+", mail.outbox[0].body)[0])
    page.get_by_label("New password", exact=False).first.fill("short")
    page.get_by_label("New password confirmation").fill("short")
    page.get_by_role("button", name="Set my password").click()
    expect(page.get_by_text("This password is too short.")).to_be_visible()
    assert own_barriers_in_both_schemes(page) == []
    page.get_by_label("New password", exact=False).first.fill("a new horse battery")
    page.get_by_label("New password confirmation").fill("a new horse battery")
    page.get_by_role("button", name="Set my password").click()
    expect(page.get_by_text("Your new password is set.")).to_be_visible()
    assert own_barriers_in_both_schemes(page) == []
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("a new horse battery")
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("heading", name="My drafts")).to_be_visible()
