"""What brought an edition's words: kept with it, shown in the history, and how an import's pages are found."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from imports import medquad
from imports.models import ImportRun
from imports.records import CodeRecord, Delivery, SourceRecord
from publishing.models import Edition
from publishing.verbs import publish, save_edition
from tests.factories import make_disease, make_editor, make_publisher
from tests.reading import text_of
from tests.transfer.test_transfer import empty_the_site

pytestmark = pytest.mark.django_db

CHANGELIST = reverse("admin:diseases_disease_changelist")


def listed(client, origin):
    return [disease.name for disease in client.get(CHANGELIST, {"origin": origin}).context["cl"].result_list]


def test_an_edition_says_what_brought_its_words_until_a_person_saves_others():
    disease = make_disease(live=False)
    imported = save_edition(disease, by="import_orphanet", origin="import:orphanet:17")
    same = save_edition(disease, by=make_editor())
    disease.summary = "In the words of a person."
    disease.save()
    written = save_edition(disease, by=make_editor())

    assert (imported.origin, same, written.origin) == ("import:orphanet:17", imported, "")


def test_the_diseases_of_an_import_of_all_imports_and_of_people_are_listed(client):
    make_disease(name="By a person")
    for name, origin in [("By run 1", "import:orphanet:1"), ("By run 17", "import:orphanet:17"), ("By a job", "job:5")]:
        save_edition(make_disease(live=False, name=name), by="test", origin=origin)
    client.force_login(make_publisher())

    assert listed(client, "import:orphanet:1") == ["By run 1"]
    assert listed(client, "import") == ["By run 1", "By run 17"]
    assert listed(client, "job") == ["By a job"]
    assert listed(client, "person") == ["By a person"]
    assert len(listed(client, "")) == 4


def test_the_history_says_which_editions_an_import_saved(client):
    disease = make_disease(live=False)
    save_edition(disease, by="import_orphanet", origin="import:orphanet:17")
    client.force_login(make_publisher())

    history = text_of(client.get(reverse("admin:diseases_disease_history", args=[disease.pk])).text)

    assert "import_orphanet (import orphanet, run 17)" in history


def test_an_import_marks_what_it_saves_with_its_run_and_its_report_leads_there(client, tmp_path, monkeypatch):
    record = SourceRecord("GARD:7", "1.xml", "Redd disease", codes=(CodeRecord("GARD", "7"),))
    monkeypatch.setattr(medquad, "read_medquad", lambda path: Delivery(iter([record]), [], 1, (path,)))
    call_command("import_medquad", tmp_path, stdout=StringIO())
    run = ImportRun.objects.get()
    client.force_login(make_publisher())

    report = client.get(reverse("admin:imports_importrun_change", args=[run.pk])).text

    assert Edition.objects.get().origin == f"import:medquad:{run.pk}"
    assert f"{CHANGELIST}?origin=import:medquad:{run.pk}" in report
    assert listed(client, f"import:medquad:{run.pk}") == ["Redd disease"]


def test_dump_and_load_keep_what_brought_the_words(tmp_path):
    live = make_disease(live=False, name="Imported and live")
    publish(save_edition(live, by="import_orphanet", origin="import:orphanet:17"), by=make_publisher())
    draft = make_disease(live=False, name="Imported draft")
    save_edition(draft, by="import_orphanet", origin="import:orphanet:18")
    file = tmp_path / "content.json"
    call_command("dump_content", str(file), stdout=StringIO())
    empty_the_site()

    call_command("load_content", str(file), publish=True, by=make_publisher().username, stdout=StringIO())

    origins = dict(Edition.objects.newest().values_list("title", "origin"))
    assert origins == {"Imported and live": "import:orphanet:17", "Imported draft": "import:orphanet:18"}
