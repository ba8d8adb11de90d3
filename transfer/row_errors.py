"""Finds the rows of a subject, and puts the errors of their validation and of the database into plain words."""

from collections.abc import Iterator

from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from publishing.models import ChildRow, Publishable, child_models_of


def is_typed(column: models.Field | models.ForeignObjectRel | GenericForeignKey) -> bool:
    """Returns whether a person types the value of a column. Programs set keys, counters and links to other rows."""
    return isinstance(column, models.Field) and column.editable and not column.is_relation and column.name != "key"


def child_rows(subject: Publishable) -> Iterator[ChildRow]:
    """Yields the child rows of a subject, of every model."""
    for name in child_models_of(type(subject)):
        yield from subject.child_rows(name)


UniqueValues = tuple[str, ...]
"""A model, its columns, and values that only one subject may have in them."""


def unique_values(row: models.Model) -> Iterator[UniqueValues]:
    """Yields the values of a row that no other subject may have. Slugs and keys are compared when a file is read."""
    meta, values = row._meta, {column.name: column.value_from_object(row) for column in row._meta.concrete_fields}
    for column in meta.concrete_fields:
        if column.unique and not column.primary_key and column.name not in {"slug", "key"}:
            yield meta.label, column.name, str(values[column.name])
    for constraint in meta.constraints:
        if not isinstance(constraint, models.UniqueConstraint):
            continue
        is_for_all = not any(meta.get_field(name).is_relation for name in constraint.fields)
        if is_for_all and (constraint.condition is None or constraint.condition.check(values)):
            yield meta.label, *constraint.fields, *(str(values[name]) for name in constraint.fields)


def field_messages(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yields each message of a validation error with its field as the end of a path."""
    for name, messages in error.message_dict.items():
        yield "" if name == NON_FIELD_ERRORS else f".{name}", " ".join(messages)


def database_error(error: Exception) -> str:
    """Returns why the database rejected a row, in the model's own words where it has some."""
    text = str(error).splitlines()[0]
    for model in apps.get_models():
        if issubclass(model, Publishable | ChildRow):
            for constraint in model._meta.constraints:
                fields = [model._meta.get_field(name) for name in getattr(constraint, "fields", ())]
                columns = [f"{model._meta.db_table}.{field.column}" for field in fields]  # type: ignore[union-attr]
                if constraint.name in text or (columns and text.endswith(": " + ", ".join(columns))):
                    if isinstance(constraint, models.UniqueConstraint):
                        return f"the page has the same {model._meta.verbose_name} twice"
                    return str(constraint.get_violation_error_message())
    return f"the database does not accept it: {text}"
