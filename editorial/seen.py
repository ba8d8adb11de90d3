"""The optimistic lock of forms that edit one row: nobody overwrites unseen what somebody else has saved.

The form carries a token of what it showed. A save whose token is no longer the row's comes back with every typed word
and with what is saved now. The form that comes back carries the new token, so a second save goes through.
"""

import hashlib
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _


class SeenField(forms.CharField):
    """A hidden token. A form that comes back shows the token of the row as it is now, whatever was posted."""

    widget = forms.HiddenInput

    def bound_data(self, data: str | None, initial: str | None) -> str | None:
        return initial


class SeenForm(forms.ModelForm):
    """A form of one row with the token of what it showed."""

    seen = SeenField(required=False, max_length=64, label="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = self.token()

    @property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if name != "seen"]

    def guarded_fields(self) -> list[str]:
        """Returns the names of the row's fields that the form can change."""
        meta = self.instance._meta
        columns = {field.name for field in [*meta.concrete_fields, *meta.many_to_many]}
        return [name for name, field in self.fields.items() if name in columns and not field.disabled]

    def token(self) -> str:
        """Returns a digest of what the row says in the fields of the form."""
        shown = []
        for name in self.guarded_fields():
            value = self.instance._meta.get_field(name).value_from_object(self.instance)
            shown.append(f"{name}={sorted(row.pk for row in value) if isinstance(value, list) else value!r}")
        return hashlib.sha256("\n".join(shown).encode()).hexdigest()

    def display_value(self, name: str) -> str:
        """Returns what the row says in a field, as an editor reads it."""
        value = getattr(self.instance, f"get_{name}_display", lambda: getattr(self.instance, name))()
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, models.Manager):
            value = ", ".join(str(row) for row in value.all())
        return "–" if value in ("", None) else str(value)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        differing = [name for name in self.guarded_fields() if name in self.changed_data]
        # Here the instance still says what is saved; Django writes the typed values into it afterwards.
        if self.instance.pk and differing and self.cleaned_data.get("seen") != self.initial["seen"]:
            now = "; ".join(f"{self.fields[name].label}: {self.display_value(name)}" for name in differing)
            message = _(
                "Somebody else has saved this while you were editing it. The saved values are now: %(now)s. What you "
                "typed is still in the form. Compare, and save again to replace what is saved."
            )
            self.add_error(None, message % {"now": now})
        return cleaned


class SeenAdmin(admin.ModelAdmin):
    """The admin of a model whose change form is a `SeenForm`. A save locks the row before the form compares."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Model | None:
        row = super().get_object(request, object_id, from_field)
        if row is None or request.method != "POST":
            return row
        # Django's change view runs in a transaction: of two saves of one row, the second waits here for the first.
        type(row)._base_manager.select_for_update().get(pk=row.pk)
        return super().get_object(request, object_id, from_field)

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        (title, options), *others = fieldsets
        fields = [name for name in options["fields"] if name != "seen"]
        return [(title, {**options, "fields": ["seen", *fields]}), *others]
