"""Finds and starts the browser. Without one the tests are skipped, or fail if a browser is required."""

import os
import shutil

import pytest

# Playwright runs an event loop in this thread, in which Django does not allow the ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

NAMES = ["chromium", "chromium-browser", "google-chrome"]
SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def find_chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


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
def base_url():
    """Returns None, because the tests use absolute addresses. It replaces a fixture about which pytest 9 warns."""
    return
