"""The forms of the admin that every kind of page shares."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from adminsortable2.admin import CustomInlineFormSet
from django import forms
from django.utils.translation import gettext_lazy as _

from editorial.seen import SavedForm, SeenForm
from publishing.models import Address, ChildRow, Edition, Publishable
from publishing.verbs import PublishingError


class PublishableForm(SavedForm, forms.ModelForm):
    """The change form of a subject."""

    def _post_clean(self) -> None:
        if self.instance._state.adding or self.has_changed():
            super()._post_clean()  # type: ignore[misc] # not in Django's stubs

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"]
        if "slug" not in self.changed_data:
            return slug
        taken = Address.objects.filter(kind=self.instance.KIND, slug=slug).exclude(subject_id=self.instance.pk or 0)
        if slug and taken.exists():
            raise forms.ValidationError(_("Another page has this address, or had it before. Choose another address."))
        return slug


class ChildRowForm(forms.ModelForm):
    """The form of a child row. It has the row's key, under which a deleted row can be restored."""

    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A saved row that nobody changed is not checked again: that would cost several queries for each row.
        self.empty_permitted |= not self.instance._state.adding
        for field in self.fields.values():
            # In a tabular inline, Django gives the fields no labels.
            if not field.widget.is_hidden:
                field.widget.attrs.setdefault("aria-label", field.label)

    def _get_validation_exclusions(self) -> set[str]:
        """Leaves the key of a saved row out of the checks of uniqueness: it never changes."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc] # not in Django's stubs
        return excluded if self.instance._state.adding else excluded | {"key"}

    def clean_key(self) -> uuid.UUID:
        if not self.instance._state.adding:
            return self.instance.key
        return self.cleaned_data["key"] or uuid.uuid4()

    @classmethod
    def as_new_row(cls, values: dict[str, object], changed: set[str]) -> dict[str, object]:
        """Returns the posted values of a row that another person deleted, as the values of a new row.

        `changed` has the names of the fields that the editor changed. A subclass clears fields that are no longer
        true, such as the date of an answer that was changed.
        """
        return values


class ChildRowFormSet(CustomInlineFormSet):
    """The child rows of one model. Values that must be unique on a page are checked here, and may be exchanged."""

    model: type[ChildRow]

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = _("Delete this entry")

    def posted_forms(self, rows: Mapping[str, ChildRow]) -> Iterator[ChildRowForm]:
        """Yields a bound form for each posted row: of the row in `rows` that has its key, or else of a new row."""
        for i in range(self.total_form_count()):
            yield self._construct_form(i, instance=rows.get(self.data.get(f"{self.add_prefix(i)}-key", "")))

    def clean(self) -> None:
        super().clean()
        seen: set[tuple[str, ...]] = set()
        fields = self.model.UNIQUE
        for form in self.forms:
            if not fields or set(fields) & set(form.errors) or self._should_delete_form(form):
                continue
            # Reads the instance, not the form: the model's clean() may have normalized the value.
            if all(form.instance.column(name) for name in fields):
                if (values := form.instance.folded_values()) in seen:
                    form.add_error(fields[-1], _("This is here twice. Remove one of the two."))
                seen.add(values)

    def validate_unique(self) -> None:
        """Does nothing: `clean` checks instead. Django's check respects case, and its message names no row."""

    def save(self, commit: bool = True) -> list[ChildRow]:
        deleted = {form.instance.pk for form in self.deleted_forms}
        changed = {form.instance.pk for form in self.initial_forms if set(form.changed_data) & {*self.model.UNIQUE}}
        self.model.objects.free_unique_values([pk for pk in deleted | changed if pk])
        return super().save(commit)


note_field = partial(forms.CharField, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
"""Makes a field for a few sentences by an editor."""


@contextmanager
def show_refusal(form: forms.Form) -> Iterator[None]:
    """Adds to a valid form the reason for which a step is refused. What follows the step in the block is left out."""
    try:
        yield
    except PublishingError as error:
        form.add_error(None, str(error))


class SubmitForm(SeenForm):
    note = note_field(
        label=_("Note to the publishers"),
        required=False,
        help_text=_("What you changed, and what they should check."),
    )


class PublishForm(SeenForm):
    note = note_field(
        label=_("What changed, for readers"),
        required=False,
        help_text=_("One sentence. Readers see it in the page's public history, except for a minor change."),
    )
    minor = forms.BooleanField(
        label=_("Minor change"),
        required=False,
        help_text=_(
            "A typing error or a comma. Readers see the new text, but the date “last changed” stays, and “What "
            "changed” has no entry."
        ),
    )


class NoteForm(SeenForm):
    note = note_field(label=_("Note"), required=False)


class ReasonForm(forms.Form):
    reason = note_field(label=_("Reason"))


class TrashForm(SeenForm):
    reason = note_field(
        label=_("Reason"), help_text=_("If the page was live, readers who open its address will see this reason.")
    )


class WithdrawForm(TrashForm):
    successor = forms.CharField(
        label=_("Send readers to"),
        required=False,
        max_length=200,
        help_text=_("Optional: the address of a live page of the same kind that replaces this one."),
    )

    def __init__(self, *args: Any, subject: Publishable, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject

    def clean_successor(self) -> Publishable | None:
        slug = self.cleaned_data["successor"].strip().rstrip("/").split("/")[-1]
        if not slug:
            return None
        kind = type(self.subject)
        edition = Edition.objects.of(kind).live().filter(slug=slug).first()
        if not edition:
            raise forms.ValidationError(
                _("There is no live %(kind)s at “%(slug)s”.") % {"kind": kind._meta.verbose_name, "slug": slug}
            )
        return kind.objects.get(pk=edition.subject_id)
