"""The rows of a subject, and what they or the database refuse, in words for a report."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from publishing.models import ChildRow, Publishable


def is_typed(column: Any) -> bool:
    """Whether a person types the column; keys, counters and links to other rows are set by programs."""
    return isinstance(column, models.Field) and column.editable and not column.is_relation and column.name != "key"


def child_rows(subject: Publishable) -> Iterator[Any]:
    """The rows of a subject, of every sort."""
    for relation in subject._meta.related_objects:
        if isinstance(relation.related_model, type) and issubclass(relation.related_model, ChildRow):
            yield from getattr(subject, str(relation.get_accessor_name())).all()


def field_messages(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Where each message belongs, as the end of a path, and its words."""
    for name, messages in error.message_dict.items():
        yield "" if name == NON_FIELD_ERRORS else f".{name}", " ".join(messages)


def database_error(error: Exception) -> str:
    """What the database refused, in the words that the model has for it."""
    text = str(error).splitlines()[0]
    for model in apps.get_models():
        if issubclass(model, Publishable | ChildRow):
            for constraint in model._meta.constraints:
                columns = [f"{model._meta.db_table}.{name}" for name in _columns(model, constraint)]
                if constraint.name in text or (columns and text.endswith(": " + ", ".join(columns))):
                    if isinstance(constraint, models.UniqueConstraint):
                        return f"a {model._meta.verbose_name} stands twice on the page"
                    return str(constraint.get_violation_error_message())
    return f"the database refuses it: {text}"


def _columns(model: type[models.Model], constraint: Any) -> list[str]:
    return [str(model._meta.get_field(name).column) for name in getattr(constraint, "fields", ())]  # type: ignore[union-attr]
