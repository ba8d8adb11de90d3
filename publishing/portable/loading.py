"""Content in: all of a document or nothing of it, through the verbs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pydantic
from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DataError, IntegrityError, models, transaction

from publishing.binning import bin_subject
from publishing.editions import PublishingError, claim, hand_over, keep, keep_page, may, publish_again, withdraw
from publishing.models import Address, Edition, Part, Publishable, kinds
from publishing.pages import Page, Reference
from publishing.portable.document import FORMAT, NOTE, PortableError, Record, _batches
from publishing.portable.reading import HEAD, _half_characters, _Json, _path, _reason, _text, _values


@dataclass
class Report:
    """What a load did, in lines for a person."""

    created: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    handed_over: list[str] = field(default_factory=list)
    binned: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    TITLES = {
        "created": "Created",
        "published": "Published",
        "held_back": "Live or withdrawn in the file, and drafts here: nothing goes live without --publish",
        "withdrawn": "Withdrawn, as in the file",
        "handed_over": "Ready to publish, as in the file",
        "binned": "In the bin, as in the file",
        "updated": "There already, and now with the file's words in the working copy; what is live stayed",
        "unchanged": "There already, and the same: unchanged",
        "left_alone": "Left alone",
        "different": "Not word for word as in the file, by the rules and the sources of this site",
    }

    def lines(self, most: int | None = None) -> Iterator[str]:
        """The report, of each sort at most so many names."""
        for name, title in self.TITLES.items():
            if found := getattr(self, name):
                yield f"{title} ({len(found):,}):"
                yield from (f"  {line}" for line in found[:most])
                if most is not None and len(found) > most:
                    yield f"  … and {len(found) - most:,} more"
        if not any([self.created, self.updated]):
            yield "Nothing was changed."


def load(content: bytes, by: Any, *, publish: bool = False, update: bool = False, dry_run: bool = False) -> Report:
    """Reads a document into the site: all of it, or on any problem nothing, and a PortableError that names them all.

    With `publish` what this call makes and was live in the file goes live. With `update` a subject that is there gets
    the file's working page into its working copy, and never goes live.
    """
    if publish:
        refused = [name for name, kind in kinds().items() if not may(by, "publish", kind)]
        if refused:
            raise PortableError(f"“{by}” may not publish: {', '.join(refused)}. Ask a publisher, or load as drafts.")
    with transaction.atomic():
        loading = _Load(_text(content), by, publish, update)
        loading.run()
        if loading.problems:
            raise PortableError(*(text for _, text in sorted(loading.problems, key=lambda problem: problem[0])))
        if dry_run:
            transaction.set_rollback(True)
    return loading.report


@dataclass
class _Entry:
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
    is_binned: bool = False
    is_ready: bool = False
    is_withdrawn: bool = False
    current: str = ""

    @property
    def path(self) -> str:
        return f"subjects[{self.number}]"


class _Load:
    """One run. Each pass goes over all records, so that a problem of one hides none of another."""

    def __init__(self, text: str, by: Any, publish: bool, update: bool) -> None:
        self.by, self.publish, self.update = by, publish, update
        self.json = _Json(text)
        self.entries = [_Entry(number) for number in range(len(self.json.starts))]
        self.problems: list[tuple[int, str]] = []
        self.report = Report()
        self.schemas: dict[str, int] = {}
        self.unresolved: set[Reference] = set()

    def run(self) -> None:
        self.read_head()
        for entry in self.entries:
            self.read(entry)
        self.compare()
        self.match()
        self.require()
        for entry in self.good():
            if entry.is_new:
                self.make(entry)
        self.resolve()
        for entry in self.good():
            self.fill(entry)
        for entry in self.good():
            if entry.is_new:
                self.keep(entry)
        if not self.problems:
            self.finish()

    def good(self) -> list[_Entry]:
        return [entry for entry in self.entries if entry.is_good]

    def fault(self, entry: _Entry, path: str, reason: Any) -> None:
        entry.is_good = False
        self.problems.append((entry.number, f"{entry.path}{path} ({entry.name}): {reason}"))

    # Reading

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
            problems += [f"{_path(('unresolved', *fault['loc']))}: {_reason(fault)}" for fault in error.errors()]
        if problems:
            raise PortableError(*problems)

    def read(self, entry: _Entry) -> None:
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
                self.fault(entry, f".{_path(fault['loc'])}", _reason(fault))
            return None
        for path, reason in record.faults():
            self.fault(entry, path, reason)
        entry.is_binned, entry.is_ready = bool(record.binned), bool(record.ready)
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

    def parse(self, kind: type[Publishable], content: dict[str, Any]) -> Record[Any]:
        """The record as a value, under the rules of today. Pages of an older shape are translated first."""
        schema, withdrawn = self.schemas.get(kind.KIND, kind.PAGE.SCHEMA), content.get("withdrawn")
        if schema < kind.PAGE.SCHEMA:
            for part, name in [(content, "live"), (content, "working"), (withdrawn, "page")]:
                if isinstance(part, dict) and isinstance(part.get(name), dict):
                    part[name] = kind.PAGE.upgrade(part[name], schema)
        return Record[kind.PAGE].model_validate_json(json.dumps(content), strict=True)  # type: ignore[name-defined]

    def record(self, entry: _Entry) -> tuple[type[Publishable], Record[Any]]:
        """A record that was found good, read again."""
        assert entry.kind  # noqa: S101 # it was found good
        return entry.kind, self.parse(entry.kind, self.json.subject(entry.number))

    def look_through(self, entry: _Entry, path: str, page: Page) -> None:
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
        slugs: dict[Any, _Entry] = {}
        addresses: dict[Any, _Entry] = {}
        keys: dict[UUID, _Entry] = {}
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

    def require(self) -> None:
        """Asks, before anything is written, for the permissions that the verbs will ask for."""
        for action, needed, what in [("delete", "is_binned", "in the bin"), ("change", "is_ready", "ready to publish")]:
            for entry in self.good():
                if entry.is_new and getattr(entry, needed) and entry.kind and not may(self.by, action, entry.kind):
                    self.fault(entry, "", f"is {what}, and “{self.by}” may not make it so")

    # Against the site

    def match(self) -> None:
        """Finds for each record the subject that has its address here, and refuses what would take another's."""
        owners: dict[Any, int] = {}
        rows: dict[Any, int] = {}
        for kind in kinds().values():
            mine = [entry for entry in self.entries if entry.kind is kind]
            slugs = sorted({slug for entry in mine for slug in (entry.slug, *entry.addresses)})
            for batch in _batches(slugs):
                named = Address.objects.filter(kind=kind.KIND, slug__in=batch)
                owners |= {(kind, slug): pk for slug, pk in named.values_list("slug", "subject_id")}
                rows |= {(kind, slug): pk for slug, pk in kind.objects.filter(slug__in=batch).values_list("slug", "pk")}
        held = self.keys_here()
        matched: dict[Any, _Entry] = {}
        for entry in self.entries:
            kind_, own = entry.kind, (entry.kind, entry.slug)
            found = {slug: owners.get((kind_, slug)) or rows.get((kind_, slug)) for slug in entry.addresses}
            found[entry.slug] = rows.get(own) or owners.get(own)
            clashes = sorted(slug for slug, pk in found.items() if pk)
            pks = {pk for pk in found.values() if pk}
            if clashes and not self.update:
                self.fault(entry, "", f"there is a page here already at {', '.join(clashes)}")
                continue  # and so are its keys, no doubt
            elif len(pks) > 1:
                self.fault(entry, ".addresses", f"belong to different pages here: {', '.join(clashes)}")
            elif pks:
                entry.pk, entry.is_new = pks.pop(), False
                other = matched.setdefault((kind_, entry.pk), entry)
                if other is not entry:
                    self.fault(entry, "", f"is the same page here as {other.path}")
            for key, path in entry.keys.items():
                if held.get(key, (kind_, entry.pk)) != (kind_, entry.pk) or (entry.is_new and key in held):
                    self.fault(entry, f"{path}.key", f"{key} belongs to a page here already")

    def keys_here(self) -> dict[UUID, tuple[type[Publishable], int]]:
        """Which subject has the row of each key that the file names."""
        keys = [key for entry in self.entries for key in entry.keys]
        held: dict[UUID, tuple[type[Publishable], int]] = {}
        for model in apps.get_models():
            if issubclass(model, Part):
                subject: Any = model._meta.get_field(model.SUBJECT).related_model
                for batch in _batches(keys):
                    rows = model._base_manager.filter(key__in=batch).values_list("key", f"{model.SUBJECT}_id")
                    held |= {key: (subject, pk) for key, pk in rows}
        return held

    def make(self, entry: _Entry) -> None:
        """The bare row of a new subject, with its addresses, so that every reference has something to lead to."""
        kind, record = self.record(entry)
        row = kind(name=record.current.title, slug=record.slug)
        try:
            row.full_clean(exclude={column.name for column in kind._meta.get_fields() if not _is_typed(column)})
        except ValidationError as error:
            for path, reason in _messages(error):
                self.fault(entry, entry.current + path.replace(".name", ".title"), reason)
            return
        with self.guarded(entry, entry.current):
            row.save()
            claim(row, record.addresses)
            entry.pk = row.pk

    def resolve(self) -> None:
        """Refuses references that lead to nothing, in the file or here."""
        promised = {(entry.kind, slug) for entry in self.entries for slug in (entry.slug, *entry.addresses)}
        promised -= {
            (entry.kind, slug) for entry in self.good() if not entry.is_new for slug in (entry.slug, *entry.addresses)
        }
        asked = {reference for entry in self.entries for _, reference in entry.references}
        found: set[Reference] = set()
        for batch in _batches(sorted(asked, key=lambda name: (name.kind, name.slug))):
            found |= set(Address.objects.subjects(tuple(batch)))
        for entry in self.entries:
            for path, name in entry.references:
                if name in found or (kinds()[name.kind], name.slug) in promised:
                    continue
                if name not in self.unresolved or path.startswith((entry.current, ".withdrawn.successor")):
                    self.fault(entry, path, f"there is no {name.kind} “{name.slug}”, neither in the file nor here")

    # Writing

    @contextmanager
    def guarded(self, entry: _Entry, path: str, keep_nothing: bool = False) -> Iterator[None]:
        """What a row, a verb or the database refuses inside becomes a problem with a path, and is undone."""
        try:
            with transaction.atomic():
                yield
                if keep_nothing:
                    transaction.set_rollback(True)
        except PublishingError as error:
            self.fault(entry, path, error)
        except (IntegrityError, DataError) as error:
            self.fault(entry, path, _refusal(error))
        except ValueError as error:  # a reference to the wrong kind; pydantic's too
            self.fault(entry, path, error)

    def take_over(self, entry: _Entry, subject: Publishable, page: Any, path: str) -> Any:
        """The working copy set to a page, and what it says afterwards: the same, or as this site's rules have it."""
        subject.take_over(page)
        places = {getattr(value, "key", None): (place, value) for place, value in _values(page, path)}
        places |= {None: (path, page)}
        for row in [subject, *_parts(subject)]:
            place, value = places.get(getattr(row, "key", None), (path, page))
            try:
                row.clean_fields({column.name for column in row._meta.get_fields() if not _is_typed(column)})
                row.clean()
            except ValidationError as error:
                for name, reason in _messages(error):
                    name = name.replace(".name", ".title") if row is subject else name
                    known = name.removeprefix(".") in type(value).model_fields
                    self.fault(entry, place + (name if known else ""), reason if known else f"{name[1:]}: {reason}")
        return subject.compose()

    def note_differences(self, entry: _Entry, path: str, page: Any, arrived: Any) -> None:
        names = [name for name in type(page).model_fields if getattr(page, name) != getattr(arrived, name)]
        if names:
            self.report.different.append(f"{entry.path}{path} ({entry.name}): {', '.join(names)}")

    def fill(self, entry: _Entry) -> None:
        kind, record = self.record(entry)
        path, page = entry.current, record.current
        subject = kind.objects.get(pk=entry.pk)
        for number, file in enumerate(record.files):
            with self.guarded(entry, f".files[{number}]"):
                kind.take_file(file.content)
        if not entry.is_good:
            return
        if not entry.is_new:
            self.update_working_copy(entry, subject, page, path)
            return
        with self.guarded(entry, path):
            self.note_differences(entry, path, page, self.take_over(entry, subject, page, path))

    def update_working_copy(self, entry: _Entry, subject: Publishable, page: Any, path: str) -> None:
        if subject.binned_at:
            self.report.left_alone.append(f"{entry.name}: is in the bin here, and stays there")
            return
        if entry.is_binned:
            self.report.left_alone.append(f"{entry.name}: is in the bin in the file, and not here")
            return
        with self.guarded(entry, path):
            if subject.compose() == page:
                self.report.unchanged.append(entry.name)
                return
            before = keep(subject, by=self.by)  # so that what stands there now is in the history
            arrived = self.take_over(entry, subject, page, path)
            if keep(subject, by=self.by, note=NOTE).pk == before.pk:
                transaction.set_rollback(True)
                self.report.unchanged.append(entry.name)
                return
            self.report.updated.append(entry.name)
            self.note_differences(entry, path, page, arrived)

    def keep(self, entry: _Entry) -> None:
        """Editions of a new subject: what readers saw, then what the working copy says."""
        kind, record = self.record(entry)
        subject = kind.objects.get(pk=entry.pk)
        seen = record.last_seen
        if seen and seen != record.current and not self.unresolved.intersection(seen.references()):
            path = ".live" if record.live else ".withdrawn.page"
            with self.guarded(entry, path, keep_nothing=True):
                self.take_over(entry, kind.objects.get(pk=entry.pk), seen, path)
        if not entry.is_good:
            return
        with self.guarded(entry, ""):
            if seen:
                edition = keep_page(subject, seen, by=self.by, note=NOTE)
                if self.publish and (record.live or not subject.refusal(seen)):
                    publish_again(edition, self.by, record.published_at, record.updated_at)
            keep(subject, by=self.by, note=NOTE)
        self.report.created.append(entry.name)
        if seen and not self.publish:
            self.report.held_back.append(entry.name)
        elif record.live:
            self.report.published.append(entry.name)

    def finish(self) -> None:
        """Withdraws, hands over and bins, once everything that a successor may name is live."""
        new = [entry for entry in self.entries if entry.is_new]
        if self.publish:
            self.withdraw(new)
        for entry in new:
            if not entry.is_ready and not entry.is_binned:
                continue
            kind, record = self.record(entry)
            subject = kind.objects.get(pk=entry.pk)
            if record.ready:
                latest = Edition.objects.about(subject).order_by("-number")[0]
                hand_over(latest, by=self.by, note=record.ready.note)
                self.report.handed_over.append(entry.name)
            if record.binned:
                bin_subject(subject, by=self.by, reason=record.binned.reason)
                self.report.binned.append(entry.name)

    def withdraw(self, new: list[_Entry]) -> None:
        """Each before its successor, which must be live when readers are sent there and may be withdrawn later."""
        subjects = Address.objects.subjects(tuple({entry.successor for entry in new if entry.successor}))
        waiting = {(entry.kind, entry.pk): entry for entry in new if entry.is_withdrawn}

        def led_to(entry: _Entry) -> Any:
            return (entry.kind, subjects[entry.successor].pk) if entry.successor else None

        while waiting:
            wanted = {led_to(entry) for entry in waiting.values()}
            # In a circle nobody is first: the verb then says what is wrong.
            for own in [own for own in waiting if own not in wanted] or list(waiting):
                entry = waiting.pop(own)
                kind, record = self.record(entry)
                successor = subjects[entry.successor] if entry.successor else None
                with self.guarded(entry, ".withdrawn.successor" if successor else ".withdrawn"):
                    withdraw(kind.objects.get(pk=entry.pk), self.by, record.withdrawn.reason, successor)  # type: ignore[union-attr]
                self.report.withdrawn.append(entry.name)


def _is_typed(column: Any) -> bool:
    """Whether a person types the column; keys, counters and links to other rows are set by programs."""
    return isinstance(column, models.Field) and column.editable and not column.is_relation and column.name != "key"


def _parts(subject: Publishable) -> Iterator[Any]:
    for relation in subject._meta.related_objects:
        if isinstance(relation.related_model, type) and issubclass(relation.related_model, Part):
            yield from getattr(subject, str(relation.get_accessor_name())).all()


def _messages(error: ValidationError) -> Iterator[tuple[str, str]]:
    for name, messages in error.message_dict.items():
        yield "" if name == NON_FIELD_ERRORS else f".{name}", " ".join(messages)


def _refusal(error: Exception) -> str:
    """What the database refused, in the words that the model has for it."""
    text = str(error).splitlines()[0]
    for model in apps.get_models():
        if issubclass(model, Publishable | Part):
            for constraint in model._meta.constraints:
                columns = [f"{model._meta.db_table}.{name}" for name in _columns(model, constraint)]
                if constraint.name in text or (columns and text.endswith(": " + ", ".join(columns))):
                    if isinstance(constraint, models.UniqueConstraint):
                        return f"a {model._meta.verbose_name} stands twice on the page"
                    return str(constraint.get_violation_error_message())
    return f"the database refuses it: {text}"


def _columns(model: type[models.Model], constraint: Any) -> list[str]:
    return [str(model._meta.get_field(name).column) for name in getattr(constraint, "fields", ())]  # type: ignore[union-attr]
