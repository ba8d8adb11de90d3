"""Imports of the real data that stands beside the project; without it these tests are skipped, and say so."""

import zipfile

import pytest
from django.core.management import call_command

from diseases.models import Disease
from imports.models import Proposal
from imports.proposals import accept_proposals
from publishing.models import Edition
from tests.conftest import DATA
from tests.factories import make_publisher

pytestmark = pytest.mark.django_db

MEDQUAD = DATA / "medquad-gard.zip"
MONDO = DATA / "mondo-sssom-2026-08-04.zip"
ORPHANET = [DATA / "orphanet-nomenclature-2025-07.csv.gz", DATA / "orphapackets-2025-12.jsonl.gz"]


@pytest.fixture
def one_file(tmp_path):
    """MedQuAD's file on neonatal hemochromatosis, in a folder of its own."""
    for path in (MEDQUAD, MONDO, *ORPHANET):
        if not path.exists():
            pytest.skip(f"SKIPPED: {path} is not there")
    with zipfile.ZipFile(MEDQUAD) as archive:
        name = next(name for name in archive.namelist() if name.endswith("0004331.xml"))
        archive.extract(name, tmp_path)
    return tmp_path


def test_four_sources_stand_on_one_page_under_the_codes_of_all(one_file, seed_page, client):
    publisher = make_publisher()
    call_command("import_page", seed_page)
    disease = Disease.objects.get()

    call_command("import_medquad", one_file)
    assert disease.questions.count() == 3  # the page has no code yet, and a name alone does not join a record
    assert accept_proposals(Proposal.objects.pending(), by=publisher) == []
    call_command("import_medquad", one_file)
    call_command("import_mondo", MONDO)
    call_command("import_orphanet", *ORPHANET)

    disease.refresh_from_db()
    assert list(disease.questions.values_list("topic", "source__name")) == [
        ("overview", "MedQuAD GARD"),
        ("symptoms", "MedQuAD GARD"),  # its answer was only a table, which is now rows
        ("causes", "GARD"),
        ("inheritance", "GARD"),
        ("treatment", "GARD"),
    ]
    codes = {str(code): code.relation for code in disease.identifiers.all()}
    wanted = ["GARD:7172", "ORPHA:446", "OMIM:231100", "MONDO:0009275", "UMLS:C0268059"]
    assert {code: codes.get(code) for code in wanted} == dict.fromkeys(wanted, "exact")
    assert disease.symptoms.filter(source__name="MedQuAD GARD").count() == 21
    assert disease.symptoms.filter(source__name="Orphanet", hpo_id="").count() == 0
    assert not Edition.objects.live().exists()

    before = disease.version
    for command in ("import_medquad", one_file), ("import_mondo", MONDO), ("import_orphanet", *ORPHANET):
        call_command(*command)
    disease.refresh_from_db()
    assert disease.version == before
