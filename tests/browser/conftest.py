"""Where the browser is, how it is started, and windows of it. No browser: skipped, or failed where one is required."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response, expect

from accounts.models import User
from tests.browser.chromium import NAMES, SWITCHES, find_chromium

# Playwright runs an event loop in this thread, in which Django does not allow the ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

expect.set_options(timeout=20_000)  # a loaded machine is slow


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    chromium = find_chromium()
    if not chromium:
        message = f"No browser: install Chromium ({', '.join(NAMES)}) or name one in CHROMIUM."
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return browser_type_launch_args | {"executable_path": chromium, "args": SWITCHES}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """The language and the time zone of the machine change nothing."""
    return browser_context_args | {"locale": "en-US", "timezone_id": "UTC"}


@pytest.fixture(scope="session")
def base_url():
    """Returns None, because the tests use absolute addresses. It replaces a fixture about which pytest 9 warns."""
    return


def sign_in(context: BrowserContext, user: User, address: str) -> None:
    """Gives a window the cookie of a new session. Signing in by the form is tested in test_comfort.py."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    url = address + settings.SESSION_COOKIE_PATH
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])


def answer_boxes(page: Page) -> Locator:
    """Returns the boxes in which answers are written. Before the editor starts, a plain text area is in their place."""
    return page.locator("[contenteditable=true]").and_(page.get_by_role("textbox", name="Answer"))


@pytest.fixture
def open_window(live_server, new_context) -> Iterator[Callable[..., Page]]:
    """Opens a window in which a user, or nobody, is signed in. What its console complains of fails the test."""
    complaints: list[tuple[str, str]] = []
    pages: set[str] = set()

    def note_page(response: Response) -> None:
        if response.request.is_navigation_request():
            pages.add(response.url)

    def note_message(message: ConsoleMessage) -> None:
        # What has no address is axe, which puts styles of its own into the page. linkifyjs is a part of the editor.
        if (address := message.location["url"]) and not message.text.startswith("linkifyjs: already initialized"):
            complaints.append((message.text, address))

    def open_one(user: User | None = None, **options: Any) -> Page:
        context = new_context(base_url=live_server.url, **options)
        if user:
            sign_in(context, user, live_server.url)
        page = context.new_page()
        page.on("response", note_page)
        page.on("console", note_message)
        page.on("pageerror", lambda error: complaints.append((str(error), "")))
        return page

    yield open_one
    # The browser reports every answer that is no success. Where it is the page itself, the test asked for it.
    is_asked_for = [text.startswith("Failed to load resource") and url in pages for text, url in complaints]
    assert [complaint for complaint, ignored in zip(complaints, is_asked_for, strict=True) if not ignored] == []
