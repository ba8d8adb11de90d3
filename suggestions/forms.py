"""The form that readers fill in. It refuses little, says how much is too much, and loses nothing that was typed."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from suggestions.models import Suggestion
from suggestions.plain_text import filled_lines
from suggestions.topic import SuggestionTopic

EMAIL_HELP = Suggestion._meta.get_field("email").max_length or 0
MESSAGE = 5_000
ADDED = 5_000
"""The characters by which proposed words may be longer than those that stand there."""

EMPTY_MESSAGE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters, and those that turn the direction of all that follows."""

ASKED = {
    Suggestion.Kind.CORRECTION: _("Something is wrong"),
    Suggestion.Kind.INFORMATION: _("Something new is known"),
    Suggestion.Kind.SYMPTOM: _("A symptom is missing"),
    Suggestion.Kind.ORGANIZATION: _("An organization that helps"),
    Suggestion.Kind.EXPERIENCE: _("What it is like to live with it"),
    Suggestion.Kind.OTHER: _("Something else"),
}


@deconstructible
class MaxLength:
    """Says how many characters are too many. A browser is not told, or it would cut what is pasted without a word."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, text: str) -> None:
        if (more := len(text) - self.most) > 0:
            said = ngettext("This is %(n)s character too long.", "This is %(n)s characters too long.", more)
            raise ValidationError(said % {"n": f"{more:,}"}, code="too_long")


class WordsField(forms.CharField):
    """What a reader types, without characters that are no text."""

    def __init__(self, *, most: int, rows: int, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "cols": 60, "dir": "auto"})
        super().__init__(required=False, validators=[MaxLength(most)], widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        return super().to_python(EMPTY_MESSAGE.sub("", re.sub(r"\r\n?", "\n", value or ""))) or ""


class SuggestionForm(forms.Form):
    use_required_attribute = False

    kind = forms.ChoiceField(
        label=_("What is it about?"),
        choices=list(ASKED.items()),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(["required", "invalid_choice"], _("Please choose one.")),
    )
    proposed = WordsField(most=0, rows=10)
    message = WordsField(
        label=_("What would you like to tell us?"),
        most=MESSAGE,
        rows=6,
        help_text=_(
            "Where do you know it from? A link or a leaflet helps us to check it. "
            "Please write nothing about other people that they would not want us to know."
        ),
    )
    email = forms.EmailField(
        label=_("Your e-mail address, if you would like an answer"),
        required=False,
        validators=[MaxLength(EMAIL_HELP)],
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("This is no e-mail address. One looks like name@example.org.")},
    )
    homepage = forms.CharField(  # read by robots alone
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(self, *args: Any, about: SuggestionTopic, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        self.about = about
        # Validated here, so that the browser does not cut a long one.
        self.fields["email"].widget.attrs.pop("maxlength", None)
        self.fields["email"].help_text = _(
            "We use it for an answer and for nothing else. After %(n)s days we delete it, with all that you wrote."
        ) % {"n": settings.SUGGESTION_DAYS}
        if about.words:
            proposed = WordsField(
                label=_("The answer, as you would write it"),
                most=len(about.words) + ADDED,
                rows=max(6, min(16, len(about.words) // 50)),
                initial=about.words,
                help_text=_("These are today’s words. Change what is wrong and leave the rest as it is."),
            )
            self.fields["proposed"] = proposed
        else:
            del self.fields["proposed"]
            if self.data.get("proposed"):
                # The question went while the form was open. What was typed goes where there is still room for it.
                typed = [self.data["proposed"], self.data.get("message")]
                self.data = {name: self.data[name] for name in self.data} | {
                    "message": "\n\n".join(filter(None, typed))
                }

    def clean_proposed(self) -> str:
        """Nothing, where the words stand as they stood."""
        proposed: str = self.cleaned_data["proposed"]
        return "" if filled_lines(proposed) == filled_lines(self.about.words) else proposed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = cleaned.get("proposed") or cleaned.get("message")
        if not typed and not {"proposed", "message"} & self.errors.keys():
            said = _("Please write something here.")
            if self.about.words:
                said = _("Please change the words above, or write here what is wrong.")
            self.add_error("message", said)
        return cleaned

    def suggestion(self) -> Suggestion:
        """What was sent, unsaved."""
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
    ticket = forms.CharField(max_length=500, required=False)
