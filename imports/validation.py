"""Checks whether the values of a row fit into its fields."""

from functools import cache

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models


def field_errors(row: models.Model) -> dict[str, str]:
    """Returns why the values of a row do not fit into their fields, by field name."""
    errors: dict[str, str] = {}
    automatic, relations, max_lengths = _fields_of(type(row))
    try:
        row.clean_fields(exclude=automatic | relations)
    except ValidationError as error:
        errors = {name: " ".join(messages) for name, messages in error.message_dict.items()}
    for name, longest in max_lengths.items():
        # Django checks the length of a TextField in forms only.
        if len(getattr(row, name)) > longest:
            errors[name] = f"At most {longest:,} characters fit."
    return errors


@cache
def _fields_of(model: type[models.Model]) -> tuple[set[str], set[str], dict[str, int]]:
    """Returns the names of the fields that save() fills in, the names of relations, and the lengths of text fields."""
    fields = model._meta.fields
    lengths = {each.name: each.max_length for each in fields if isinstance(each, models.TextField) and each.max_length}
    automatic = {"slug", *(each.name for each in fields if not each.editable)}
    return automatic, {each.name for each in fields if each.is_relation}, lengths


def model_field(model: models.Model | type[models.Model], name: str) -> models.Field:
    """Returns a field of a model. Raises FieldDoesNotExist where the name is not that of a field of its own."""
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise FieldDoesNotExist(name)
    return field


def label(model: models.Model | type[models.Model], name: str) -> str:
    """Returns the name of a field as editors see it."""
    return str(model_field(model, name).verbose_name)


def ensure_valid(row: models.Model, kind: str) -> None:
    """Raises ValidationError where a field of the row does not hold its value."""
    if errors := field_errors(row):
        raise ValidationError([f"{kind} “{row}”, {name}: {reason}" for name, reason in errors.items()])
