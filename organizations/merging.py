"""Two entries of one organization: where each is used, and merging the one into the other.

The rows that name an organization are those of other rooms, where no import leads from here. They are found by what
they are: parts of a page with a foreign key to an organization.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Self

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from organizations.duplicates import successor_chain, successors
from organizations.models import Organization
from organizations.values import Status
from publishing.models import ChildRow
from publishing.values import LINE_LENGTH
from publishing.verbs import PageRefused, PublishingError, may, save_edition


class MergeRefused(PublishingError):
    """Two organizations cannot be merged as asked; the message tells an editor why and what to do."""


def foreign_keys() -> list[Any]:
    """The foreign keys by which the parts of pages name an organization."""
    return [
        field
        for model in apps.get_models()
        if issubclass(model, ChildRow)
        for field in model._meta.concrete_fields
        if field.related_model is Organization
    ]


def subject_kind(link: Any) -> Any:
    """The kind of subject that a foreign key's rows are parts of."""
    return link.model._meta.get_field(link.model.SUBJECT).related_model


def working_copies(organization: Organization) -> list[Any]:
    """For each kind, the subjects whose working copy names an organization."""
    subjects = [
        subject_kind(link).objects.filter(
            pk__in=link.model.objects.filter(**{link.name: organization}).order_by().values(f"{link.model.SUBJECT}_id")
        )
        for link in foreign_keys()
    ]
    return [*subjects, Organization.objects.filter(successor=organization)]


def may_merge(user: Any) -> bool:
    return all(may(user, "change", kind) for kind in {Organization, *map(subject_kind, foreign_keys())})


@dataclass(frozen=True)
class MergedRow:
    """A row that names the merged organization, and the one of the same page that names the survivor already."""

    link: Any
    row: Any
    twin: Any

    @property
    def subject(self) -> Any:
        return getattr(self.row, self.row.SUBJECT)

    def texts(self) -> dict[str, str]:
        """What the twin's texts are to be: its own words first, then the row's. No word is lost."""
        pairs = {name: (getattr(self.twin, name), getattr(self.row, name)) for name in self._limits()}
        return {
            name: own if added == own else "\n\n".join(filter(None, [own, added]))
            for name, (own, added) in pairs.items()
        }

    def overlong(self) -> list[str]:
        """The texts that would no longer fit."""
        limits = self._limits()
        return [name for name, text in self.texts().items() if len(text) > (limits[name] or len(text))]

    def _limits(self) -> dict[str, int | None]:
        """The row's texts, and how many characters fit into each."""
        return {
            field.name: field.max_length
            for field in self.row._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField) and not field.choices
        }


@dataclass(frozen=True)
class MergePlan:
    """What a merge would do."""

    organization: Organization
    survivor: Organization
    moved: list[MergedRow]
    doubled: list[MergedRow]

    @classmethod
    def of(cls, organization: Organization, survivor: Organization) -> Self:
        found = [row for link in foreign_keys() for row in _merged_rows(link, organization, survivor)]
        found.sort(key=lambda row: (row.subject.KIND, str(row.subject).casefold(), row.row.pk))
        return cls(
            organization,
            survivor,
            moved=[row for row in found if not row.twin],
            doubled=[row for row in found if row.twin],
        )

    def subjects(self) -> list[Any]:
        """The subjects whose working copy changes, the two organizations aside: each once, in the order of locks."""
        found = {(row.subject.KIND, row.subject.pk): row.subject for row in [*self.moved, *self.doubled]}
        return [found[place] for place in sorted(found)]

    def digest(self) -> str:
        """Short for all that the plan says: who confirms a merge confirms this."""
        said = [
            *[(row.row.key, row.subject.pk) for row in self.moved],
            *[(row.row.key, row.twin.key, row.texts()) for row in self.doubled],
        ]
        return hashlib.sha256(repr((self.survivor.pk, self.survivor.name, said)).encode()).hexdigest()[:20]

    def refusal(self) -> str:
        """Why it cannot be done, and what to do; "" where it can."""
        if self.organization == self.survivor:
            return _("An organization cannot be merged with itself. Choose another.")
        for each in [self.organization, self.survivor]:
            if each.trashed_at:
                return _("“%(name)s” is in the trash. Restore it first.") % {"name": each}
        if self.organization.pk in successor_chain(self.survivor.pk, successors()):
            return _("“%(survivor)s” has “%(name)s” as its own successor: readers would be led in a circle.") % {
                "survivor": self.survivor,
                "name": self.organization,
            }
        for row in self.doubled:
            if row.overlong():
                return _("“%(subject)s” names both, and their two notes together are too long. Shorten one first.") % {
                    "subject": row.subject
                }
        return ""


def _merged_rows(link: Any, organization: Organization, survivor: Organization) -> list[MergedRow]:
    model = link.model
    both = model.objects.filter(**{f"{link.name}__in": [organization, survivor]})
    own: list[Any] = []
    twins: dict[Any, Any] = {}

    def place(row: Any) -> tuple[Any, ...]:
        others = [name for name in model.UNIQUE if name != link.name]
        return (getattr(row, f"{model.SUBJECT}_id"), *(getattr(row, name) for name in others))

    for row in both.select_related(model.SUBJECT):
        if getattr(row, link.attname) == organization.pk:
            own.append(row)
        elif link.name in model.UNIQUE:
            twins[place(row)] = row
    return [MergedRow(link, row, twins.get(place(row))) for row in own]


@transaction.atomic
def merge(organization: Organization, survivor: Organization, by: Any, seen: str) -> int:
    """Makes every working copy that names an organization name the survivor; returns how many there were.

    The organization becomes "merged", with the survivor as its successor. Nothing is published. `seen` is the digest of
    the plan that the user saw. Raises MergeRefused where it would do something else by now, or cannot be done.
    """
    if not may_merge(by):
        raise PermissionDenied
    locked = _lock(MergePlan.of(organization, survivor))
    rows = Organization.objects.in_bulk([organization.pk, survivor.pk])
    organization, survivor = rows[organization.pk], rows[survivor.pk]
    plan = MergePlan.of(organization, survivor)
    if refusal := plan.refusal():
        raise MergeRefused(refusal)
    if plan.digest() != seen or not {(row.KIND, row.pk) for row in plan.subjects()} <= locked:
        raise MergeRefused(_("Something was changed since you looked. This is what would happen now: look again."))

    for row in plan.doubled:
        for name, text in row.texts().items():
            setattr(row.twin, name, text)
        row.twin.save(update_fields=list(row.texts()))
        row.row.delete()
    for link in foreign_keys():
        pks = [row.row.pk for row in plan.moved if row.link == link]
        link.model.objects.filter(pk__in=pks).update(**{link.name: survivor})
    organization.status, organization.successor = Status.MERGED, survivor
    organization.save()

    note = _("“%(name)s” merged into “%(survivor)s”") % {"name": organization, "survivor": survivor}
    author = by.get_full_name() or by.get_username()
    for subject in [*plan.subjects(), organization]:
        type(subject)._base_manager.filter(pk=subject.pk).update(saved_by=author)
        try:
            save_edition(subject, by, note=Truncator(note).chars(LINE_LENGTH))
        except PageRefused as error:
            raise MergeRefused(f"{subject}: {error}") from error
    return len(plan.subjects())


def _lock(plan: MergePlan) -> set[tuple[str, int]]:
    """Holds what the plan changes or rests on until the transaction ends, in an order that is always the same.

    The survivor's own successors are among them, so that no two merges at once close a circle.
    """
    following = successor_chain(plan.survivor.pk, successors())
    wanted: dict[Any, set[int]] = {Organization: {plan.organization.pk, *following}}
    for subject in plan.subjects():
        wanted.setdefault(type(subject), set()).add(subject.pk)
    locked: set[tuple[str, int]] = set()
    for kind in sorted(wanted, key=lambda kind: kind.KIND):
        rows = kind.objects.select_for_update().filter(pk__in=wanted[kind]).order_by("pk")
        locked |= {(kind.KIND, pk) for pk in rows.values_list("pk", flat=True)}
    return locked
