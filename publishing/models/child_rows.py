"""The base model of the rows that belong to a subject."""

import uuid
from collections.abc import Collection, Iterable
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import F

from publishing.models.composed import ComposedRow, NamedRows, columns_of
from publishing.values import Value

_ChildRow = TypeVar("_ChildRow", bound="ChildRow")


class ChildRowQuerySet(models.QuerySet[_ChildRow]):
    """Raises the version of every subject whose rows it writes, as `ChildRow.save` does."""

    def update(self, **fields: Any) -> int:
        subjects = self._subjects()
        updated = super().update(**fields)
        self._touch(subjects)
        return updated

    def delete(self) -> tuple[int, dict[str, int]]:
        subjects = self._subjects()
        deleted = super().delete()
        self._touch(subjects)
        return deleted

    def bulk_create(
        self,
        objs: Iterable[_ChildRow],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[_ChildRow]:
        rows = super().bulk_create(objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields)
        self._touch({getattr(row, f"{self.model.SUBJECT}_id") for row in rows})
        return rows

    def free_unique_values(self, pks: list[int]) -> None:
        """Deletes rows that the caller saves again under their keys in the same transaction.

        Two rows can then exchange their unique values. Otherwise the first save would break the constraint.
        """
        self.model._base_manager.filter(pk__in=pks).delete()

    def _subjects(self) -> set[int]:
        return set(self.order_by().values_list(f"{self.model.SUBJECT}_id", flat=True))

    def _touch(self, pks: set[int]) -> None:
        subject_model: Any = self.model._meta.get_field(self.model.SUBJECT).related_model
        subject_model._base_manager.filter(pk__in=pks).update(version=F("version") + 1)


class ChildRow(ComposedRow):
    """A row that belongs to one subject and stands on the subject's page under a permanent key."""

    SUBJECT: ClassVar[str]
    STAFF_ONLY = ("position",)  # the page has the rows in this order
    UNIQUE: ClassVar[tuple[str, ...]] = ()
    """The fields whose values together occur only once on a page."""

    key = models.UUIDField(default=uuid.uuid4, unique=True)
    position = models.PositiveIntegerField(default=0)

    objects = ChildRowQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def save(self, **options: Any) -> None:
        super().save(**options)
        getattr(self, self.SUBJECT).touch()

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        deleted = super().delete(using, keep_parents)
        getattr(self, self.SUBJECT).touch()
        return deleted

    def column(self, name: str) -> Any:
        """Returns what the column of a field holds: of a foreign key the other row's primary key, without a query."""
        return getattr(self, self._meta.get_field(name).attname)  # type: ignore[union-attr] # a field with a column

    def folded_values(self) -> tuple[str, ...]:
        """Returns the values that may be on a page only once, as they are compared: without case and extra spaces."""
        return tuple(" ".join(str(self.column(name)).casefold().split()) for name in self.UNIQUE)

    def rank(self) -> int:
        """Returns the place of the row's sort among the rows of its class. A new row is not put behind a later sort."""
        return 0

    def is_on_page(self) -> bool:
        """Returns whether the page of the subject has this row. A row that it lacks is work in progress."""
        return True

    def take_off_page(self) -> bool:
        """Takes the row off the page, unsaved. Returns True where nothing is left of it, so that it is deleted."""
        return True

    def apply_value(self, value: Value, named: NamedRows) -> None:
        """Sets this row to what a page says, and puts it on the page. It is not saved."""
        for name in columns_of(type(self)):
            self.set_value(name, getattr(value, name), named)


def replace_rows(rows: "models.Manager[_ChildRow]", values: Iterable[Any], named: NamedRows) -> None:
    """Makes a subject's rows of one model match the values of its page, by key and in order.

    `rows` is the related manager of the subject, and `named` has the rows that the page names. Only rows that differ
    are written, and the number of queries does not grow with them. The caller raises the version of the subject.
    """
    model = rows.model
    names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    existing = {row.key: row for row in rows.all()}
    wanted = {value.key: value for value in values}
    off_page = [row for key, row in existing.items() if key not in wanted and row.is_on_page()]
    removed = [row for row in off_page if row.take_off_page()]
    changed = [row for row in off_page if row not in removed]
    new: list[_ChildRow] = []
    renamed: list[_ChildRow] = []
    for position, (key, value) in enumerate(wanted.items(), start=1):
        row = existing.get(key) or model(**{model.SUBJECT: rows.instance})  # type: ignore[attr-defined]
        before = {name: row.column(name) for name in names}
        row.apply_value(value, named)
        row.position = position
        differing = {name for name in names if row.column(name) != before[name]}
        if key not in existing:
            new.append(row)
        elif differing:
            # Rows that exchange their unique values are deleted and written again under their keys.
            (renamed if differing & {*model.UNIQUE} else changed).append(row)
    if removed or renamed:
        model._base_manager.filter(pk__in=[row.pk for row in [*removed, *renamed]]).delete()
    if changed:
        model._base_manager.bulk_update(changed, names)
    if new or renamed:
        model._base_manager.bulk_create([*renamed, *new])
