"""The form of portable content: what each line holds, and which contents contradict each other.

The first line is the head, and every other line is one subject.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Generic, TypeVar

from django.utils import timezone
from pydantic import AfterValidator, AwareDatetime, Base64Bytes, Field

from publishing.models import SLUG_LENGTH, State, kinds
from publishing.values import Line, Page, Reference, Text, Value

MAX_LINE_MEGABYTES = 100  # with the pictures of the subject
SUBJECTS_PER_BATCH = 200
SUBJECTS_PER_WRITE = 20  # in one transaction, for which others wait
LOADED_NOTE = "Loaded from portable content"
DOCUMENT_DESCRIPTION = (
    "The content of a rare-disease information site: its live pages and drafts. This is no backup: it holds no "
    "history, no staff notes, no questions without an answer, nothing that waits for approval and no accounts."
)


class PortableError(Exception):
    """Content cannot be read or written. Each problem is one line for a person."""

    is_loaded_in_part = False
    """True where somebody changed the site between the check and the writing of the later subjects."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _check_slug(slug: str) -> str:
    if not re.fullmatch(rf"[-a-zA-Z0-9_]{{1,{SLUG_LENGTH}}}", slug):
        raise ValueError(f"is not an address: use 1 to {SLUG_LENGTH} unaccented letters, digits, hyphens and _")
    return slug


Slug = Annotated[str, AfterValidator(_check_slug)]
_Page = TypeVar("_Page", bound=Page)
_Batched = TypeVar("_Batched")


def _check_schemas(schemas: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    for name, schema in schemas:
        if name in kinds() and not 1 <= schema <= kinds()[name].PAGE.SCHEMA:
            raise ValueError(f"has {schema} for {name}; this site reads up to {kinds()[name].PAGE.SCHEMA}")
    return schemas


class Head(Value):
    """The first line, with the number of each kind's schema. `unresolved` has the references of old pages that lead
    nowhere on the other site either.
    """

    about: Text = ""
    format: Annotated[int, Field(ge=1, le=1)]
    schemas: Annotated[tuple[tuple[str, int], ...], AfterValidator(_check_schemas)] = ()
    unresolved: tuple[Reference, ...] = ()


class NoteValue(Value):
    note: Text = ""


class ReasonValue(Value):
    reason: Text = ""


class Withdrawal(Value, Generic[_Page]):
    """`page` is the last page that readers saw, where the draft now says something else."""

    page: _Page | None = None
    reason: Text = ""
    successor: Reference | None = None


class FileValue(Value):
    """A file that a page shows, such as a picture. Pages name it by the SHA-256 of its content."""

    digest: Line
    content: Base64Bytes


class SubjectDocument(Value, Generic[_Page]):
    """One subject. `draft` is the draft, where it differs from the live page.

    The origins say where the texts come from, if no person wrote them: of the page that readers see or saw last, and of
    the draft.
    """

    addresses: tuple[Slug, ...] = ()
    trashed: ReasonValue | None = None
    files: tuple[FileValue, ...] = ()
    kind: Line
    live: _Page | None = None
    live_origin: Line = ""
    published_at: AwareDatetime | None = None
    ready: NoteValue | None = None
    slug: Slug
    state: State
    updated_at: AwareDatetime | None = None
    withdrawn: Withdrawal[_Page] | None = None
    draft: _Page | None = None
    draft_origin: Line = ""

    @property
    def current(self) -> _Page:
        """The page of the draft. Raises ValueError where the record has none."""
        page = self.draft or self.live
        if page is None:
            raise ValueError("The record has neither a live nor a draft page.")
        return page

    @property
    def last_public_page(self) -> _Page | None:
        """The page that readers see or saw last, or None where they never saw one."""
        if self.live or not self.withdrawn:
            return self.live
        return self.withdrawn.page or self.draft

    def pages(self) -> Iterator[tuple[str, _Page]]:
        """Yields every page of the record with its path."""
        pages = [("live", self.live), ("draft", self.draft)]
        pages.append(("withdrawn.page", self.withdrawn.page if self.withdrawn else None))
        return ((path, page) for path, page in pages if page)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yields a path and a reason for each value that contradicts another value of the record."""
        if not (self.draft or self.live):
            yield "", "holds neither a live nor a draft page"
            return
        if self.current.slug != self.slug:
            yield ".slug", f"is not the address of the draft, “{self.current.slug}”"
        if self.live and self.withdrawn:
            yield ".withdrawn", "cannot be there together with a live page"
        if self.last_public_page and self.last_public_page.slug not in self.addresses:
            yield ".addresses", f"lacks “{self.last_public_page.slug}”, where the page was live"
        if len(set(self.addresses)) < len(self.addresses):
            yield ".addresses", "names an address twice"
        if self.live and self.live == self.draft:
            yield ".draft", "says the same as the live page: leave it out"
        if self.ready and not self.draft:
            yield ".ready", "needs a draft page: a live page cannot be ready to publish"
        used = {digest for _path, page in self.pages() for digest in page.files()}
        for number, file in enumerate(self.files):
            if hashlib.sha256(file.content).hexdigest() != file.digest:
                yield f".files[{number}]", "has another content than its digest says"
        given = [file.digest for file in self.files]
        if missing := used - set(given):
            yield ".files", f"lacks files that the pages show: {', '.join(sorted(missing))}"
        if len(given) > len(used):
            yield ".files", "has a file that no page shows, or the same file twice"
        for name in ["published_at", "updated_at"]:
            moment = getattr(self, name)
            if moment and not self.live:
                yield f".{name}", "cannot be there without a live page"
            if moment and moment > timezone.now() + timedelta(days=1):
                yield f".{name}", "is in the future"
        state = record_state(**{name: bool(getattr(self, name)) for name in STATE_FIELDS})
        if self.state != state:
            yield ".state", f"is “{self.state}”, but by its contents the record is “{state}”"


STATE_FIELDS = ["trashed", "live", "draft", "ready", "withdrawn"]


def record_state(*, trashed: bool, live: bool, draft: bool, ready: bool, withdrawn: bool) -> State:
    """Returns the state of a subject by what its record holds."""
    if trashed:
        return State.TRASHED
    if ready:
        return State.READY
    if live:
        return State.CHANGED if draft else State.LIVE
    return State.WITHDRAWN if withdrawn else State.DRAFT


def to_json(value: Any) -> str:
    """Returns a JSON value as one line, in the same bytes for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def subject_batches(values: Sequence[_Batched]) -> Iterator[Sequence[_Batched]]:
    """Yields the values in batches of `SUBJECTS_PER_BATCH`."""
    return (values[start : start + SUBJECTS_PER_BATCH] for start in range(0, len(values), SUBJECTS_PER_BATCH))
