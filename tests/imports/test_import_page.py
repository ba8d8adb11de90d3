"""`manage.py import_page`: a page of text becomes drafts, and nobody's work is overwritten."""

import json
from collections import Counter
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from diseases.models import Disease, Identifier, Question, Source, Support, Synonym
from home.management.commands.prepare_demo import SAMPLES
from imports.models import ImportRun, Proposal
from imports.page_record import CONTACT_FIELDS
from imports.proposals import accept_proposals
from organizations.models import Organization
from publishing.models import Edition, State
from publishing.trash import trash
from publishing.verbs import redact, save_edition
from search.letters import fold_text
from tests.factories import make_disease, make_editor, make_organization, make_publisher

pytestmark = [pytest.mark.django_db, pytest.mark.database]

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


@pytest.fixture
def write(tmp_path):
    """Writes a page to a file: a disease's name and the texts below it."""

    def write(*paragraphs, name="Coats disease"):
        path = tmp_path / "page.txt"
        path.write_text("\n\n".join([name, *paragraphs]), encoding="utf-8")
        return path

    return write


CONTENT = [Disease, Synonym, Identifier, Question, Support, Organization, Source, Edition]
QUESTION = "What causes Coats disease?\n\nNobody knows."


def everything():
    return [list(model.objects.order_by("pk").values()) for model in CONTENT]


def rename(subject, name):
    """As an editor does it."""
    subject.name = name
    subject.save()
    save_edition(subject, by=make_editor())


def sections(report):
    """Returns the report's lines by heading, without the counts in the headings."""
    found = {}
    lines = []
    for line in report.splitlines():
        if line.startswith("  "):
            lines.append(line.strip())
        elif line.endswith("):"):
            lines = found[line.rpartition(" (")[0]] = []
    return found


REMARKS = "For an editor to check"
NOTHING_NEW = "Read 1 records; 1 had nothing new.\nNothing was changed.\n"


def remarks(report):
    """Returns the remarks of a report, without the pages and places that they are about."""
    return [line.partition("): ")[2] for line in sections(report).get(REMARKS, [])]


def proposals():
    return [(row.action, str(row.subject), row.part) for row in Proposal.objects.pending().order_by("pk")]


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
    assert report == NOTHING_NEW


def test_nothing_imported_is_live_without_publish(file):
    run(file)

    assert not Edition.objects.live().exists()
    assert {edition.by_name for edition in Edition.objects.all()} == {"import_page"}


def test_likely_duplicates_are_looked_for_among_all_organizations(write):
    make_organization(name="Sight Trust", phone="+1 217-555-0100", street="")
    make_organization(name="Eye Society", phone="", website="https://www.eyes.example/")
    trashed = make_organization(name="Closed Society", phone="217-555-0100", live=False)
    trash(trashed, by=make_editor(), reason="Closed")
    make_organization(name="Another", phone="217-555-0199")

    report = run(
        write(
            QUESTION,
            "Name: Eye Fund\nSpringfield, IL, 62701, United States\nPhone: 217-555-0100\nUrl: eyes.example",
            "Name: Vision Fund\nTel: +1 217 555 0100",
        )
    )

    assert sections(report)["Perhaps the same as another page on this site"] == [
        "Eye Fund and Sight Trust: the same telephone or fax number",
        "Eye Fund and Eye Society: the same website",
        "Eye Fund and Vision Fund: the same telephone or fax number",
        "Vision Fund and Sight Trust: the same telephone or fax number",
    ]


def test_organizations_are_asked_for_once_however_many_there_are(write):
    path = write(QUESTION, *(f"Name: Society {n}\nPhone: 217-555-{n:04}" for n in range(3)))
    make_organization()

    def queries():
        with CaptureQueriesContext(connection) as queries:
            run(path, "--dry-run")
        return len(queries)

    few = queries()
    for _ in range(20):
        make_organization()

    assert queries() == few


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
    assert [(answer.html, answer.last_updated) for answer in page.questions] == [
        ("<p>Nobody knows &lt;for sure&gt;.</p>", None)
    ]


def test_a_dry_run_reports_the_same_and_changes_nothing(file):
    dry = run(file, "--dry-run")
    assert everything() == [[] for _ in CONTENT]

    assert dry.splitlines()[1:] == run(file).splitlines()


def test_a_page_that_changes_what_editors_changed_writes_nothing_and_proposes(seed_page, tmp_path):
    run(seed_page)
    new = tmp_path / "new.txt"
    text = seed_page.read_text(encoding="utf-8").replace("03030 401 101", "03030 999 999")
    new.write_text(
        text.replace("The exact cause of neonatal he", "Today: The exact cause of neonatal he"), encoding="utf-8"
    )
    question = Question.objects.first()
    question.answer = "<p>As an editor has it.</p>"
    question.save()
    Question.objects.last().delete()
    Organization.objects.filter(name="Haemochromatosis Society").update(phone="0800 1")
    before = everything()

    assert run(seed_page) == NOTHING_NEW
    run(new)

    assert everything() == before
    assert proposals() == [
        ("change", "Haemochromatosis Society", "phone"),
        ("change", "Neonatal hemochromatosis", "question:what causes neonatal hemochromatosis"),
    ]


def test_a_page_updates_what_nobody_changed_in_the_draft_alone(write):
    publisher = make_publisher()
    run(write(QUESTION, "Name: Eye Society\nPhone: 1"), "--publish", "--by", publisher.username)

    report = run(write(f"{QUESTION} Really.", "Name: Eye Society\nPhone: 2"))

    assert (Question.objects.get().answer, Organization.objects.get().phone) == ("<p>Nobody knows. Really.</p>", "2")
    assert len(sections(report)["Updated, not yet published"]) == 2
    assert Edition.objects.of(Disease).live().get().page.questions[0].html == "<p>Nobody knows.</p>"
    assert Edition.objects.of(Organization).live().get().page.phone.printed == "1"


def test_a_page_about_what_it_did_not_make_proposes_all_that_differs_and_accepts_it(write):
    disease = make_disease(name="Coats disease", questions=0)
    organization = make_organization(name="Eye Society", phone="217-555-0100")
    before = everything()

    head = "Codes: ORPHA:190\nSummary: Of the eye."
    run(write(head, QUESTION, "Name: Eye Society\nPhone: 217-555-0199"))

    assert everything() == before
    assert proposals() == [
        ("change", "Eye Society", "phone"),
        ("add", "Coats disease", "identifier:ORPHA:190"),
        ("add", "Coats disease", "question:what causes coats disease"),
        ("add", "Coats disease", "support:eye society"),
        ("change", "Coats disease", "summary"),
    ]
    assert accept_proposals(Proposal.objects.all(), by=make_editor()) == []
    page = Edition.objects.about(disease).newest().get().page
    assert (page.summary, page.questions[0].html) == ("Of the eye.", "<p>Nobody knows.</p>")
    assert [support.organization.slug for support in page.supports] == [organization.slug]
    assert Edition.objects.about(organization).newest().get().page.phone.printed == "217-555-0199"


def test_what_is_in_the_bin_stays_there(file):
    run(file)
    trash(Disease.objects.get(), by=make_editor(), reason="Entered twice")
    file.write_text(PAGE.replace("Nobody knows", "Somebody knows"), encoding="utf-8")

    report = run(file)

    assert "page.txt, Coats disease: it is in the trash, and stays there" in report
    assert Disease.objects.get().trashed_at


def test_publish_puts_live_what_this_run_made_and_only_that(write):
    publisher = make_publisher()
    make_organization(live=False, name="Eye Society")

    run(write(QUESTION, "Name: Eye Society", "Name: New Society"), "--publish", "--by", publisher.username)

    assert [edition.title for edition in Edition.objects.live().order_by("sort_key")] == [
        "Coats disease",
        "New Society",
    ]


def test_what_was_renamed_is_found_under_its_old_name_and_not_made_again(file):
    run(file)
    rename(Disease.objects.get(), "Retinal telangiectasia")
    rename(Organization.objects.get(), "Vision Trust")
    before = everything()

    report = run(file, "--publish", "--by", make_publisher().username)

    assert everything() == before
    assert not Edition.objects.live().exists()
    assert report == NOTHING_NEW


def test_what_was_renamed_twice_or_by_another_run_is_found_too(write):
    run(write(QUESTION, "Name: Eye Society"))
    for name in ["Vision Trust", "Sight Trust"]:
        rename(Disease.objects.get(), f"{name} disease")
        rename(Organization.objects.get(), name)
    before = everything()

    run(write(QUESTION, "Name: Vision Trust", name="Vision Trust disease"))

    assert everything() == before
    assert proposals() == [
        ("change", "Sight Trust", "name"),
        ("add", "Sight Trust disease", "synonym:vision trust disease"),
    ]


def test_a_name_of_today_goes_before_a_name_of_the_past(write):
    old, new = make_organization(name="Eye Society"), make_organization(name="Vision Trust")
    rename(old, "Sight Trust")
    rename(new, "Eye Society")

    run(write(QUESTION, "Name: Eye Society"))

    assert Support.objects.get().organization == new


def test_a_disease_is_found_by_a_synonym_but_not_by_the_name_of_a_subtype(write):
    known = Disease.objects.create(name="Retinal telangiectasis")
    Synonym.objects.create(disease=known, text="COATS’ disease")
    Synonym.objects.create(disease=known, text="Coats plus", kind="subtype")

    run(write(QUESTION))
    run(write(QUESTION, name="Coats plus"))

    assert list(Disease.objects.order_by("pk").values_list("name", flat=True)) == [known.name, "Coats plus"]
    assert proposals() == [("add", "Retinal telangiectasis", "question:what causes coats disease")]


def test_a_disease_is_found_by_its_gard_code_but_not_by_a_broader_one(write):
    known = Disease.objects.create(name="Retinal telangiectasis")
    Identifier.objects.create(disease=known, scheme="GARD", value="6121")
    Identifier.objects.create(disease=known, scheme="GARD", value="6122", relation="broad")

    run(write("Codes: GARD:0006121", QUESTION, name="Another name"))
    run(write("Codes: GARD:6122", QUESTION))

    assert list(Disease.objects.order_by("pk").values_list("name", flat=True)) == [known.name, "Coats disease"]


def test_rows_that_never_had_an_edition_are_found_by_their_names(write):
    Disease.objects.create(name="Coats disease")
    Organization.objects.create(name="Eye Society")

    run(write(QUESTION, "Name: Eye Society"))

    assert (Disease.objects.count(), Organization.objects.count()) == (1, 1)


def test_an_organization_in_the_bin_stays_there_and_is_not_linked(write):
    organization = make_organization(name="Eye Society", live=False)
    save_edition(organization, by="test")
    rename(organization, "Vision Trust")
    trash(organization, by=make_editor(), reason="Closed")

    report = run(write(QUESTION, "Name: Eye Society"), "--publish", "--by", make_publisher().username)

    assert Organization.objects.get().trashed_at
    assert not Support.objects.exists()
    assert [edition.title for edition in Edition.objects.live()] == ["Coats disease"]
    assert sections(report)["Skipped"] == ["page.txt, line 7, Vision Trust: it is in the trash, and stays there"]


def test_a_redacted_title_finds_nothing(write):
    organization = make_organization(name="Eye Society", live=False)
    redact(save_edition(organization, by="test"), by=make_publisher(), reason="A person's name")

    run(write(QUESTION, "Name: Redacted"))

    assert list(Organization.objects.order_by("pk").values_list("name", flat=True)) == ["Eye Society", "Redacted"]


def test_names_in_other_scripts_are_not_taken_for_one(write):
    questions = ["Что это?\n\nОдно.", "これは何ですか?\n\n二つ。"]
    path = write(*questions, "Name: Общество Один\nPhone: 1", "Name: 日本の会\nPhone: 2", name="コーツ病")

    run(path)
    run(write(QUESTION, name="Болезнь Коутса"))
    before = everything()
    report = run(write(*questions, "Name: Общество Один\nPhone: 1", "Name: 日本の会\nPhone: 2", name="コーツ病"))

    assert everything() == before
    assert report == NOTHING_NEW
    assert list(Organization.objects.order_by("pk").values_list("name", "phone")) == [
        ("Общество Один", "1"),
        ("日本の会", "2"),
    ]
    assert list(Question.objects.filter(disease__name="コーツ病").values_list("answer", flat=True)) == [
        "<p>Одно.</p>",
        "<p>二つ。</p>",
    ]
    assert Disease.objects.filter(name="Болезнь Коутса").exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Coats’ Disease", "coats disease"),
        ("Ménière  disease", "Meniere-disease"),
        ("α-Mannosidosis", "Alpha mannosidosis"),
        ("ОБЩЕСТВО «Один»", "общество один"),
        ("Ｅｙｅ Society", "Eye Society"),
    ],
)
def test_spellings_of_a_name_fold_alike(one, other):
    assert fold_text(one) == fold_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Общество Один", "Общество Два"),
        ("日本の会", "Общество"),
        ("はの会", "ばの会"),
        ("की", "का"),
        ("★", "☆"),
        ("Type 1 2", "Type 12"),
    ],
)
def test_different_names_do_not_fold_alike(one, other):
    assert fold_text(one) != fold_text(other)


@given(st.text())
def test_any_name_folds_to_something_that_stays(name):
    assert fold_text(fold_text(name)) == fold_text(name)
    assert fold_text(name) or not name.strip()


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
    assert Counter(Disease.objects.with_state().values_list("state", flat=True)) == {
        State.LIVE: 13,
        State.DRAFT: 1,
        State.CHANGED: 1,
        State.READY: 1,
        State.WITHDRAWN: 1,
    }
    assert "with the password" in out.getvalue()
    assert "with the password" not in again.getvalue()
    assert "changepassword demo" in again.getvalue()


def test_the_samples_have_dates_only_where_the_seed_page_has_them():
    call_command("prepare_demo", stdout=StringIO())

    dated = Question.objects.exclude(last_updated=None)
    assert {(row.disease.slug, row.last_updated) for row in dated} == {("neonatal-hemochromatosis", date(2020, 5, 1))}
    assert dated.count() == 3
    assert not Question.objects.filter(adapted=False).exists()
    assert not Question.objects.exclude(reviewed_by="").exists()


def test_a_name_that_is_too_long_for_a_disease_is_refused_with_its_line(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(f"\n\n{'Long ' * 50}\n\n{QUESTION}\n\nName: Eye Society\n", encoding="utf-8")

    with pytest.raises(CommandError, match=r"Line 3: the disease's name does not fit\. .*200.*Put a shorter name"):
        run(path)

    assert everything() == [[] for _ in CONTENT]


def test_a_name_that_is_too_long_for_an_organization_is_cut_and_kept_whole(write):
    name = ("Society for " + "eyes and " * 40).strip()
    path = write(QUESTION, f"Name: {name}\nPhone: 217-555-0100")
    report = run(path)
    before = everything()

    again = run(path)

    organization = Organization.objects.get()
    assert (organization.name, organization.phone) == (name[:200].strip(), "217-555-0100")
    assert name in organization.staff_notes
    assert remarks(report)[0].startswith("line 7: the name “Society for eyes")
    assert everything() == before
    assert again == NOTHING_NEW


@pytest.mark.parametrize(
    ("page", "what", "value"),
    [
        ("Summary: {}", "summary", "much " * 1_001),
        ("Summary: {}", "summary", "much " * 20_001),
        ("Why?\n\n{}\n\nLast updated on 05-01-20", "answer", "much " * 20_001),
        ("Why?\n\nSo.\n\nAdapted from {}, https://example.org/", "source", "m" * 150),
        ("Why?\n\nSo.\n\nSource: GARD, {}", "link to the source’s page", "https://example"),
        ("Also called: {}", "synonym", "m" * 251),
        ("Codes: {}", "code", "ICD-11:" + "5C64/" * 20 + "5C64"),
        ("Codes: {}", "code", "OMIM:12"),
        ("Name: Eye Society\nAddress: {}", "street or post office box", "m" * 329),
        ("Name: Eye Society\n{}", "street or post office box", "\n".join(["m" * 200] * 3)),
        ("Name: Eye Society\nAddress: Main Street 1\n{}, United States", "city", "M" + "m" * 100),
        ("Name: Eye Society\nPhone: {}", "phone", "1 or " * 30 + "2"),
        ("Name: Eye Society\nEmail: {}", "e-mail", "m" * 250 + "@example.org"),
        ("Name: Eye Society\nUrl: {}", "website", "https://example.org/" + "m" * 250),
    ],
)
@pytest.mark.parametrize("options", [[], ["--publish"]])
def test_what_does_not_fit_is_left_out_reported_and_kept_whole(write, page, what, value, options):
    path = write(page.format(value), QUESTION)
    options = [*options, "--by", make_publisher().username]

    report = remarks(run(path, *options))
    before = everything()
    again = run(path, *options)

    notes = "".join(row.staff_notes for row in [*Disease.objects.all(), *Organization.objects.all()])
    assert [line.partition(" “")[0] for line in report] == [f"line 3: {what}"]
    assert value.strip() in notes
    assert all(len(line) < 300 for line in report)
    assert everything() == before
    assert again == NOTHING_NEW


def test_what_does_not_fit_costs_nothing_beside_it(write):
    run(write(f"Why?\n\nSo.\n\nAdapted from {'m' * 150}, https://example.org/why", "How?\n\n" + "much " * 20_001))

    rows = Question.objects.values_list("question", "answer", "source", "source_url", "adapted")
    assert list(rows) == [
        ("Why?", "<p>So.</p>", None, "https://example.org/why", False),
        ("How?", "", None, "", False),
    ]
    assert not Source.objects.exists()


def test_what_is_not_written_is_kept_whole_in_the_stored_report(write):
    Disease.objects.create(name="Coats disease")
    Organization.objects.create(name="Eye Society")
    before = everything()

    report = run(write("A stray line", "Name: Eye Society\nEmail: a@b@c\nPhone: " + "1 or " * 30 + "2"))

    assert everything() == before
    assert [line[:20] for line in remarks(report)] == [
        "line 5: phone “1 or ",
        "line 3: A stray line",
        "line 6: Email: a@b@c",
    ]
    assert "1 or " * 30 + "2" in json.dumps(ImportRun.objects.get().report)


def test_what_stands_twice_on_a_page_is_made_once(write):
    page = [
        "Also called: COATS DISEASE; Coats; coats; Coats (former); Coats’ disease",
        "Codes: ORPHA:190; orpha:190; ORPHA:190; GARD:0006121; GARD:6121",
        "What causes Coats disease?",
        QUESTION,
        QUESTION,
        "What causes Coats disease?\n\nSomething.\n\nLast updated on 05-01-20",
        "Name: Eye Society\nPhone: 217-555-0100",
        "Name: Eye Society\nPhone: 217-555-0100",
        "Name: EYE SOCIETY\nPhone: 217-555-0199",
    ]
    path = write(*page)

    report = run(path)
    before = everything()
    again = run(path)

    disease, organization = Disease.objects.get(), Organization.objects.get()
    assert [str(row) for row in disease.synonyms.all()] == ["Coats"]
    assert [str(row) for row in disease.identifiers.all()] == ["ORPHA:190", "GARD:6121"]
    assert [row.answer for row in disease.questions.all()] == ["<p>Nobody knows.</p>"]
    assert [row.organization for row in disease.supports.all()] == [organization]
    created = ["Eye Society (coats disease/eye society)", "Coats disease (coats disease)"]
    assert sections(report)["Created as drafts"] == created
    assert remarks(report) == [
        "line 29: phone of EYE SOCIETY “217-555-0199” left out: an earlier line of the page says something else.",
        "line 17: “What causes Coats disease?” left out: line 9 already has an answer to it",
    ]
    assert "217-555-0199" in organization.staff_notes
    assert "Something.\nLast updated on 2020-05-01" in disease.staff_notes
    assert everything() == before
    assert again == NOTHING_NEW


def lists(pieces, most):
    return st.lists(pieces, max_size=most)


names = st.sampled_from(
    ["Coats disease", "COATS DISEASE", "Общество", "日本の会", "★ One", "№ 1", "x" * 201, "Eye " * 60]
)
answers = st.sampled_from(
    ["", "Nobody knows.", "<b>So</b>", "- 一\n- 二", "Last updated on 05-01-20", "Source: X", "?"]
)
contacts = st.sampled_from(
    [
        *("Phone: 217-555-0100", "Phone: " + "1" * 101, "Fax: 一", "Email: a@b.org", "Email: a@b", "Url: b.org"),
        *("Url: " + "b." * 130, "PO Box 7\nSpringfield, IL, 62701, United States", "m" * 300),
        *("\x00", "Address: 1\u2028\x0c2"),
    ]
)


@st.composite
def pages(draw):
    blocks = [draw(names)]
    blocks += [f"Also called: {'; '.join(draw(lists(names, 3)))}"]
    blocks += [f"Codes: {'; '.join(draw(lists(st.sampled_from(['GARD:1', 'GARD:01', 'ORPHA:x', 'OMIM:123456']), 3)))}"]
    blocks += [f"Summary: {draw(st.sampled_from(['', 'A disease.', 'much ' * 1_100]))}"]
    blocks += [f"{draw(names)}?\n\n{draw(answers)}\n\n{draw(answers)}" for _ in range(draw(st.integers(0, 3)))]
    for _ in range(draw(st.integers(0, 3))):
        blocks.append("\n".join([f"Name: {draw(names)}", *draw(lists(contacts, 3))]))
    return "\n\n".join(blocks)


@settings(max_examples=60, deadline=None)
@given(text=pages(), publish=st.booleans())
def test_any_page_is_taken_or_refused_in_words_and_never_twice(tmp_path_factory, text, publish):
    path = tmp_path_factory.mktemp("pages") / "page.txt"
    path.write_text(text, encoding="utf-8", newline="")
    with transaction.atomic():
        options = ["--publish", "--by", make_publisher().username] if publish else []
        try:
            run(path, *options)
        except CommandError:
            assert everything() == [[] for _ in CONTENT]
        else:
            before = everything()
            run(path, *options)
            assert everything() == before

            for row in [*Disease.objects.all(), *Organization.objects.all()]:
                rename(row, f"Renamed {row.KIND} {row.pk}")
            before = everything()
            run(path, "--publish", "--by", make_publisher().username)
            assert everything() == before
        transaction.set_rollback(True)
