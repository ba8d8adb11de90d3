"""`manage.py import_page`: a page of text becomes drafts, and nobody's work is overwritten."""

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from diseases.importing.merge import CONTACT_FIELDS
from diseases.management.commands.prepare_demo import SAMPLES
from diseases.models import Disease, Question, Source
from organizations.models import Organization
from publishing.editions import bin_subject
from publishing.models import Edition
from tests.factories import make_editor, make_publisher

pytestmark = pytest.mark.django_db

PAGE = """\ufeffCoats disease\r
\r
Also called: Coats’ disease; Retinal telangiectasis (former)\r
Codes: ORPHA:190; OMIM:12\r
Summary: A disease of the eye.\r
\r
What causes Coats disease?\r
\r
Nobody knows <for sure>.\r
\r
Last updated on 02-30-21\r
\r
Is Coats disease inherited?\r
\r
Name: Eye Society PO Box 7\r
Springfield, IL, 62701, United States\r
Email: not an address Phone: 217-555-0100\r
"""


def run(path, *options):
    out = StringIO()
    call_command("import_page", str(path), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(PAGE, encoding="utf-8", newline="")
    return path


def everything():
    return [list(model.objects.order_by("pk").values()) for model in [Disease, Question, Organization, Source, Edition]]


def test_the_seed_page_is_right_in_every_field(seed_page):
    run(seed_page)

    disease = Disease.objects.get()
    assert (disease.name, disease.slug, disease.staff_notes) == (
        "Neonatal hemochromatosis",
        "neonatal-hemochromatosis",
        "",
    )
    assert [(row.question, row.topic, row.last_updated, str(row.source)) for row in disease.questions.all()] == [
        ("What causes neonatal hemochromatosis?", "causes", date(2020, 5, 1), "GARD"),
        ("Is neonatal hemochromatosis inherited?", "inheritance", date(2020, 5, 1), "GARD"),
        ("How might neonatal hemochromatosis be treated?", "treatment", date(2020, 5, 1), "GARD"),
    ]
    fields = ["name", *CONTACT_FIELDS]
    assert list(
        Organization.objects.filter(supports__disease=disease).order_by("supports__position").values_list(*fields)
    ) == [
        (
            "Iron Disorders Institute Inc.",
            "P.O. Box 4891",
            "Greenville",
            "SC",
            "29608",
            "US",
            "",
            "",
            "864-292-1878",
            "",
            "",
        ),
        (
            "Children's Liver Disease Foundation",
            "36 Great Charles Street",
            "Birmingham",
            "",
            "B3 3JY",
            "GB",
            "+44 (0) 121 212 3839",
            "",
            "+44 (0) 121 212 4300",
            "",
            "",
        ),
        (
            "American Hemochromatosis Society, Inc.",
            "PO Box 950871",
            "Lake Mary",
            "FL",
            "32795",
            "US",
            "407–829–4488",
            "1–888–655–IRON (4766)",
            "407–333–1284",
            "",
            "",
        ),
        (
            "Canadian Hemochromatosis Society",
            "7000 Minoru Boulevard Suite 285",
            "Richmond",
            "British Columbia",
            "V6Y 3Z5",
            "CA",
            "(604) 279-7135",
            "(877) 223-4766",
            "",
            "",
            "",
        ),
        (
            "Haemochromatosis Society",
            "PO Box 6356",
            "Rugby",
            "Warwickshire",
            "CV21 9PA",
            "GB",
            "03030 401 101",
            "",
            "",
            "",
            "",
        ),
        (
            "Neonatal Hemochromatosis Information Center",
            "P.O. Box 950871",
            "Lake Mary",
            "FL",
            "32795-0871",
            "US",
            "407-829-4488",
            "1-888-655-IRON",
            "",
            "",
            "",
        ),
    ]
    page = Edition.objects.of(Organization).get(title="American Hemochromatosis Society, Inc.").page
    assert (page.phone.dial, page.toll_free.dial) == ("+14078294488", "+18886554766")


def test_the_two_that_share_a_box_are_kept_apart_and_reported(seed_page):
    report = run(seed_page)

    assert (
        "American Hemochromatosis Society, Inc. and Neonatal Hemochromatosis Information Center: "
        "the same post office box, the same telephone or fax number"
    ) in report


def test_a_second_run_changes_nothing_and_says_so(seed_page):
    run(seed_page)
    before = everything()

    report = run(seed_page)

    assert everything() == before
    assert "There already, and the same (7)" in report
    assert "Created" not in report


def test_nothing_imported_is_live_without_publish(file):
    run(file)

    assert not Edition.objects.live().exists()
    assert {edition.by_name for edition in Edition.objects.all()} == {"import_page"}


def test_what_cannot_be_placed_is_reported_with_its_line_and_kept(file):
    report = run(file)

    disease, organization = Disease.objects.get(), Organization.objects.get()
    assert "line 11: Last updated on 02-30-21" in report
    assert "line 11: Last updated on 02-30-21" in disease.staff_notes
    assert "OMIM:12" in disease.staff_notes
    assert [str(code) for code in disease.identifiers.all()] == ["ORPHA:190"]
    assert "not an address" in organization.staff_notes + disease.staff_notes
    assert organization.email == ""


def test_an_unanswered_question_is_a_row_but_not_on_the_page(file):
    run(file)

    assert Disease.objects.get().questions.count() == 2
    page = Edition.objects.of(Disease).get().page
    assert [(answer.html, answer.last_updated) for answer in page.answers] == [
        ("<p>Nobody knows &lt;for sure&gt;.</p>", None)
    ]


def test_a_dry_run_reports_the_same_and_changes_nothing(file):
    dry = run(file, "--dry-run")
    assert everything() == [[], [], [], [], []]

    assert dry.splitlines()[1:] == run(file).splitlines()


def test_a_file_that_differs_from_what_editors_have_writes_nothing_and_reports(seed_page, tmp_path):
    run(seed_page)
    question = Question.objects.first()
    question.answer = "<p>As an editor has it.</p>"
    question.save()
    Question.objects.last().delete()
    Organization.objects.filter(name="Haemochromatosis Society").update(phone="0800 1")
    before = everything()

    report = run(seed_page)

    assert everything() == before
    assert "the answer to “What causes neonatal hemochromatosis?” differs" in report
    assert "“How might neonatal hemochromatosis be treated?” is not among the questions" in report
    assert "organization Haemochromatosis Society: phone is “0800 1” here, “03030 401 101” in the file" in report


def test_what_is_in_the_bin_stays_there(file):
    run(file)
    bin_subject(Disease.objects.get(), by=make_editor(), reason="Entered twice")

    report = run(file)

    assert "disease Coats disease: is in the bin" in report
    assert Disease.objects.get().binned_at


def test_publish_puts_live_what_this_run_made_and_only_that(file):
    publisher = make_publisher()
    run(file)
    Organization.objects.update(name="Another society")

    run(file, "--publish", "--by", publisher.username)

    assert [edition.title for edition in Edition.objects.live()] == ["Eye Society"]


@pytest.mark.parametrize("options", [["--publish"], ["--publish", "--by", "nobody"], ["--publish", "--by", "editor"]])
def test_publish_needs_someone_who_may(file, options):
    make_editor(username="editor")

    with pytest.raises(CommandError):
        run(file, *options)

    assert not Disease.objects.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "page.txt"), (b"Name\n\xff", "line 2: not UTF-8"), (b"Only a name", "page.txt")],
)
def test_a_file_that_is_no_page_is_named_with_the_reason(tmp_path, content, message):
    path = tmp_path / "page.txt"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=message):
        run(path)

    assert not Disease.objects.exists()


def test_a_missing_file_is_an_error_in_words():
    with pytest.raises(CommandError, match="No such file"):
        run(Path("/nowhere/page.txt"))


def test_the_demo_fills_an_empty_site_once():
    out = StringIO()
    call_command("prepare_demo", stdout=out)
    first = everything()
    again = StringIO()
    call_command("prepare_demo", stdout=again)

    assert everything() == first
    assert Disease.objects.count() == len(list(SAMPLES.glob("*.txt"))) == 17
    assert Edition.objects.live().of(Organization).count() == 6
    assert {row.staff_notes for row in Disease.objects.all()} == {""}
    assert "with the password" in out.getvalue()
    assert "password" not in again.getvalue()


def test_the_samples_have_dates_only_where_the_seed_page_has_them():
    call_command("prepare_demo", stdout=StringIO())

    dated = Question.objects.exclude(last_updated=None)
    assert {(row.disease.slug, row.last_updated) for row in dated} == {("neonatal-hemochromatosis", date(2020, 5, 1))}
    assert dated.count() == 3
    assert not Question.objects.filter(adapted=False).exists()
    assert not Question.objects.exclude(reviewed_by="").exists()
