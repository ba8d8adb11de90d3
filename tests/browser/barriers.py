"""What axe finds on a page, and how wide and in which colours the pages are looked at."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

VIEWS = [(320, "light"), (1280, "dark")]
"""Each width and each colour scheme once: tests/test_styles.py proves that no rule depends on both."""

KNOWN = {
    "empty-table-header": "the first column of Django's tables of rows has no heading",
}
"""Barriers of Django's own admin, by axe's rule."""

# First the fonts: axe takes the icons of the editor for words while theirs is on the way.
RUN = """async (options) => {
  await document.fonts.ready;
  return (await axe.run({ resultTypes: ["violations"], ...options })).violations;
}"""


def barriers(page: Page, **options: bool | list[str]) -> list[tuple[str, str]]:
    """Each barrier on a page as axe's rule and the element that breaks it."""
    page.wait_for_load_state()  # a click that opens a page does not wait for the whole of it
    page.evaluate(AXE_SCRIPT)
    return [
        (violation["id"], node["html"][:200])
        for violation in page.evaluate(RUN, options)
        for node in violation["nodes"]
    ]


def own_barriers(page: Page, **options: bool | list[str]) -> list[tuple[str, str]]:
    """The barriers on a page of the admin, without those of Django's own admin.

    With preload, axe would follow the @import in Django's forms.css to an address that is not there. Only the rule
    against pages locked to one orientation needs preload, and tests/test_styles.py proves that none is.
    """
    return [barrier for barrier in barriers(page, preload=False, **options) if barrier[0] not in KNOWN]


def own_barriers_in_both_schemes(page: Page) -> list[tuple[str, str]]:
    """The barriers on a page of the admin: all in light colours, and those that colours make in dark ones."""
    found = own_barriers(page)
    page.emulate_media(color_scheme="dark")
    page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished))")
    found += own_barriers(page, runOnly=["color-contrast", "link-in-text-block"])
    page.emulate_media(color_scheme="light")
    return found
