"""The form that readers fill in. It refuses little, and what was typed always comes back."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from suggestions.models import Suggestion
from suggestions.plain_text import filled_lines
from suggestions.target import SuggestionTarget

MAX_EMAIL_LENGTH = Suggestion._meta.get_field("email").max_length or 0
MAX_MESSAGE_LENGTH = 5_000
MAX_ADDED = 5_000
"""The characters by which a corrected answer may be longer than the answer on the page."""

FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters, and those that change the direction of the text after them."""

KIND_LABELS = {
    Suggestion.Kind.CORRECTION: _("Something is wrong"),
    Suggestion.Kind.INFORMATION: _("Something new is known"),
    Suggestion.Kind.SYMPTOM: _("A symptom is missing"),
    Suggestion.Kind.ORGANIZATION: _("An organization that helps"),
    Suggestion.Kind.EXPERIENCE: _("What it is like to live with it"),
    Suggestion.Kind.OTHER: _("Something else"),
}


class MaxLength:
    """A validator that says how many characters are too many.

    The field has no `maxlength` in HTML, since a browser would cut pasted text without saying so.
    """

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length

    def __call__(self, text: str) -> None:
        if (excess := len(text) - self.max_length) > 0:
            message = ngettext("This is %(n)s character too long.", "This is %(n)s characters too long.", excess)
            raise ValidationError(message % {"n": f"{excess:,}"}, code="too_long")


class WordsField(forms.CharField):
    """A field of several lines that drops control characters."""

    def __init__(self, *, max_length: int, rows: int, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "cols": 60, "dir": "auto"})
        super().__init__(required=False, validators=[MaxLength(max_length)], widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        return super().to_python(FORBIDDEN_CHARACTERS.sub("", re.sub(r"\r\n?", "\n", value or ""))) or ""


class SuggestionForm(forms.Form):
    use_required_attribute = False

    kind = forms.ChoiceField(
        label=_("What is it about?"),
        choices=list(KIND_LABELS.items()),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(["required", "invalid_choice"], _("Please choose one.")),
    )
    proposed = WordsField(max_length=0, rows=10)
    message = WordsField(
        label=_("What would you like to tell us?"),
        max_length=MAX_MESSAGE_LENGTH,
        rows=6,
        help_text=_(
            "How do you know this? A link or the title of a leaflet helps us to check it. "
            "Please write nothing about other people that they would not want us to know."
        ),
    )
    email = forms.EmailField(
        label=_("Your e-mail address, if you would like an answer"),
        required=False,
        validators=[MaxLength(MAX_EMAIL_LENGTH)],
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("This is not an e-mail address. It should look like name@example.org.")},
    )
    homepage = forms.CharField(  # Readers do not see this field, so only robots fill it in.
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(
        self, data: QueryDict | None = None, *, about: SuggestionTarget, initial: dict[str, str] | None = None
    ) -> None:
        if data and (proposed := data.get("proposed")) and not about.words:
            # The question was removed while the form was open, so its words move to the message.
            data = data.copy()
            data["message"] = "\n\n".join(filter(None, [proposed, data.get("message")]))
        super().__init__(data, initial=initial, label_suffix="")
        self.about = about
        # The validator checks the length instead, since a browser would cut a long address.
        self.fields["email"].widget.attrs.pop("maxlength", None)
        self.fields["email"].help_text = _(
            "We use it only to answer you. After %(n)s days we delete it, with everything that you wrote."
        ) % {"n": settings.SUGGESTION_DAYS}
        if about.words:
            self.fields["proposed"] = WordsField(
                label=_("The answer, as you would write it"),
                max_length=len(about.words) + MAX_ADDED,
                rows=max(6, min(16, len(about.words) // 50)),
                initial=about.words,
                help_text=_("This is the answer on the page now. Change what is wrong and leave the rest as it is."),
            )
        else:
            del self.fields["proposed"]

    def clean_proposed(self) -> str:
        """Returns the corrected answer, "" where it says the same as before."""
        proposed: str = self.cleaned_data["proposed"]
        return "" if filled_lines(proposed) == filled_lines(self.about.words) else proposed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = cleaned.get("proposed") or cleaned.get("message")
        if not typed and not {"proposed", "message"} & self.errors.keys():
            message = _("Please write something here.")
            if self.about.words:
                message = _("Please change the words above, or write here what is wrong.")
            self.add_error("message", message)
        return cleaned

    def suggestion(self) -> Suggestion:
        """Returns the suggestion that was sent, unsaved."""
        cleaned = self.cleaned_data
        return Suggestion(
            kind=cleaned["kind"],
            proposed_words=cleaned.get("proposed", ""),
            message=cleaned["message"],
            email=cleaned["email"],
            spam_reasons=[Suggestion.SpamReason.HIDDEN_FIELD] if cleaned["homepage"] else [],
            **self.about.fields(),
        )


class FormTokenForm(forms.Form):
    token = forms.CharField(max_length=500, required=False)
