"""Finds the subjects whose draft names a row, such as an organization or the source of a text."""

from django.db import models

from publishing.models import ComposedRow, Publishable, child_models_of, columns_of, kinds


def drafts_naming(row: models.Model) -> list[models.QuerySet[Publishable]]:
    """Returns the subjects that name a row, themselves or in child rows: a queryset for each kind that can."""
    found: list[models.QuerySet[Publishable]] = []
    for kind in kinds().values():
        conditions = [models.Q(**{name: row}) for name in _keys_to(type(row), kind)]
        for child in child_models_of(kind).values():
            naming = [child._default_manager.filter(**{name: row}) for name in _keys_to(type(row), child)]
            conditions += [models.Q(pk__in=rows.order_by().values(child.SUBJECT)) for rows in naming]
        if conditions:
            found.append(kind.objects.filter(models.Q(*conditions, _connector=models.Q.OR)))
    return found


def _keys_to(target: type[models.Model], model: type[ComposedRow]) -> list[str]:
    """Returns the names of the fields of a model that lead to another one."""
    return [field.name for field in columns_of(model).values() if field.related_model is target]
