"""What a new kind can do, without a line about it outside of its app. `tests/test_kinds.py` runs this file."""

import json
from io import StringIO
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from publishing.models import Edition
from suggestions.models import Suggestion
from tests.factories import make_publisher, put_live
from tests.forms import add_row, fields_of
from tests.kinds.models import Leaflet, Step
from tests.reading import text_of

pytestmark = pytest.mark.django_db

ADMIN = "/admin/kinds/leaflet/"


@pytest.fixture
def leaflet():
    row = Leaflet.objects.create(name="Flying with oxygen", text="Ask the airline early.", slug="flying")
    Step.objects.create(leaflet=row, text="Call the airline", position=1)
    return put_live(row)


@pytest.fixture
def staff(client):
    client.force_login(make_publisher(username="publisher"))
    return client


def edit(client, leaflet, **changes):
    address = f"{ADMIN}{leaflet.pk}/change/"
    return client.post(address, fields_of(client.get(address).text, "leaflet_form") | changes, follow=True)


def take_step(client, leaflet, step, **fields):
    address = f"{ADMIN}{leaflet.pk}/{step}/"
    return client.post(address, fields_of(client.get(address).text) | fields, follow=True)


def test_readers_find_it_in_every_list(client, leaflet):
    assert '<a href="/leaflets/flying/">Flying with oxygen</a>' in client.get("/leaflets/").text
    assert "Ask the airline early." in client.get("/leaflets/flying/").text
    assert "Call the airline" in client.get("/leaflets/flying/").text
    assert client.get("/leaflets/flying/changes/").context["list_title"] == "Leaflets"
    assert "Leaflet · first published" in text_of(client.get("/changes/").text)
    for feed in ["/feeds/changes.atom", "/leaflets/flying/changes.atom"]:
        assert "Flying with oxygen" in client.get(feed).text
    assert "/leaflets/flying/</loc>" in client.get("/sitemap-leaflet-1.xml").text
    assert "/leaflets/</loc>" in client.get("/sitemap-pages.xml").text
    (hit,) = client.get("/search/", {"q": "airline"}).context["hits"]
    assert (hit.url, hit.label) == ("/leaflets/flying/", "Leaflet")


def test_editors_write_preview_compare_restore_and_publish_it(staff):
    fields = fields_of(staff.get(f"{ADMIN}add/").text, "leaflet_form")
    fields = add_row(fields, "steps", text="Pack the papers") | {"name": "Packing", "text": "Early.", "_preview": "1"}

    preview = staff.post(f"{ADMIN}add/", fields, follow=True)
    leaflet = Leaflet.objects.get()
    take_step(staff, leaflet, "publish")
    edit(staff, leaflet, text="Late.", _continue="1")

    assert "Preview of edition 1" in preview.text
    assert "Pack the papers" in preview.text
    assert "Early." in Client().get("/leaflets/packing/").text
    compared = text_of(staff.get(f"{ADMIN}{leaflet.pk}/compare/").text)
    assert "Text" in compared
    assert "Late." in compared
    take_step(staff, leaflet, "restore/1")
    assert Leaflet.objects.get().text == "Early."
    assert "Restored from edition 1" in text_of(staff.get(f"{ADMIN}{leaflet.pk}/history/").text)
    assert Edition.objects.about(leaflet).count() == 3


def test_readers_suggest_and_an_editor_corrects_the_details(staff, leaflet):
    reader = Client()
    with time_machine.travel("2026-06-01 12:00Z", tick=False):
        html = reader.get("/suggest/?about=leaflet&slug=flying").text
        form = fields_of(html[html.index("<main") :])
    with time_machine.travel("2026-06-01 12:05Z", tick=False):
        sent = reader.post("/suggest/", form | {"kind": "correction", "message": "It is the bus."})
    suggestion = Suggestion.objects.get()
    address = reverse("admin:suggestions_suggestion_accept", args=[suggestion.pk, "details"])

    shown = staff.get(reverse("admin:suggestions_suggestion_change", args=[suggestion.pk])).text
    fields = fields_of(staff.get(address).text) | {"text": "Ask the bus early."}
    staff.post(address, fields)

    assert urlsplit(sent.url).query == "about=leaflet&slug=flying"
    assert address in shown
    assert {"name", "text", "written_on"} <= fields.keys()
    assert Leaflet.objects.get().text == "Ask the bus early."
    assert Edition.objects.about(leaflet).order_by("-number")[0].page.text == "Ask the bus early."


def test_it_is_dumped_and_loaded(staff, leaflet, tmp_path):
    file = tmp_path / "content.json"
    call_command("dump_content", str(file), stderr=StringIO())
    lines = file.read_text().splitlines()
    (at,) = [number for number, line in enumerate(lines) if '"kind": "leaflet"' in line]
    record = json.loads(lines[at])
    assert (record["kind"], record["live"]["steps"][0]["text"]) == ("leaflet", "Call the airline")

    record["live"]["text"] = "Loaded."
    record["live"]["steps"][0]["text"] = "Write to the airline"
    lines[at] = json.dumps(record)
    file.write_text("\n".join(lines) + "\n")
    call_command("load_content", str(file), "--by", "publisher", "--update", stdout=StringIO())

    assert leaflet.compose().text == "Ask the airline early."  # the object from before
    assert [Leaflet.objects.get().text, Step.objects.get().text] == ["Loaded.", "Write to the airline"]
