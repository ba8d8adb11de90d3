"""Puts what a source says into rows, without ever treading on an editor's work.

A subject that is not there yet is made. One that is there is left exactly as it is: where the source says something
else, that is reported, and an editor decides.
"""

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from diseases import codes
from diseases.importing.page_text import OrganizationText, PageText, QuestionText
from diseases.importing.sources import source_named
from diseases.models import Disease, Identifier, Question, Support, Synonym
from organizations.duplicates import likely_duplicates
from organizations.models import NUMBERS, Organization
from publishing.editions import Author, keep, publish
from publishing.models import Publishable
from publishing.prose import blocks, sanitize, shape
from publishing.sorting import sort_key

CONTACT_FIELDS = ["address", "city", "region", "postal_code", "country", *NUMBERS, "email", "website"]


@dataclass
class Report:
    """What an import did, in lines for a person."""

    created: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        titles = {
            "created": "Created as drafts",
            "published": "Published",
            "unchanged": "There already, and the same",
            "different": "There already, and different: nothing was changed",
            "duplicates": "Likely duplicates, kept apart",
            "unplaced": "Not placed; kept in the staff notes",
        }
        sections = [
            f"{title} ({len(lines)}):\n" + "\n".join(f"  {line}" for line in lines)
            for name, title in titles.items()
            if (lines := getattr(self, name))
        ]
        return "\n".join(sections)


@transaction.atomic
def merge_page(page: PageText, by: Author, publish_new: bool = False, dry_run: bool = False) -> Report:
    """Merges one page of text. With `publish_new` (and a user as `by`) what this call made goes live at once."""
    report = Report(unplaced=[f"line {line.line}: {line.text}" for line in page.unplaced])
    made: list[Publishable] = []
    organizations = [_organization(text, report, made) for text in page.organizations]
    for number, organization in enumerate(organizations):
        for other, reasons in likely_duplicates(organization, organizations[number + 1 :]):
            report.duplicates.append(f"{organization.name} and {other.name}: {', '.join(reasons)}")
    disease = _find_disease(page)
    if disease:
        _compare_disease(disease, page, organizations, report)
    else:
        made.append(_make_disease(page, organizations, report))
    for subject in made:
        edition = keep(subject, by=by)
        if publish_new:
            publish(edition, by=by)
            report.published.append(f"{subject.KIND} {subject}")
    if dry_run:
        transaction.set_rollback(True)
    return report


def _organization(text: OrganizationText, report: Report, made: list[Publishable]) -> Organization:
    """The organization of this name, made from the text where there is none."""
    folded = sort_key(text.name)
    known = next((row for row in Organization.objects.order_by("pk") if sort_key(row.name) == folded), None)
    fields = {name: getattr(text, name) for name in CONTACT_FIELDS}
    if fields["website"] and "://" not in fields["website"]:
        fields["website"] = f"https://{fields['website']}"
    if known:
        if known.binned_at:
            report.different.append(f"organization {known}: is in the bin, and stays there")
        differences = [
            f"organization {known}: {name} is “{getattr(known, name)}” here, “{value}” in the file"
            for name, value in fields.items()
            if str(getattr(known, name) or "") != value
        ]
        report.different += differences
        if not differences:
            report.unchanged.append(f"organization {known}")
        return known
    organization = Organization(name=text.name, **fields)
    _leave_out_what_is_invalid(organization, text.line, report)
    organization.save()
    made.append(organization)
    report.created.append(f"organization {organization}")
    return organization


def _leave_out_what_is_invalid(row: Any, line: int, report: Report) -> None:
    """Moves field values that the model refuses (an e-mail without @) into the staff notes, so that none is lost."""
    try:
        row.full_clean(exclude=["slug"])
    except ValidationError as error:
        if NON_FIELD_ERRORS in error.message_dict:
            raise
        for name, problems in error.message_dict.items():
            value = getattr(row, name)
            note = f"line {line}: {name} “{value}” left out: {' '.join(problems)}"
            report.unplaced.append(note)
            row.staff_notes = f"{row.staff_notes}{note}\n"
            setattr(row, name, str(value)[: row._meta.get_field(name).max_length] if name == "name" else "")


def _find_disease(page: PageText) -> Disease | None:
    """The disease that the page is about: by its GARD code, which only one has, or else by its folded name."""
    for identifier in page.identifiers:
        if identifier.scheme == codes.Scheme.GARD:
            value = identifier.value.lstrip("0")
            known = Disease.objects.filter(identifiers__scheme=identifier.scheme, identifiers__value=value).first()
            if known:
                return known
    folded = sort_key(page.name)
    names = Disease.objects.order_by("pk").values_list("pk", "name")
    pk = next((pk for pk, name in names.iterator() if sort_key(name) == folded), None)
    return Disease.objects.get(pk=pk) if pk else None


def _make_disease(page: PageText, organizations: list[Organization], report: Report) -> Disease:
    notes = [f"Not placed on import, {line}" for line in report.unplaced]
    disease = Disease(name=page.name, summary=page.summary)
    _leave_out_what_is_invalid(disease, 1, report)
    disease.staff_notes = "\n".join([*notes, disease.staff_notes]).strip()
    disease.save()
    rows: list[Any] = [Synonym(text=synonym.text, kind=synonym.kind) for synonym in page.synonyms]
    rows += [Identifier(scheme=code.scheme, value=code.value) for code in page.identifiers]
    rows += [_question(text) for text in page.questions]
    rows += [Support(organization=organization) for organization in dict.fromkeys(organizations)]
    for position, row in enumerate(rows, start=1):
        row.disease, row.position = disease, position
        try:
            row.full_clean()
        except ValidationError as error:
            _note_refused(disease, row, error, report)
        else:
            row.save()
    report.created.append(f"disease {disease}")
    return disease


def _note_refused(disease: Disease, row: Any, error: ValidationError, report: Report) -> None:
    """Keeps in the staff notes a row that the model refuses, whole, with the reason."""
    text = "\n".join(blocks(row.answer)) if isinstance(row, Question) else ""
    note = f"{row._meta.verbose_name} “{row}” left out: {' '.join(error.messages)}"
    report.unplaced.append(note)
    disease.staff_notes = f"{disease.staff_notes}\n{note}\n{text}".strip()
    disease.save()


def _question(text: QuestionText) -> Question:
    return Question(
        topic=text.topic,
        question=text.question,
        answer=sanitize(text.answer),
        last_updated=text.last_updated,
        source=source_named(text.source),
        source_url=text.source_url,
        adapted=text.adapted,
    )


def _compare_disease(disease: Disease, page: PageText, organizations: list[Organization], report: Report) -> None:
    """Reports where a disease that is there says something else than the page. Nothing is written."""
    differences = []
    if disease.binned_at:
        differences.append("is in the bin, and stays there")
    if page.summary and page.summary != disease.summary:
        differences.append("the summary differs")
    names = {sort_key(synonym.text) for synonym in disease.synonyms.all()}
    differences += [
        f"“{text.text}” is not among the synonyms" for text in page.synonyms if sort_key(text.text) not in names
    ]
    known = {(row.scheme, row.value) for row in disease.identifiers.all()}
    for code in page.identifiers:
        if (code.scheme, _clean(code.scheme, code.value)) not in known:
            differences.append(f"{code.scheme}:{code.value} is not among the codes")
    questions = {sort_key(question.question): question for question in disease.questions.all()}
    for text in page.questions:
        question = questions.get(sort_key(text.question))
        if not question:
            differences.append(f"line {text.line}: “{text.question}” is not among the questions")
        elif shape(question.answer) != shape(sanitize(text.answer)):
            differences.append(f"line {text.line}: the answer to “{text.question}” differs")
        elif question.last_updated != text.last_updated:
            differences.append(f"line {text.line}: “last updated” of “{text.question}” differs")
    supports = set(disease.supports.values_list("organization_id", flat=True))
    differences += [f"{row} is not among the organizations" for row in organizations if row.pk not in supports]
    report.different += [f"disease {disease}: {difference}" for difference in differences]
    if not differences:
        report.unchanged.append(f"disease {disease}")


def _clean(scheme: str, value: str) -> str:
    try:
        return codes.clean(scheme, value)
    except ValueError:
        return value
