"""Editions, the events about them, the subjects that they mention, and their addresses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from publishing.models.kinds import HasKind, HasSlug, kinds
from publishing.values import LINE_LENGTH, Page, Reference
from search.documents import Document

SLUG_LENGTH = 160
NAME_LENGTH = 150


class ImmutableError(TypeError):
    """A program tried to change or delete a row that must stay as it is."""


_Immutable = TypeVar("_Immutable", bound=models.Model)


class ImmutableQuerySet(models.QuerySet[_Immutable]):
    """Raises ImmutableError for whatever would change or delete rows. Only the verbs may use `_base_manager`."""

    def _raise_immutable(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutableError(f"{self.model._meta.verbose_name_plural} cannot be changed or deleted.")

    def bulk_create(
        self,
        objs: Iterable[_Immutable],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[_Immutable]:
        if update_conflicts:
            self._raise_immutable()
        return super().bulk_create(objs, batch_size, ignore_conflicts)

    update = delete = bulk_update = update_or_create = _raise_immutable
    aupdate = adelete = abulk_update = aupdate_or_create = _raise_immutable


class Immutable(models.Model):
    """A row that is saved once and never changed or deleted."""

    class Meta:
        abstract = True

    def save(self, *, using: str | None = None, **options: Any) -> None:
        if not self._state.adding:
            raise ImmutableError(f"{self} cannot be changed.")
        super().save(force_insert=True, using=using)  # without it, Django would overwrite a row with the same number

    def delete(self, using: str | None = None, keep_parents: bool = False) -> NoReturn:
        raise ImmutableError(f"{self} cannot be deleted.")


class EditionQuerySet(ImmutableQuerySet["Edition"]):
    def of(self, kind: type[HasKind]) -> Self:
        return self.filter(kind=kind.KIND)

    def from_origin(self, origin: str) -> Self:
        """Returns editions by their origin: "import" finds all imports, "import:orphanet:17" one run."""
        return self.filter(Q(origin=origin) | Q(origin__startswith=f"{origin}:"))

    def about(self, subject: HasKind) -> Self:
        return self.filter(kind=subject.KIND, subject_id=subject.pk)

    def live(self) -> Self:
        return self.filter(is_live=True)

    def searchable(self) -> Self:
        """Returns live editions that the site's own search and search engines may find."""
        return self.live().filter(kind__in=[name for name, kind in kinds().items() if kind.IS_SEARCHED])

    def newest(self) -> Self:
        """Returns the edition of each subject that was saved last."""
        return self.filter(is_newest=True)

    def mentioning(self, kind: type[HasKind], subject_id: int) -> Self:
        """Returns live editions whose page mentions a subject."""
        return self.live().filter(links__kind=kind.KIND, links__subject_id=subject_id)

    def live_by_reference(self, kind: type[HasKind], slugs: set[str]) -> dict[str, "Edition"]:
        """Returns the live editions of the subjects that have these addresses, by address."""
        return self.live_by_address(kind, Address.objects.first_slugs(kind, slugs)) if slugs else {}

    def live_by_address(self, kind: type[HasKind], slug_of: Mapping[int, str]) -> dict[str, "Edition"]:
        """Returns the live editions of subjects, by address, given the address of each subject."""
        if not slug_of:
            return {}
        editions = self.of(kind).live().filter(subject_id__in=slug_of)
        return {slug_of[edition.subject_id]: edition for edition in editions}


class Edition(Immutable):
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
    by_name = models.CharField(max_length=NAME_LENGTH)
    at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=LINE_LENGTH, blank=True)

    origin = models.CharField(
        max_length=60,
        blank=True,
        help_text=_("Where the text comes from, if no person wrote it: import:orphanet:17 or job:5."),
    )

    # The state. Only the verbs set it.
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
            # Has all columns that a sitemap needs, so that no long row is read. SQLite needs `is_live` too.
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

    @property
    def origin_label(self) -> str:
        """The origin as an editor reads it: "import orphanet, run 17", or "" where a person wrote the text."""
        what, _colon, rest = self.origin.partition(":")
        name, _colon, run = rest.partition(":")
        return f"{what} {name}, " + _("run %(number)s") % {"number": run} if run else f"{what} {name}".strip()

    @cached_property
    def page(self) -> Any:
        """The page, of the page class of the edition's kind (hence Any). It is opened once, since it cannot change."""
        return kinds()[self.kind].PAGE.open(self.content, self.schema)

    def document(self) -> Document:
        """Returns what the search index knows of the subject while this edition is live."""
        page: Page = self.page
        return page.document(self.kind, kinds()[self.kind].label(), self.subject_id, self.get_absolute_url())


class Event(Immutable):
    """One act on a subject: what was done, by whom, when and why."""

    class Verb(models.TextChoices):
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")
        SUBMITTED = "submitted", _("submitted as ready to publish")
        RESTORED = "restored", _("restored as a draft")
        REDACTED = "redacted", _("redacted")
        TRASHED = "trashed", _("moved to the trash")
        UNTRASHED = "untrashed", _("restored from the trash")
        COMPARISON_HIDDEN = "comparison_hidden", _("comparison hidden from readers")
        COMPARISON_SHOWN = "comparison_shown", _("comparison shown to readers again")

    WORKFLOW = [Verb.SUBMITTED, Verb.PUBLISHED, Verb.WITHDRAWN]

    kind = models.CharField(max_length=20)
    subject_id = models.PositiveBigIntegerField()
    verb = models.CharField(max_length=20, choices=Verb.choices)
    edition = models.ForeignKey(Edition, models.PROTECT, null=True, related_name="events")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=NAME_LENGTH)
    at = models.DateTimeField(auto_now_add=True)
    note = models.TextField(blank=True)
    minor = models.BooleanField(default=False)
    successor_id = models.PositiveBigIntegerField(null=True, help_text="The subject that readers are sent to instead.")

    objects = ImmutableQuerySet.as_manager()

    class Meta:
        indexes = [models.Index("kind", "subject_id", "verb", name="events_of_subject")]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} by {self.by_name}"


class Link(models.Model):
    """Says that a live edition mentions a subject. Links answer the question where a subject is used."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=20)
    subject_id = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("edition", "kind", "subject_id", name="one_link")]
        indexes = [models.Index("kind", "subject_id", name="links_to_subject")]

    def __str__(self) -> str:
        return f"{self.edition_id} → {self.kind} {self.subject_id}"


class AddressQuerySet(models.QuerySet["Address"]):
    def first_slugs(self, kind: type[HasKind], slugs: set[str]) -> dict[int, str]:
        """Returns the subjects that have these addresses, each with its first one of them. This never changes."""
        found = self.filter(kind=kind.KIND, slug__in=slugs).order_by("-pk")
        return dict(found.values_list("subject_id", "slug"))  # of several, the first address comes last

    def references(self, kind: type[HasKind], rows: Sequence[HasSlug]) -> dict[int, Reference]:
        """Returns references to rows, by primary key. Each uses the first address that was ever reserved for the row.

        That address never changes, so a page that mentions a subject does not change when the subject gets another
        address. Where no address is reserved yet, the reference uses the address of the draft.
        """
        first: dict[int, str] = {}
        for address in self.filter(kind=kind.KIND, subject_id__in=[row.pk for row in rows]).order_by("pk"):
            first.setdefault(address.subject_id, address.slug)
        return {row.pk: Reference(kind=kind.KIND, slug=first.get(row.pk, row.slug)) for row in rows}

    def subjects(self, references: tuple[Reference, ...]) -> dict[Reference, Any]:
        """Returns the row of each reference. A reference that leads nowhere is left out."""
        ids = self.subject_ids(references)
        found: dict[Reference, Any] = {}
        for kind in {reference.kind for reference in ids}:
            own = {reference: pk for reference, pk in ids.items() if reference.kind == kind}
            rows = kinds()[kind].objects.in_bulk(own.values())
            found |= {reference: rows[pk] for reference, pk in own.items() if pk in rows}
        return found

    def subject_ids(self, references: Iterable[Reference]) -> dict[Reference, int]:
        """Returns the primary key of the subject that each reference leads to. Others are left out."""
        ids = self.owners(references)
        missing = set(references) - set(ids)
        for kind in {reference.kind for reference in missing}:
            rows = kinds()[kind].objects.filter(slug__in=[each.slug for each in missing if each.kind == kind])
            ids |= {Reference(kind=kind, slug=slug): pk for slug, pk in rows.values_list("slug", "pk")}
        return ids

    def owners(self, references: Iterable[Reference]) -> dict[Reference, int]:
        """Returns the primary key of the subject to which the address of each reference belongs, where it is taken."""
        wanted = set(references)
        found = self.filter(kind__in={each.kind for each in wanted}, slug__in={each.slug for each in wanted})
        owners = {
            Reference(kind=kind, slug=slug): pk for kind, slug, pk in found.values_list("kind", "slug", "subject_id")
        }
        return {reference: owners[reference] for reference in wanted if reference in owners}

    def reserve(self, references: set[Reference]) -> None:
        """Reserves the addresses of references, so that each still leads to its subject after a draft was renamed."""
        new: list[Address] = []
        missing = references - set(self.owners(references))
        for kind in sorted({reference.kind for reference in missing}):
            rows = kinds()[kind].objects.filter(slug__in=[each.slug for each in missing if each.kind == kind])
            # One order for everybody: two transactions that lock rows in different orders would block each other.
            new += [Address(kind=kind, slug=row.slug, subject_id=row.pk) for row in rows.order_by("slug")]
        Address.objects.bulk_create(new, ignore_conflicts=True)

    def without_live_page(self, references: tuple[Reference, ...]) -> list[Any]:
        """Returns the subjects of references that readers would not see, since they have no live edition."""
        rows = self.subjects(references).values()
        live = Edition.objects.live().filter(subject_id__in=[row.pk for row in rows])
        live_subjects = set(live.values_list("kind", "subject_id"))
        return [row for row in rows if (row.KIND, row.pk) not in live_subjects]


class Address(models.Model):
    """An address that was live, or that a saved page mentions. It is never given to another subject."""

    kind = models.CharField(max_length=20)
    slug = models.SlugField(max_length=SLUG_LENGTH)
    subject_id = models.PositiveBigIntegerField()

    objects = AddressQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("kind", "slug", name="one_subject_an_address")]
        indexes = [models.Index("kind", "subject_id", name="addresses_of_subject")]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}"
