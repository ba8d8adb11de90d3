"""Values: what a page says, and nothing about where it is stored."""

import hashlib
import json
import re
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

from publishing.prose import sanitize
from publishing.sorting import sort_key
from search.documents import Document, Name

STORED = "stored"
"""Validation context of a stored page, which must open even where today's limits would refuse it."""


def limit(characters: int) -> AfterValidator:
    """Refuses what the column of a row would not hold: SQLite takes it, PostgreSQL does not."""

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
    """Refuses what a link must not be made of; in a page of another day it is left out instead."""

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
# Sanitised whenever a page is made or opened, so that a template may print it as it is.
Html = Annotated[str, limit(TEXT_LENGTH), AfterValidator(sanitize)]


def is_html(value: type[BaseModel], name: str) -> bool:
    """Whether a field holds HTML, whose words are compared and not its tags."""
    return any(getattr(rule, "func", None) is sanitize for rule in value.model_fields[name].metadata)


class Value(BaseModel):
    """A frozen part of a page. Collections are tuples: "frozen" would still let a list change."""

    LABELS: ClassVar[dict[str, Any]] = {}
    """What editors and readers call a field, where its name with spaces is not it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def label_of(cls, name: str) -> str:
        return str(cls.LABELS.get(name, name.replace("_", " ").capitalize()))

    def display_name(self) -> Any:
        """What tells it from others of its sort: the first thing that it says."""
        return next(getattr(self, name) for name in type(self).model_fields if name != "key")


class Reference(Value):
    """Names another subject by its kind and an address that is or was its own."""

    kind: Line
    slug: Line


class Page(Value):
    """Everything that the public page of one subject says.

    `SCHEMA` rises when the shape changes so that `upgrade()` must translate; a new field with a default needs neither.
    """

    SCHEMA: ClassVar[int] = 1

    title: Line
    slug: Line

    def references(self) -> tuple[Reference, ...]:
        """The subjects that this page mentions, each once, in the page's order."""
        return ()

    def files(self) -> tuple[str, ...]:
        """The digests of what this page shows besides words, each once."""
        return ()

    def document(self, kind: str, key: int, url: str) -> Document:
        """The page as the search index knows it."""
        return Document(
            kind=kind, key=key, url=url, title=self.title, sort_key=sort_key(self.title), names=(Name(self.title),)
        )

    def content(self) -> dict[str, Any]:
        """The page as JSON values. Defaults stay out, so that a new field does not change an old page's digest."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def digest(self) -> str:
        """SHA-256 over the content in one canonical spelling: the same words, the same digest, on any database."""
        text = json.dumps(self.content(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def upgrade(cls, content: dict[str, Any], schema: int) -> dict[str, Any]:
        """Content of an older schema in today's shape."""
        return content

    @classmethod
    def open(cls, content: dict[str, Any], schema: int) -> Self:
        """A stored page. Unknown fields and today's limits are no reason not to open it."""
        return cls.model_validate(cls.upgrade(content, schema), context=STORED, extra="ignore")
