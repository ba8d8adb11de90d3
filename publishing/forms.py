"""Forms of the admin that are the same for every publishable thing."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from publishing.guard import Returned
from publishing.models import Address, Edition, Publishable


class PublishableForm(forms.ModelForm):
    """The change form of a subject. `returned` is set where the form must come back unsaved."""

    returned: Returned | None = None

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"]
        taken = Address.objects.filter(kind=self.instance.KIND, slug=slug).exclude(subject_id=self.instance.pk or 0)
        if slug and taken.exists():
            raise forms.ValidationError(_("This address belonged to another page and stays with it. Choose another."))
        return slug

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.returned:
            self.add_error(None, self.returned.message)
        return cleaned


class PartForm(forms.ModelForm):
    """The form of a row, which carries the row's key, so that a row deleted meanwhile can come back under it."""

    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean_key(self) -> uuid.UUID:
        if not self.instance._state.adding:
            return self.instance.key
        return self.cleaned_data["key"] or uuid.uuid4()


class ReadyForm(forms.Form):
    edition = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note to the publishers"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What you changed, and what they should look at."),
    )


class PublishForm(forms.Form):
    edition = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("What changed, for readers"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One sentence. It stands in the page's public history."),
    )
    minor = forms.BooleanField(
        label=_("Minor change"),
        required=False,
        help_text=_("A typing error, a comma. Readers see the new words, but the page does not count as updated."),
    )


class BinForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Readers who come to a page that was live will see it."),
    )


class WithdrawForm(BinForm):
    successor = forms.CharField(
        label=_("Lead readers to"),
        required=False,
        max_length=200,
        help_text=_("The address of a live page of the same kind that stands for this one now, or nothing."),
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
