"""What a document of portable content holds, record by record."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Generic, TypeVar

from django.utils import timezone
from pydantic import AfterValidator, AwareDatetime, Base64Bytes

from publishing.models import SLUG_LENGTH, State
from publishing.values import Line, Page, Reference, Text, Value

FORMAT = 1
MAX_DOCUMENT_MEGABYTES = 500
SUBJECTS_PER_BATCH = 200
LOADED_NOTE = "Loaded from portable content"
DOCUMENT_DESCRIPTION = (
    "The content of a rare-disease information site: its pages, live and in work. This is no backup: it holds no "
    "history, no staff notes, no questions without an answer, nothing that waits for approval and no accounts."
)


class PortableError(Exception):
    """Content cannot be read or written as asked; each problem is a line for a person."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _check_slug(slug: str) -> str:
    if not re.fullmatch(rf"[-a-zA-Z0-9_]{{1,{SLUG_LENGTH}}}", slug):
        raise ValueError(f"is no address: it takes 1 to {SLUG_LENGTH} unaccented letters, digits, hyphens and _")
    return slug


Slug = Annotated[str, AfterValidator(_check_slug)]
_Page = TypeVar("_Page", bound=Page)


class NoteValue(Value):
    note: Text = ""


class ReasonValue(Value):
    reason: Text = ""


class Withdrawal(Value, Generic[_Page]):
    """`page` is the last that readers saw, where the working copy says something else by now."""

    page: _Page | None = None
    reason: Text = ""
    successor: Reference | None = None


class FileValue(Value):
    """What a page shows besides words, a picture, say. Pages name it by its digest, the SHA-256 of its content."""

    digest: Line
    content: Base64Bytes


class SubjectDocument(Value, Generic[_Page]):
    """One subject. `working` is the working copy, where it says something else than the live page.

    The origins say what brought the words of the page that readers see or saw last, and those of the working copy,
    where no person wrote them.
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
    working: _Page | None = None
    working_origin: Line = ""

    @property
    def current(self) -> Any:
        """What the working copy says."""
        return self.working or self.live

    @property
    def last_seen(self) -> Any:
        """What readers see, or saw last; None where they never saw anything."""
        return self.live or (self.withdrawn and (self.withdrawn.page or self.working))

    def pages(self) -> Iterator[tuple[str, Any]]:
        """Every page that the record holds, with its path."""
        named = [("live", self.live), ("working", self.working)]
        named.append(("withdrawn.page", self.withdrawn.page if self.withdrawn else None))
        return ((name, page) for name, page in named if page)

    def faults(self) -> Iterator[tuple[str, str]]:
        """What contradicts itself in a record whose every field is right: path and reason."""
        if not self.current:
            yield "", "holds neither a live nor a working page"
            return
        if self.current.slug != self.slug:
            yield ".slug", f"is not the address of the working copy, “{self.current.slug}”"
        if self.live and self.withdrawn:
            yield ".withdrawn", "stands beside a live page"
        if self.last_seen and self.last_seen.slug not in self.addresses:
            yield ".addresses", f"lacks “{self.last_seen.slug}”, where the page was live"
        if len(set(self.addresses)) < len(self.addresses):
            yield ".addresses", "names an address twice"
        if self.live and self.live == self.working:
            yield ".working", "says the same as the live page: leave it out"
        if self.ready and not self.working:
            yield ".ready", "stands without a working page: what is live already has nothing to be ready for"
        named = {digest for _name, page in self.pages() for digest in page.files()}
        for number, file in enumerate(self.files):
            if hashlib.sha256(file.content).hexdigest() != file.digest:
                yield f".files[{number}]", "is not the file of its digest"
        given = [file.digest for file in self.files]
        if missing := named - set(given):
            yield ".files", f"lacks what the pages show: {', '.join(sorted(missing))}"
        if len(given) > len(named):
            yield ".files", "holds what no page shows, or one file twice"
        for name in ["published_at", "updated_at"]:
            moment = getattr(self, name)
            if moment and not self.live:
                yield f".{name}", "stands without a live page"
            if moment and moment > timezone.now() + timedelta(days=1):
                yield f".{name}", "lies in the future"
        state = _state(self.trashed, self.live, self.working, self.ready, self.withdrawn)
        if self.state != state:
            yield ".state", f"is “{self.state}”, but what the record holds makes it “{state}”"


def _state(trashed: Any, live: Any, working: Any, ready: Any, withdrawn: Any) -> State:
    if trashed:
        return State.TRASHED
    if ready:
        return State.READY
    if live:
        return State.CHANGED if working else State.LIVE
    return State.WITHDRAWN if withdrawn else State.DRAFT


def _json_lines(value: Any, indent: str = "") -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).replace("\n", f"\n{indent}")


def _subject_batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + SUBJECTS_PER_BATCH] for start in range(0, len(values), SUBJECTS_PER_BATCH))
