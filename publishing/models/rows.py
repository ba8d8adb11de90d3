"""Writes the child rows of a subject: by key, and only those that differ."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db import models

from publishing.models.publishable import ChildRow


class ValueWithKey(Protocol):
    """The value of a child row in a page."""

    @property
    def key(self) -> UUID: ...


_Child = TypeVar("_Child", bound=ChildRow)
_RowValue = TypeVar("_RowValue", bound=ValueWithKey)


def replace_rows(
    rows: "models.Manager[_Child]",
    values: Sequence[_RowValue],
    row_fields: Callable[[_RowValue], dict[str, Any]],
    is_kept: Callable[[_Child], bool] = lambda _row: False,
) -> bool:
    """Makes a subject's rows of one model match the values, and returns whether any row was written.

    `rows` is the related manager of the subject. `row_fields` returns the fields of a row as its value has them; the
    position is the value's place in the list. Rows that match no value are deleted, except where `is_kept` says
    otherwise. The number of queries does not grow with the rows. The caller raises the version of the subject.
    """
    model = rows.model
    existing = {row.key: row for row in rows.all()}
    wanted = {value.key: row_fields(value) | {"position": n} for n, value in enumerate(values, start=1)}
    removed = [row for key, row in existing.items() if key not in wanted and not is_kept(row)]
    new: list[_Child] = []
    changed: list[_Child] = []
    renamed: list[_Child] = []
    for key, fields in wanted.items():
        row = existing.get(key)
        if row is None:
            new.append(model(**{model.SUBJECT: rows.instance}, key=key, **fields))  # type: ignore[attr-defined]
        elif differing := [name for name, content in fields.items() if row.column(name) != _in_column(content)]:
            for name in differing:
                setattr(row, name, fields[name])
            # Rows that exchange their unique values are deleted and written again under their keys.
            (renamed if set(differing) & {*model.UNIQUE} else changed).append(row)
    if removed or renamed:
        model._base_manager.filter(pk__in=[row.pk for row in [*removed, *renamed]]).delete()
    if new or renamed:
        model._base_manager.bulk_create([*renamed, *new])
    if changed:
        model._base_manager.bulk_update(changed, list(next(iter(wanted.values()))))
    return bool(removed or renamed or new or changed)


def _in_column(content: Any) -> Any:
    return content.pk if isinstance(content, models.Model) else content
