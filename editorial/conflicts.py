"""The optimistic lock of the change forms: two people who edit one subject do not silently overwrite each other.

Every change form has a hidden field with a snapshot of what it was opened with: the subject's version, the number of
the newest edition, and a short hash of each field. A save is refused if the subject has another version by then. The
form comes back with what the editor typed, merged with what was saved meanwhile: a field that the editor did not
change gets the saved value; a field that both changed keeps the typed value, and the page shows both. The snapshot in
that form is new, so the next save succeeds.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django_prose_editor.fields import ProseEditorFormField
from pydantic import BaseModel, Field, ValidationError

from editorial.forms import ChildRowFormSet
from publishing.comparison import Segment, word_segments
from publishing.models import Edition, Publishable
from publishing.prose import blocks, sanitize, shape

SNAPSHOT_FIELD = "opened"
"""The name of the hidden field with the snapshot."""

POSITION_FIELD = "position"
"""The name of the hidden field with the position of a row."""


@dataclass(frozen=True)
class FieldConflict:
    """One field or row in which the saved text and the editor's text differ."""

    place: str
    remark: str
    segments: list[Segment]


@dataclass(frozen=True)
class ConflictReport:
    """What was saved since the form was opened, for the editor whose save was refused."""

    saved_by: str
    editions: list[Edition]
    differences: list[FieldConflict]


@dataclass
class FormRow:
    """The fields of one form, with their values as a browser posts them."""

    label: str
    fields: dict[str, forms.Field]
    values: dict[str, str]

    def visible_fields(self) -> list[str]:
        """Returns the names of the fields that an editor sees: no keys, positions or row numbers."""
        return [name for name in self.values if name in self.fields and not self.fields[name].widget.is_hidden]

    def name(self) -> str:
        """Returns a name for the row: its label, or its first visible value."""
        return self.label or next(iter(self.display_values().values()), "")

    def display_values(self) -> dict[str, str]:
        """Returns the filled visible fields as an editor reads them."""
        return {
            name: _display(self.fields[name], self.values[name])
            for name in self.visible_fields()
            if self.values[name] and not isinstance(self.fields[name], forms.BooleanField)
        }

    def text(self) -> str:
        return "\n".join(self.display_values().values())


def as_posted(form: forms.BaseForm) -> FormRow:
    """Returns what a browser would post for an unchanged form of a saved row."""
    values = {}
    for bound in form:
        value, widget = bound.value(), bound.field.widget
        if isinstance(widget, forms.CheckboxInput):
            values[bound.name] = "on" if value else ""
        elif isinstance(widget, forms.Select):
            values[bound.name] = "" if value is None else str(getattr(value, "code", value) or "")
        else:
            values[bound.name] = "" if value is None else str(widget.format_value(value) or "")
    instance = getattr(form, "instance", None)
    return FormRow(label=str(instance) if instance and instance.pk else "", fields=dict(form.fields), values=values)


def _canonical(field_: forms.Field | None, value: str) -> str:
    """Returns a value without what a browser changes: line ends, and the HTML of an unchanged answer."""
    if isinstance(field_, ProseEditorFormField):
        return repr(shape(sanitize(value)))
    return value.replace("\r\n", "\n").strip()


def _hash(field_: forms.Field | None, value: str) -> str:
    return hashlib.sha256(_canonical(field_, value).encode()).hexdigest()[:10]


def _display(field_: forms.Field | None, value: str) -> str:
    if isinstance(field_, ProseEditorFormField):
        return "\n".join(blocks(sanitize(value)))
    if isinstance(field_, forms.ModelChoiceField) and field_.queryset is not None and re.fullmatch(r"\d{1,18}", value):
        return str(field_.queryset.filter(pk=value).first() or value)
    if isinstance(field_, forms.ChoiceField):
        return str(next((label for key, label in field_.widget.choices if str(key) == value), value))
    return value


def _field_label(field_: forms.Field | None, name: str) -> str:
    return str(field_.label or name) if field_ else name


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,9}", text) else 0


class SavedState:
    """A subject as it is saved now: the fields of its change form, and the rows of each formset by primary key."""

    def __init__(self, subject: Publishable, form: forms.BaseForm, formsets: list[ChildRowFormSet]) -> None:
        self.subject = subject
        self.fields = as_posted(form)
        self.formsets = {
            formset.prefix: {str(row.instance.pk): as_posted(row) for row in formset.initial_forms}
            for formset in formsets
        }
        self.empty_rows = {formset.prefix: as_posted(formset.empty_form) for formset in formsets}
        self.names = {formset.prefix: formset.model._meta.verbose_name for formset in formsets}
        self.forms = {formset.prefix: formset.form for formset in formsets}

    def snapshot(self) -> str:
        """Returns the value of the hidden field of a form that shows this state."""
        newest = Edition.objects.about(self.subject).order_by("-number").values_list("number", flat=True).first()
        rows = {"": {"": self.fields}} | self.formsets
        hashes = {
            prefix: {
                pk: {name: _hash(row.fields.get(name), value) for name, value in row.values.items()}
                for pk, row in by_pk.items()
            }
            for prefix, by_pk in rows.items()
        }
        return FormSnapshot(version=self.subject.version, edition=newest or 0, hashes=hashes).model_dump_json()


class FormSnapshot(BaseModel):
    """What a posted form showed when it was opened. If `version` is None, the form carried no valid snapshot."""

    version: int | None = None
    edition: int = Field(default=0, ge=0, lt=2**31)
    hashes: dict[str, dict[str, dict[str, str]]] = {}

    @classmethod
    def of(cls, data: QueryDict) -> Self:
        """Reads the snapshot of a posted form. Returns an empty one if the field is missing or invalid."""
        try:
            return cls.model_validate_json(data.get(SNAPSHOT_FIELD, ""))
        except ValidationError:
            return cls()


class ConflictMerge:
    """Merges what an editor typed with what was saved since the form was opened.

    `data` is the merged form as a browser would post it, and `differences` are shown above it.
    """

    def __init__(self, posted: QueryDict, saved: SavedState) -> None:
        self.posted, self.saved = posted, saved
        self.opened = FormSnapshot.of(posted)
        self.data = posted.copy()
        self.differences: list[FieldConflict] = []
        self._merge_row("", saved.fields, self._hashes("", ""), prefix="")
        for prefix in saved.formsets:
            if f"{prefix}-TOTAL_FORMS" in posted:
                self._merge_rows(prefix)
        self.data[SNAPSHOT_FIELD] = saved.snapshot()

    def conflict_report(self) -> ConflictReport:
        editions = Edition.objects.about(self.saved.subject).filter(number__gt=self.opened.edition)
        return ConflictReport(self.saved.subject.saved_by, list(editions.order_by("number")), self.differences)

    def _hashes(self, prefix: str, pk: str) -> dict[str, str]:
        return self.opened.hashes.get(prefix, {}).get(pk, {})

    def _set(self, name: str, value: str) -> None:
        if value or name in self.posted:
            self.data[name] = value

    def _add_conflict(self, place: str, remark: str, old: str, new: str) -> None:
        self.differences.append(FieldConflict(place, remark, word_segments(old, new)))

    def _merge_row(self, place: str, row: FormRow, hashes: dict[str, str], prefix: str) -> bool:
        """Merges the fields of a row that still exists. `prefix` begins the names of its posted fields.

        Returns whether another person changed the row since the form was opened.
        """
        changed = False
        for name, saved_value in row.values.items():
            if name == POSITION_FIELD:
                continue
            field = row.fields.get(name)
            typed_value = self.posted.get(prefix + name, "")
            opened_hash = hashes.get(name)
            changed |= opened_hash != _hash(field, saved_value) and name in row.visible_fields()
            if _canonical(field, typed_value) == _canonical(field, saved_value):
                continue
            where = f"{place} – {_field_label(field, name)}" if place else _field_label(field, name)
            if opened_hash == _hash(field, typed_value):
                self._set(prefix + name, saved_value)
                if name in row.visible_fields():
                    remark = _(
                        "Another person saved this. You had not changed it, so your form now has the saved text."
                    )
                    self._add_conflict(where, remark, _display(field, typed_value), _display(field, saved_value))
            elif opened_hash != _hash(field, saved_value) and name in row.visible_fields():
                remark = _(
                    "You both changed this. Your text is in the form. It differs from the saved text as follows."
                )
                self._add_conflict(where, remark, _display(field, saved_value), _display(field, typed_value))
        return changed

    def _merge_rows(self, prefix: str) -> None:
        """Merges the rows of a formset: first the saved ones, then the editor's new ones."""
        saved, empty_row = self.saved.formsets[prefix], self.saved.empty_rows[prefix]
        by_key = {row.values.get("key"): pk for pk, row in saved.items()}
        seen: set[str] = set()
        kept, new = [], []
        for row_prefix in self._posted_rows(prefix):
            pk = self.posted.get(f"{row_prefix}id", "")
            key = self.posted.get(f"{row_prefix}key")
            if pk not in saved and key:
                # A row that was deleted and then restored by another person has the same key and another number.
                pk = by_key.get(key, pk)
            if pk in saved and pk not in seen:
                seen.add(pk)
                self._merge_saved_row(prefix, pk, row_prefix)
                kept.append(self._values(row_prefix, empty_row) | {"id": pk, "key": saved[pk].values.get("key", "")})
            elif not pk:
                new.append(self._values(row_prefix, empty_row))
            elif not self.posted.get(f"{row_prefix}DELETE"):
                new += self._merge_deleted_row(row_prefix, pk, prefix)
        for pk, row in saved.items():
            if pk not in seen:
                kept.append(row.values | {"id": pk})
                remark = _("Another person added this. It is now in your form too.")
                self._add_conflict(self._place(prefix, row), remark, "", row.text())
        kept = self._in_order(prefix, kept)
        for key in [key for key in self.data if re.match(rf"{re.escape(prefix)}-\d+-", key)]:
            del self.data[key]
        for i, values in enumerate([*kept, *new]):
            self.data.update({f"{prefix}-{i}-{name}": value for name, value in values.items() if value})
        self.data[f"{prefix}-INITIAL_FORMS"] = str(len(kept))
        self.data[f"{prefix}-TOTAL_FORMS"] = str(len(kept) + len(new))

    def _posted_rows(self, prefix: str) -> list[str]:
        """Returns the prefix of the field names of each posted row: "questions-2-"."""
        total = self.posted.get(f"{prefix}-TOTAL_FORMS", "")
        return [f"{prefix}-{i}-" for i in range(int(total) if re.fullmatch(r"\d{1,3}", total) else 0)]

    def _place(self, prefix: str, row: FormRow) -> str:
        return f"{self.saved.names[prefix]} “{row.name()}”"

    def _merge_saved_row(self, prefix: str, pk: str, row_prefix: str) -> None:
        row = self.saved.formsets[prefix][pk]
        changed = self._merge_row(self._place(prefix, row), row, self._hashes(prefix, pk), row_prefix)
        if changed and self.posted.get(f"{row_prefix}DELETE"):
            del self.data[f"{row_prefix}DELETE"]
            remark = _("You marked this for deletion, but another person has changed it. To delete it, mark it again.")
            self._add_conflict(self._place(prefix, row), remark, "", row.text())

    def _in_order(self, prefix: str, kept: list[dict[str, str]]) -> list[dict[str, str]]:
        """Returns the rows in the editor's order if the editor moved any, otherwise in the saved order."""
        saved = self.saved.formsets[prefix]

        def is_changed(positions: dict[str, str]) -> bool:
            opened = {pk: self._hashes(prefix, pk).get(POSITION_FIELD) for pk in positions}
            return any(hash_ and hash_ != _hash(None, positions[pk]) for pk, hash_ in opened.items())

        saved_positions = {pk: row.values.get(POSITION_FIELD, "") for pk, row in saved.items()}
        typed_positions = {values["id"]: values.get(POSITION_FIELD, "") for values in kept}
        has_moved = is_changed(typed_positions)
        if has_moved and is_changed(saved_positions):
            remark = _("You both changed the order. Your order is in the form.")
            self._add_conflict(str(self.saved.names[prefix]), remark, "", "")
        positions = typed_positions if has_moved else saved_positions
        ordered = sorted(kept, key=lambda values: _number(positions[values["id"]]))
        if not has_moved:
            return [values | {POSITION_FIELD: saved_positions[values["id"]]} for values in ordered]
        return [values | {POSITION_FIELD: str(position)} for position, values in enumerate(ordered, start=1)]

    def _values(self, row_prefix: str, empty_row: FormRow) -> dict[str, str]:
        return {name: self.data.get(row_prefix + name, "") for name in [*empty_row.values, "DELETE"]}

    def _merge_deleted_row(self, row_prefix: str, pk: str, prefix: str) -> list[dict[str, str]]:
        """Returns a row that another person deleted, as a new row if the editor had changed it; otherwise nothing."""
        empty_row = self.saved.empty_rows[prefix]
        row = FormRow("", empty_row.fields, self._values(row_prefix, empty_row) | {"id": ""})
        hashes = self._hashes(prefix, pk)
        changed = {
            name for name in row.visible_fields() if hashes.get(name) != _hash(row.fields[name], row.values[name])
        }
        if not changed:
            remark = _("Another person deleted this. You had not changed it, so it stays deleted.")
            self._add_conflict(self._place(prefix, row), remark, row.text(), "")
            return []
        remark = _("Another person deleted this. You had changed it, so it is in your form again, as a new entry.")
        self._add_conflict(self._place(prefix, row), remark, "", row.text())
        return [self.saved.forms[prefix].as_new_row(row.values, changed)]
