"""Files at fixed addresses for browsers and other programs, and the canonical addresses of pages."""

import re
import struct
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from tests.factories import make_disease, make_organization, make_publisher
from website.files import check_security_contact

pytestmark = pytest.mark.django_db


def test_robots_txt_excludes_the_search_and_does_not_name_the_admin(client):
    response = client.get("/robots.txt")

    assert response["Content-Type"].startswith("text/plain")
    assert response.text.splitlines() == [
        "User-agent: *",
        "Disallow: /search/?",
        "Disallow: /search/suggest/",
        "Disallow: /suggest/",
        "Allow: /",
        "",
        "Sitemap: http://testserver/sitemap.xml",
    ]


def test_the_responses_of_the_admin_keep_search_engines_out(client):
    make_disease()
    names = ["admin:login", "admin:index", "admin_password_reset", "password_reset_done"]
    as_nobody = [client.get(reverse(name)) for name in names]
    client.force_login(make_publisher())
    as_staff = [client.get(reverse(name)) for name in ["admin:index", "admin:diseases_disease_changelist"]]

    assert {response.get("X-Robots-Tag") for response in as_nobody + as_staff} == {"noindex"}
    assert "X-Robots-Tag" not in client.get("/").headers


def test_security_txt_has_the_contact_and_is_never_expired(client, settings):
    settings.SECURITY_CONTACT = ["mailto:security@example.org", "https://example.org/security"]

    with time_machine.travel("2026-05-04 23:30Z", tick=False):
        response = client.get("/.well-known/security.txt")
    fields = [line.split(": ", 1) for line in response.text.splitlines()]

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert fields == [
        ["Contact", "mailto:security@example.org"],
        ["Contact", "https://example.org/security"],
        ["Expires", "2026-10-31T00:00:00Z"],
        ["Preferred-Languages", "en"],
        ["Canonical", "http://testserver/.well-known/security.txt"],
    ]
    now = datetime.fromisoformat(
        dict(re.findall(r"(Expires): (.+)", client.get(response.request["PATH_INFO"]).text))["Expires"]
    )
    assert timedelta(days=100) < now - datetime.now(UTC) < timedelta(days=365)


def test_without_a_contact_there_is_no_security_txt_and_a_check_notes_it(client, settings):
    settings.SECURITY_CONTACT = []
    assert client.get("/.well-known/security.txt").status_code == 404
    assert [message.id for message in check_security_contact(None)] == ["website.I001"]

    settings.SECURITY_CONTACT = ["mailto:security@example.org"]
    assert check_security_contact(None) == []


def png_size(name):
    with open(finders.find(name), "rb") as file:
        head = file.read(24)
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


def test_the_manifest_has_the_name_colours_and_icons_of_the_site(client, settings):
    settings.SITE_NAME = 'Rare "&" plain'

    response = client.get("/site.webmanifest")
    manifest = response.json()

    assert response["Content-Type"] == "application/manifest+json"
    assert (manifest["name"], manifest["start_url"], manifest["display"]) == ('Rare "&" plain', "/", "minimal-ui")
    css = (django_settings.BASE_DIR / "static" / "site.css").read_text(encoding="utf-8")
    colors = dict(re.findall(r"--([\w-]+): (#\w+);", css[: css.index("@media")]))
    assert (manifest["background_color"], manifest["theme_color"]) == (colors["paper"], colors["teal"])
    pictures = {icon["src"].removeprefix("/static/"): icon for icon in manifest["icons"]}
    assert {icon.get("purpose") for icon in manifest["icons"]} == {None, "any", "maskable"}
    for name, icon in pictures.items():
        assert finders.find(name), name
        if name.endswith(".png"):
            assert "{}x{}".format(*png_size(name)) == icon["sizes"]
    assert '<link rel="manifest" href="/site.webmanifest">' in client.get("/").text


def test_the_icons_have_the_expected_sizes(client):
    assert png_size("icons/apple-touch-icon.png") == (180, 180)
    assert png_size("icons/share.png") == (1200, 630)
    response = client.get("/favicon.ico")
    assert (response.status_code, response["Location"]) == (301, "/static/icons/favicon.ico")
    with open(finders.find("icons/favicon.ico"), "rb") as file:
        assert struct.unpack("<HHH", file.read(6)) == (0, 1, 3)


def shared(client, path):
    """Returns the metadata of a page for links to it."""
    html = client.get(path).text
    canonical = re.findall(r'<link rel="canonical" href="([^"]*)">', html)
    metadata = dict(re.findall(r'<meta property="og:([\w:]+)" content="([^"]*)">', html))
    return canonical, {name: value.replace("&amp;", "&") for name, value in metadata.items()}


@pytest.fixture
def lists(monkeypatch):
    monkeypatch.setattr("website.lists.ENTRIES_PER_PAGE", 3)
    monkeypatch.setattr("website.changes.LATEST_PER_PAGE", 4)
    for _ in range(4):
        make_disease(questions=0, name=f"B {_}")
    make_disease(questions=0, name="C", slug="c", summary='It is "rare" & <new>.')
    for _ in range(2):
        make_organization(name=f"B society {_}", country="GB")
    make_organization(name="C society")


CANONICAL = {
    "/": "/",
    "/?utm_source=x": "/",
    "/diseases/": "/diseases/",
    "/diseases/?page=1": "/diseases/",
    "/diseases/?page=2&x=y": "/diseases/?page=2",
    "/diseases/?page=99": "/diseases/?page=2",
    "/diseases/?page=x&letter=b": "/diseases/?letter=B",
    "/diseases/?letter=Z": "/diseases/",
    "/diseases/?page=2&letter=b": "/diseases/?letter=B&page=2",
    "/diseases/c/?ref=mail": "/diseases/c/",
    "/diseases/c/changes/?page=7": "/diseases/c/changes/",
    "/organizations/?letter=B&country=GB": "/organizations/?country=GB&letter=B",
    "/organizations/?country=XX": "/organizations/",
    "/changes/?page=2": "/changes/?page=2",
    "/about/": "/about/",
    "/search/?x=1": "/search/",
}


def test_every_page_has_one_address(client, lists):
    for path, canonical in CANONICAL.items():
        found, metadata = shared(client, path)

        assert found == [f"http://testserver{canonical}".replace("&", "&amp;")], path
        assert metadata["url"] == f"http://testserver{canonical}", path


def test_what_is_shared_is_what_the_page_says(client, lists):
    _canonical, metadata = shared(client, "/diseases/c/")

    assert metadata == {
        "title": "C",
        "description": "C: It is &quot;rare&quot; & &lt;new&gt;.",
        "type": "article",
        "url": "http://testserver/diseases/c/",
        "site_name": "Plainly Rare",
        "locale": "en_US",
        "image": "http://testserver/static/icons/share.png",
        "image:width": "1200",
        "image:height": "630",
        "image:alt": "A zebra’s stripes, the symbol of rare diseases",
    }
    assert shared(client, "/about/")[1]["type"] == "website"
    assert shared(client, "/about/")[1]["title"] == "About us"


@pytest.mark.parametrize("path", ["/search/?q=fever", "/nowhere/"])
def test_what_is_no_page_of_its_own_has_no_address_to_share(client, path):
    assert shared(client, path) == ([], {})


def test_site_url_begins_every_whole_address(client, settings):
    make_disease(slug="d", organizations=[make_organization(slug="o")])
    settings.SITE_URL = "https://rare.example.org"
    settings.SECURITY_CONTACT = ["mailto:security@example.org"]

    paths = ["/", "/diseases/d/", "/organizations/o/", "/diseases/?page=1", "/sitemap.xml", "/sitemap-pages.xml"]
    paths += ["/robots.txt", "/.well-known/security.txt", "/feeds/changes.atom", "/diseases/d/changes.atom"]
    paths += [
        url.removeprefix("https://rare.example.org")
        for url in re.findall("<loc>(.*?)</loc>", client.get("/sitemap.xml").text)
    ]
    for path in paths:
        text = client.get(path).text
        assert "https://rare.example.org/" in text, path
        assert "testserver" not in text, path


def test_a_host_that_is_not_ours_gets_no_page(settings):
    assert Client().get("/about/", headers={"host": "evil.example.org"}).status_code == 400
