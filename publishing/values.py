"""Page values: what a page says. They know nothing about how it is stored."""

import hashlib
import json
import re
from datetime import date
from enum import Enum
from typing import Annotated, Any, ClassVar, Self, TypeAlias
from uuid import UUID

from django.utils.functional import Promise
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

from publishing.prose import sanitize
from publishing.sorting import sort_key
from search.documents import Document, Name

STORED = "stored"
"""The validation context of a stored page, which must open even if today's limits would reject it."""


def limit(characters: int) -> AfterValidator:
    """Returns a validator that rejects text that PostgreSQL cannot store in a column of this length. SQLite could."""

    def check(text: str, info: ValidationInfo) -> str:
        if info.context == STORED:
            return text
        if re.search("[\x00\ud800-\udfff]", text):
            raise ValueError("contains a NUL character or half a character, which PostgreSQL cannot store")
        if len(text) > characters:
            raise ValueError(f"has {len(text):,} characters; at most {characters:,} fit")
        return text

    return AfterValidator(check)


def _matches_pattern(pattern: str, what: str) -> AfterValidator:
    """Returns a validator that rejects text that does not match; in a stored page it removes that text instead."""

    def check(text: str, info: ValidationInfo) -> str:
        if not text or re.fullmatch(pattern, text):
            return text
        if info.context == STORED:
            return ""
        raise ValueError(f"is not {what}")

    return AfterValidator(check)


LINE_LENGTH = 250
TEXT_LENGTH = 100_000

Line = Annotated[str, limit(LINE_LENGTH)]
Text = Annotated[str, limit(TEXT_LENGTH)]
URL = r"https?://\S+"
EMAIL = r"[^\s@]+@[^\s@]+"
Url = Annotated[Line, _matches_pattern(URL, "an address that begins with http:// or https://")]
Email = Annotated[Line, _matches_pattern(EMAIL, "an e-mail address")]
# Sanitised whenever a page is made or opened: a template may print it without escaping.
Html = Annotated[str, limit(TEXT_LENGTH), AfterValidator(sanitize)]


def is_html(value: type[BaseModel], name: str) -> bool:
    """Returns whether a field holds HTML. Such fields are compared by their words, not by their tags."""
    return any(getattr(rule, "func", None) is sanitize for rule in value.model_fields[name].metadata)


class Value(BaseModel):
    """A frozen part of a page. Collections are tuples, since a list could change in a frozen value too."""

    LABELS: ClassVar[dict[str, str | Promise]] = {}
    """The labels of fields for readers, where those of the row's fields do not fit: see `publishing.labels`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __getitem__(self, name: str) -> object:
        """Returns an attribute. Templates look for a key first: without keys, each look-up would raise an error."""
        return getattr(self, name)

    def display_name(self) -> "FieldValue":
        """Returns what distinguishes this row from other rows of its sort: its first field."""
        return next(getattr(self, name) for name in type(self).model_fields if name != "key")


FieldValue: TypeAlias = str | int | date | Enum | UUID | Value | tuple["FieldValue", ...] | None
"""What a field of a page may hold."""


class Reference(Value):
    """Names another subject by its kind and by an address that it has or once had."""

    kind: Line
    slug: Line


class Page(Value):
    """Everything that the public page of one subject says.

    Raise `SCHEMA` and extend `upgrade()` when stored pages no longer fit. A new field with a default needs neither.
    """

    SCHEMA: ClassVar[int] = 1

    title: Line
    slug: Line

    def references(self) -> tuple[Reference, ...]:
        """Returns the subjects that this page mentions, each once, in the page's order."""
        return ()

    def files(self) -> tuple[str, ...]:
        """Returns the digests of the files that this page shows, such as a picture, each once."""
        return ()

    def document(self, kind: str, label: str, key: int, url: str) -> Document:
        """Returns what the search index knows of the page. `label` is the word for its kind that readers see."""
        names = (Name(self.title),)
        return Document(kind, label, key, url, self.title, sort_key(self.title), names)

    def content(self) -> dict[str, Any]:
        """Returns the page as JSON values, without defaults, so that a new field keeps the digests of old pages."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def digest(self) -> str:
        """Returns the SHA-256 of the content as canonical JSON: equal pages have equal digests on every database."""
        text = json.dumps(self.content(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def upgrade(cls, content: dict[str, Any], schema: int) -> dict[str, Any]:
        """Returns content of an older schema in today's shape."""
        return content

    @classmethod
    def open(cls, content: dict[str, Any], schema: int) -> Self:
        """Opens a stored page, even if it has unknown fields or breaks today's limits."""
        return cls.model_validate(cls.upgrade(content, schema), context=STORED, extra="ignore")
