from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from diseases.models import Disease, Question, Support, Symptom, fold_name
from editorial.forms import ChildRowForm, ChildRowFormSet
from editorial.seen import SeenModelForm
from organizations.models import Organization
from publishing.prose import blocks, sanitize, shape
from publishing.values import TEXT_LENGTH


class IdentifierForm(ChildRowForm):
    def _get_validation_exclusions(self) -> set[str]:
        """Leaves `value` out of Django's own check of uniqueness: another row may give up the code in the same save.

        `Identifier.clean` and the formset check it instead.
        """
        return super()._get_validation_exclusions() | {"value"}


class OrganizationSelect(AutocompleteSelect):
    """Shows the organization of a row, which is read already, without a query for each row."""

    chosen: Organization | None = None

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        if self.chosen is None or list(value) != [str(self.chosen.pk)]:
            return super().optgroups(name, value, attr)
        return [(None, [self.create_option(name, value[0], str(self.chosen), selected=True, index=0)], 0)]


class SupportForm(ChildRowForm):
    class Meta:
        model = Support
        fields = ["organization"]  # the admin names the others
        widgets = {"organization": OrganizationSelect(Support._meta.get_field("organization"), admin.site)}


class SupportFormSet(ChildRowFormSet):
    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        select: Any = form.fields["organization"].widget
        select.widget.chosen = form.instance.organization if form.instance.pk else None


class QuestionForm(ChildRowForm):
    """One question with its answer. An answer whose words did not change keeps its HTML, whatever the browser sent."""

    new_date = forms.BooleanField(
        label=_("Set “last updated” to today if the answer changes"),
        required=False,
        initial=True,
        help_text=_("Untick this if you only correct a typing error."),
    )

    class Meta:
        model = Question
        fields = ["answer"]  # the admin names the others

    def clean_answer(self) -> str:
        answer, before = sanitize(self.cleaned_data["answer"]), self.initial.get("answer", "")
        if len(answer) > TEXT_LENGTH:
            raise forms.ValidationError(
                _("The answer is too long by %(n)s characters.") % {"n": len(answer) - TEXT_LENGTH}
            )
        return before if shape(answer) == shape(before) else answer

    @classmethod
    def as_new_row(cls, values: dict[str, object], changed: set[str]) -> dict[str, object]:
        """Clears the date where the answer was changed, unless the editor changed the date too."""
        keeps_date = "answer" not in changed or "last_updated" in changed or not values.get("new_date")
        return values if keeps_date else values | {"last_updated": ""}

    def has_changed(self) -> bool:
        """Returns whether anything is to be saved. Ignores the date's checkbox and the position of a new row."""
        ignored = {"new_date", "position"} if self.instance._state.adding else {"new_date"}
        return bool(set(self.changed_data) - ignored)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        is_changed = blocks(cleaned.get("answer", "")) != blocks(self.initial.get("answer", ""))
        for name in ["last_updated", "reviewed_on"]:
            if cleaned.get(name) and cleaned[name] > timezone.localdate():
                self.add_error(name, _("This day is in the future."))
        if cleaned.get("review_due") and cleaned.get("reviewed_on") and cleaned["review_due"] < cleaned["reviewed_on"]:
            self.add_error("review_due", _("The next review must be after the last one."))
        if cleaned.get("new_date") and is_changed and "last_updated" not in self.changed_data:
            cleaned["last_updated"] = timezone.localdate()
        return cleaned


class SymptomForm(SeenModelForm):
    """One symptom."""

    class Meta:
        model = Symptom
        fields = ["term"]  # the admin names the others

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        disease = cleaned.get("disease") or (self.instance.disease if self.instance.pk else None)
        if disease and self._is_duplicate(disease, cleaned):
            self.add_error("term", _("The disease already has this symptom with the same frequency and source."))
        return cleaned

    def _is_duplicate(self, disease: Disease, cleaned: dict[str, Any]) -> bool:
        others = Symptom.objects.filter(disease=disease, source=cleaned.get("source")).exclude(pk=self.instance.pk)
        own = [fold_name(cleaned.get(name) or "") for name in ("term", "frequency")]
        return own in ([fold_name(value) for value in row] for row in others.values_list("term", "frequency"))
