import hashlib
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from diseases.models import Disease, Question, Symptom, fold_name
from editorial.forms import ChildRowForm
from publishing.prose import blocks, sanitize, shape
from publishing.values import TEXT_LENGTH


class IdentifierForm(ChildRowForm):
    def _get_validation_exclusions(self) -> Any:
        """Whose a code is, the row's `clean` and the formset say: another row may give it away in the same save."""
        return super()._get_validation_exclusions() | {"value"}  # type: ignore[misc] # Django's, without a type


class QuestionForm(ChildRowForm):
    """One FAQ entry. The HTML of an answer that reads the same stays as it was, however the browser wrote it."""

    new_date = forms.BooleanField(
        label=_("If the words change, set “last updated” to today"),
        required=False,
        initial=True,
        help_text=_("Untick this to repair a typing error without a new date."),
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
    def restore_deleted(cls, values: dict[str, str], touched: set[str]) -> dict[str, str]:
        """New words in the answer do not keep the old words' date, unless the editor typed that too."""
        keeps_date = "answer" not in touched or "last_updated" in touched or not values.get("new_date")
        return values if keeps_date else values | {"last_updated": ""}

    def has_changed(self) -> bool:
        """A ticked box alone is no change, nor is the place of a row that was added and left empty."""
        silent = {"new_date", "position"} if self.instance._state.adding else {"new_date"}
        return bool(set(self.changed_data) - silent)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        changed = blocks(cleaned.get("answer", "")) != blocks(self.initial.get("answer", ""))
        for name in ["last_updated", "reviewed_on"]:
            if cleaned.get(name) and cleaned[name] > timezone.localdate():
                self.add_error(name, _("This day is still to come."))
        if cleaned.get("review_due") and cleaned.get("reviewed_on") and cleaned["review_due"] < cleaned["reviewed_on"]:
            self.add_error("review_due", _("The next review comes after the last one."))
        if cleaned.get("new_date") and changed and "last_updated" not in self.changed_data:
            cleaned["last_updated"] = timezone.localdate()
        return cleaned


class SymptomForm(forms.ModelForm):
    """One row of a table of symptoms. It carries what it was opened with: see `clean_seen`."""

    save_error = ""
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Symptom
        fields = ["term"]  # the admin names the others

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = _symptom_digest(self.instance)

    @property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if name != "seen"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        self._compare_with_what_was_opened()
        disease = cleaned.get("disease") or (self.instance.disease if self.instance.pk else None)
        if disease and self._stands_already(disease, cleaned):
            self.add_error("term", _("This stands here already, with the same frequency and source."))
        if self.save_error:
            self.add_error(None, self.save_error)
        return cleaned

    def _compare_with_what_was_opened(self) -> None:
        """Turns back what was typed over a row that somebody else has saved since; a second save goes through."""
        if not self.instance.pk or self.cleaned_data.get("seen") == self.initial["seen"]:
            return
        self.data = {**self.data.dict(), "seen": self.initial["seen"]}  # type: ignore[attr-defined] # a QueryDict
        now = "; ".join(f"{self.fields[name].label}: {_display_value(self.instance, name)}" for name in self._spoken())
        said = _("Somebody else saved this row while you were editing it. Saved is: %(now)s. Yours stands in the form.")
        self.add_error(None, said % {"now": now})

    def _spoken(self) -> list[str]:
        return [name for name in self.fields if name != "seen"]

    def _stands_already(self, disease: Disease, cleaned: dict[str, Any]) -> bool:
        others = Symptom.objects.filter(disease=disease, source=cleaned.get("source")).exclude(pk=self.instance.pk)
        wanted = [fold_name(cleaned.get(name) or "") for name in ("term", "frequency")]
        return wanted in ([fold_name(each) for each in row] for row in others.values_list("term", "frequency"))


def _symptom_digest(symptom: Symptom) -> str:
    said = [str(getattr(symptom, name)) for name in ("term", "frequency", "aspect", "hpo_id", "source_id", "approved")]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:20]


def _display_value(symptom: Symptom, name: str) -> str:
    value = getattr(symptom, f"get_{name}_display", lambda: getattr(symptom, name))()
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return str("–" if value in ("", None) else value)
