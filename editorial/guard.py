"""The lost-update guard: two people who edit one subject do not silently overwrite each other.

Every change form carries what it was opened with: the subject's version, the newest edition, and a short hash of each
field. A save whose version is no longer the row's is turned back. The form then shows what the editor typed, joined
with what was saved meanwhile: a field that the editor did not touch takes the saved value, one that both changed keeps
the typed one and shows both. The form now rests on today's version, so a second save goes through.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django_prose_editor.fields import ProseEditorFormField
from pydantic import BaseModel, Field, ValidationError

from publishing.comparison import Run, word_runs
from publishing.models import Edition, Publishable
from publishing.prose import blocks, sanitize, shape

SNAPSHOT_FIELD = "opened"
"""The hidden field with what the form was opened with."""

POSITION_FIELD = "position"
"""The hidden field with a row's place in the order."""


@dataclass(frozen=True)
class FieldConflict:
    """One place where the saved text and the editor's differ."""

    place: str
    remark: str
    runs: list[Run]


@dataclass(frozen=True)
class ConflictReport:
    """What happened since the form was opened, for the editor whose save was turned back."""

    saved_by: str
    editions: list[Edition]
    differences: list[FieldConflict]


@dataclass
class FormRow:
    """The fields of one form, as strings in the way a browser posts them."""

    label: str
    fields: dict[str, forms.Field]
    values: dict[str, str]

    def visible_fields(self) -> list[str]:
        """The names of the fields that say something to an editor: not keys, positions, the row's own number."""
        return [name for name in self.values if name in self.fields and not self.fields[name].widget.is_hidden]

    def name(self) -> str:
        """What an editor calls the row: its own name, or the first thing that it says."""
        return self.label or next(iter(self.display_values().values()), "")

    def display_values(self) -> dict[str, str]:
        """The filled fields as an editor reads them."""
        return {
            name: _display(self.fields[name], self.values[name])
            for name in self.visible_fields()
            if self.values[name] and not isinstance(self.fields[name], forms.BooleanField)
        }

    def text(self) -> str:
        return "\n".join(self.display_values().values())


def as_posted(form: forms.BaseForm) -> FormRow:
    """What a browser would post for a form that shows a saved row."""
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
    """A value without what a browser changes on the way: line ends, and the HTML of an untouched answer."""
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
    """A subject as it is saved now, in the shape of its change form: the form's own row, and each formset's by id."""

    def __init__(self, subject: Publishable, form: forms.BaseForm, formsets: list[Any]) -> None:
        self.subject = subject
        self.own = as_posted(form)
        self.formsets = {
            formset.prefix: {str(row.instance.pk): as_posted(row) for row in formset.initial_forms}
            for formset in formsets
        }
        self.patterns = {formset.prefix: as_posted(formset.empty_form) for formset in formsets}
        self.names = {formset.prefix: formset.model._meta.verbose_name for formset in formsets}
        self.forms = {formset.prefix: formset.form for formset in formsets}

    def snapshot(self) -> str:
        """What a form of this state carries in its hidden field."""
        newest = Edition.objects.about(self.subject).order_by("-number").values_list("number", flat=True).first()
        rows = {"": {"": self.own}} | self.formsets
        hashes = {
            prefix: {
                pk: {name: _hash(row.fields.get(name), v) for name, v in row.values.items()} for pk, row in of.items()
            }
            for prefix, of in rows.items()
        }
        return FormSnapshot(version=self.subject.version, edition=newest or 0, hashes=hashes).model_dump_json()


class FormSnapshot(BaseModel):
    """What a posted form was opened with; without a version it was opened with nothing."""

    version: int | None = None
    edition: int = Field(default=0, ge=0, lt=2**31)
    hashes: dict[str, dict[str, dict[str, str]]] = {}

    @classmethod
    def of(cls, data: QueryDict) -> Self:
        """A missing or mangled field counts as opened with nothing."""
        try:
            return cls.model_validate_json(data.get(SNAPSHOT_FIELD, ""))
        except ValidationError:
            return cls()


class ConflictMerge:
    """Joins what an editor typed with what was saved since the form was opened."""

    def __init__(self, posted: QueryDict, saved: SavedState) -> None:
        self.posted, self.saved = posted, saved
        self.opened = FormSnapshot.of(posted)
        self.data = posted.copy()
        self.differences: list[FieldConflict] = []
        self._merge_row("", saved.own, self._hashes("", ""), prefix="")
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

    def _note(self, place: str, remark: str, old: str, new: str) -> None:
        self.differences.append(FieldConflict(place, remark, word_runs(old, new)))

    def _merge_row(self, place: str, row: FormRow, hashes: dict[str, str], prefix: str) -> bool:
        """Merges the fields of a row that is still there, in the data under `prefix`.

        Returns whether someone else changed it since the form was opened.
        """
        changed = False
        for name, theirs in row.values.items():
            if name == POSITION_FIELD:
                continue
            known = row.fields.get(name)
            mine = self.posted.get(prefix + name, "")
            was = hashes.get(name)
            changed |= was != _hash(known, theirs) and name in row.visible_fields()
            if _canonical(known, mine) == _canonical(known, theirs):
                continue
            where = f"{place} – {_field_label(known, name)}" if place else _field_label(known, name)
            if was == _hash(known, mine):
                self._set(prefix + name, theirs)
                if name in row.visible_fields():
                    remark = _("Saved meanwhile, and taken over into your form, since you had not changed it.")
                    self._note(where, remark, _display(known, mine), _display(known, theirs))
            elif was != _hash(known, theirs) and name in row.visible_fields():
                remark = _(
                    "Changed by both of you. Your text stands in the form; this is how it differs from the saved."
                )
                self._note(where, remark, _display(known, theirs), _display(known, mine))
        return changed

    def _merge_rows(self, prefix: str) -> None:
        """Merges the rows of a formset: those still there, those added meanwhile, then the editor's new ones."""
        saved, pattern = self.saved.formsets[prefix], self.saved.patterns[prefix]
        by_key = {row.values.get("key"): pk for pk, row in saved.items()}
        seen: set[str] = set()
        kept, new = [], []
        for old in self._posted_rows(prefix):
            pk = self.posted.get(f"{old}id", "")
            if pk not in saved:
                # A row deleted meanwhile that someone else has brought back by now has its key, under another number.
                pk = by_key.get(self.posted.get(f"{old}key"), pk) if self.posted.get(f"{old}key") else pk
            if pk in saved and pk not in seen:
                seen.add(pk)
                self._merge_saved_row(prefix, pk, old)
                kept.append(self._values(old, pattern) | {"id": pk, "key": saved[pk].values.get("key", "")})
            elif not pk:
                new.append(self._values(old, pattern))
            elif not self.posted.get(f"{old}DELETE"):
                new += self._vanished(old, pk, prefix)
        for pk, row in saved.items():
            if pk not in seen:
                kept.append(row.values | {"id": pk})
                remark = _("Added meanwhile. It is now in your form too.")
                self._note(self._place(prefix, row), remark, "", row.text())
        kept = self._ordered(prefix, kept)
        for key in [key for key in self.data if re.match(rf"{re.escape(prefix)}-\d+-", key)]:
            del self.data[key]
        for i, values in enumerate([*kept, *new]):
            self.data.update({f"{prefix}-{i}-{name}": value for name, value in values.items() if value})
        self.data[f"{prefix}-INITIAL_FORMS"] = str(len(kept))
        self.data[f"{prefix}-TOTAL_FORMS"] = str(len(kept) + len(new))

    def _posted_rows(self, prefix: str) -> list[str]:
        """The beginnings of the field names of each posted row: "questions-2-"."""
        total = self.posted.get(f"{prefix}-TOTAL_FORMS", "")
        return [f"{prefix}-{i}-" for i in range(int(total) if re.fullmatch(r"\d{1,3}", total) else 0)]

    def _place(self, prefix: str, row: FormRow) -> str:
        return f"{self.saved.names[prefix]} “{row.name()}”"

    def _merge_saved_row(self, prefix: str, pk: str, old: str) -> None:
        row = self.saved.formsets[prefix][pk]
        changed = self._merge_row(self._place(prefix, row), row, self._hashes(prefix, pk), old)
        if changed and self.posted.get(f"{old}DELETE"):
            del self.data[f"{old}DELETE"]
            remark = _("You marked this for deletion, but it was changed meanwhile. Mark it again if it is to go.")
            self._note(self._place(prefix, row), remark, "", row.text())

    def _ordered(self, prefix: str, kept: list[dict[str, str]]) -> list[dict[str, str]]:
        """The rows in the editor's order if the editor moved any, and otherwise in the saved one; never a mixture."""
        saved = self.saved.formsets[prefix]

        def moved(positions: dict[str, str]) -> bool:
            known = {pk: self._hashes(prefix, pk).get(POSITION_FIELD) for pk in positions}
            return any(was and was != _hash(None, positions[pk]) for pk, was in known.items())

        theirs = {pk: row.values.get(POSITION_FIELD, "") for pk, row in saved.items()}
        mine = {values["id"]: values.get(POSITION_FIELD, "") for values in kept}
        i_moved, they_moved = moved(mine), moved(theirs)
        order = mine if i_moved else theirs
        if i_moved and they_moved:
            remark = _("Both of you changed the order. Yours stands in the form.")
            self._note(str(self.saved.names[prefix]), remark, "", "")
        ordered = sorted(kept, key=lambda values: _number(order[values["id"]]))
        if not i_moved:
            return [values | {POSITION_FIELD: theirs[values["id"]]} for values in ordered]
        return [values | {POSITION_FIELD: str(place)} for place, values in enumerate(ordered, start=1)]

    def _values(self, old: str, pattern: FormRow) -> dict[str, str]:
        return {name: self.data.get(old + name, "") for name in [*pattern.values, "DELETE"]}

    def _vanished(self, old: str, pk: str, prefix: str) -> list[dict[str, str]]:
        """A row that someone deleted meanwhile: back as a new one if the editor had changed it, else only shown."""
        pattern = self.saved.patterns[prefix]
        row = FormRow("", pattern.fields, self._values(old, pattern) | {"id": ""})
        hashes = self._hashes(prefix, pk)
        touched = {
            name for name in row.visible_fields() if hashes.get(name) != _hash(row.fields[name], row.values[name])
        }
        if not touched:
            remark = _("Deleted meanwhile. You had not changed it, so it stays deleted.")
            self._note(self._place(prefix, row), remark, row.text(), "")
            return []
        remark = _("Deleted meanwhile by someone else. You had changed it, so it is back in your form as a new row.")
        self._note(self._place(prefix, row), remark, "", row.text())
        return [self.saved.forms[prefix].restore_deleted(row.values, touched)]
