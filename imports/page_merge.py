"""Puts what a source says into rows, without ever treading on an editor's work.

A subject that is not there yet is made. One that is there, or ever was under this name, is left exactly as it is:
where the source says something else, that is reported, and an editor decides.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F

from diseases import codes
from diseases.models import Disease, Identifier, Question, Support, Synonym
from diseases.values import SynonymKind
from imports.lines import NumberedLine
from imports.page_text import HEAD_LABEL, OrganizationText, PageText, QuestionText
from imports.sources import source_named
from imports.validation import (
    Remark,
    abbreviated,
    clear_fields,
    drop_invalid,
    dropped,
    field_errors,
    label,
    notes,
    question_row,
    save_row,
)
from organizations.duplicates import likely_duplicates
from organizations.models import NUMBER_FIELDS, Organization
from publishing.models import Edition, Publishable
from publishing.prose import shape
from publishing.verbs import Author, publish, save_edition
from search.letters import fold_text

CONTACT_FIELDS = ["street", "city", "region", "postal_code", "country", *NUMBER_FIELDS, "email", "website"]
ORIGIN = "import:page"
"""Of the editions that a page of text makes."""

NAME_LENGTH = Organization._meta.get_field("name").max_length or 0


@dataclass
class PageReport:
    """What an import did, in lines for a person."""

    created: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        titles = {
            "created": "Created as drafts",
            "published": "Published",
            "unchanged": "There already, and the same",
            "different": "There already, and different: nothing was changed",
            "duplicates": "Likely duplicates, kept apart",
            "unplaced": "Not placed; kept in the staff notes",
            "dropped": "Not placed, and kept nowhere: nothing is written to what is there already",
        }
        sections = [
            f"{title} ({len(lines)}):\n" + "\n".join(f"  {line}" for line in lines)
            for name, title in titles.items()
            if (lines := list(dict.fromkeys(getattr(self, name))))
        ]
        return "\n".join(sections)


@transaction.atomic
def merge_page(
    page: PageText, by: Author, publish_new: bool = False, dry_run: bool = False, lines: Sequence[NumberedLine] = ()
) -> PageReport:
    """Merges one page of text. With `publish_new` (and a user as `by`) what this call made goes live at once.

    `lines` is the text that the page was read from, to say where something stands that carries no line of its own.
    Raises PageTextError where the page cannot be taken, and then changes nothing.
    """
    report = PageReport()
    head = _head_lines(page, lines)
    page, remarks = drop_invalid(page, head)
    there = _Organizations()
    organizations = [_organization(text, there, report, remarks) for text in page.organizations]
    organizations = [row for row in dict.fromkeys(organizations) if not row.trashed_at]
    for one, other, reasons in likely_duplicates(organizations, [row for row in there.rows if not row.trashed_at]):
        report.duplicates.append(f"{one} and {other}: {', '.join(reasons)}")
    made: list[Publishable] = [*there.made]
    disease = _find_disease(page)
    if disease:
        _compare_disease(disease, page, organizations, report)
        dropped: list[Remark] = []
        _report_remarks(remarks, disease, report.unplaced, dropped)
        report.dropped += [remark.line for remark in dropped]
    else:
        made.append(_make_disease(page, head, organizations, remarks, report))
    for subject in made:
        edition = save_edition(subject, by=by, origin=ORIGIN)
        if publish_new:
            publish(edition, by=by)
            report.published.append(f"{subject.KIND} {subject}")
    if dry_run:
        transaction.set_rollback(True)
    return report


def _head_lines(page: PageText, lines: Iterable[NumberedLine]) -> dict[str, int]:
    """The lines on which the disease's name and each label of the page's head stand; 0 where that is not known."""
    found = dict.fromkeys(["name", "also called", "codes", "summary"], 0)
    for number, text in lines:
        label = HEAD_LABEL.fullmatch(text)
        name = "name" if text == page.name else label[1].casefold().replace("synonyms", "also called") if label else ""
        if found.get(name) == 0:
            found[name] = number
    return found


# Organizations


class _Organizations:
    """The organizations there are, by every name that one has or ever had."""

    def __init__(self) -> None:
        self.rows = list(Organization.objects.order_by("pk"))
        self.made: list[Organization] = []
        by_pk = {row.pk: row for row in self.rows}
        titles = Edition.objects.of(Organization).filter(redacted_at=None).order_by("subject_id", "title")
        former = titles.values_list("subject_id", "title").distinct()
        names = [(row.name, row) for row in self.rows] + [(title, by_pk[pk]) for pk, title in former if pk in by_pk]
        self.by_name: dict[str, Organization] = {}
        for name, row in sorted(names, key=lambda named: named[1].trashed_at is not None):
            self.by_name.setdefault(fold_text(name), row)

    def add(self, row: Organization) -> None:
        self.rows.append(row)
        self.made.append(row)
        self.by_name[fold_text(row.name)] = row


def _organization(
    text: OrganizationText, there: _Organizations, report: PageReport, homeless: list[Remark]
) -> Organization:
    """The organization that has or had this name, made from the text where there is none.

    A remark for which no organization has a place in its staff notes is added to `homeless`.
    """
    row = Organization(name=text.name[:NAME_LENGTH].strip(), **{name: getattr(text, name) for name in CONTACT_FIELDS})
    if row.website and "://" not in row.website:
        row.website = f"https://{row.website}"
    left_out = clear_fields(row, field_errors(row), text.line)
    if len(text.name) > NAME_LENGTH:
        said = f"line {text.line}: the name “{abbreviated(text.name)}” is cut: at most {NAME_LENGTH} characters fit"
        left_out["name"] = Remark(said, text.name)
    known = there.by_name.get(fold_text(row.name))
    if not known:
        row.staff_notes = notes(left_out.values())
        save_row(row, text.line)
        there.add(row)
        report.unplaced += [remark.line for remark in left_out.values()]
        report.created.append(f"organization {row}")
    elif known in there.made:
        _add_repetition(known, row, text.line, [*left_out.values()], report)
    else:
        _compare_organization(known, row, left_out.keys(), report)
        _report_remarks(left_out.values(), known, report.unplaced, homeless)
    return known or row


def _add_repetition(
    known: Organization, row: Organization, line: int, remarks: list[Remark], report: PageReport
) -> None:
    """Keeps what a page says of an organization the second time, and the first time did not."""
    remarks += [
        dropped(line, f"{label(row, name)} of {row}", value, "the page says something else before.")
        for name in CONTACT_FIELDS
        if (value := _comparable(row, name)) and value != _comparable(known, name)
    ]
    if remarks:
        known.staff_notes = "\n".join(filter(None, [known.staff_notes, notes(remarks)]))
        known.save()
        report.unplaced += [remark.line for remark in remarks]


def _compare_organization(known: Organization, row: Organization, left_out: Container[str], report: PageReport) -> None:
    """Reports where an organization that is there says something else than the page. Nothing is written."""
    differences = _differences(known, row.name)
    for name in CONTACT_FIELDS:
        here, said = _comparable(known, name), _comparable(row, name)
        if here != said and name not in left_out:
            quoted = [f"“{abbreviated(value)}”" if value else "empty" for value in (here, said)]
            differences.append(f"{label(row, name)} is {quoted[0]} here, {quoted[1]} in the file")
    _report_differences(known, differences, report)


def _comparable(organization: Organization, name: str) -> str:
    """A field's text with the line breaks of the import; browsers send others."""
    return "\n".join(str(getattr(organization, name) or "").splitlines())


# Diseases


def _find_disease(page: PageText) -> Disease | None:
    """The disease that the page is about: by its GARD code, which only one has, or by a name that it has or had."""
    rows = Disease.objects.order_by(F("trashed_at").asc(nulls_first=True), "pk")
    for code in page.identifiers:
        if code.scheme == codes.Scheme.GARD:
            exact = Identifier.objects.filter(scheme=code.scheme, value=code.value, relation=codes.Relation.EXACT)
            if known := rows.filter(pk__in=exact.values("disease")).first():
                return known
    own = rows.values_list("pk", "name")
    former = Edition.objects.of(Disease).filter(redacted_at=None).order_by("subject_id", "title")
    # A subtype may well have a page of its own.
    others = Synonym.objects.exclude(kind=SynonymKind.SUBTYPE).order_by(
        F("disease__trashed_at").asc(nulls_first=True), "pk"
    )
    wanted = fold_text(page.name)
    for names in (own, former.values_list("subject_id", "title").distinct(), others.values_list("disease", "text")):
        pk = next((pk for pk, name in names.iterator() if fold_text(name) == wanted), None)
        if pk and (known := rows.filter(pk=pk).first()):
            return known
    return None


def _make_disease(
    page: PageText, head: dict[str, int], organizations: list[Organization], remarks: list[Remark], report: PageReport
) -> Disease:
    disease = Disease(name=page.name, summary=page.summary, staff_notes=notes(remarks))
    save_row(disease, head["name"])
    rows: list[tuple[Any, int]] = []
    rows += [(Synonym(text=each.text, kind=each.kind), head["also called"]) for each in page.synonyms]
    rows += [(Identifier(scheme=code.scheme, value=code.value), head["codes"]) for code in page.identifiers]
    for text in page.questions:
        question = question_row(text)
        question.source = source_named(text.source)
        rows.append((question, text.line))
    rows += [(Support(organization=organization), 0) for organization in organizations]
    for position, (row, line) in enumerate(rows, start=1):
        row.disease, row.position = disease, position
        save_row(row, line)
    report.unplaced += [remark.line for remark in remarks]
    report.created.append(f"disease {disease}")
    return disease


def _compare_disease(disease: Disease, page: PageText, organizations: list[Organization], report: PageReport) -> None:
    """Reports where a disease that is there says something else than the page. Nothing is written."""
    differences = _differences(disease, page.name)
    if page.summary and page.summary != disease.summary:
        differences.append("the summary differs")
    names = {fold_text(disease.name), *(fold_text(synonym.text) for synonym in disease.synonyms.all())}
    differences += [
        f"“{each.text}” is not among the synonyms" for each in page.synonyms if fold_text(each.text) not in names
    ]
    known = {(row.scheme, row.value) for row in disease.identifiers.all()}
    differences += [
        f"{code.scheme}:{code.value} is not among the codes"
        for code in page.identifiers
        if (code.scheme, code.value) not in known
    ]
    questions: dict[str, list[Question]] = {}
    for question in disease.questions.select_related("source"):
        questions.setdefault(fold_text(question.question), []).append(question)
    for text in page.questions:
        differences += _compare_question(questions.get(fold_text(text.question), []), text)
    supports = set(disease.supports.values_list("organization_id", flat=True))
    differences += [f"{row} is not among the organizations" for row in organizations if row.pk not in supports]
    _report_differences(disease, differences, report)


def _compare_question(rows: list[Question], text: QuestionText) -> list[str]:
    """In what the rows that ask this differ from the text; nothing, where one of them says all the same."""
    if not rows:
        return [f"line {text.line}: “{text.question}” is not among the questions"]
    found = []
    for row in rows:
        same = {
            "the answer to": shape(row.answer) == shape(text.answer),
            "“last updated” of": row.last_updated == text.last_updated,
            "the source of": (row.source.name if row.source else "", row.source_url, row.adapted)
            == (text.source, text.source_url, text.adapted),
        }
        found.append([f"line {text.line}: {what} “{text.question}” differs" for what in same if not same[what]])
    return min(found, key=len)


# What both have in common


def _differences(known: Publishable, name: str) -> list[str]:
    trashed = ["is in the trash, and stays there"] if known.trashed_at else []
    return trashed + ([f"is called “{known}” here, “{name}” in the file"] if known.name != name else [])


def _report_differences(known: Publishable, differences: list[str], report: PageReport) -> None:
    report.different += [f"{known.KIND} {known}: {difference}" for difference in differences]
    if not differences:
        report.unchanged.append(f"{known.KIND} {known}")


def _report_remarks(remarks: Iterable[Remark], known: Publishable, kept: list[str], others: list[Remark]) -> None:
    """Those that an earlier run left in the staff notes are kept there; the others are passed on."""
    for remark in remarks:
        if remark.line in known.staff_notes:
            kept.append(remark.line)
        else:
            others.append(remark)
