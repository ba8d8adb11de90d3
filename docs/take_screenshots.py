"""`make screenshots`: takes the pictures of docs/editors.md and of the README in a site with the sample content.

The site is in a temporary folder. Two people use it in a real browser: Ada, who edits, and Grace, who publishes.
"""

import base64
import os
import secrets
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import django
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.browser.chromium import SWITCHES, find_chromium

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
MAX_BYTES = 120 * 1024
"""The largest size of a picture."""

PASSWORD = secrets.token_urlsafe(16)

QUESTION = "What causes alkaptonuria?"
ANSWER = [
    "A change in one gene, called HGD. Because of it the body cannot break down a substance named homogentisic acid.",
    "A person has the disease when both copies of the gene are changed, one from each parent.",
]

# A palette of 256 colours makes a picture of text a third as large. The browser makes it, since it is fast.
REDUCE = """async (png) => {
  const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) {
    counts.set(pixel, (counts.get(pixel) || 0) + 1);
  }
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([pixel]) => pixel);
  const parts = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const colors = palette.map(parts);
  const nearest = new Map();
  for (const pixel of counts.keys()) {
    const [r, g, b] = parts(pixel);
    let best = 0, least = Infinity;
    colors.forEach((color, i) => {
      const far = (color[0] - r) ** 2 + (color[1] - g) ** 2 + (color[2] - b) ** 2;
      if (far < least) {
        [best, least] = [i, far];
      }
    });
    nearest.set(pixel, best);
  }
  let text = "";
  for (const pixel of pixels) {
    text += String.fromCharCode(nearest.get(pixel));
  }
  return { width: bitmap.width, height: bitmap.height, colors: colors.flat(), pixels: btoa(text) };
}"""


def write_png(path: Path, width: int, height: int, colors: bytes, pixels: bytes) -> None:
    """Writes a PNG file with one byte for each pixel, which is the number of a colour in the palette."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + pixels[start : start + width] for start in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", colors), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks))


class Camera:
    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_page()

    def take(self, what: Page | Locator, path: Path, **options: Any) -> None:
        png = what.screenshot(animations="disabled", **options)
        found = self.page.evaluate(REDUCE, base64.b64encode(png).decode())
        write_png(path, found["width"], found["height"], bytes(found["colors"]), base64.b64decode(found["pixels"]))
        size = path.stat().st_size
        print(f"{path.relative_to(DOCS.parent)}: {found['width']} x {found['height']}, {size // 1024} KB")
        if size > MAX_BYTES:
            sys.exit(f"{path} has more than {MAX_BYTES // 1024} KB.")


def top(height: int) -> dict[str, int]:
    """Returns the area of the upper part of a window."""
    return {"x": 0, "y": 0, "width": 1100, "height": height}


@contextmanager
def site(folder: str) -> Iterator[str]:
    """Serves a site with the sample content and two accounts, and returns its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        ENV_FILE=str(DOCS.parent / ".env.example"),
        DEBUG="true",
        SECRET_KEY=secrets.token_urlsafe(64),
        ALLOWED_HOSTS="127.0.0.1",
        DATABASE_URL=f"sqlite:///{folder}/site.sqlite3",
        ADMIN_PATH="admin/",
    )
    django.setup()
    # Models can be imported only after django.setup(), so they are asked for by their names.
    users, groups = get_user_model().objects, apps.get_model("auth", "Group").objects
    call_command("migrate", verbosity=0)
    for username, first, last, group in [
        ("demo", "Grace", "Okafor", "Publishers"),
        ("ada", "Ada", "Lindqvist", "Editors"),
    ]:
        user = users.create_user(username, password=PASSWORD, first_name=first, last_name=last, is_staff=True)
        user.groups.set(groups.filter(name=group))
    call_command("prepare_demo", verbosity=0)
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "manage.py", "runserver", "--noreload", "--verbosity", "0", f"127.0.0.1:{port}"]
    with open(f"{folder}/log", "w") as log:
        server = subprocess.Popen(command, cwd=DOCS.parent, stdout=log, stderr=log)  # noqa: S603 - our own command
    try:
        wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def wait_for(address: str) -> None:
    for _ in range(100):
        try:
            urlopen(address).close()  # noqa: S310 - our own address
            return
        except OSError:
            time.sleep(0.2)
    sys.exit("The site did not start.")


def sign_in(browser: Browser, address: str, username: str) -> Page:
    context = browser.new_context(
        base_url=address, viewport={"width": 1100, "height": 900}, locale="en-US", reduced_motion="reduce"
    )
    context.add_init_script('localStorage.setItem("django.admin.navSidebarIsOpen", "false")')
    page = context.new_page()
    page.goto("/admin/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    return page


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, site(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=SWITCHES)
        camera = Camera(browser)
        ada, grace = sign_in(browser, address, "ada"), sign_in(browser, address, "demo")
        disease = write(camera, ada)
        submit_and_publish(camera, ada, grace, disease)
        look_back(camera, ada, disease)
        edit_at_once(camera, ada, grace)
        publish_many(camera, grace)
        reader = browser.new_page(viewport={"width": 1100, "height": 1000})
        reader.goto(f"{address}/diseases/neonatal-hemochromatosis/")
        camera.take(reader, DOCS / "disease-page.png")
        browser.close()


def write(camera: Camera, ada: Page) -> str:
    """Writes a new page as Ada, and returns its address in the admin."""
    ada.goto("/admin/diseases/disease/add/")
    ada.get_by_label("Name:", exact=True).fill("Alkaptonuria")
    ada.get_by_label("Summary:", exact=True).fill(
        "In alkaptonuria the body cannot break down a substance called homogentisic acid. The urine can turn dark when "
        "it stands, and later in life the joints and the spine are harmed."
    )
    camera.take(ada, IMAGES / "new-disease.png", clip=top(720))
    ada.get_by_text("Add another Question").click()
    ada.locator("#id_questions-0-question").fill(QUESTION)
    ada.locator("#id_questions-0-topic").select_option("causes")
    ada.get_by_role("textbox", name="Answer").first.click()
    for line in ANSWER:
        ada.keyboard.type(line)
        ada.keyboard.press("Enter")
    ada.keyboard.press("Backspace")
    ada.locator("#id_questions-0-source").select_option(label="GARD")
    ada.locator("#id_questions-0-adapted").check()
    row = ada.locator("#questions-0")
    row.scroll_into_view_if_needed()
    ada.evaluate("window.scrollBy(0, -40)")  # Its heading is a little above it.
    box = row.bounding_box() or {}
    clip = {"x": box["x"] - 10, "y": box["y"] - 14, "width": box["width"] + 20, "height": box["height"] + 14}
    camera.take(ada, IMAGES / "question.png", clip=clip)
    ada.keyboard.press("Alt+Shift+P")
    ada.get_by_text("Not public").wait_for()
    camera.take(ada, IMAGES / "preview.png", clip=top(750))
    ada.get_by_role("link", name="Back to editing").click()
    ada.wait_for_url("**/change/")
    return ada.url


def submit_and_publish(camera: Camera, ada: Page, grace: Page, disease: str) -> None:
    ada.goto(disease.replace("/change/", "/submit/"))
    ada.get_by_label("Note to the publishers").fill("A first page, with one question. Is the second sentence clear?")
    camera.take(ada, IMAGES / "submit.png", clip=top(470))
    ada.get_by_role("button", name="Submit").click()
    ada.get_by_text("State: ready to publish").wait_for()

    grace.goto("/admin/")
    camera.take(grace, IMAGES / "first-page.png", full_page=True)
    grace.get_by_role("link", name="Publish Alkaptonuria…").click()
    grace.get_by_label("What changed, for readers").fill("A new page: what causes alkaptonuria.")
    camera.take(grace, IMAGES / "publish.png", clip=top(555))
    grace.get_by_role("button", name="Publish", exact=True).click()
    grace.get_by_text("Edition 1 is live.").wait_for()


def look_back(camera: Camera, ada: Page, disease: str) -> None:
    ada.goto(disease)
    summary = ada.get_by_label("Summary:", exact=True)
    summary.fill(summary.input_value().replace("can turn dark when it stands", "often turns dark in the air"))
    ada.keyboard.press("Control+S")
    ada.get_by_text("was changed successfully").wait_for()
    ada.goto(disease.replace("/change/", "/history/"))
    camera.take(ada, IMAGES / "history.png", clip=top(480))
    ada.get_by_role("link", name="Compare with live").click()
    camera.take(ada, IMAGES / "compare.png", clip=top(420))


def edit_at_once(camera: Camera, ada: Page, grace: Page) -> None:
    """Saves one page as both people at once."""
    grace.goto("/admin/diseases/disease/?q=wilson")
    grace.get_by_role("link", name="Wilson disease").click()
    grace.get_by_label("Summary:", exact=True).wait_for()
    ada.goto(grace.url)
    text = ada.get_by_label("Summary:", exact=True).input_value()
    grace.get_by_label("Summary:", exact=True).fill(f"{text} It can be treated.")
    grace.get_by_role("button", name="Save and continue editing").click()
    grace.get_by_text("was changed successfully").wait_for()
    ada.get_by_label("Summary:", exact=True).fill(f"{text} The earlier it is found, the better it can be treated.")
    ada.get_by_role("button", name="Save and continue editing").click()
    conflict = ada.locator(".conflict")
    conflict.wait_for()
    camera.take(conflict, IMAGES / "conflict.png")


def publish_many(camera: Camera, grace: Page) -> None:
    grace.goto("/admin/diseases/disease/")
    for name in ["Angelman syndrome", "Fragile X syndrome", "Marfan syndrome"]:
        grace.locator("tr", has_text=name).locator("input.action-select").check()
    grace.get_by_label("Action:").select_option("publish_many")
    grace.evaluate("window.scrollTo(0, 0)")
    camera.take(grace, IMAGES / "list.png", clip=top(620))
    grace.get_by_role("button", name="Go").click()
    grace.get_by_text("What will happen to each").wait_for()
    camera.take(grace, IMAGES / "many.png", clip=top(480))


if __name__ == "__main__":
    main()
