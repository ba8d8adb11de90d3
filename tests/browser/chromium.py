"""Where Chromium is, and how it is started."""

import os
import shutil

NAMES = ["chromium", "chromium-browser", "google-chrome"]
SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def find_chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
