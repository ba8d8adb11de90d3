"""Merges two organizations that are the same: every child row that names the first then names the second.

The child rows that name an organization are defined by apps above this one, which this app may not import. They are
found by a search through the kinds: their child rows with a foreign key to an organization.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Self

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.models import AnyUser, User
from editorial.seen import stale_message, token_of
from organizations.models import Organization, successor_chain, successors
from organizations.values import Status
from publishing.models import ChildRow, Publishable, child_models_of, kinds
from publishing.values import LINE_LENGTH
from publishing.verbs import PageRefused, PublishingError, may, save_edition


class MergeRefused(PublishingError):
    """Raised where two organizations cannot be merged; the message tells an editor why and what to do."""


@dataclass(frozen=True)
class OrganizationKey:
    """A foreign key of a model of child rows to an organization, and the kind of the subjects that these belong to."""

    subject_kind: type[Publishable]
    model: type[ChildRow]
    name: str


def foreign_keys() -> list[OrganizationKey]:
    """Returns the foreign keys of all child rows to an organization."""
    return [
        OrganizationKey(kind, model, field.name)
        for kind in kinds().values()
        for model in child_models_of(kind).values()
        for field in model._meta.concrete_fields
        if field.related_model is Organization
    ]


def may_merge(user: AnyUser) -> bool:
    """Returns whether a user may change every kind of subject that names organizations."""
    changed: set[type[Publishable]] = {Organization, *(key.subject_kind for key in foreign_keys())}
    return all(may(user, "change", kind) for kind in changed)


@dataclass(frozen=True)
class MergedRow:
    """A child row that names the merged organization, and the row of the same page that already names the survivor."""

    key: OrganizationKey
    row: ChildRow
    duplicate: ChildRow | None

    @property
    def subject(self) -> Publishable:
        subject: Publishable = getattr(self.row, self.row.SUBJECT)
        return subject

    def merged_texts(self) -> dict[str, str]:
        """Returns the new texts of the duplicate: its own text first, then that of the row, so that none is lost."""
        pairs = {name: (getattr(self.duplicate, name), getattr(self.row, name)) for name in self._max_lengths()}
        return {
            name: own if added == own else "\n\n".join(filter(None, [own, added]))
            for name, (own, added) in pairs.items()
        }

    def too_long(self) -> list[str]:
        """Returns the names of the merged texts that are longer than their fields allow."""
        limits = self._max_lengths()
        return [name for name, text in self.merged_texts().items() if len(text) > (limits[name] or len(text))]

    def _max_lengths(self) -> dict[str, int | None]:
        """Returns the text fields of the row with their greatest lengths."""
        return {
            field.name: field.max_length
            for field in self.row._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField) and not field.choices
        }


@dataclass(frozen=True)
class MergePlan:
    """What a merge would do: rows that would name the survivor, and duplicates that would be joined and deleted."""

    organization: Organization
    survivor: Organization
    moved: list[MergedRow]
    doubled: list[MergedRow]

    @classmethod
    def of(cls, organization: Organization, survivor: Organization) -> Self:
        rows = [row for key in foreign_keys() for row in _merged_rows(key, organization, survivor)]
        rows.sort(key=lambda row: (row.subject.KIND, str(row.subject).casefold(), row.row.pk))
        return cls(
            organization,
            survivor,
            moved=[row for row in rows if not row.duplicate],
            doubled=[row for row in rows if row.duplicate],
        )

    def subjects(self) -> list[Publishable]:
        """Returns the subjects that change besides the two organizations, each once, in the order in which to lock."""
        found = {(row.subject.KIND, row.subject.pk): row.subject for row in [*self.moved, *self.doubled]}
        return [found[key] for key in sorted(found)]

    def digest(self) -> str:
        """Returns the token of the plan, so that a merge does exactly what the editor saw."""
        content = [
            *[(row.row.key, row.subject.pk) for row in self.moved],
            *[(row.row.key, row.duplicate.key, row.merged_texts()) for row in self.doubled if row.duplicate],
        ]
        return token_of(self.survivor.pk, self.survivor.name, content)

    def merge_blocker(self) -> str:
        """Returns why the merge is not possible and what to do, or "" where it is possible."""
        if self.organization == self.survivor:
            return _("An organization cannot be merged with itself. Choose another one.")
        for organization in [self.organization, self.survivor]:
            if organization.trashed_at:
                return _("“%(name)s” is in the trash. Restore it first.") % {"name": organization}
        if self.organization.pk in successor_chain(self.survivor.pk, successors()):
            return _("The successors of “%(survivor)s” lead to “%(name)s”. Readers would go round in a circle.") % {
                "survivor": self.survivor,
                "name": self.organization,
            }
        for row in self.doubled:
            if row.too_long():
                return _(
                    "“%(subject)s” names both organizations, and their two notes together are too long. "
                    "Shorten one of the notes first."
                ) % {"subject": row.subject}
        return ""


def _merged_rows(key: OrganizationKey, organization: Organization, survivor: Organization) -> list[MergedRow]:
    model = key.model
    rows = model._default_manager.filter(**{f"{key.name}__in": [organization, survivor]})
    other_unique_fields = [name for name in model.UNIQUE if name != key.name]
    of_organization: list[ChildRow] = []
    of_survivor: dict[tuple[Hashable, ...], ChildRow] = {}

    def unique_values(row: ChildRow) -> tuple[Hashable, ...]:
        return (getattr(row, f"{model.SUBJECT}_id"), *(getattr(row, name) for name in other_unique_fields))

    for row in rows.select_related(model.SUBJECT):
        if getattr(row, f"{key.name}_id") == organization.pk:
            of_organization.append(row)
        elif key.name in model.UNIQUE:
            of_survivor[unique_values(row)] = row
    return [MergedRow(key, row, of_survivor.get(unique_values(row))) for row in of_organization]


@transaction.atomic
def merge(organization: Organization, survivor: Organization, by: User, seen: str) -> int:
    """Makes every draft that names an organization name the survivor instead; returns how many it changed.

    The organization gets the status "merged" and the survivor as its successor. Nothing is published. `seen` is the
    digest of the plan that the user saw. Raises MergeRefused where the plan has changed or the merge is not possible.
    """
    if not may_merge(by):
        raise PermissionDenied
    locked = _lock(MergePlan.of(organization, survivor))
    rows = Organization.objects.in_bulk([organization.pk, survivor.pk])
    organization, survivor = rows[organization.pk], rows[survivor.pk]
    plan = MergePlan.of(organization, survivor)
    if blocker := plan.merge_blocker():
        raise MergeRefused(blocker)
    if plan.digest() != seen or not {(subject.KIND, subject.pk) for subject in plan.subjects()} <= locked:
        raise MergeRefused(stale_message())

    for doubled in plan.doubled:
        if duplicate := doubled.duplicate:
            texts = doubled.merged_texts()
            for name, text in texts.items():
                setattr(duplicate, name, text)
            duplicate.save(update_fields=list(texts))
        doubled.row.delete()
    for key in foreign_keys():
        pks = [moved.row.pk for moved in plan.moved if moved.key == key]
        key.model.objects.filter(pk__in=pks).update(**{key.name: survivor})
    organization.status, organization.successor = Status.MERGED, survivor
    organization.save()

    note = _("“%(name)s” merged into “%(survivor)s”") % {"name": organization, "survivor": survivor}
    for subject in [*plan.subjects(), organization]:
        try:
            save_edition(subject, by, note=Truncator(note).chars(LINE_LENGTH))
        except PageRefused as error:
            raise MergeRefused(f"{subject}: {error}") from error
    return len(plan.subjects())


def _lock(plan: MergePlan) -> set[tuple[str, int]]:
    """Locks every subject that the plan changes or depends on, always in the same order; returns their kinds and keys.

    The successors of the survivor are locked too, so that two merges at once cannot form a circle of successors.
    """
    chain = successor_chain(plan.survivor.pk, successors())
    pks_by_kind: dict[type[Publishable], set[int]] = {Organization: {plan.organization.pk, *chain}}
    for subject in plan.subjects():
        pks_by_kind.setdefault(type(subject), set()).add(subject.pk)
    locked: set[tuple[str, int]] = set()
    for kind in sorted(pks_by_kind, key=lambda kind: kind.KIND):
        rows = kind.objects.select_for_update().filter(pk__in=pks_by_kind[kind]).order_by("pk")
        locked |= {(kind.KIND, pk) for pk in rows.values_list("pk", flat=True)}
    return locked
