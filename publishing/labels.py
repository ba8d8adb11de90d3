"""The labels of what a page says, for editors and readers."""

from collections.abc import Mapping
from functools import cache

from django.apps import apps
from django.utils.functional import Promise
from django.utils.text import capfirst

from publishing.models import ComposedRow, child_models_of, columns_of
from publishing.values import Value


@cache
def _all_labels() -> Mapping[type[Value], Mapping[str, str | Promise]]:
    """Returns the labels of each value class: those of its row's fields and child rows, and its own."""
    rows = [model for model in apps.get_models() if issubclass(model, ComposedRow)]
    return {
        row.value_class(): {
            **{name: field.verbose_name for name, field in columns_of(row).items()},
            **{name: model._meta.verbose_name or "" for name, model in child_models_of(row).items()},
            **row.value_class().LABELS,
        }
        for row in rows
    }


def label_of(value_class: type[Value], name: str) -> str:
    """Returns the label of a field: the value's own, or that of the field or the child rows that it comes from."""
    labels = _all_labels().get(value_class, value_class.LABELS)
    return capfirst(str(labels.get(name) or name.replace("_", " ")))
