"""Rules about the child rows of a subject: where a new row is placed, and which rows would say the same twice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from publishing.models import ChildRow, Publishable


def add_rows(subject: Publishable, rows: Iterable[ChildRow]) -> None:
    """Saves new rows after the existing ones of their class, but before those of a later rank.

    The subject's version rises once, as when its form is saved.
    """
    by_model: dict[type[ChildRow], list[ChildRow]] = defaultdict(list)
    for row in rows:
        by_model[type(row)].append(row)
    for model, added in by_model.items():
        existing = list(model._base_manager.filter(**{model.SUBJECT: subject}).order_by("position", "pk"))
        ordered = _with_new_rows(existing, added)
        if ordered == [*existing, *added]:
            number_rows(added, after=max((row.position for row in existing), default=0))
        else:
            number_rows(ordered)
            model._base_manager.bulk_update(existing, ["position"])
        model._base_manager.bulk_create(added)
    if by_model:
        type(subject)._base_manager.filter(pk=subject.pk).update(version=F("version") + 1)


def _with_new_rows(existing: Sequence[ChildRow], added: Iterable[ChildRow]) -> list[ChildRow]:
    """Returns the existing rows in their order, with each new row before the first row of a later rank."""
    ordered = list(existing)
    for row in added:
        later = (index for index, other in enumerate(ordered) if other.rank() > row.rank())
        ordered.insert(next(later, len(ordered)), row)
    return ordered


def number_rows(rows: Sequence[ChildRow], after: int = 0) -> None:
    """Gives rows their positions, after another position."""
    for position, row in enumerate(rows, start=after + 1):
        row.position = position


def ensure_not_duplicate(row: ChildRow) -> None:
    """Raises ValidationError where another row of the subject already says the same."""
    others = type(row)._default_manager.filter(**{row.SUBJECT: row.column(row.SUBJECT)}).exclude(key=row.key)
    if row.UNIQUE and row.folded_values() in [other.folded_values() for other in others]:
        raise ValidationError(_("“%(row)s” is already there. It cannot be added twice.") % {"row": row})
