"""Fills an empty database with generated diseases and organizations, all live.

The verbs would take minutes, so rows are written in bulk; `check` compares a sample with what the verbs write.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from slugify import slugify

from accounts.models import User
from diseases.models import Disease, Identifier, Question, Source, Support, Synonym, fold_name
from diseases.values import DiseasePage, QuestionValue, SynonymKind, Topic
from organizations.models import Organization
from publishing.models import Address, Edition, Event, Link, PublicVersion
from publishing.sorting import letter, sort_key
from publishing.values import Page, Reference
from publishing.verbs import publish, save_edition, submit, withdraw

SUPPORTS = 2
DISEASES_AN_ORGANIZATION = 20
UNLINKED = 100  # organizations that no disease names, at every size: a full page of the directory
IN_WORK = 20  # of the unlinked ones: with unpublished changes, every second one submitted
BATCH = 500

LETTERS = "BCDEFGHIJKLMNOPQRSTUVWXYZ"
COUNTRIES = ["US", "CA", "GB", "DE", "FR", "IT", "ES", "NL", "AU", "JP"]
TOPICS = [Topic.OVERVIEW, Topic.SYMPTOMS, Topic.CAUSES, Topic.TREATMENT]
KINDS = [SynonymKind.EXACT, SynonymKind.ABBREVIATION, SynonymKind.FORMER]
TEXT = """
    a about after age all also and are as at be because blood body bone born both brain by called can care carry cause
    cell change check child common copy day deficiency disease do doctor each early enzyme eye family fever few find
    first for found from gene genetic grow has have heart help hepatic her his how in infant inherited is it joint
    kidney known later lead liver live lung many may medicine mild month more most muscle mutation need nerve new no
    not number of often on one or organ other pain parent people person protein rare seizure serious severe she show
    sign since skin so some spleen symptom symptoms team test than that the their them therapy there these they this
    to treat treatment two type until use usually vary walk weak weeks when which who with without women year years
"""
WORDS = TEXT.split()


def prose(seed: int, count: int) -> str:
    """Returns `count` words, the same for the same seed."""
    chosen = []
    for _ in range(count):
        seed = (seed * 1_103_515_245 + 12_345) % 2**31
        chosen.append(WORDS[seed // 7 % len(WORDS)])
    return " ".join(chosen).capitalize() + "."


PARAGRAPHS = [prose(seed, 64) for seed in range(500)]


def paragraph(n: int) -> str:
    return PARAGRAPHS[n * 31 % len(PARAGRAPHS)]


def generate(diseases: int, by: User) -> None:
    """Makes diseases, a tenth as many organizations, and the unlinked organizations.

    Half of the diseases begin with A, so that a page of the A to Z has one heading at every size.
    """
    source = Source.objects.create(
        name="Example Source", url="https://source.example.org/", licence="CC BY 4.0", attribution=paragraph(7)
    )
    organizations = make_organizations(diseases * SUPPORTS // DISEASES_AN_ORGANIZATION, by)
    for start in range(0, diseases, BATCH):
        make_diseases(range(start, min(start + BATCH, diseases)), organizations, source, by)
    PublicVersion.objects.create(pk=1, value=Edition.objects.count())


@transaction.atomic
def make_organizations(linked: int, by: User) -> list[Organization]:
    """Makes all organizations and returns the linked ones. The names of the unlinked ones begin with A."""
    organizations = []
    for i in range(UNLINKED + linked):
        initial = LETTERS[i % 20] if i >= UNLINKED else "A"
        name = f"{initial}ssociation for {WORDS[i % len(WORDS)]} families {i}"
        organizations.append(
            Organization(
                name=name,
                slug=slugify(name),
                description=paragraph(i),
                street=f"{i + 1} Main Street\nSuite {i % 50 + 1}",
                city="Springfield",
                region="IL",
                postal_code=f"{10_000 + i}",
                country=COUNTRIES[i % len(COUNTRIES)],
                phone=f"+1 217-555-{i:04}",  # Each has a number of its own; otherwise all would be likely duplicates.
                email="help@example.org",
                website=f"https://www.example.org/{i}",
                checked_on=date(2025, 3, 1),
                checked_by="Ada Example, editor",
            )
        )
    Organization.objects.bulk_create(organizations, BATCH)
    put_live([(row, row.compose()) for row in organizations], by)
    return organizations[UNLINKED:]


@transaction.atomic
def make_diseases(numbers: range, organizations: list[Organization], source: Source, by: User) -> None:
    diseases = [make_disease(i) for i in numbers]
    Disease.objects.bulk_create(diseases)
    pages = []
    synonyms, identifiers, questions, supports = [], [], [], []
    for i, disease in zip(numbers, diseases, strict=True):
        names = [f"Type {i} {word} syndrome" for word in WORDS[i % 100 : i % 100 + len(KINDS)]]
        own_synonyms = [
            Synonym(disease=disease, text=text, kind=kind, position=n)
            for n, (text, kind) in enumerate(zip(names, KINDS, strict=True), 1)
        ]
        codes = [("ORPHA", f"{i + 1}"), ("OMIM", f"{100_000 + i}"), ("MONDO", f"{i:07}")]
        own_identifiers = [
            Identifier(disease=disease, scheme=scheme, value=value, position=n)
            for n, (scheme, value) in enumerate(codes, 1)
        ]
        own_questions = [make_question(disease, source, i, n) for n in range(1, len(TOPICS) + 1)]
        own_supports = [
            Support(
                disease=disease,
                organization=organizations[(SUPPORTS * i + n) % len(organizations)],
                note=f"Brings families together, the {n}.",
                position=n,
            )
            for n in range(1, SUPPORTS + 1)
        ]
        references = {
            (Organization.KIND, support.organization_id): Reference(
                kind=Organization.KIND, slug=support.organization.slug
            )
            for support in own_supports
        }
        page = DiseasePage(
            title=disease.name,
            slug=disease.slug,
            summary=disease.summary,
            synonyms=tuple(synonym.compose() for synonym in own_synonyms),
            identifiers=tuple(identifier.compose() for identifier in own_identifiers),
            questions=tuple(compose_sanitized(question) for question in own_questions),
            supports=tuple(row.compose(references) for row in own_supports),
            sources=(source.compose(),),
        )
        pages.append((disease, page))
        synonyms += own_synonyms
        identifiers += own_identifiers
        questions += own_questions
        supports += own_supports
    Synonym.objects.bulk_create(synonyms, BATCH)
    Identifier.objects.bulk_create(identifiers, BATCH)
    Question.objects.bulk_create(questions, BATCH)
    Support.objects.bulk_create(supports, BATCH)
    editions = put_live(pages, by)
    by_disease = {edition.subject_id: edition for edition in editions}
    Link.objects.bulk_create(
        (
            Link(edition=by_disease[row.disease_id], kind=Organization.KIND, subject_id=row.organization_id)
            for row in supports
        ),
        BATCH,
    )


def make_disease(i: int) -> Disease:
    initial = LETTERS[i // 2 % len(LETTERS)] if i % 2 else "A"
    name = f"{initial}{WORDS[i % len(WORDS)]} {WORDS[i // 7 % len(WORDS)]} disease, type {i}"
    return Disease(
        name=name,
        folded_name=fold_name(name),
        slug=slugify(name),
        summary=paragraph(i),
        staff_notes="Generated.",
    )


def make_question(disease: Disease, source: Source, i: int, n: int) -> Question:
    """Returns a question with an answer of about 1,500 characters."""
    seed = i * 17 + n * 5
    answer = (
        f"<p><strong>{disease.name}</strong> {paragraph(seed)}</p><p>{paragraph(seed + 1)}</p>"
        f"<ul><li>{paragraph(seed + 2)}</li><li>{prose(seed, 8)}</li></ul>"
        f'<p>{paragraph(seed + 3)} <a href="https://source.example.org/{i}">More about it</a></p>'
    )
    return Question(
        disease=disease,
        topic=TOPICS[n - 1],
        question=f"What should a family know, part {n}?",
        answer=answer,
        last_updated=date(2024, n, 1),
        reviewed_on=date(2025, 1, 1),
        reviewed_by="Ada Example, geneticist",
        source=source,
        source_url=f"https://source.example.org/{i}/{n}",
        adapted=True,
        position=n,
    )


def compose_sanitized(question: Question) -> QuestionValue:
    """Returns what `compose` would, without sanitising the clean answer again, which would take most of the time."""
    return QuestionValue.model_construct(**{name: question.page_value(name, {}) for name in QuestionValue.model_fields})


def put_live(pages: Sequence[tuple[Any, Page]], by: User) -> list[Edition]:
    """Writes what save_edition() and publish() would write, except the links."""
    now = timezone.now()
    minute = timedelta(minutes=1)
    who = {"by": by, "by_name": by.get_full_name()}
    editions = [
        Edition(
            kind=subject.KIND,
            subject_id=subject.pk,
            number=1,
            title=page.title,
            slug=page.slug,
            sort_key=sort_key(page.title),
            letter=letter(page.title),
            content=page.content(),
            schema=page.SCHEMA,
            digest=page.digest(),
            is_newest=True,
            is_live=True,
            published_at=now - subject.pk * minute,
            updated_at=now - subject.pk * minute,
            **who,
        )
        for subject, page in pages
    ]
    Edition.objects.bulk_create(editions, BATCH)
    Address.objects.bulk_create(
        (Address(kind=edition.kind, slug=edition.slug, subject_id=edition.subject_id) for edition in editions), BATCH
    )
    Event.objects.bulk_create(
        (
            Event(
                kind=edition.kind,
                subject_id=edition.subject_id,
                verb=Event.Verb.PUBLISHED,
                edition=edition,
                note="Generated.",
                **who,
            )
            for edition in editions
        ),
        BATCH,
    )
    return editions


@transaction.atomic
def change(organization: Any, by: User, is_ready: bool) -> None:
    """Changes a live organization without publishing, and submits the change where `is_ready` is True."""
    organization.description += " Changed."
    organization.save()
    edition = save_edition(organization, by)
    if is_ready:
        submit(edition, by, "Generated.")


@transaction.atomic
def check(subject: Any, by: User) -> None:
    """Raises AssertionError where the verbs would have written something else than was generated. Changes nothing."""
    row = type(subject).objects.filter(pk=subject.pk)
    generated = row.values().get()
    subject.save()
    if row.values().get() != generated | {"version": subject.version}:
        raise AssertionError(f"{subject}: the generated row is not what save() leaves behind.")
    before = left_behind(subject)
    live = Edition.objects.about(subject).live().get()
    if subject.compose().digest() != live.digest or save_edition(subject, by) != live:
        raise AssertionError(f"{subject}: the generated edition is not what compose() says.")
    withdraw(subject, by, "For a comparison")
    publish(live, by)
    if left_behind(subject) != before:
        raise AssertionError(f"{subject}: what was generated is not what publish() leaves behind.")
    transaction.set_rollback(True)


def left_behind(subject: Any) -> dict[str, Any]:
    """Returns everything that publish() sets for a subject; of dates only whether they are set."""
    edition = Edition.objects.about(subject).live().get()
    event = Event.objects.filter(edition=edition, verb=Event.Verb.PUBLISHED).latest("pk")
    return {
        "edition": Edition.objects.filter(pk=edition.pk).values("title", "slug", "sort_key", "letter", "content")[0],
        "dated": bool(edition.published_at and edition.updated_at),
        "addresses": (Address.objects.count(), Address.objects.get(kind=subject.KIND, subject_id=subject.pk).slug),
        "links": set(edition.links.values_list("kind", "subject_id")),
        "event": (event.kind, event.subject_id, event.by_id, event.by_name, event.minor),
    }
