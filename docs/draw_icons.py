"""`make icons`: draws the icons in `static/icons/` from the mark in `static/favicon.svg`."""

import struct
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import SWITCHES, find_chromium

STATIC = Path(__file__).parent.parent / "static"
MARK = (STATIC / "favicon.svg").read_text(encoding="utf-8")
# Some programs cut the corners themselves. For them the background fills the square.
FULL = MARK.replace('<circle cx="24" cy="24" r="24"', '<rect width="48" height="48"')
TEAL, PAPER = "#0e5358", "#faf6ec"


def draw(page: Page, svg: str, width: int, height: int, size: float, ground: str = "transparent") -> bytes:
    """Returns a PNG picture with the mark in its middle."""
    page.set_viewport_size({"width": width, "height": height})
    page.set_content(
        f"<style>body {{ margin: 0; display: grid; place-items: center; height: {height}px; background: {ground} }}"
        f"svg {{ width: {size}px; height: {size}px; display: block }}</style>{svg}"
    )
    return page.screenshot(omit_background=True)


def ico(pictures: dict[int, bytes]) -> bytes:
    """Returns a favicon.ico, which is a list of PNG files by size."""
    head = struct.pack("<HHH", 0, 1, len(pictures))
    place = len(head) + 16 * len(pictures)
    entries = b""
    for size, png in pictures.items():
        entries += struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(png), place)
        place += len(png)
    return head + entries + b"".join(pictures.values())


def main() -> None:
    folder = STATIC / "icons"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=SWITCHES)
        page = browser.new_page()
        files = {f"icon-{size}.png": draw(page, MARK, size, size, size) for size in [192, 512]}
        files["apple-touch-icon.png"] = draw(page, FULL, 180, 180, 150, TEAL)
        files["maskable-512.png"] = draw(page, FULL, 512, 512, 360, TEAL)
        files["share.png"] = draw(page, MARK, 1200, 630, 360, PAPER)
        files["favicon.ico"] = ico({size: draw(page, MARK, size, size, size) for size in [16, 32, 48]})
        browser.close()
    for name, content in files.items():
        (folder / name).write_bytes(content)
        print(f"{name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
