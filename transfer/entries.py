"""Reads the records of a document, validates them and compares them with each other, without asking the database."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from uuid import UUID

import pydantic

from publishing.models import Publishable, kinds
from publishing.values import Page, Reference
from transfer.document import Head, PortableError, SubjectDocument
from transfer.reading import DocumentLines, nested_values, problems_of


@dataclass
class SubjectEntry:
    """What the reader keeps of one record while it reads the others."""

    number: int
    """The number of its line."""
    place: int
    """Where its line begins in the file."""
    name: str = "?"
    kind: type[Publishable] | None = None
    slug: str = ""
    addresses: tuple[str, ...] = ()
    references: list[tuple[str, Reference]] = field(default_factory=list)
    keys: dict[UUID, str] = field(default_factory=dict)
    is_valid: bool = True
    can_be_named: bool = False
    """Whether its row can be created, so that other records can refer to it. Its own references may still be wrong."""
    pk: int | None = None
    is_new: bool = True
    successor: Reference | None = None
    is_trashed: bool = False
    is_ready: bool = False
    is_withdrawn: bool = False
    current: str = ""
    """The path of the page of the draft: ".draft" or ".live"."""

    @property
    def path(self) -> str:
        return f"line {self.number}"

    def at(self, path: str) -> str:
        """Returns where a value of the record is, for a person."""
        return f"{', '.join(filter(None, [self.path, path.removeprefix('.')]))} ({self.name})"


class DocumentReader:
    """Reads all records of a document. It collects every problem with its place, and goes on with the next record."""

    def __init__(self, file: BinaryIO) -> None:
        self.lines = DocumentLines(file)
        self.entries = [SubjectEntry(number, place) for number, place in self.lines.places[1:]]
        self.problems: list[tuple[int, str]] = []
        self.head = Head(format=1)

    def read_all(self) -> None:
        self.read_head()
        for entry in self.entries:
            self.read(entry)
        self.find_conflicts()

    def add_problem(self, entry: SubjectEntry, path: str, reason: str | Exception) -> None:
        """Saves a problem for the report, and marks the record as not valid."""
        entry.is_valid = False
        self.problems.append((entry.number, f"{entry.at(path)}: {reason}"))

    def read_head(self) -> None:
        """Reads the first line. Raises PortableError, since the records depend on it."""
        number, place = self.lines.places[0]
        try:
            self.head = Head.model_validate_json(json.dumps(self.lines.value(place)), strict=True)
        except pydantic.ValidationError as error:
            problems = [(", ".join(filter(None, [f"line {number}", path])), why) for path, why in problems_of(error)]
            raise PortableError(*(f"{place}: {why}" for place, why in problems)) from error
        except ValueError as error:
            raise PortableError(f"line {number}: {error}") from error

    def read(self, entry: SubjectEntry) -> None:
        """Validates one record and keeps in its entry what the other records need to know."""
        try:
            content = self.lines.value(entry.place)
        except ValueError as error:
            return self.add_problem(entry, "", error)
        if not isinstance(content, dict):
            return self.add_problem(entry, "", "should be an object")
        name, slug = content.get("kind"), content.get("slug")
        entry.name = f"{name} {slug}"
        if not isinstance(name, str) or name not in kinds():
            return self.add_problem(entry, ".kind", f"should be one of {', '.join(sorted(kinds()))}")
        entry.kind, entry.slug = kinds()[name], slug if isinstance(slug, str) else ""
        addresses = content.get("addresses")
        if isinstance(addresses, list):
            entry.addresses = tuple(address for address in addresses if isinstance(address, str))
        if re.search("[\ud800-\udfff]", json.dumps(content, ensure_ascii=False)):
            return self.add_problem(entry, "", "contains half a character, which no database can store")
        try:
            record = self.parse(entry.kind, content)
        except pydantic.ValidationError as error:
            for path, reason in problems_of(error):
                self.add_problem(entry, f".{path}", reason)
            return None
        for path, reason in record.contradictions():
            self.add_problem(entry, path, reason)
        entry.is_trashed, entry.is_ready = bool(record.trashed), bool(record.ready)
        entry.is_withdrawn = bool(record.withdrawn)
        entry.current = ".draft" if record.draft else ".live"
        for path, page in record.pages():
            self.check_page(entry, f".{path}", page)
        if record.withdrawn and record.withdrawn.successor:
            entry.successor = record.withdrawn.successor
            if entry.successor.kind != name:
                self.add_problem(entry, ".withdrawn.successor.kind", f"should be {name}, the kind of the record")
            else:
                entry.references.append((".withdrawn.successor", entry.successor))
        return None

    def parse(self, kind: type[Publishable], content: dict[str, Any]) -> SubjectDocument[Page]:
        """Returns the record as a value, by today's rules. Pages of an older shape are translated first."""
        schema, withdrawn = dict(self.head.schemas).get(kind.KIND, kind.PAGE.SCHEMA), content.get("withdrawn")
        if schema < kind.PAGE.SCHEMA:
            for part, name in [(content, "live"), (content, "draft"), (withdrawn, "page")]:
                if isinstance(part, dict) and isinstance(part.get(name), dict):
                    part[name] = kind.PAGE.upgrade(part[name], schema)
        return SubjectDocument[kind.PAGE].model_validate_json(json.dumps(content), strict=True)  # type: ignore[name-defined]

    def record(self, entry: SubjectEntry) -> tuple[type[Publishable], SubjectDocument[Page]]:
        """Returns the kind and the content of a valid record, which is read again to save memory."""
        assert entry.kind  # noqa: S101 # every valid record has a kind
        return entry.kind, self.parse(entry.kind, self.lines.value(entry.place))

    def check_page(self, entry: SubjectEntry, path: str, page: Page) -> None:
        """Checks the title, the references and the keys of a page, and collects them."""
        max_length = entry.kind._meta.get_field("name").max_length if entry.kind else None
        if not page.title.strip():
            self.add_problem(entry, f"{path}.title", "is empty")
        if max_length and len(page.title) > max_length:
            self.add_problem(entry, f"{path}.title", f"has {len(page.title):,} characters; at most {max_length:,} fit")
        keys: set[UUID] = set()
        for place, value in nested_values(page, path):
            if isinstance(value, Reference):
                if value.kind in kinds():
                    entry.references.append((place, value))
                else:
                    self.add_problem(entry, f"{place}.kind", f"should be one of {', '.join(sorted(kinds()))}")
            key = getattr(value, "key", None)
            if isinstance(key, UUID):
                if key in keys:
                    self.add_problem(entry, f"{place}.key", f"is on the page twice: {key}")
                keys.add(key)
                entry.keys.setdefault(key, place)

    def find_conflicts(self) -> None:
        """Adds a problem where two records of the file have the same slug, address or key."""
        owners: dict[tuple[str, type[Publishable] | None, str | UUID], SubjectEntry] = {}
        for entry in self.entries:
            if entry.kind is None:
                continue
            claims: list[tuple[str, type[Publishable] | None, str | UUID, str]] = []
            if entry.slug:
                claims.append((".slug", entry.kind, entry.slug, f"“{entry.slug}”"))
            claims += [(".addresses", entry.kind, slug, f"“{slug}”") for slug in set(entry.addresses)]
            claims += [("key", None, key, str(key)) for key in entry.keys]
            for sort, kind, value, text in claims:
                path = f"{entry.keys[value]}.key" if isinstance(value, UUID) else sort
                owner = owners.setdefault((sort, kind, value), entry)
                if owner is not entry:
                    self.add_problem(entry, path, f"{text} is also used by {owner.path}")
