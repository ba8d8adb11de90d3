"""The first page of the admin, the keyboard shortcuts, and the reset of a password, in a real browser."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from publishing.models import Edition
from publishing.verbs import save_edition, submit
from tests.browser.test_admin_pages import barriers
from tests.browser.test_editing import url
from tests.factories import make_disease, make_editor, make_organization, make_publisher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def open_window(live_server, new_context):
    """Opens a window, signed in or not. Every error in its console fails the test."""
    complaints: list[str] = []

    def open_one(user=None, **options) -> Page:
        context = new_context(base_url=live_server.url, **options)
        if user:
            client = Client()
            client.force_login(user)
            cookie = client.cookies["sessionid"]
            context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url + "/admin/"}])
        page = context.new_page()
        # Ignores errors without an address: they come from axe, which adds its own styles to the page.
        page.on("console", lambda message: message.location["url"] and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    assert complaints == []


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
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
    assert barriers(page) == []
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

    answer = page.get_by_role("textbox", name="Answer").first
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


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_reset_of_a_password_is_accessible(open_window, color_scheme):
    make_editor(username="ada", email="ada@example.org")
    page = open_window(color_scheme=color_scheme)

    page.goto(reverse("admin:login"))
    page.get_by_role("link", name="Forgotten your login credentials?").click()
    assert barriers(page) == []
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_text("the message is on its way")).to_be_visible()
    assert barriers(page) == []
    page.goto(re.search(r"http\S+", mail.outbox[0].body)[0])
    page.get_by_label("New password", exact=False).first.fill("short")
    page.get_by_label("New password confirmation").fill("short")
    page.get_by_role("button", name="Set my password").click()
    expect(page.get_by_text("This password is too short.")).to_be_visible()
    assert barriers(page) == []
    page.get_by_label("New password", exact=False).first.fill("a new horse battery")
    page.get_by_label("New password confirmation").fill("a new horse battery")
    page.get_by_role("button", name="Set my password").click()
    expect(page.get_by_text("Your new password is set.")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("a new horse battery")
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("heading", name="My drafts")).to_be_visible()
