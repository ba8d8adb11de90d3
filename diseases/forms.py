from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from diseases.models import Question
from publishing.forms import PartForm
from publishing.pages import TEXT_LENGTH
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
        if len(answer) > TEXT_LENGTH:
            raise forms.ValidationError(
                _("The answer is too long by %(n)s characters.") % {"n": len(answer) - TEXT_LENGTH}
            )
        return before if shape(answer) == shape(before) else answer

    @classmethod
    def revive(cls, values: dict[str, str], touched: set[str]) -> dict[str, str]:
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
