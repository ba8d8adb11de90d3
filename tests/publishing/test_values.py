"""Page values are frozen, have limits, and open even after years."""

import json
import types
import typing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from diseases.values import DiseasePage
from organizations.values import OrganizationPage
from publishing.models import kinds
from publishing.values import LINE_LENGTH, Value

STORED_EDITIONS = sorted((Path(__file__).parent / "stored").glob("*.json"))


def values(cls=Value):
    for sub in cls.__subclasses__():
        yield sub
        yield from values(sub)


@pytest.mark.parametrize("value", list(values()), ids=lambda value: value.__name__)
def test_a_value_cannot_hold_anything_that_changes(value):
    def mutable(annotation):
        origin = typing.get_origin(annotation) or annotation
        if origin in {list, dict, set}:
            return True
        if isinstance(origin, type) and issubclass(origin, BaseModel):
            return not origin.model_config.get("frozen")
        return any(mutable(part) for part in typing.get_args(annotation) if part is not types.NoneType)

    assert value.model_config["frozen"]
    assert [name for name, field in value.model_fields.items() if mutable(field.annotation)] == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": "a\x00b"}, "NUL"),
        ({"title": "x" * (LINE_LENGTH + 1)}, "at most 250"),
        ({"title": "x", "motto": "y"}, "Extra inputs"),
        ({"title": "x", "website": "javascript:alert(1)"}, "begins with http"),
        ({"title": "x", "email": "a b@c"}, "e-mail"),
        ({"title": "\ud800"}, "half a character"),
    ],
)
def test_a_page_rejects_what_no_database_stores_and_unknown_fields(fields, reason):
    with pytest.raises(ValidationError, match=reason):
        OrganizationPage(slug="x", **fields)


def test_content_and_digest_leave_out_defaults():
    page = OrganizationPage(title="A", slug="a")

    assert page.content() == {"title": "A", "slug": "a"}
    assert page.digest() == OrganizationPage(title="A", slug="a", city="", phone=None).digest()
    assert page.digest() != OrganizationPage(title="A", slug="a", city="B").digest()


def test_a_stored_page_opens_despite_unknown_fields_and_old_lengths():
    content = {"title": "x" * 999, "slug": "x", "motto": "of another day", "website": "javascript:alert(1)"}

    page = OrganizationPage.open(content, schema=1)

    assert (page.title, page.website) == ("x" * 999, "")


@pytest.mark.parametrize("path", STORED_EDITIONS, ids=lambda path: path.stem)
def test_an_edition_of_every_past_schema_opens(path):
    stored = json.loads(path.read_text(encoding="utf-8"))

    page = kinds()[stored["kind"]].PAGE.open(stored["content"], stored["schema"])

    assert {name: getattr(page, name) for name in stored["expected"]} == stored["expected"]


def test_there_is_a_stored_edition_of_every_schema_of_every_kind():
    stored = {
        (data["kind"], data["schema"]) for data in map(json.loads, (p.read_text("utf-8") for p in STORED_EDITIONS))
    }

    assert stored >= {(kind, n) for kind, model in kinds().items() for n in range(1, model.PAGE.SCHEMA + 1)}


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)


@given(title=text, summary=text)
def test_a_page_is_equal_to_the_page_of_its_content(title, summary):
    page = DiseasePage(title=title, slug="x", summary=summary)

    assert DiseasePage.open(json.loads(json.dumps(page.content())), schema=1) == page
