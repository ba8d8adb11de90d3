"""A portrait's way in a real browser: from the picture on an editor's computer to readers, and away again at once."""

import io

import pytest
from django.urls import reverse
from PIL import Image
from playwright.sync_api import expect

from community.models import Picture, Portrait
from tests.browser.barriers import VIEWS, barriers, own_barriers_in_both_schemes
from tests.browser.test_editing import url
from tests.factories import make_disease, make_picture, make_portrait, make_publisher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def picture(tmp_path):
    """A file as a telephone makes it: large, and lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "anna.jpg"
    file = io.BytesIO()
    Image.new("RGB", (3000, 2000), "teal").save(file, "JPEG", exif=exif)
    path.write_bytes(file.getvalue())
    return path


def loaded(image):
    """Whether the browser could draw a picture."""
    image.scroll_into_view_if_needed()
    return image.evaluate("image => image.decode().then(() => image.naturalWidth)")


def test_a_portrait_is_shown_with_a_consent_and_gone_without(open_window, picture):
    disease = make_disease(name="Marfan syndrome")
    staff = open_window(make_publisher())
    reader = open_window(java_script_enabled=False)

    staff.goto(reverse("admin:community_portrait_add") + f"?disease={disease.pk}")
    staff.get_by_label("First name or pseudonym").fill("Anna")
    staff.get_by_label("Who the person is").fill("mother of a girl")
    staff.get_by_label("In their own words").fill("We laugh a lot.")
    staff.get_by_label("Picture:", exact=True).set_input_files(picture)
    staff.get_by_role("button", name="Save and publish…").click()
    expect(staff.get_by_text("Describe the picture for readers who cannot see it.")).to_be_visible()
    expect(staff.get_by_alt_text("The picture as it is now")).to_be_visible()
    staff.get_by_label("Description of the picture").fill("Anna in her garden")
    staff.get_by_role("button", name="Save and publish…").click()
    staff.get_by_role("button", name="Publish", exact=True).click()
    expect(staff.locator(".errorlist")).to_have_text(
        "There is no recorded consent of Anna. A portrait cannot be published without consent."
    )
    reader.goto("/community/")
    expect(reader.get_by_text("Anna")).to_have_count(0)

    staff.goto(url("change", Portrait.objects.get()))
    staff.get_by_label("Consent given on").fill("2026-05-03")
    staff.get_by_label("How consent was given").fill("By letter.")
    staff.get_by_role("button", name="Save and preview").click()
    expect(staff.get_by_text("Not public.")).to_be_visible()
    assert loaded(staff.get_by_alt_text("Anna in her garden")) == 320
    staff.get_by_role("link", name="Publish this edition…").click()
    staff.get_by_role("button", name="Publish", exact=True).click()
    expect(staff.get_by_text("Edition 2 is live.")).to_be_visible()
    shown_on = ["/community/", "/", disease.url_of(disease.slug)]
    for address in shown_on:
        reader.goto(address)
        expect(reader.get_by_text("We laugh a lot.")).to_be_visible()
        expect(reader.get_by_alt_text("Anna in her garden")).to_be_visible()
    reader.get_by_role("link", name="Anna").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("Anna")
    expect(reader.get_by_text("agreed on 3 May 2026")).to_be_visible()
    assert (Picture.objects.get().width, Picture.objects.get().height) == (320, 480)

    staff.goto(url("change", Portrait.objects.get()))
    staff.get_by_role("link", name="Consent withdrawn…").click()
    staff.get_by_role("button", name="Remove everything now").click()
    expect(staff.get_by_text("The name, the words and the picture are removed for good.")).to_be_visible()
    assert reader.reload().status == 410
    expect(reader.get_by_text("Anna")).to_have_count(0)
    for address in shown_on:
        reader.goto(address)
        expect(reader.get_by_text("We laugh a lot.")).to_have_count(0)
    assert not Picture.objects.exists()


@pytest.mark.parametrize(("width", "color_scheme"), VIEWS)
def test_pages_with_people_have_no_barriers_and_fit(open_window, monkeypatch, width, color_scheme):
    monkeypatch.setattr("community.views.PORTRAITS_PER_PAGE", 5)
    disease = make_disease()
    for number in range(6):
        name = f"Pseudopseudohypoparathyroidism {number}" if number % 5 == 0 else f"Person {number}"
        with_picture = {"picture": make_picture(size=(480, 320)), "alternative": "A picture"} if number % 2 else {}
        portrait = make_portrait(name=name, words="A sentence or two. " * 20, disease=disease, **with_picture)
    page = open_window(viewport={"width": width, "height": 800}, color_scheme=color_scheme, reduced_motion="reduce")

    found = {}
    own = portrait.url_of(portrait.slug)
    about = disease.url_of(disease.slug)
    for address in ["/", "/community/", f"/community/?disease={disease.slug}", own, f"{own}changes/", about]:
        page.goto(address)
        found[address] = barriers(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address

    assert {address: each for address, each in found.items() if each} == {}


def test_the_pages_of_a_portrait_in_the_admin_have_no_barriers(open_window):
    portrait = make_portrait(picture=make_picture(), alternative="A picture", disease=make_disease())
    page = open_window(make_publisher())

    found = {}
    for name in ["change", "consent", "publish", "history"]:
        page.goto(url(name, portrait))
        found[name] = own_barriers_in_both_schemes(page)

    assert {name: each for name, each in found.items() if each} == {}
