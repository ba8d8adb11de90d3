"""Rows that are written once. The verbs alone go past the seal, by `_base_manager`."""

from typing import Any, TypeVar

from django.db import models


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
