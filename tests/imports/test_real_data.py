"""Imports of the real data that stands beside the project; without it these tests are skipped, and say so."""

import gzip
import io
import itertools
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command

from diseases.models import Disease
from imports.models import Proposal
from imports.proposals import accept_proposals
from publishing.models import Edition
from tests.conftest import DATA
from tests.factories import make_publisher

pytestmark = [pytest.mark.django_db, pytest.mark.database]

MEDQUAD = DATA / "medquad-gard.zip"
MONDO = DATA / "mondo-sssom-2026-08-04.zip"
ORPHANET = [DATA / "orphanet-nomenclature-2025-07.csv.gz", DATA / "orphapackets-2025-12.jsonl.gz"]


@pytest.fixture
def medquad(tmp_path) -> Path:
    """A folder with MedQuAD's file on neonatal hemochromatosis alone."""
    for path in (MEDQUAD, MONDO, *ORPHANET):
        if not path.exists():
            pytest.skip(f"SKIPPED: {path} is not there")
    with zipfile.ZipFile(MEDQUAD) as archive:
        name = next(name for name in archive.namelist() if name.endswith("0004331.xml"))
        archive.extract(name, tmp_path / "medquad")
    return tmp_path / "medquad"


@pytest.fixture
def mondo(medquad, tmp_path) -> Path:
    """Mondo's tables with neonatal hemochromatosis and the diseases at their beginning."""
    path = tmp_path / MONDO.name
    with zipfile.ZipFile(MONDO) as archive, zipfile.ZipFile(path, "w") as part:
        for name in archive.namelist():
            with io.TextIOWrapper(archive.open(name), encoding="utf-8") as lines:
                kept = [line for place, line in enumerate(lines) if place < 200 or "MONDO:0009275\t" in line]
            part.writestr(name, "".join(kept))
    return path


@pytest.fixture
def orphanet(medquad, tmp_path) -> list[Path]:
    """The first lines of Orphanet's files. Those on neonatal hemochromatosis are among them."""
    parts = []
    for path in ORPHANET:
        parts.append(tmp_path / path.name)
        with gzip.open(path, "rt", encoding="utf-8") as lines, gzip.open(parts[-1], "wt", encoding="utf-8") as part:
            part.writelines(itertools.islice(lines, 400))
    return parts


def test_four_sources_stand_on_one_page_under_the_codes_of_all(medquad, mondo, orphanet, seed_page):
    publisher = make_publisher()
    call_command("import_page", seed_page)
    disease = Disease.objects.get()

    call_command("import_medquad", medquad)
    assert disease.questions.count() == 3  # the page has no code yet, and a name alone does not join a record
    assert accept_proposals(Proposal.objects.pending(), by=publisher) == []
    call_command("import_medquad", medquad)
    call_command("import_mondo", mondo)
    call_command("import_orphanet", *orphanet)

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
    for command in ("import_medquad", medquad), ("import_mondo", mondo), ("import_orphanet", *orphanet):
        call_command(*command)
    disease.refresh_from_db()
    assert disease.version == before
