"""What every publishable thing has, and the record of what was approved, when and by whom."""

import re
import uuid
from collections.abc import Iterable
from functools import cache, cached_property
from typing import Any, ClassVar, Self, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from slugify import slugify

from publishing.pages import EMAIL, LINE_LENGTH, URL, Page, Reference
from search.documents import Document

SLUG_LENGTH = 160

# What a page's links may be made of, said to the person who types it.
is_web_address = RegexValidator(f"^{URL}$", _("Enter an address that begins with http:// or https://."))
is_email_address = RegexValidator(f"^{EMAIL}$", _("Enter a plain e-mail address: name@example.org."))


class State(models.TextChoices):
    DRAFT = "draft", _("draft")
    LIVE = "live", _("live")
    CHANGED = "changed", _("live, with unpublished changes")
    READY = "ready", _("ready to publish")
    WITHDRAWN = "withdrawn", _("withdrawn")
    BINNED = "binned", _("in the bin")


_Subject = TypeVar("_Subject", bound="Publishable")


class PublishableQuerySet(models.QuerySet[_Subject]):
    def delete(self) -> Any:
        raise RecordError(f"{self.model._meta.verbose_name_plural} are not deleted: they go to the bin.")

    def add(self, rows: list[_Subject]) -> None:
        """Saves new subjects together, each under an address of its own."""
        stems = [row.stem() for row in rows]
        taken = set(self.model.objects.filter(slug__in=stems).values_list("slug", flat=True))
        taken |= set(Address.objects.filter(kind=self.model.KIND, slug__in=stems).values_list("slug", flat=True))
        for row, stem in zip(rows, stems, strict=True):
            row.slug = row.free_slug(besides=taken) if stem in taken else stem
            taken.add(row.slug)
        self.bulk_create(rows)

    def with_state(self) -> Self:
        """Adds `state`, and of the latest edition `latest_number`, `changed_by` and `changed_at`."""
        own = {"kind": self.model.KIND, "subject_id": OuterRef("pk")}
        latest = Edition.objects.filter(**own).newest()
        live = Edition.objects.filter(**own).live()
        step = Event.objects.filter(**own, verb__in=Event.STEPS).order_by("-pk")
        return self.annotate(
            latest_number=Subquery(latest.values("number")[:1]),
            changed_by=Subquery(latest.values("by_name")[:1]),
            changed_at=Subquery(latest.values("at")[:1]),
            latest_digest=Subquery(latest.values("digest")[:1]),
            live_digest=Subquery(live.values("digest")[:1]),
            last_step=Subquery(step.values("verb")[:1]),
            last_digest=Subquery(step.values("edition__digest")[:1]),
            state=Case(
                When(binned_at__isnull=False, then=Value(State.BINNED)),
                When(live_digest=F("latest_digest"), then=Value(State.LIVE)),
                When(last_step=Event.Verb.HANDED_OVER, last_digest=F("latest_digest"), then=Value(State.READY)),
                When(live_digest__isnull=False, then=Value(State.CHANGED)),
                When(Exists(Event.objects.filter(**own, verb=Event.Verb.PUBLISHED)), then=Value(State.WITHDRAWN)),
                default=Value(State.DRAFT),
                output_field=models.CharField(choices=State.choices),
            ),
        )


class Publishable(models.Model):
    """The working copy of something that has a public page. The public never sees a row, only live editions."""

    KIND: ClassVar[str]
    PAGE: ClassVar[type[Page]]
    NAMESPACE: ClassVar[str] = ""
    """Of its public addresses, where it is not the app's name."""
    IS_SEARCHED: ClassVar[bool] = True
    """Whether it may be found by name: by the search of the site and by search engines."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(
        _("address"),
        max_length=SLUG_LENGTH,
        unique=True,
        blank=True,
        help_text=_("The end of the page's address. Leave it empty to have it made from the name."),
    )
    staff_notes = models.TextField(blank=True, help_text=_("For colleagues only. Never shown to the public."))
    version = models.PositiveIntegerField(default=1, editable=False)
    saved_by = models.CharField(max_length=150, blank=True, editable=False)
    binned_at = models.DateTimeField(null=True, editable=False)

    objects = PublishableQuerySet.as_manager()

    class Meta:
        abstract = True
        default_permissions = ("add", "change", "delete", "view", "publish")
        indexes = [
            # The admin's list and its count. With `binned_at` in it, SQLite counts without a look at the rows.
            models.Index(fields=["name", "-id", "binned_at"], condition=Q(binned_at=None), name="%(class)ss_by_name")
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.slug = self.slug or self.free_slug()
        if self._state.adding:
            super().save(*args, **kwargs)
        else:
            # Counted in the database: this object may be older than the row.
            self.version = F("version") + 1
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "version"}
            super().save(*args, **kwargs)
            self.refresh_from_db(fields=["version"])

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise RecordError(f"{self} is not deleted: it goes to the bin.")

    def touch(self) -> None:
        """Raises `version`. Every write to the subject or to one of its rows does, so that no save goes unseen."""
        type(self).objects.filter(pk=self.pk).update(version=F("version") + 1)
        self.refresh_from_db(fields=["version"])

    def stem(self) -> str:
        """The name as an address, whether that is free or not."""
        name = re.sub("['’]", "", self.name)  # "behcets-disease", not "behcet-s-disease"
        return slugify(name, max_length=SLUG_LENGTH - 5) or self.KIND

    def free_slug(self, besides: Iterable[str] = ()) -> str:
        """An address made of the name that neither a row nor a page of the past has, nor one of those given."""
        stem = self.stem()
        rows = type(self).objects.exclude(pk=self.pk).filter(slug__startswith=stem).values_list("slug", flat=True)
        addresses = Address.objects.filter(kind=self.KIND, slug__startswith=stem).exclude(subject_id=self.pk or 0)
        taken = {*besides, *rows, *addresses.values_list("slug", flat=True)}
        number = 1
        while (slug := stem if number == 1 else f"{stem}-{number}") in taken:
            number += 1
        return slug

    @classmethod
    def permission(cls, action: str) -> str:
        """The name of a permission on this kind: "diseases.publish_disease"."""
        return f"{cls._meta.app_label}.{action}_{cls._meta.model_name}"

    @classmethod
    def url_of(cls, slug: str, view: str = "detail") -> str:
        """The address of its page, or of another page about it: "changes"."""
        return reverse(f"{cls.NAMESPACE or cls._meta.app_label}:{view}", args=[slug])

    def compose(self) -> Page:
        """Everything that the subject's page says, from the working copy."""
        raise NotImplementedError

    def take_over(self, page: Any) -> None:
        """The contrary of `compose`: sets this row and its parts to what a page says.

        Parts are matched by key; what a page does not show (staff notes, questions without an answer) is left alone.
        """
        raise NotImplementedError

    def refusal(self, page: Any) -> str:
        """Why a page of this subject must not go live, in a sentence; "" where it may."""
        return ""

    def blank(self) -> None:
        """Sets this row to say nothing about anybody, for `forget`."""
        raise NotImplementedError

    # What a page shows besides words, a picture, say, is kept outside of the editions. They name it by its digest.

    @classmethod
    def files(cls, digests: set[str]) -> dict[str, bytes]:
        """The contents of files, by digest."""
        return {}

    @classmethod
    def take_file(cls, content: bytes) -> None:
        """Keeps a file that pages from another site name. Raises ValueError where this site would not have made it."""
        raise ValueError("is a file, and its page can show none")

    @classmethod
    def prune_files(cls, *, dry_run: bool = False) -> int:
        """Removes the files that neither a row nor an edition names any more; returns how many."""
        return 0


_Part = TypeVar("_Part", bound="Part")


class PartQuerySet(models.QuerySet[_Part]):
    """Raises the version of every subject whose rows it writes, as saving one row does."""

    def update(self, **fields: Any) -> int:
        subjects = self._subjects()
        updated = super().update(**fields)
        self._touch(subjects)
        return updated

    def delete(self) -> Any:
        subjects = self._subjects()
        deleted = super().delete()
        self._touch(subjects)
        return deleted

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        rows = super().bulk_create(objs, *args, **kwargs)
        self._touch({getattr(row, f"{self.model.SUBJECT}_id") for row in rows})
        return rows

    def make_way(self, pks: list[int]) -> None:
        """Frees the unique values of rows that are saved again under their keys within the same transaction.

        So two rows may exchange what is unique about them; saved one by one, the first would meet the second.
        """
        self.model._base_manager.filter(pk__in=pks).delete()

    def _subjects(self) -> set[int]:
        return set(self.order_by().values_list(f"{self.model.SUBJECT}_id", flat=True))

    def _touch(self, pks: set[int]) -> None:
        subject: Any = self.model._meta.get_field(self.model.SUBJECT).related_model
        subject._base_manager.filter(pk__in=pks).update(version=F("version") + 1)


class Part(models.Model):
    """A row that belongs to one subject and is carried in its page under a permanent key."""

    SUBJECT: ClassVar[str]
    UNIQUE: ClassVar[tuple[str, ...]] = ()
    """The fields that together stand only once on a page."""

    key = models.UUIDField(default=uuid.uuid4, unique=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        getattr(self, self.SUBJECT).touch()

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        deleted = super().delete(*args, **kwargs)
        getattr(self, self.SUBJECT).touch()
        return deleted


@cache
def kinds() -> dict[str, type[Publishable]]:
    """Every kind of publishable thing, by the word that editions, addresses and references use for it."""
    return {model.KIND: model for model in apps.get_models() if issubclass(model, Publishable)}


class RecordError(TypeError):
    """A program tried to change what is kept as a record."""


_Record = TypeVar("_Record", bound=models.Model)


class RecordQuerySet(models.QuerySet[_Record]):
    """Refuses what would change or remove a record. The verbs, and they alone, use `_base_manager`."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise RecordError(f"{self.model._meta.verbose_name_plural} are a record: they are neither changed nor deleted.")

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("update_conflicts"):
            self._refuse()
        return super().bulk_create(objs, *args, **kwargs)

    update = delete = bulk_update = update_or_create = _refuse
    aupdate = adelete = abulk_update = aupdate_or_create = _refuse


class Record(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise RecordError(f"{self} is a record and cannot be changed.")
        super().save(*args, **kwargs | {"force_insert": True})  # a row with this number would be overwritten

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise RecordError(f"{self} is a record and cannot be deleted.")


class EditionQuerySet(RecordQuerySet["Edition"]):
    def of(self, kind: type[Publishable]) -> Self:
        return self.filter(kind=kind.KIND)

    def about(self, subject: Publishable) -> Self:
        return self.filter(kind=subject.KIND, subject_id=subject.pk)

    def live(self) -> Self:
        return self.filter(is_live=True)

    def to_be_found(self) -> Self:
        """Live editions that may be found by name: by the site's own search and by search engines."""
        return self.live().filter(kind__in=[name for name, kind in kinds().items() if kind.IS_SEARCHED])

    def newest(self) -> Self:
        """Of every subject the edition that was kept last."""
        return self.filter(is_newest=True)

    def mentioning(self, kind: type[Publishable], subject_id: int) -> Self:
        """Live editions whose page refers to a subject."""
        return self.live().filter(links__kind=kind.KIND, links__subject_id=subject_id)

    def referred_to(self, kind: type[Publishable], slugs: set[str]) -> dict[str, "Edition"]:
        """The live editions behind references, by the address that the reference used, in one query."""
        if not slugs:
            return {}
        named = Address.objects.filter(kind=kind.KIND, slug__in=slugs)
        editions = (
            self.of(kind)
            .live()
            .filter(subject_id__in=named.values("subject_id"))
            .annotate(named=Subquery(named.filter(subject_id=OuterRef("subject_id")).order_by("pk").values("slug")[:1]))
        )
        return {edition.named: edition for edition in editions}  # type: ignore[attr-defined] # annotated above


class Edition(Record):
    """A numbered, immutable snapshot of one page. The public sees the live one."""

    kind = models.CharField(max_length=20)
    subject_id = models.PositiveBigIntegerField()
    number = models.PositiveIntegerField()

    title = models.CharField(max_length=LINE_LENGTH)
    slug = models.SlugField(max_length=SLUG_LENGTH)
    sort_key = models.CharField(max_length=LINE_LENGTH)
    letter = models.CharField(max_length=1)
    content = models.JSONField()
    schema = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64)

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=LINE_LENGTH, blank=True)

    # Where it stands; set by the verbs alone.
    is_newest = models.BooleanField(default=False)
    is_live = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True, help_text="When readers last saw a change that was not minor.")
    redacted_at = models.DateTimeField(null=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("kind", "subject_id", "number", name="edition_number"),
            models.UniqueConstraint("kind", "subject_id", condition=Q(is_newest=True), name="one_newest_edition"),
            models.UniqueConstraint("kind", "subject_id", condition=Q(is_live=True), name="one_live_edition"),
            models.UniqueConstraint("kind", "slug", condition=Q(is_live=True), name="one_live_address"),
        ]
        indexes = [
            models.Index("kind", "sort_key", "id", condition=Q(is_live=True), name="live_by_title"),
            models.Index("kind", "letter", "sort_key", "id", condition=Q(is_live=True), name="live_by_letter"),
            # All that a sitemap asks for: a row is as long as its page. SQLite looks for `is_live` in it too.
            models.Index(
                "kind",
                "subject_id",
                "slug",
                "updated_at",
                "is_live",
                condition=Q(is_live=True),
                name="live_by_subject",
            ),
            models.Index("kind", F("updated_at").desc(), condition=Q(is_live=True), name="live_by_update"),
            models.Index("kind", condition=Q(is_newest=True, is_live=False), name="editions_in_work"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, edition {self.number}"

    def get_absolute_url(self) -> str:
        return kinds()[self.kind].url_of(self.slug)

    @cached_property
    def page(self) -> Any:
        """The page as a value of its kind's class, opened once: an edition's words do not change."""
        return kinds()[self.kind].PAGE.open(self.content, self.schema)

    def document(self) -> Document:
        """What the search index knows of the subject while this edition is live."""
        document: Document = self.page.document(self.kind, self.subject_id, self.get_absolute_url())
        return document


class Event(Record):
    """Something that happened to a subject: who did it, when and why."""

    class Verb(models.TextChoices):
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")
        HANDED_OVER = "handed_over", _("handed over as ready to publish")
        RESTORED = "restored", _("restored into the working copy")
        REDACTED = "redacted", _("redacted")
        BINNED = "binned", _("moved to the bin")
        UNBINNED = "unbinned", _("taken out of the bin")
        COMPARISON_HIDDEN = "comparison_hidden", _("comparison hidden from readers")
        COMPARISON_SHOWN = "comparison_shown", _("comparison shown to readers again")

    STEPS = [Verb.HANDED_OVER, Verb.PUBLISHED, Verb.WITHDRAWN]

    kind = models.CharField(max_length=20)
    subject_id = models.PositiveBigIntegerField()
    verb = models.CharField(max_length=20, choices=Verb.choices)
    edition = models.ForeignKey(Edition, models.PROTECT, null=True, related_name="events")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)
    note = models.TextField(blank=True)
    minor = models.BooleanField(default=False)
    successor_id = models.PositiveBigIntegerField(null=True, help_text="The subject of the same kind to go to instead.")

    objects = RecordQuerySet.as_manager()

    class Meta:
        indexes = [models.Index("kind", "subject_id", "verb", name="events_of_subject")]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} by {self.by_name}"


class Link(models.Model):
    """A live edition mentions a subject: the answer to "where is this used?"."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=20)
    subject_id = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("edition", "kind", "subject_id", name="one_link")]
        indexes = [models.Index("kind", "subject_id", name="links_to_subject")]

    def __str__(self) -> str:
        return f"{self.edition_id} → {self.kind} {self.subject_id}"


class AddressQuerySet(models.QuerySet["Address"]):
    def references(self, kind: type[Publishable], rows: list[Any]) -> dict[int, Reference]:
        """References to rows, by id: under the first address each ever had in public, which stays its own for good.

        So a page that names a subject does not change when that subject is renamed. A row without one goes under
        the address of its working copy.
        """
        first: dict[int, str] = {}
        for address in self.filter(kind=kind.KIND, subject_id__in=[row.pk for row in rows]).order_by("pk"):
            first.setdefault(address.subject_id, address.slug)
        return {row.pk: Reference(kind=kind.KIND, slug=first.get(row.pk, row.slug)) for row in rows}

    def subjects(self, references: tuple[Reference, ...]) -> dict[Reference, Publishable]:
        """The rows behind references; one that leads nowhere is left out."""
        found: dict[Reference, Publishable] = {}
        for kind in {reference.kind for reference in references}:
            rows = kinds()[kind].objects.all()
            slugs = {reference.slug for reference in references if reference.kind == kind}
            ids = dict(self.filter(kind=kind, slug__in=slugs).values_list("slug", "subject_id"))
            by_id = rows.in_bulk(ids.values())
            by_slug = {row.slug: row for row in rows.filter(slug__in=slugs - set(ids))}
            found |= {Reference(kind=kind, slug=slug): by_id[pk] for slug, pk in ids.items() if pk in by_id}
            found |= {Reference(kind=kind, slug=slug): row for slug, row in by_slug.items()}
        return found

    def not_live(self, references: tuple[Reference, ...]) -> list[Publishable]:
        """The subjects behind references that readers would not see, because nothing of theirs is live."""
        rows = self.subjects(references).values()
        live = Edition.objects.live().filter(subject_id__in=[row.pk for row in rows])
        seen = set(live.values_list("kind", "subject_id"))
        return [row for row in rows if (row.KIND, row.pk) not in seen]


class Address(models.Model):
    """An address that was ever live, or that a kept page ever named. It is never given to another subject."""

    kind = models.CharField(max_length=20)
    slug = models.SlugField(max_length=SLUG_LENGTH)
    subject_id = models.PositiveBigIntegerField()

    objects = AddressQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("kind", "slug", name="one_subject_an_address")]
        indexes = [models.Index("kind", "subject_id", name="addresses_of_subject")]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}"


class Stamp(models.Model):
    """One row that is changed with every change of what the public sees. Same stamp, same pages.

    The stamp is the token, and `value` only counts: after a backup is put back or a transaction rolled back, another
    release may be given the same count, but none is ever given the same token.
    """

    value = models.PositiveBigIntegerField(default=0)
    token = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def current(cls) -> uuid.UUID | None:
        """None where nothing was ever published."""
        return cls.objects.filter(pk=1).values_list("token", flat=True).first()

    @classmethod
    def advance(cls) -> None:
        """Locks the row until the transaction ends. A subject's lock is taken before, never after."""
        while not cls.objects.filter(pk=1).update(value=F("value") + 1, token=uuid.uuid4()):
            cls.objects.get_or_create(pk=1)
