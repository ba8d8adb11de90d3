"""The base model of every kind that has a public page."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain, count
from typing import Any, ClassVar, NoReturn, Self, TypeVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from slugify import slugify

from publishing.models.child_rows import ChildRow, replace_rows
from publishing.models.composed import (
    NO_REFERENCES,
    ComposedRow,
    NamedRows,
    References,
    columns_of,
    references_of,
)
from publishing.models.editions import NAME_LENGTH, SLUG_LENGTH, Address, Edition, Event, ImmutableError
from publishing.values import EMAIL, URL, Page

# The form of a link on a page, with the message for the person who types it.
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
    def delete(self) -> NoReturn:
        raise ImmutableError(f"{self.model._meta.verbose_name_plural} are not deleted: move them to the trash.")

    def add(self, rows: list[_Subject]) -> None:
        """Saves new subjects together, each with a unique address."""
        base_slugs = [row.base_slug() for row in rows]
        taken = set(self.model.objects.filter(slug__in=base_slugs).values_list("slug", flat=True))
        taken |= set(Address.objects.filter(kind=self.model.KIND, slug__in=base_slugs).values_list("slug", flat=True))
        for row, base_slug in zip(rows, base_slugs, strict=True):
            row.slug = row.unique_slug(taken_slugs=taken) if base_slug in taken else base_slug
            taken.add(row.slug)
        self.bulk_create(rows)

    def with_state(self) -> Self:
        """Adds `state`, and `newest_number`, `changed_by` and `changed_at` of the newest edition."""
        of_subject = {"kind": self.model.KIND, "subject_id": OuterRef("pk")}
        newest = Edition.objects.filter(**of_subject).newest()
        live = Edition.objects.filter(**of_subject).live()
        step = Event.objects.filter(**of_subject, verb__in=Event.WORKFLOW).order_by("-pk")
        return self.annotate(
            newest_number=Subquery(newest.values("number")[:1]),
            changed_by=Subquery(newest.values("by_name")[:1]),
            changed_at=Subquery(newest.values("at")[:1]),
            newest_digest=Subquery(newest.values("digest")[:1]),
            live_digest=Subquery(live.values("digest")[:1]),
            last_step=Subquery(step.values("verb")[:1]),
            last_digest=Subquery(step.values("edition__digest")[:1]),
            state=Case(
                When(trashed_at__isnull=False, then=Value(State.TRASHED)),
                When(live_digest=F("newest_digest"), then=Value(State.LIVE)),
                When(last_step=Event.Verb.SUBMITTED, last_digest=F("newest_digest"), then=Value(State.READY)),
                When(live_digest__isnull=False, then=Value(State.CHANGED)),
                When(
                    Exists(Event.objects.filter(**of_subject, verb=Event.Verb.PUBLISHED)), then=Value(State.WITHDRAWN)
                ),
                default=Value(State.DRAFT),
                output_field=models.CharField(choices=State.choices),
            ),
        )


@cache
def child_models_of(model: type[ComposedRow]) -> Mapping[str, type[ChildRow]]:
    """Returns the models of a subject's child rows by the names that their values have on its page."""
    relations = {relation.get_accessor_name(): relation.related_model for relation in model._meta.related_objects}
    found = {name: relations.get(name) for name in model.value_class().model_fields}
    return {name: row for name, row in found.items() if isinstance(row, type) and issubclass(row, ChildRow)}


class Publishable(ComposedRow):
    """A subject that has a public page. Its rows are the draft; the public sees live editions only."""

    KIND: ClassVar[str]
    PAGE: ClassVar[type[Page]]
    COLUMNS = {"title": "name"}
    STAFF_ONLY = ("staff_notes",)
    NOT_DETAILS: ClassVar[tuple[str, ...]] = ("slug",)
    """The fields of the page that say nothing about the subject itself: its address, when staff last checked it."""
    IS_SEARCHED: ClassVar[bool] = True
    """Whether the site's own search and search engines may find it."""
    LIST_TITLE: ClassVar[str | Promise] = ""
    """The title of the list of all pages, where it is not the plural of the name of the kind."""
    SUGGESTIONS: ClassVar[tuple[str, ...]] = ()
    """What an editor can make of a reader's suggestion about the page: names in `suggestions.accept_forms`."""

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
    saved_by = models.CharField(max_length=NAME_LENGTH, blank=True, editable=False)
    trashed_at = models.DateTimeField(null=True, editable=False)

    objects = PublishableQuerySet.as_manager()

    class Meta:
        abstract = True
        default_permissions = ("add", "change", "delete", "view", "publish")
        indexes = [
            # For the admin's list and its count. With `trashed_at` in the index, SQLite counts without reading rows.
            models.Index(fields=["name", "-id", "trashed_at"], condition=Q(trashed_at=None), name="%(class)ss_by_name")
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        self.slug = self.slug or self.unique_slug()
        if self._state.adding:
            super().save(update_fields=update_fields, **options)
        else:
            # The database counts, since this object may be older than the row.
            self.version = F("version") + 1
            if update_fields is not None:
                update_fields = {*update_fields, "version"}
            super().save(update_fields=update_fields, **options)
            self._defer_version()

    def delete(self, using: str | None = None, keep_parents: bool = False) -> NoReturn:
        raise ImmutableError(f"{self} is not deleted: move it to the trash.")

    def touch(self) -> None:
        """Raises `version`. Every write to the subject or to one of its rows does so: the optimistic lock needs it."""
        type(self).objects.filter(pk=self.pk).update(version=F("version") + 1)
        self._defer_version()

    def _defer_version(self) -> None:
        """Makes the next reader of `version` ask the database, which counted it."""
        self.__dict__.pop("version", None)

    def base_slug(self) -> str:
        """Returns the name as an address, which may be taken."""
        name = re.sub("['’]", "", self.name)  # "behcets-disease", not "behcet-s-disease"
        return slugify(name, max_length=SLUG_LENGTH - 5) or self.KIND

    def unique_slug(self, taken_slugs: Iterable[str] = ()) -> str:
        """Returns an address made from the name that no other subject has or had, and that is not in `taken_slugs`."""
        base = self.base_slug()
        rows = type(self).objects.exclude(pk=self.pk).filter(slug__startswith=base).values_list("slug", flat=True)
        addresses = Address.objects.filter(kind=self.KIND, slug__startswith=base).exclude(subject_id=self.pk or 0)
        taken = {*taken_slugs, *rows, *addresses.values_list("slug", flat=True)}
        slugs = chain([base], (f"{base}-{number}" for number in count(2)))
        return next(slug for slug in slugs if slug not in taken)

    @classmethod
    def permission(cls, action: str) -> str:
        """Returns the name of a permission on this kind, such as "diseases.publish_disease"."""
        return f"{cls._meta.app_label}.{action}_{cls._meta.model_name}"

    @classmethod
    def label(cls) -> str:
        """Returns the word for the kind that readers see: "Disease"."""
        return capfirst(str(cls._meta.verbose_name))

    @classmethod
    def url_of(cls, slug: str, view: str = "detail") -> str:
        """Returns the URL of a subject's page, or of another page about it, such as "changes"."""
        return reverse(f"{cls._meta.app_label}:{view}", args=[slug])

    @classmethod
    def list_url(cls) -> str:
        """Returns the URL of the list of the live pages of this kind."""
        return reverse(f"{cls._meta.app_label}:list")

    @classmethod
    def value_class(cls) -> type[Page]:
        return cls.PAGE

    @classmethod
    def detail_fields(cls) -> list[str]:
        """Returns the row's own fields that say something about the subject, in the order of the page."""
        return [field.name for field in columns_of(cls).values() if field.name not in cls.NOT_DETAILS]

    def child_rows(self, name: str) -> models.QuerySet[ChildRow]:
        """Returns the saved child rows that have a name on the page, each with the rows that it leads to."""
        model = child_models_of(type(self))[name]
        related = [field.name for field in columns_of(model).values() if isinstance(field, models.ForeignKey)]
        rows: models.QuerySet[ChildRow] = getattr(self, name).all()
        return rows.select_related(*related) if related else rows

    def compose(self, references: References = NO_REFERENCES) -> Page:
        """Returns the page that this row and its child rows make."""
        return self.page_of(**{name: list(self.child_rows(name)) for name in child_models_of(type(self))})

    def page_of(self, **child_rows: Sequence[ChildRow]) -> Page:
        """Returns the page that this row makes with the given child rows, in their order, saved or not."""
        on_page = {name: [row for row in rows if row.is_on_page()] for name, rows in child_rows.items()}
        rows = [self, *chain.from_iterable(on_page.values())]
        references = references_of(rows)
        values: dict[str, object] = {name: self.page_value(name, references) for name in columns_of(type(self))}
        values |= {name: tuple(row.compose(references) for row in same) for name, same in on_page.items()}
        return self.PAGE(**values, **self.other_values(rows))

    def other_values(self, rows: Sequence[ComposedRow]) -> dict[str, object]:
        """Returns what the page says besides the fields of the rows on it."""
        return {}

    def apply_page(self, page: Page) -> None:
        """Sets this row and its child rows to what a page says. This is the inverse of `compose`.

        Child rows are found by key; those that say the same already are not written. What is on no page, such as staff
        notes and questions without an answer, stays.
        """
        named = self.rows_named_on(page)
        for name in columns_of(type(self)):
            self.set_value(name, getattr(page, name), named)
        for name in child_models_of(type(self)):
            replace_rows(getattr(self, name), getattr(page, name), named)
        self.save()

    def rows_named_on(self, page: Page) -> NamedRows:
        """Returns the rows that a page names, by what it calls them."""
        return dict(Address.objects.subjects(page.references()).items())

    def publish_blocker(self, page: Page) -> str:
        """Returns why a page of this subject must not be published, as a sentence, or "" where it may be."""
        return ""

    def erase(self) -> None:
        """Removes from this row everything about a person, without saving it. `forget` calls this."""
        raise NotImplementedError

    # Files that a page shows, such as pictures, are stored outside of the editions, which hold only their digests.

    @classmethod
    def files(cls, digests: set[str]) -> dict[str, bytes]:
        """Returns the contents of files by digest."""
        return {}

    @classmethod
    def take_file(cls, content: bytes) -> None:
        """Saves a file of a page from another site. Raises ValueError where this site would not accept the file."""
        raise ValueError("is a file, but pages of this kind show no files")

    @classmethod
    def prune_files(cls, *, dry_run: bool = False) -> int:
        """Deletes the files that no row and no edition uses any more, and returns how many these are."""
        return 0
