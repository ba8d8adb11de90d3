from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from diseases.models import Question
from publishing.forms import PartForm
from publishing.prose import blocks, sanitize, shape


class QuestionForm(PartForm):
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
        return before if shape(answer) == shape(before) else answer

    def has_changed(self) -> bool:
        """A ticked box alone is no change, nor is the place of a row that was added and left empty."""
        silent = {"new_date", "position"} if self.instance._state.adding else {"new_date"}
        return bool(set(self.changed_data) - silent)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        changed = blocks(cleaned.get("answer", "")) != blocks(self.initial.get("answer", ""))
        if cleaned.get("new_date") and changed and "last_updated" not in self.changed_data:
            cleaned["last_updated"] = timezone.localdate()
        return cleaned
