"""The records of a document, read and compared with each other before anything of the site is asked."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pydantic

from publishing.models import Publishable, kinds
from publishing.values import Page, Reference
from transfer.document import FORMAT, PortableError, SubjectDocument
from transfer.reading import HEAD, _half_characters, _Json, _path, _problem_text, _values


@dataclass
class SubjectEntry:
    """What must be known of one record while others are read."""

    number: int
    name: str = "?"
    kind: type[Publishable] | None = None
    slug: str = ""
    addresses: tuple[str, ...] = ()
    references: list[tuple[str, Reference]] = field(default_factory=list)
    keys: dict[UUID, str] = field(default_factory=dict)
    is_good: bool = True
    pk: int | None = None
    is_new: bool = True
    successor: Reference | None = None
    is_trashed: bool = False
    is_ready: bool = False
    is_withdrawn: bool = False
    current: str = ""

    @property
    def path(self) -> str:
        return f"subjects[{self.number}]"


class DocumentReader:
    """All records of a document. A fault is noted with its place, and hides none of another record."""

    def __init__(self, text: str) -> None:
        self.json = _Json(text)
        self.entries = [SubjectEntry(number) for number in range(len(self.json.starts))]
        self.problems: list[tuple[int, str]] = []
        self.schemas: dict[str, int] = {}
        self.unresolved: set[Reference] = set()

    def read_all(self) -> None:
        self.read_head()
        for entry in self.entries:
            self.read(entry)
        self.compare()

    def good(self) -> list[SubjectEntry]:
        return [entry for entry in self.entries if entry.is_good]

    def fault(self, entry: SubjectEntry, path: str, reason: Any) -> None:
        entry.is_good = False
        self.problems.append((entry.number, f"{entry.path}{path} ({entry.name}): {reason}"))

    def read_head(self) -> None:
        head, problems = self.json.head, []
        number = head.get("format")
        if type(number) is not int or number != FORMAT:
            raise PortableError(f"format: is {json.dumps(number)}; this site reads format {FORMAT}.")
        problems += [f"{name}: is not a field that this site knows" for name in head if name not in HEAD]
        if head.get("subjects") != []:
            problems.append("subjects: should be a list")
        schemas = head.get("schemas", {})
        if not isinstance(schemas, dict) or any(type(schema) is not int for schema in schemas.values()):
            problems.append("schemas: should be an object of whole numbers")
        else:
            self.schemas = schemas
            problems += [
                f"schemas.{name}: is {schema}; this site reads up to {kinds()[name].PAGE.SCHEMA}"
                for name, schema in schemas.items()
                if name in kinds() and not 1 <= schema <= kinds()[name].PAGE.SCHEMA
            ]
        try:
            unresolved = pydantic.TypeAdapter(list[Reference]).validate_python(head.get("unresolved", []), strict=True)
            self.unresolved = set(unresolved)
        except pydantic.ValidationError as error:
            problems += [f"{_path(('unresolved', *fault['loc']))}: {_problem_text(fault)}" for fault in error.errors()]
        if problems:
            raise PortableError(*problems)

    def read(self, entry: SubjectEntry) -> None:
        content = self.json.subject(entry.number)
        if not isinstance(content, dict):
            return self.fault(entry, "", "should be an object")
        name, slug = content.get("kind"), content.get("slug")
        entry.name = f"{name} {slug}"
        if not isinstance(name, str) or name not in kinds():
            return self.fault(entry, ".kind", f"should be one of {', '.join(sorted(kinds()))}")
        entry.kind, entry.slug = kinds()[name], slug if isinstance(slug, str) else ""
        addresses = content.get("addresses")
        entry.addresses = tuple(filter(lambda one: isinstance(one, str), addresses if type(addresses) is list else []))
        if lost := list(_half_characters(content, "")):
            for path in lost:
                self.fault(entry, path, "contains half a character, which nothing can store")
            return None
        try:
            record = self.parse(entry.kind, content)
        except pydantic.ValidationError as error:
            for fault in error.errors():
                self.fault(entry, f".{_path(fault['loc'])}", _problem_text(fault))
            return None
        for path, reason in record.faults():
            self.fault(entry, path, reason)
        entry.is_trashed, entry.is_ready = bool(record.trashed), bool(record.ready)
        entry.is_withdrawn = bool(record.withdrawn)
        entry.current = ".working" if record.working else ".live"
        for path, page in record.pages():
            self.look_through(entry, f".{path}", page)
        if record.withdrawn and record.withdrawn.successor:
            entry.successor = record.withdrawn.successor
            if entry.successor.kind != name:
                self.fault(entry, ".withdrawn.successor.kind", f"should be {name}, as the record")
            else:
                entry.references.append((".withdrawn.successor", entry.successor))
        return None

    def parse(self, kind: type[Publishable], content: dict[str, Any]) -> SubjectDocument[Any]:
        """The record as a value, under the rules of today. Pages of an older shape are translated first."""
        schema, withdrawn = self.schemas.get(kind.KIND, kind.PAGE.SCHEMA), content.get("withdrawn")
        if schema < kind.PAGE.SCHEMA:
            for part, name in [(content, "live"), (content, "working"), (withdrawn, "page")]:
                if isinstance(part, dict) and isinstance(part.get(name), dict):
                    part[name] = kind.PAGE.upgrade(part[name], schema)
        return SubjectDocument[kind.PAGE].model_validate_json(json.dumps(content), strict=True)  # type: ignore[name-defined]

    def record(self, entry: SubjectEntry) -> tuple[type[Publishable], SubjectDocument[Any]]:
        """A record that was found good, read again."""
        assert entry.kind  # noqa: S101 # it was found good
        return entry.kind, self.parse(entry.kind, self.json.subject(entry.number))

    def look_through(self, entry: SubjectEntry, path: str, page: Page) -> None:
        longest = entry.kind._meta.get_field("name").max_length if entry.kind else None
        if not page.title.strip():
            self.fault(entry, f"{path}.title", "says nothing")
        if longest and len(page.title) > longest:
            self.fault(entry, f"{path}.title", f"has {len(page.title):,} characters; at most {longest:,} fit")
        here: set[UUID] = set()
        for place, value in _values(page, path):
            if isinstance(value, Reference):
                if value.kind in kinds():
                    entry.references.append((place, value))
                else:
                    self.fault(entry, f"{place}.kind", f"should be one of {', '.join(sorted(kinds()))}")
            key = getattr(value, "key", None)
            if isinstance(key, UUID):
                if key in here:
                    self.fault(entry, f"{place}.key", f"stands twice on the page: {key}")
                here.add(key)
                entry.keys.setdefault(key, place)

    def compare(self) -> None:
        """Finds what two records of the file both claim."""
        slugs: dict[Any, SubjectEntry] = {}
        addresses: dict[Any, SubjectEntry] = {}
        keys: dict[UUID, SubjectEntry] = {}
        for entry in self.entries:
            if entry.kind is None:
                continue
            claims = [(slugs, (entry.kind, entry.slug), ".slug", f"“{entry.slug}”")] if entry.slug else []
            claims += [(addresses, (entry.kind, slug), ".addresses", f"“{slug}”") for slug in set(entry.addresses)]
            claims += [(keys, key, f"{path}.key", str(key)) for key, path in entry.keys.items()]  # type: ignore[misc]
            for taken, claim_, path, word in claims:
                other = taken.setdefault(claim_, entry)
                if other is not entry:
                    self.fault(entry, path, f"{word} is claimed by {other.path} too")
