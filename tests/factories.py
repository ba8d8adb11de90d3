"""Rows to test with: plain functions, every one with what it takes to be valid."""

import io
import itertools
from datetime import date
from typing import TypeVar

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model
from PIL import Image

from accounts.models import User
from community.models import Picture, Portrait
from community.pictures import read_picture
from diseases.models import Disease, Identifier, Question, Source, Support, Synonym
from organizations.models import Organization
from publishing.models import Publishable
from publishing.sorting import sort_key
from publishing.verbs import publish_all, save_editions
from search import index
from search.documents import Document, DocumentSection, Name

numbers = itertools.count(1)
PASSWORD = "correct horse battery"

Subject = TypeVar("Subject", bound=Publishable)
FieldValue = str | bool | int | date | Model | None
"""What a factory may be given for a field of a row."""


def make_user(role: str = "", **fields: FieldValue) -> User:
    n = next(numbers)
    user = User.objects.create_user(
        **{"username": f"user-{n}", "password": PASSWORD, "is_staff": bool(role), "last_name": f"Person {n}"} | fields
    )
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def make_editor(**fields: FieldValue) -> User:
    return make_user("Editors", **fields)


def make_publisher(**fields: FieldValue) -> User:
    return make_user("Publishers", **fields)


def make_organization(*, live: bool = True, **fields: FieldValue) -> Organization:
    return make_organizations(1, live=live, **fields)[0]


def make_organizations(count: int, *, live: bool = True, **fields: FieldValue) -> list[Organization]:
    """Makes several organizations in as many queries as one. Each has a name of its own where `fields` has none."""
    organizations = [
        Organization(
            **{
                "name": f"Organization {n:04}",
                "street": f"{n} Main Street",
                "city": "Springfield",
                "region": "IL",
                "postal_code": "62701",
                "country": "US",
                "phone": "217-555-0100",
            }
            | fields
        )
        for n in itertools.islice(numbers, count)
    ]
    add(organizations)
    return put_all_live(organizations) if live else organizations


def make_source(**fields: FieldValue) -> Source:
    n = next(numbers)
    return Source.objects.create(**{"name": f"Source {n}", "url": "https://source.example.org/"} | fields)


def make_question(disease: Disease, **fields: FieldValue) -> Question:
    question = new_question(disease, **fields)
    question.save()
    return question


def new_question(disease: Disease, **fields: FieldValue) -> Question:
    """Returns a question that is not saved yet."""
    n = next(numbers)
    defaults = {
        "disease": disease,
        "topic": "causes",
        "question": f"What causes it, number {n}?",
        "answer": f"<p>Answer {n}.</p>",
        "position": n,
    }
    return Question(**defaults | fields)


def make_disease(
    *, live: bool = True, questions: int = 1, organizations: list[Organization] | None = None, **fields: FieldValue
) -> Disease:
    return make_diseases(1, live=live, questions=questions, organizations=organizations, **fields)[0]


def make_diseases(
    count: int,
    *,
    live: bool = True,
    questions: int = 1,
    organizations: list[Organization] | None = None,
    **fields: FieldValue,
) -> list[Disease]:
    """Makes several diseases in as many queries as one. Each has a name of its own where `fields` has none."""
    own_numbers = list(itertools.islice(numbers, count))
    diseases = [Disease(**{"name": f"Disease {n:04}", "summary": f"Summary {n}."} | fields) for n in own_numbers]
    add(diseases)
    numbered = list(zip(own_numbers, diseases, strict=True))
    Synonym.objects.bulk_create(Synonym(disease=row, text=f"Synonym {n}", position=1) for n, row in numbered)
    Identifier.objects.bulk_create(
        Identifier(disease=row, scheme="ORPHA", value=str(n), position=1) for n, row in numbered
    )
    Question.objects.bulk_create(new_question(row) for row in diseases for _ in range(questions))
    Support.objects.bulk_create(
        Support(disease=row, organization=organization, position=position)
        for row in diseases
        for position, organization in enumerate(organizations or [], start=1)
    )
    for row in diseases:
        row.refresh_from_db()  # the child rows raised its version
    return put_all_live(diseases) if live else diseases


def make_picture(colour: str = "teal", size: tuple[int, int] = (60, 40)) -> Picture:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return Picture.objects.store(read_picture(file))


def make_portrait(*, live: bool = True, **fields: FieldValue) -> Portrait:
    return make_portraits(1, live=live, **fields)[0]


def make_portraits(count: int, *, live: bool = True, **fields: FieldValue) -> list[Portrait]:
    """Makes several portraits in as many queries as one."""
    portraits = [
        Portrait(
            **{
                "name": f"Person {n}",
                "relation": "mother of a girl",
                "words": f"Words {n}.",
                "consent_on": date(2026, 5, 3),
                "consent_note": "By letter.",
            }
            | fields
        )
        for n in itertools.islice(numbers, count)
    ]
    add(portraits)
    return put_all_live(portraits) if live else portraits


def add(subjects: list[Subject]) -> None:
    """Saves new subjects: one as the admin does, several at once as an import does."""
    if len(subjects) == 1:
        subjects[0].save()
    else:
        type(subjects[0]).objects.add(subjects)


def put_live(subject: Subject) -> Subject:
    return put_all_live([subject])[0]


def put_all_live(subjects: list[Subject]) -> list[Subject]:
    with transaction.atomic():
        editions = save_editions([(subject, subject.compose()) for subject in subjects], by="factory")
        publish_all(editions, by=make_publisher())
    return subjects


def make_entry(
    title: str, *names: str, codes: tuple[str, ...] = (), about: str = "", kind: str = "disease", **sections: str
) -> Document:
    """A document in the index, without a page behind it. Each section is called by its heading, with _ for spaces."""
    n = next(numbers)
    document = Document(
        kind=kind,
        label=kind.capitalize(),
        key=n,
        url=f"/{n}/",
        title=title,
        sort_key=sort_key(title),
        names=(Name(title), *(Name(name, "also called") for name in names)),
        codes=codes,
        about=about,
        sections=tuple(DocumentSection(name.replace("_", " "), f"q-{name}", text) for name, text in sections.items()),
    )
    index.put_all([document])
    return document
