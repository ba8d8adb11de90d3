"""Merges a page of text into the site, without ever changing an editor's work.

A disease or organization that is not on the site yet is created. One that is there, or ever was under this name, is
left exactly as it is: the report says where the page differs, and an editor decides.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

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
"""The origin that editions from a page of text carry."""

MAX_NAME_LENGTH = Organization._meta.get_field("name").max_length or 0


@dataclass
class PageReport:
    """The report of an import of one page: lines for the person who reads it, by heading."""

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
            "unchanged": "Already on the site, and the same",
            "different": "Already on the site, and different: nothing was changed",
            "duplicates": "Likely duplicates, not merged",
            "unplaced": "Not placed; saved in the staff notes",
            "dropped": "Not placed and not saved, since pages that are already on the site are not changed",
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
    """Merges one page of text. With `publish_new` (and a user as `by`), publishes what this call created.

    `lines` is the text from which the page was read: it tells the line of a value that has none of its own.
    Raises PageTextError where the page cannot be imported, and then changes nothing.
    """
    report = PageReport()
    head = _head_lines(page, lines)
    page, remarks = drop_invalid(page, head)
    index = _OrganizationIndex()
    organizations = [_merge_organization(text, index, report, remarks) for text in page.organizations]
    organizations = [row for row in dict.fromkeys(organizations) if not row.trashed_at]
    for one, other, reasons in likely_duplicates(organizations, [row for row in index.rows if not row.trashed_at]):
        report.duplicates.append(f"{one} and {other}: {', '.join(reasons)}")
    created: list[Publishable] = [*index.created]
    disease = _find_disease(page)
    if disease:
        _compare_disease(disease, page, organizations, report)
        dropped: list[Remark] = []
        _report_remarks(remarks, disease, report.unplaced, dropped)
        report.dropped += [remark.line for remark in dropped]
    else:
        created.append(_create_disease(page, head, organizations, remarks, report))
    for subject in created:
        edition = save_edition(subject, by=by, origin=ORIGIN)
        if publish_new:
            publish(edition, by=by)
            report.published.append(f"{subject.KIND} {subject}")
    if dry_run:
        transaction.set_rollback(True)
    return report


def _head_lines(page: PageText, lines: Iterable[NumberedLine]) -> dict[str, int]:
    """Returns the line of the disease's name and of each label at the head of the page; 0 where it is not known."""
    head = dict.fromkeys(["name", "also called", "codes", "summary"], 0)
    for number, text in lines:
        label = HEAD_LABEL.fullmatch(text)
        name = "name" if text == page.name else label[1].casefold().replace("synonyms", "also called") if label else ""
        if head.get(name) == 0:
            head[name] = number
    return head


# Organizations


class _OrganizationIndex:
    """All organizations by every name that one has or ever had."""

    def __init__(self) -> None:
        self.rows = list(Organization.objects.order_by("pk"))
        self.created: list[Organization] = []
        by_pk = {row.pk: row for row in self.rows}
        titles = Edition.objects.of(Organization).filter(redacted_at=None).order_by("subject_id", "title")
        former = titles.values_list("subject_id", "title").distinct()
        names = [(row.name, row) for row in self.rows] + [(title, by_pk[pk]) for pk, title in former if pk in by_pk]
        self.by_name: dict[str, Organization] = {}
        for name, row in sorted(names, key=lambda named: named[1].trashed_at is not None):
            self.by_name.setdefault(fold_text(name), row)

    def add(self, row: Organization) -> None:
        self.rows.append(row)
        self.created.append(row)
        self.by_name[fold_text(row.name)] = row


def _merge_organization(
    text: OrganizationText, index: _OrganizationIndex, report: PageReport, unsaved: list[Remark]
) -> Organization:
    """Returns the organization that has or had this name. Creates it from the text where there is none.

    A remark that is not saved in the staff notes of an organization is added to `unsaved`.
    """
    fields = {name: getattr(text, name) for name in CONTACT_FIELDS}
    row = Organization(name=text.name[:MAX_NAME_LENGTH].strip(), **fields)
    if row.website and "://" not in row.website:
        row.website = f"https://{row.website}"
    left_out = clear_fields(row, field_errors(row), text.line)
    if len(text.name) > MAX_NAME_LENGTH:
        quoted = abbreviated(text.name)
        line = f"line {text.line}: the name “{quoted}” is shortened: at most {MAX_NAME_LENGTH} characters fit"
        left_out["name"] = Remark(line, text.name)
    known = index.by_name.get(fold_text(row.name))
    if not known:
        row.staff_notes = notes(left_out.values())
        save_row(row, text.line)
        index.add(row)
        report.unplaced += [remark.line for remark in left_out.values()]
        report.created.append(f"organization {row}")
    elif known in index.created:
        _add_repetition(known, row, text.line, [*left_out.values()], report)
    else:
        _compare_organization(known, row, left_out.keys(), report)
        _report_remarks(left_out.values(), known, report.unplaced, unsaved)
    return known or row


def _add_repetition(
    known: Organization, row: Organization, line: int, remarks: list[Remark], report: PageReport
) -> None:
    """Saves in the staff notes what a page says about an organization only the second time."""
    remarks += [
        dropped(line, f"{label(row, name)} of {row}", value, "an earlier line of the page says something else.")
        for name in CONTACT_FIELDS
        if (value := _comparable(row, name)) and value != _comparable(known, name)
    ]
    if remarks:
        known.staff_notes = "\n".join(filter(None, [known.staff_notes, notes(remarks)]))
        known.save()
        report.unplaced += [remark.line for remark in remarks]


def _compare_organization(known: Organization, row: Organization, left_out: Container[str], report: PageReport) -> None:
    """Reports where an organization of the site differs from the page. Nothing is saved."""
    differences = _name_differences(known, row.name)
    for name in CONTACT_FIELDS:
        current, new = _comparable(known, name), _comparable(row, name)
        if current != new and name not in left_out:
            quoted = [f"“{abbreviated(value)}”" if value else "empty" for value in (current, new)]
            differences.append(f"{label(row, name)} is {quoted[0]} here, {quoted[1]} in the file")
    _report_differences(known, differences, report)


def _comparable(organization: Organization, name: str) -> str:
    """Returns a field's text with plain line breaks, since browsers send others."""
    return "\n".join(str(getattr(organization, name) or "").splitlines())


# Diseases


def _find_disease(page: PageText) -> Disease | None:
    """Returns the disease that the page is about: by its GARD id, which only one has, or by a name it has or had."""
    rows = Disease.objects.order_by(F("trashed_at").asc(nulls_first=True), "pk")
    for code in page.identifiers:
        if code.scheme == codes.Scheme.GARD:
            exact = Identifier.objects.filter(scheme=code.scheme, value=code.value, relation=codes.Relation.EXACT)
            if known := rows.filter(pk__in=exact.values("disease")).first():
                return known
    own = rows.values_list("pk", "name")
    former = Edition.objects.of(Disease).filter(redacted_at=None).order_by("subject_id", "title")
    # A name of a subtype does not count, since the subtype may have a page of its own.
    others = Synonym.objects.exclude(kind=SynonymKind.SUBTYPE).order_by(
        F("disease__trashed_at").asc(nulls_first=True), "pk"
    )
    wanted = fold_text(page.name)
    for names in (own, former.values_list("subject_id", "title").distinct(), others.values_list("disease", "text")):
        pk = next((pk for pk, name in names.iterator() if fold_text(name) == wanted), None)
        if pk and (known := rows.filter(pk=pk).first()):
            return known
    return None


def _create_disease(
    page: PageText, head: dict[str, int], organizations: list[Organization], remarks: list[Remark], report: PageReport
) -> Disease:
    disease = Disease(name=page.name, summary=page.summary, staff_notes=notes(remarks))
    save_row(disease, head["name"])
    rows: list[tuple[Synonym | Identifier | Question | Support, int]] = []
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
    """Reports where a disease of the site differs from the page. Nothing is saved."""
    differences = _name_differences(disease, page.name)
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
    """Returns how the row that is most like the text differs from it. `rows` are those with the same question."""
    if not rows:
        return [f"line {text.line}: “{text.question}” is not among the questions"]
    differences = []
    for row in rows:
        same = {
            "the answer to": shape(row.answer) == shape(text.answer),
            "“last updated” of": row.last_updated == text.last_updated,
            "the source of": (row.source.name if row.source else "", row.source_url, row.adapted)
            == (text.source, text.source_url, text.adapted),
        }
        differences.append([f"line {text.line}: {what} “{text.question}” differs" for what in same if not same[what]])
    return min(differences, key=len)


# Diseases and organizations


def _name_differences(known: Publishable, name: str) -> list[str]:
    trashed = ["is in the trash, and stays there"] if known.trashed_at else []
    return trashed + ([f"is called “{known}” here, “{name}” in the file"] if known.name != name else [])


def _report_differences(known: Publishable, differences: list[str], report: PageReport) -> None:
    report.different += [f"{known.KIND} {known}: {difference}" for difference in differences]
    if not differences:
        report.unchanged.append(f"{known.KIND} {known}")


def _report_remarks(remarks: Iterable[Remark], known: Publishable, saved: list[str], unsaved: list[Remark]) -> None:
    """Divides remarks into those that an earlier run saved in the staff notes, and the others."""
    for remark in remarks:
        if remark.line in known.staff_notes:
            saved.append(remark.line)
        else:
            unsaved.append(remark)
