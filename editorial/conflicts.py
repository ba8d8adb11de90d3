"""Merges what two people did in the change form of one subject, so that neither silently overwrites the other.

Every change form has a snapshot of what it was opened with: the subject's version, the number of the newest edition,
and a short hash of each field. A save is refused if the subject has another version by then. The form comes back with
what the editor typed, merged with what was saved meanwhile: a field that the editor did not change gets the saved
value; a field that both changed keeps the typed value, and the page shows both. The snapshot in that form is new, so
the next save succeeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from pydantic import Field

from editorial.forms import ChildRowForm, ChildRowFormSet
from editorial.seen import (
    SEEN_FIELD,
    FieldHashes,
    Snapshot,
    display_value,
    field_conflicts,
    hash_value,
    posted_value,
    saved_hashes,
    saved_value,
    visible_fields,
    with_values,
)
from publishing.comparison import Segment, word_segments
from publishing.models import Edition, Publishable

POSITION_FIELD = "position"
"""The name of the hidden field with the position of a row."""


class FormSnapshot(Snapshot):
    """What a change form showed when it was opened. If `version` is None, the form carried no valid snapshot."""

    version: int | None = None
    edition: int = Field(default=0, ge=0, lt=2**31)
    rows: dict[str, dict[str, FieldHashes]] = {}  # by the prefix of the formset and the key of the row

    @classmethod
    def of(cls, subject: Publishable, edition: int, form: forms.BaseForm, formsets: Sequence[ChildRowFormSet]) -> Self:
        rows = {
            formset.prefix: {str(row.instance.key): _hashes(row) for row in formset.initial_forms}
            for formset in formsets
        }
        return cls(version=subject.version, edition=edition, fields=_hashes(form), rows=rows)


def _hashes(form: forms.BaseForm) -> FieldHashes:
    """Returns a hash of each saved value, with that of the position."""
    return saved_hashes(form, [name for name in [*visible_fields(form), POSITION_FIELD] if name in form.fields])


@dataclass(frozen=True)
class Difference:
    """One field or row in which the saved text and the editor's text differ."""

    place: str
    remark: str
    segments: list[Segment]


@dataclass
class FormRow:
    """The values of one row of the merged form. Without an `id`, it is a new row."""

    values: dict[str, object]
    key: object
    id: object = ""
    position: int = 0
    saved_position: int = 0
    is_moved: bool = False  # by the editor
    was_moved: bool = False  # by another person
    is_deleted: bool = False


class ConflictMerge:
    """Merges what an editor typed with what was saved since the form was opened.

    `form` and `formsets` are bound to what was posted. `data` is the merged form, and `differences` are shown above it.
    """

    def __init__(
        self, posted: QueryDict, subject: Publishable, form: forms.BaseForm, formsets: Sequence[ChildRowFormSet]
    ) -> None:
        self.opened = FormSnapshot.of_post(posted.get(SEEN_FIELD, ""))
        self.saved_by = subject.saved_by
        self.editions = list(Edition.objects.about(subject).filter(number__gt=self.opened.edition).order_by("number"))
        self.differences: list[Difference] = []
        self.data = with_values(posted, self._merge_fields("", form, self.opened.fields))
        for formset in formsets:
            self._merge_rows(formset)

    def _add_difference(self, place: str, remark: str, old: str, new: str) -> None:
        self.differences.append(Difference(place, remark, word_segments(old, new)))

    def _merge_fields(self, place: str, form: forms.BaseForm, opened: FieldHashes) -> dict[str, object]:
        """Returns the saved values that the form takes, since the editor had not changed these fields."""
        taken = {}
        for conflict in field_conflicts(form, opened):
            field = form.fields[conflict.name]
            where = " – ".join(filter(None, [place, str(field.label or conflict.name)]))
            saved, typed = display_value(field, conflict.saved), display_value(field, conflict.posted)
            if conflict.is_typed:
                remark = _(
                    "You both changed this. Your text is in the form. It differs from the saved text as follows."
                )
                self._add_difference(where, remark, saved, typed)
            else:
                taken[conflict.name] = conflict.saved
                remark = _("Another person saved this. You had not changed it, so your form now has the saved text.")
                self._add_difference(where, remark, typed, saved)
        return taken

    def _merge_rows(self, formset: ChildRowFormSet) -> None:
        """Merges the rows of a formset: first the saved ones, then the editor's new ones.

        A row that another person deleted comes back as a new one if the editor had changed it.
        """
        # Rows are matched by key: a row that another person deleted and restored has another primary key.
        unmatched = {str(row.key): row for row in formset.get_queryset()}
        opened = self.opened.rows.get(formset.prefix, {})
        existing: list[FormRow] = []
        new: list[FormRow] = []
        for form in formset.posted_forms(unmatched):
            key = str(posted_value(form, "key") or "")
            if unmatched.pop(key, None):
                existing.append(self._merge_saved_row(form, opened.get(key, {})))
            elif not posted_value(form, "id"):
                new.append(FormRow(_values(form, posted_value), key))
            elif not _is_marked(form):
                new += self._merge_deleted_row(form, key, opened.get(key, {}))
            for name in form.fields:
                self.data.pop(form.add_prefix(name), None)
        for row in unmatched.values():
            form = formset.form(instance=row)
            position = _position(form, saved_value)
            existing.append(FormRow(_values(form, saved_value), row.key, row.pk, position, position))
            remark = _("Another person added this. It is now in your form too.")
            self._add_difference(_place(form), remark, "", _words(form, saved_value))
        self._order(str(formset.model._meta.verbose_name), existing)
        values: dict[str, object] = {"INITIAL_FORMS": len(existing), "TOTAL_FORMS": len(existing) + len(new)}
        for i, each in enumerate([*existing, *new]):
            fixed = {"id": each.id, "key": each.key, POSITION_FIELD: each.position or "", "DELETE": each.is_deleted}
            values |= {f"{i}-{name}": value for name, value in {**each.values, **fixed}.items()}
        self.data = with_values(self.data, {f"{formset.prefix}-{name}": value for name, value in values.items()})

    def _merge_saved_row(self, form: forms.ModelForm, opened: FieldHashes) -> FormRow:
        """Returns a saved row with what the editor typed into it."""
        values = _values(form, posted_value) | self._merge_fields(_place(form), form, opened)
        saved = _hashes(form)
        is_deleted = _is_marked(form)
        if is_deleted and any(opened.get(name) != saved[name] for name in visible_fields(form)):
            is_deleted = False
            remark = _("You marked this for deletion, but another person has changed it. To delete it, mark it again.")
            self._add_difference(_place(form), remark, "", _words(form, saved_value))
        position, opened_position = _position(form, posted_value), opened.get(POSITION_FIELD)
        return FormRow(
            values,
            form.instance.key,
            form.instance.pk,
            position,
            _position(form, saved_value),
            is_moved=opened_position not in {None, hash_value(form, POSITION_FIELD, position)},
            was_moved=opened_position not in {None, saved.get(POSITION_FIELD)},
            is_deleted=is_deleted,
        )

    def _merge_deleted_row(self, form: ChildRowForm, key: str, opened: FieldHashes) -> list[FormRow]:
        """Returns a row that another person deleted, as a new row if the editor had changed it; otherwise nothing."""
        values, words = _values(form, posted_value), _words(form, posted_value)
        changed = {name for name, value in values.items() if opened.get(name) != hash_value(form, name, value)}
        if not changed:
            remark = _("Another person deleted this. You had not changed it, so it stays deleted.")
            self._add_difference(_place(form), remark, words, "")
            return []
        remark = _("Another person deleted this. You had changed it, so it is in your form again, as a new entry.")
        self._add_difference(_place(form), remark, "", words)
        return [FormRow(form.as_new_row(values, changed), key)]

    def _order(self, name: str, existing: list[FormRow]) -> None:
        """Sorts the rows: in the editor's order if the editor moved any, otherwise in the saved order."""
        if not any(row.is_moved for row in existing):
            existing.sort(key=lambda row: row.saved_position)
            for row in existing:
                row.position = row.saved_position
            return
        if any(row.was_moved for row in existing):
            self._add_difference(name, _("You both changed the order. Your order is in the form."), "", "")
        existing.sort(key=lambda row: row.position)
        for position, row in enumerate(existing, start=1):
            row.position = position


_Read = Callable[[forms.BaseForm, str], object]
"""`saved_value` or `posted_value`."""


def _values(form: forms.BaseForm, read: _Read) -> dict[str, object]:
    return {name: read(form, name) for name in visible_fields(form)}


def _words(form: forms.BaseForm, read: _Read) -> str:
    """Returns the filled fields of a row as an editor reads them."""
    values = {name: value for name, value in _values(form, read).items() if not isinstance(value, bool)}
    return "\n".join(filter(None, (display_value(form.fields[name], value) for name, value in values.items())))


def _place(form: forms.ModelForm) -> str:
    """Returns a name for a row: its own, or its first words."""
    name = str(form.instance) if form.instance.pk else _words(form, posted_value).partition("\n")[0]
    return f"{form.instance._meta.verbose_name} “{name}”"


def _is_marked(form: forms.BaseForm) -> bool:
    """Returns whether the editor marked a row for deletion."""
    return "DELETE" in form.fields and bool(posted_value(form, "DELETE"))


def _position(form: forms.BaseForm, read: _Read) -> int:
    try:
        return int(form.fields[POSITION_FIELD].to_python(read(form, POSITION_FIELD)) or 0)
    except (KeyError, ValidationError):
        return 0
