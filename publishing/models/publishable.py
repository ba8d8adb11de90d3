"""What every publishable thing has, and the rows of which its page is made."""

import re
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar, Self, TypeVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from slugify import slugify

from publishing.models.editions import SLUG_LENGTH, Address, Edition, Event, ImmutableError
from publishing.values import EMAIL, URL, Page

# What a page's links may be made of, said to the person who types it.
is_web_address = RegexValidator(f"^{URL}$", _("Enter an address that begins with http:// or https://."))
is_email_address = RegexValidator(f"^{EMAIL}$", _("Enter a plain e-mail address: name@example.org."))


class State(models.TextChoices):
    DRAFT = "draft", _("draft")
    LIVE = "live", _("live")
    CHANGED = "changed", _("live, with unpublished changes")
    READY = "ready", _("ready to publish")
    WITHDRAWN = "withdrawn", _("withdrawn")
    TRASHED = "trashed", _("in the trash")


_Subject = TypeVar("_Subject", bound="Publishable")


class PublishableQuerySet(models.QuerySet[_Subject]):
    def delete(self) -> Any:
        raise ImmutableError(f"{self.model._meta.verbose_name_plural} are not deleted: they go to the trash.")

    def add(self, rows: list[_Subject]) -> None:
        """Saves new subjects together, each under an address of its own."""
        stems = [row.base_slug() for row in rows]
        taken = set(self.model.objects.filter(slug__in=stems).values_list("slug", flat=True))
        taken |= set(Address.objects.filter(kind=self.model.KIND, slug__in=stems).values_list("slug", flat=True))
        for row, stem in zip(rows, stems, strict=True):
            row.slug = row.unique_slug(besides=taken) if stem in taken else stem
            taken.add(row.slug)
        self.bulk_create(rows)

    def with_state(self) -> Self:
        """Adds `state`, and of the latest edition `latest_number`, `changed_by` and `changed_at`."""
        own = {"kind": self.model.KIND, "subject_id": OuterRef("pk")}
        latest = Edition.objects.filter(**own).newest()
        live = Edition.objects.filter(**own).live()
        step = Event.objects.filter(**own, verb__in=Event.WORKFLOW).order_by("-pk")
        return self.annotate(
            latest_number=Subquery(latest.values("number")[:1]),
            changed_by=Subquery(latest.values("by_name")[:1]),
            changed_at=Subquery(latest.values("at")[:1]),
            latest_digest=Subquery(latest.values("digest")[:1]),
            live_digest=Subquery(live.values("digest")[:1]),
            last_step=Subquery(step.values("verb")[:1]),
            last_digest=Subquery(step.values("edition__digest")[:1]),
            state=Case(
                When(trashed_at__isnull=False, then=Value(State.TRASHED)),
                When(live_digest=F("latest_digest"), then=Value(State.LIVE)),
                When(last_step=Event.Verb.SUBMITTED, last_digest=F("latest_digest"), then=Value(State.READY)),
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
    trashed_at = models.DateTimeField(null=True, editable=False)

    objects = PublishableQuerySet.as_manager()

    class Meta:
        abstract = True
        default_permissions = ("add", "change", "delete", "view", "publish")
        indexes = [
            # The admin's list and its count. With `trashed_at` in it, SQLite counts without a look at the rows.
            models.Index(fields=["name", "-id", "trashed_at"], condition=Q(trashed_at=None), name="%(class)ss_by_name")
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.slug = self.slug or self.unique_slug()
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
        raise ImmutableError(f"{self} is not deleted: it goes to the trash.")

    def touch(self) -> None:
        """Raises `version`. Every write to the subject or to one of its rows does, so that no save goes unseen."""
        type(self).objects.filter(pk=self.pk).update(version=F("version") + 1)
        self.refresh_from_db(fields=["version"])

    def base_slug(self) -> str:
        """The name as an address, whether that is free or not."""
        name = re.sub("['’]", "", self.name)  # "behcets-disease", not "behcet-s-disease"
        return slugify(name, max_length=SLUG_LENGTH - 5) or self.KIND

    def unique_slug(self, besides: Iterable[str] = ()) -> str:
        """An address made of the name that neither a row nor a page of the past has, nor one of those given."""
        stem = self.base_slug()
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
        return reverse(f"{cls._meta.app_label}:{view}", args=[slug])

    def compose(self) -> Page:
        """Everything that the subject's page says, from the working copy."""
        raise NotImplementedError

    def apply_page(self, page: Any) -> None:
        """The contrary of `compose`: sets this row and its parts to what a page says.

        Parts are matched by key; what a page does not show (staff notes, questions without an answer) is left alone.
        """
        raise NotImplementedError

    def publish_blocker(self, page: Any) -> str:
        """Why a page of this subject must not go live, in a sentence; "" where it may."""
        return ""

    def erase(self) -> None:
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


_ChildRow = TypeVar("_ChildRow", bound="ChildRow")


class ChildRowQuerySet(models.QuerySet[_ChildRow]):
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

    def free_unique_values(self, pks: list[int]) -> None:
        """Frees the unique values of rows that are saved again under their keys within the same transaction.

        So two rows may exchange what is unique about them; saved one by one, the first would meet the second.
        """
        self.model._base_manager.filter(pk__in=pks).delete()

    def _subjects(self) -> set[int]:
        return set(self.order_by().values_list(f"{self.model.SUBJECT}_id", flat=True))

    def _touch(self, pks: set[int]) -> None:
        subject: Any = self.model._meta.get_field(self.model.SUBJECT).related_model
        subject._base_manager.filter(pk__in=pks).update(version=F("version") + 1)


class ChildRow(models.Model):
    """A row that belongs to one subject and is carried in its page under a permanent key."""

    SUBJECT: ClassVar[str]
    UNIQUE: ClassVar[tuple[str, ...]] = ()
    """The fields that together stand only once on a page."""

    key = models.UUIDField(default=uuid.uuid4, unique=True)

    objects = ChildRowQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        getattr(self, self.SUBJECT).touch()

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        deleted = super().delete(*args, **kwargs)
        getattr(self, self.SUBJECT).touch()
        return deleted
