"""The rows of a subject, each of which stands on its page."""

import uuid
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import F

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
