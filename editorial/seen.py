"""The optimistic lock of every form of the admin: nobody overwrites unseen what somebody else has saved.

A form carries a token of what it showed, in one hidden field. A save whose token is no longer that of what is saved
comes back with every typed word and with what is saved now. The form that comes back carries the new token, so a second
save goes through. The token is made of versions and numbers of editions (`token_of`) or, where a form edits a row, of
the values of its fields (`SeenModelForm`): then it also tells which fields the editor changed. The change forms of
subjects have child rows too: see `conflicts.py`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import Any, Self, TypedDict, TypeVar, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django_prose_editor.fields import ProseEditorFormField
from pydantic import BaseModel
from pydantic import ValidationError as InvalidSnapshot

from publishing.prose import blocks, sanitize, shape
from publishing.verbs import PageRefused

SEEN_FIELD = "seen"
"""The name of the hidden field, in every form."""

SAVE_ERROR = "save_error"
"""The attribute of a request with the reason for which its form must come back unsaved."""


def token_of(*shown: object) -> str:
    """Returns the token of a form that shows these versions, numbers or texts."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:20]


def stale_message(now: str = "") -> str:
    """Returns the words for a form that shows something old. `now` says what is saved."""
    message = _(
        "Somebody else saved this after you opened the form, so nothing was saved now. What you typed is still in the "
        "form: check it, then send it again."
    )
    return f"{message} {_('Saved now: %(now)s') % {'now': now}}" if now else message


def canonical(field: forms.Field, value: object) -> str:
    """Returns a value of a field as text, the same for a saved value and for what a browser posts for it unchanged."""
    if isinstance(field, ProseEditorFormField):
        return repr(shape(sanitize(str(value or ""))))
    if isinstance(value, list | tuple | set):
        return repr(sorted(map(str, value)))
    if not isinstance(field, forms.ModelChoiceField):
        with suppress(ValidationError):  # The form will say so.
            value = field.to_python(value)
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def display_value(field: forms.Field, value: object) -> str:
    """Returns a value of a field as an editor reads it."""
    if isinstance(field, ProseEditorFormField):
        return "\n".join(blocks(sanitize(str(value or ""))))
    if isinstance(field, forms.BooleanField):
        return _("yes") if value else _("no")
    if isinstance(field, forms.ModelChoiceField | forms.ChoiceField):
        chosen = {str(each) for each in (value if isinstance(value, list | tuple | set) else [value])} - {"", "None"}
        return ", ".join(_labels(field, chosen))
    return str(field.widget.format_value(value) or "")


def _labels(field: "forms.ModelChoiceField[Any] | forms.ChoiceField", chosen: set[str]) -> Iterable[str]:
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        try:
            return [str(row) for row in field.queryset.filter(pk__in=chosen)]
        except (ValueError, OverflowError):
            return chosen
    choices: Any = field.choices
    labels = {str(value): str(label) for value, label in choices}
    return [labels.get(value, value) for value in sorted(chosen)]


def visible_fields(form: forms.BaseForm) -> list[str]:
    """Returns the names of the fields that an editor can change: no keys, positions or row numbers."""
    return [
        name
        for name, field in form.fields.items()
        if name != "DELETE" and not (field.widget.is_hidden or field.disabled)
    ]


def saved_value(form: forms.BaseForm, name: str) -> object:
    return form.fields[name].prepare_value(form.get_initial_for_field(form.fields[name], name))


def posted_value(form: forms.BaseForm, name: str) -> object:
    return form.fields[name].widget.value_from_datadict(form.data, form.files, form.add_prefix(name))


def changed_fields(form: forms.BaseForm) -> list[str]:
    """Returns the names of the fields that say something else than the saved row, other than `changed_data` not only
    in the way in which a browser writes it.
    """
    return [
        name
        for name in visible_fields(form)
        if canonical(form.fields[name], saved_value(form, name))
        != canonical(form.fields[name], posted_value(form, name))
    ]


FieldHashes = dict[str, str]

_Data = TypeVar("_Data", bound=Mapping[str, Any])


def hash_value(form: forms.BaseForm, name: str, value: object) -> str:
    return token_of(canonical(form.fields[name], value))[:10]


def saved_hashes(form: forms.BaseForm, names: Iterable[str]) -> FieldHashes:
    """Returns a short hash of each saved value, also where the form is bound to posted values."""
    return {name: hash_value(form, name, saved_value(form, name)) for name in names}


class Snapshot(BaseModel):
    """What a form showed: a short hash of each field."""

    fields: FieldHashes = {}

    @classmethod
    def of_post(cls, text: str) -> Self:
        """Reads what a form posted. Returns an empty snapshot if that is missing or invalid."""
        try:
            return cls.model_validate_json(text)
        except InvalidSnapshot:
            return cls()


@dataclass(frozen=True)
class FieldConflict:
    """A field that another person changed since the form was opened, and that is posted with another value."""

    name: str
    saved: object
    posted: object
    is_typed: bool
    """Whether the editor changed it too. Otherwise the form takes the saved value."""


def field_conflicts(form: forms.BaseForm, opened: FieldHashes) -> list[FieldConflict]:
    """Returns the conflicts of a bound form of a saved row."""
    conflicts = []
    for name in changed_fields(form):
        saved, posted, opened_hash = saved_value(form, name), posted_value(form, name), opened.get(name)
        if opened_hash != hash_value(form, name, saved):
            is_typed = opened_hash != hash_value(form, name, posted)
            conflicts.append(FieldConflict(name, saved, posted, is_typed))
    return conflicts


def with_values(data: _Data, values: Mapping[str, object]) -> _Data:
    """Returns posted data with other values, which need not be texts: fields and widgets read values of Python too."""
    changed: Any = copy(data)
    for name, value in values.items():
        if isinstance(value, list | tuple | set):
            changed.setlist(name, [str(each) for each in value])
        else:
            changed[name] = value
    return cast(_Data, changed)


Posted = Mapping[str, Any] | None
Files = MultiValueDict[str, UploadedFile] | None


class SeenField(forms.CharField):
    """The hidden token. A form that comes back shows the token of how it is now, whatever was posted."""

    widget = forms.HiddenInput

    def bound_data(self, data: str | None, initial: str | None) -> str | None:
        return initial

    def has_changed(self, initial: str | None, data: str | None) -> bool:
        return False


class Shown(TypedDict):
    """What a form shows: its token, and what is saved in words."""

    token: str
    now: str


class SeenForm(forms.Form):
    """A form with the token of what it shows. `now` says in words what is saved, for a form that comes back."""

    seen = SeenField(required=False, label="")

    def __init__(
        self, data: Posted = None, files: Files = None, *, token: str = "", now: str = "", **options: Any
    ) -> None:
        super().__init__(data, files, **options)
        self.initial = {**self.initial, SEEN_FIELD: token}
        self.now = now

    def is_outdated(self) -> bool:
        """Returns whether the posted form would overwrite something that it did not show."""
        return bool(self.cleaned_data.get(SEEN_FIELD) != self.initial[SEEN_FIELD])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.is_outdated():
            self.add_error(None, stale_message(self.now))
        return cleaned


class SavedForm(forms.Form):
    """A form that comes back unsaved where the admin found a reason, its `save_error`."""

    save_error = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.save_error:
            self.add_error(None, self.save_error)
        return cleaned


class SeenModelForm(SavedForm, SeenForm, forms.ModelForm):
    """A form of one row. Its token is the snapshot of its fields.

    If another person saved the row meanwhile, fields that the editor did not change take the saved values.
    """

    def __init__(self, data: Posted = None, files: Files = None, **options: Any) -> None:
        super().__init__(data, files, **options)
        self.conflicts: list[FieldConflict] = []
        if not self.instance.pk:
            return
        shown = Snapshot(fields=saved_hashes(self, visible_fields(self)))
        self.initial[SEEN_FIELD] = shown.model_dump_json()
        if self.is_bound:
            opened = Snapshot.of_post(self.data.get(self.add_prefix(SEEN_FIELD), ""))
            self.conflicts = field_conflicts(self, opened.fields)
            untyped = {self.add_prefix(each.name): each.saved for each in self.conflicts if not each.is_typed}
            self.data = with_values(self.data, untyped)
            now = {each.name: display_value(self.fields[each.name], each.saved) or "–" for each in self.conflicts}
            self.now = "; ".join(f"{self.fields[name].label}: {value}" for name, value in now.items())

    def is_outdated(self) -> bool:
        return bool(self.conflicts)


class SeenAdmin(admin.ModelAdmin):
    """The admin of rows whose form has the lock. A save locks the row before the form compares.

    If a page cannot hold what was typed, nothing is saved and the form comes back with the reason.
    """

    def before_save(self, request: HttpRequest, row: models.Model) -> None:
        """Locks the row, so that the second of two saves waits here for the first."""
        type(row)._base_manager.select_for_update().get(pk=row.pk)

    def get_form(
        self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change=change, **kwargs)
        if issubclass(form, SavedForm):
            form.save_error = getattr(request, SAVE_ERROR, "")
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            row = self.get_object(request, object_id) if object_id else None
            if row and self.has_change_permission(request, row):
                self.before_save(request, row)
            try:
                with transaction.atomic():
                    return super().changeform_view(request, object_id, form_url, extra_context)
            except PageRefused as error:
                setattr(request, SAVE_ERROR, str(error))
                return super().changeform_view(request, object_id, form_url, extra_context)

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """Returns the fieldsets, with the token in the first one of a saved row."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or SEEN_FIELD not in self.form.base_fields:
            return fieldsets
        (title, options), *others = fieldsets
        fields = [name for name in options["fields"] if name != SEEN_FIELD]
        return [(title, {**options, "fields": [SEEN_FIELD, *fields]}), *others]
