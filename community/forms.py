"""The form of a portrait, with the field for its picture."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.renderers import BaseRenderer
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.models import Picture, Portrait
from community.pictures import FORMATS, PictureRefused, read_picture
from editorial.forms import PublishableForm

ACCEPT = ",".join(f"image/{name.lower()}" for name in FORMATS)


_PictureValue = UploadedFile | str | None
"""A file that was sent, or the digest of a stored picture, or nothing."""


class PictureInput(forms.Widget):
    """Shows the picture, with a field for another file and a box to remove it.

    The value is the file that was sent, or the digest of a stored picture. So an editor need not choose the file again
    when the form is shown again with an error.
    """

    template_name = "community/admin/picture_input.html"
    needs_multipart_form = True

    def get_context(self, name: str, value: _PictureValue, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "picture": Picture.objects.defer("content").filter(pk=context["widget"]["value"] or "").first(),
            "file": forms.FileInput({"accept": ACCEPT}).render(f"{name}-file", None, attrs),
        }
        return context

    def format_value(self, value: _PictureValue) -> str:
        return "" if value is None or isinstance(value, UploadedFile) else str(value)

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, UploadedFile], name: str
    ) -> _PictureValue:
        if file := files.get(f"{name}-file"):
            return file
        return "" if data.get(f"{name}-remove") else data.get(name, "")

    def _render(self, template_name: str, context: dict[str, Any], renderer: BaseRenderer | None = None) -> SafeString:
        """Renders with the site's templates, which Django's renderer of forms does not find."""
        return render_to_string(template_name, context)


class BoundPicture(forms.BoundField):
    def value(self) -> _PictureValue:
        """Returns the digest of the stored picture instead of the file, so that nobody need choose the file again."""
        value: _PictureValue = super().value()
        if not isinstance(value, UploadedFile):
            return value
        picture = getattr(self.form, "cleaned_data", {}).get(self.name)
        return picture.digest if picture else self.form.data.get(self.html_name)


class PictureField(forms.Field):
    widget = PictureInput

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundPicture:
        return BoundPicture(form, self, field_name)

    def has_changed(self, initial: str | None, data: _PictureValue) -> bool:
        return isinstance(data, UploadedFile) or (initial or "") != (data or "")


class PortraitForm(PublishableForm):
    picture = PictureField(
        label=gettext_lazy("Picture"),
        required=False,
        help_text=gettext_lazy(
            "A JPEG, PNG or WebP file of at most 10 MB. We store a small copy without place, time and camera."
        ),
    )

    class Meta:
        model = Portrait
        exclude: list[str] = []
        labels = {"name": gettext_lazy("First name or pseudonym")}
        help_texts = {"name": gettext_lazy("The name that readers see. No family name, unless the person asks for it.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"relation", "words"} & set(self.fields):
            self.fields[name].required = True
        if "relation" in self.fields:
            self.fields["relation"].widget.attrs["class"] = "vLargeTextField"
        for name in {"words", "consent_note"} & set(self.fields):
            self.fields[name].widget.attrs["rows"] = 4

    def clean_picture(self) -> Picture | None:
        value = self.cleaned_data["picture"]
        if isinstance(value, UploadedFile):
            try:
                return Picture.objects.store(read_picture(value))
            except PictureRefused as error:
                raise forms.ValidationError(str(error)) from error
        if not value:
            return None
        found = Picture.objects.defer("content").filter(pk=value).first()
        if not found:
            raise forms.ValidationError(_("The picture is no longer stored. Please choose the file again."))
        return found

    def clean_consent_on(self) -> date | None:
        given: date | None = self.cleaned_data["consent_on"]
        if not given and self.initial.get("consent_on") and self.instance.was_published():
            raise forms.ValidationError(
                _(
                    "Readers have already seen this portrait. If the person withdraws consent, "
                    "choose “Consent withdrawn…” above."
                )
            )
        return given

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("picture") and "alternative" not in self.errors and not cleaned.get("alternative", "").strip():
            self.add_error("alternative", _("Describe the picture for readers who cannot see it."))
        if cleaned.get("consent_on") and "consent_note" not in self.errors and not cleaned.get("consent_note"):
            self.add_error("consent_note", _("Write how the person gave consent, and where the proof is kept."))
        return cleaned
