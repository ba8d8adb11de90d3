"""The form of a portrait: what it takes to show a person, and how a picture is sent."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.models import Picture, Portrait
from community.pictures import FORMATS, PictureRefused, read_picture
from editorial.forms import PublishableForm

ACCEPT = ",".join(f"image/{name.lower()}" for name in FORMATS)


class PictureInput(forms.Widget):
    """Shows the picture, takes another file for it, or removes it.

    The value is the digest, as it goes with the form, or the file that was sent. So a picture that was read once is not
    asked for again where the rest of the form comes back.
    """

    template_name = "community/admin/picture_input.html"
    needs_multipart_form = True

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "picture": Picture.objects.defer("content").filter(pk=context["widget"]["value"] or "").first(),
            "file": forms.FileInput({"accept": ACCEPT}).render(f"{name}-file", None, attrs),
        }
        return context

    def format_value(self, value: Any) -> str:
        return "" if value is None or isinstance(value, UploadedFile) else str(value)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if file := files.get(f"{name}-file"):
            return file
        return "" if data.get(f"{name}-remove") else data.get(name, "")

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-file" not in files

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        """With the site's templates, where Django's renderer of forms does not look."""
        return render_to_string(template_name, context)


class PictureField(forms.Field):
    widget = PictureInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return isinstance(data, UploadedFile) or (initial or "") != (data or "")


class PortraitForm(PublishableForm):
    picture = PictureField(
        label=gettext_lazy("Picture"),
        required=False,
        help_text=gettext_lazy(
            "A JPEG, PNG or WebP file of at most 10 MB. It is made small, and no place, time or camera is kept with it."
        ),
    )

    class Meta:
        model = Portrait
        exclude: list[str] = []
        labels = {"name": gettext_lazy("First name or pseudonym")}
        help_texts = {
            "name": gettext_lazy("As the person wants to be called here. No family name, unless they ask for it.")
        }

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
            # Whatever becomes of the form: what is sent back with it is the picture that was stored, and no file.
            self.files: Any = self.files.copy()
            self.files.pop(f"{self.add_prefix('picture')}-file")
            try:
                picture = Picture.objects.keep(read_picture(value))
            except PictureRefused as error:
                raise forms.ValidationError(str(error)) from error
            self.data: Any = self.data.copy()
            self.data[self.add_prefix("picture")] = picture.digest
            return picture
        if not value:
            return None
        found = Picture.objects.defer("content").filter(pk=value).first()
        if not found:
            raise forms.ValidationError(_("The picture is no longer here. Please choose the file again."))
        return found

    def clean_consent_on(self) -> Any:
        given = self.cleaned_data["consent_on"]
        if not given and self.initial.get("consent_on") and self.instance.was_published():
            raise forms.ValidationError(
                _("Readers have seen this portrait. To take the consent back, choose “Consent withdrawn…” at the top.")
            )
        return given

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("picture") and "alternative" not in self.errors and not cleaned.get("alternative", "").strip():
            self.add_error("alternative", _("Describe the picture for readers who cannot see it."))
        if cleaned.get("consent_on") and "consent_note" not in self.errors and not cleaned.get("consent_note"):
            self.add_error("consent_note", _("Say how the consent was given, and where it is kept."))
        return cleaned
