"""The search in a real browser: its field by keyboard, mouse and ear, no barrier, and all of it without script."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Route, expect

from diseases.models import Synonym
from tests.browser.barriers import VIEWS, barriers
from tests.factories import make_disease, make_organization, make_question, put_live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SUGGEST = "**/search/suggest/**"


@pytest.fixture
def site(live_server, monkeypatch):
    """Two diseases and an organization with one name, and two pages of another. Returns the site's address."""
    monkeypatch.setattr("search.views.RESULTS_PER_PAGE", 3)
    make_disease(name="Ferropathy of newborns", slug="newborns")
    disease = make_disease(live=False, name="Ferropathy, late", slug="late", questions=0)
    Synonym.objects.create(disease=disease, text="Pseudopseudoferrohypoparathyroidism of the elderly", position=2)
    make_question(disease, question="How might it be treated?", answer="<p>By transplantation, says our doctor.</p>")
    put_live(disease)
    make_organization(name="Ferropathy Families", slug="families")
    for number in range(4):
        make_disease(name=f"Gangliosidosis {number}", questions=0)
    return live_server.url


@pytest.fixture
def open_page(open_window):
    """Opens a window at an address."""

    def open_one(address: str, clock: datetime | None = None, **options) -> Page:
        page = open_window(**options)
        if clock:
            page.clock.install(time=clock)
        page.goto(address)
        return page

    return open_one


def field(page):
    return page.get_by_label("Search for a disease or an organization")


def ask(page, words):
    """Types into the field and waits for what it suggests."""
    field(page).press_sequentially(words)
    expect(page.get_by_role("listbox")).to_be_visible()


def chosen(page):
    """What a screen reader says is chosen: the option that the field names."""
    option = field(page).get_attribute("aria-activedescendant")
    return re.sub(r"\s+", " ", page.locator(f"#{option}").inner_text()) if option else ""


# By keyboard


@pytest.mark.parametrize("path", ["/", "/about/", "/nowhere/", "/search/?q=xqzwvkj"])
def test_the_field_is_a_combobox_on_every_page(site, open_page, path):
    page = open_page(site + path)
    combobox = page.get_by_role("search").get_by_role("combobox")

    expect(combobox).to_have_accessible_name("Search for a disease or an organization")
    expect(combobox).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("listbox")).to_have_count(0)
    combobox.fill("")
    ask(page, "ferro")

    expect(combobox).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("listbox", name="Suggestions")).to_have_id(combobox.get_attribute("aria-controls"))
    expect(page.get_by_role("option")).to_have_count(3)
    expect(page.get_by_role("status")).to_have_text("3 suggestions")
    assert chosen(page) == ""


def test_arrows_choose_and_enter_goes_there(site, open_page):
    page = open_page(f"{site}/about/")
    ask(page, "ferro")
    titles = [re.sub(r"\s+", " ", text) for text in page.get_by_role("option").all_inner_texts()]

    said = []
    for key in ["Down", "Down", "Down", "Down", "Down", "Up", "Up", "Up"]:
        page.keyboard.press(f"Arrow{key}")
        said.append(chosen(page))
        assert page.locator("[aria-selected=true]").count() == bool(said[-1])
    assert said == [*titles, "", titles[0], "", titles[2], titles[1]]
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("ferro")

    page.keyboard.press("ArrowDown")
    place = titles.index("Ferropathy, late Disease")
    while chosen(page) != titles[place]:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site}/diseases/late/")


def test_enter_searches_for_what_was_typed(site, open_page):
    page = open_page(f"{site}/about/")
    ask(page, "ferropathy")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{site}/search/?q=ferropathy")
    expect(page.get_by_role("heading", level=1)).to_have_text("3 results for “ferropathy”")
    expect(field(page)).to_have_value("ferropathy")


def test_escape_closes_then_clears(site, open_page):
    page = open_page(site)
    ask(page, "ferro")
    page.keyboard.press("ArrowDown")

    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    expect(field(page)).to_have_value("ferro")
    assert chosen(page) == ""

    page.keyboard.press("ArrowDown")  # the key brings it back
    expect(page.get_by_role("option")).to_have_count(3)
    assert chosen(page) != ""

    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(field(page)).to_have_value("")
    expect(field(page)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_other_keys_belong_to_the_text(site, open_page):
    page = open_page(site)
    ask(page, "ferro")

    for key, place in [("Home", 0), ("End", 5), ("ArrowLeft", 4), ("ArrowRight", 5)]:
        page.keyboard.press("ArrowDown")
        assert chosen(page) != ""
        page.keyboard.press(key)
        assert chosen(page) == ""
        assert field(page).evaluate("input => input.selectionStart") == place
    expect(page.get_by_role("listbox")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Search")).to_be_focused()
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_what_is_typed_next_undoes_the_choice(site, open_page):
    page = open_page(site)
    ask(page, "ferro")
    page.keyboard.press("ArrowDown")

    page.keyboard.type("p")

    assert chosen(page) == ""


# By mouse and finger


@pytest.mark.parametrize("is_touch", [False, True])
def test_an_option_can_be_pressed(site, open_page, is_touch):
    page = open_page(site, has_touch=is_touch, viewport={"width": 320, "height": 640})
    ask(page, "families")
    option = page.get_by_role("option", name="Ferropathy Families")

    assert option.bounding_box()["height"] >= 43.9
    option.tap() if is_touch else option.click()

    expect(page).to_have_url(f"{site}/organizations/families/")


def test_nothing_moves_when_the_list_opens_and_a_press_beside_closes_it(site, open_page):
    page = open_page(f"{site}/about/")
    before = page.locator("main").bounding_box()

    ask(page, "ferro")
    assert page.locator("main").bounding_box() == before

    page.mouse.click(5, 700)
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_back_from_a_suggestion_there_is_no_open_list(site, open_page):
    page = open_page(f"{site}/about/")
    ask(page, "families")
    page.get_by_role("option").first.click()
    expect(page).to_have_url(f"{site}/organizations/families/")

    page.go_back()

    expect(page).to_have_url(f"{site}/about/")
    expect(page.get_by_role("listbox")).to_have_count(0)


# The network


def test_one_letter_asks_nothing_and_fast_typing_asks_once(site, open_page):
    page = open_page(site, clock=datetime(2026, 5, 3, 12, tzinfo=UTC))
    page.clock.pause_at(datetime(2026, 5, 3, 13, tzinfo=UTC))  # so that a slow machine types fast too
    asked: list[str] = []
    page.on("request", lambda request: "/suggest/" in request.url and asked.append(request.url.partition("q=")[2]))

    field(page).press_sequentially("f")
    page.clock.run_for(5_000)
    assert asked == []

    field(page).press_sequentially("erropathy")
    page.clock.run_for(5_000)
    expect(page.get_by_role("listbox")).to_be_visible()
    assert asked == ["ferropathy"]


def test_a_late_answer_does_not_replace_a_newer_one(site, open_page):
    page = open_page(site)
    late: list[Route] = []
    page.route(f"{SUGGEST}?q=ga", lambda route: late.append(route))

    with page.expect_request(f"{SUGGEST}?q=ga"):
        field(page).press_sequentially("ga")
    field(page).fill("")
    ask(page, "families")
    late[0].continue_()
    page.evaluate("fetch('/search/suggest/?q=fe').then((response) => response.json())")  # and this was answered later

    assert page.get_by_role("option").all_inner_texts() == ["Ferropathy Families\nOrganization"]


@pytest.mark.parametrize("trouble", ["no line", "an error", "no JSON"])
def test_without_suggestions_the_form_is_a_form(site, new_context, trouble):
    page = new_context().new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(site)
    answers = {
        "no line": lambda route: route.abort(),
        "an error": lambda route: route.fulfill(status=500, body="[]"),
        "no JSON": lambda route: route.fulfill(body="<p>Sorry</p>"),
    }
    page.route(SUGGEST, answers[trouble])

    with page.expect_event("requestfailed" if trouble == "no line" else "response"):
        field(page).press_sequentially("ferropathy")
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("3 results for “ferropathy”")
    assert errors == []


def test_without_script_everything_works(site, open_page):
    page = open_page(f"{site}/about/", java_script_enabled=False)

    expect(page.get_by_role("search").get_by_role("combobox")).to_have_count(0)
    page.get_by_role("textbox", name="Search for a disease or an organization").fill("gangliosidosis")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("4 results for “gangliosidosis”")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.get_by_role("link", name="Gangliosidosis").first.click()
    expect(page).to_have_url(re.compile("/diseases/gangliosidosis-"))


# Barriers


@pytest.mark.parametrize(("width", "color_scheme"), VIEWS)
def test_no_state_of_the_search_has_a_barrier_or_scrolls_sideways(site, open_page, width, color_scheme):
    page = open_page(site, viewport={"width": width, "height": 700}, color_scheme=color_scheme)
    states = {
        "/search/": "Search",
        "/search/?q=ferropathy": "3 results for “ferropathy”",
        "/search/?q=gangliosidosis&page=2": "4 results for “gangliosidosis”",
        "/search/?q=transplantation": "1 result for “transplantation”",
        "/search/?q=pseudopseudoferrohypoparathyroidism": "1 result for “pseudopseudoferrohypoparathyroidism”",
        "/search/?q=transplantatoin": "1 result for “transplantation”",
        f"/search/?q={'xqzwvkj' * 20}": f"Nothing found for “{'xqzwvkj' * 20}”",
        "/nowhere/": "There is no page at this address",
    }

    def check(state):
        assert barriers(page) == [], state
        assert page.evaluate("document.documentElement.scrollWidth") <= width, state

    for path, heading in states.items():
        page.goto(site + path)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        check(path)
    for path in ["/", "/about/"]:
        page.goto(site + path)
        ask(page, "ferro")
        check(f"{path} with its list")
        page.keyboard.press("ArrowDown")
        check(f"{path} with a choice")


def test_the_field_and_its_button_are_large_enough_for_a_finger(site, open_page):
    for path in ["/", "/about/", "/search/?q=ferropathy"]:
        page = open_page(site + path, viewport={"width": 320, "height": 700})
        boxes = [part.bounding_box() for part in page.locator(".search input, .search button").all()]
        assert len(boxes) == 2
        assert [box for box in boxes if box["height"] < 43.9] == [], path


def test_on_paper_there_are_results_and_no_form(site, open_page):
    page = open_page(f"{site}/search/?q=ferropathy")
    page.emulate_media(media="print")

    assert not page.locator(".search").is_visible()
    assert [result.is_visible() for result in page.locator(".results li").all()] == [True] * 3
