"""Rows to test with: plain functions, every one with what it takes to be valid."""

import io
import itertools
from datetime import date
from typing import TypeVar

from django.contrib.auth.models import Group
from django.db.models import Model
from PIL import Image

from accounts.models import User
from community.models import Picture, Portrait
from community.pictures import read_picture
from diseases.models import Disease, Identifier, Question, Source, Support, Synonym
from organizations.models import Organization
from publishing.models import Publishable
from publishing.sorting import sort_key
from publishing.verbs import publish, save_edition
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
    n = next(numbers)
    organization = Organization.objects.create(
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
    return put_live(organization) if live else organization


def make_source(**fields: FieldValue) -> Source:
    n = next(numbers)
    return Source.objects.create(**{"name": f"Source {n}", "url": "https://source.example.org/"} | fields)


def make_question(disease: Disease, **fields: FieldValue) -> Question:
    n = next(numbers)
    defaults = {
        "disease": disease,
        "topic": "causes",
        "question": f"What causes it, number {n}?",
        "answer": f"<p>Answer {n}.</p>",
        "position": n,
    }
    return Question.objects.create(**defaults | fields)


def make_disease(
    *, live: bool = True, questions: int = 1, organizations: list[Organization] | None = None, **fields: FieldValue
) -> Disease:
    n = next(numbers)
    disease = Disease.objects.create(**{"name": f"Disease {n:04}", "summary": f"Summary {n}."} | fields)
    Synonym.objects.create(disease=disease, text=f"Synonym {n}", position=1)
    Identifier.objects.create(disease=disease, scheme="ORPHA", value=str(n), position=1)
    for _ in range(questions):
        make_question(disease)
    for position, organization in enumerate(organizations or [], start=1):
        Support.objects.create(disease=disease, organization=organization, position=position)
    return put_live(disease) if live else disease


def make_picture(colour: str = "teal", size: tuple[int, int] = (60, 40)) -> Picture:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return Picture.objects.store(read_picture(file))


def make_portrait(*, live: bool = True, **fields: FieldValue) -> Portrait:
    n = next(numbers)
    defaults = {
        "name": f"Person {n}",
        "relation": "mother of a girl",
        "words": f"Words {n}.",
        "consent_on": date(2026, 5, 3),
        "consent_note": "By letter.",
    }
    portrait = Portrait.objects.create(**defaults | fields)
    return put_live(portrait) if live else portrait


def put_live(subject: Subject) -> Subject:
    publish(save_edition(subject, by="factory"), by=make_publisher())
    subject.refresh_from_db()
    return subject


def make_entry(
    title: str, *names: str, codes: tuple[str, ...] = (), about: str = "", kind: str = "disease", **sections: str
) -> Document:
    """A document in the index, without a page behind it. Each section is called by its heading, with _ for spaces."""
    n = next(numbers)
    document = Document(
        kind=kind,
        key=n,
        url=f"/{n}/",
        title=title,
        sort_key=sort_key(title),
        names=(Name(title), *(Name(name, "also called") for name in names)),
        codes=codes,
        about=about,
        sections=tuple(DocumentSection(name.replace("_", " "), f"q-{name}", text) for name, text in sections.items()),
    )
    index.put(document)
    return document
