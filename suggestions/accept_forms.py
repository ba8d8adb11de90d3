"""Where in the working copy a suggestion may go: one form each, which an editor fills in as he likes.

`write` is called with the subject's row held and the form valid; it says what it wrote to, and what it did.
"""

import hashlib
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diseases.forms import QuestionForm
from diseases.models import Disease, Question, Support, Symptom, Synonym
from editorial.guard import as_posted
from imports.proposals import ensure_not_duplicate
from imports.rows import add_rows
from organizations.duplicates import likely_duplicates
from organizations.models import Organization
from publishing.models import Publishable
from publishing.prose import shape
from suggestions.models import Suggestion
from suggestions.plain_text import filled_lines, merge_into_html, to_text

Applied = tuple[list[Publishable], str]
TODAY, READER = "today", "reader"


def formfield(field: Any, **kwargs: Any) -> Any:
    """As the admin makes it: example.org is https://example.org, and a day is picked from a calendar."""
    if isinstance(field, models.URLField):
        kwargs["assume_scheme"] = "https"
    elif isinstance(field, models.DateField):
        kwargs["widget"] = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return field.formfield(**kwargs)


class AcceptForm(forms.ModelForm):
    """A form of one row of a subject. `instance_for` makes or finds the row."""

    title: ClassVar[Any]
    action: ClassVar[str] = "change"
    kind: ClassVar[type[Publishable]] = Disease

    def __init__(self, *args: Any, suggestion: Suggestion, subject: Any, **kwargs: Any) -> None:
        self.suggestion, self.subject = suggestion, subject
        instance = self.instance_for(suggestion, subject)
        super().__init__(*args, **kwargs | {"instance": instance})

    @classmethod
    def instance_for(cls, suggestion: Suggestion, subject: Any) -> Any:
        return cls._meta.model(disease=subject)

    def apply(self) -> Applied:
        raise NotImplementedError


class AcceptAnswerForm(AcceptForm, QuestionForm):
    """The answer of the question that the suggestion is about."""

    title = gettext_lazy("Accept into the answer")

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)

    class Meta:
        model = Question
        fields = ["answer", "last_updated"]
        formfield_callback = formfield

    def __init__(self, *args: Any, start: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        self.here: str = row.answer
        del self.fields["key"]
        self.fields["answer"].widget.attrs["aria-label"] = _("Answer")
        self.initial["seen"] = _answer_digest(row)
        proposed = self.suggestion.proposed_words
        if not self.is_bound and proposed and start != TODAY:
            self.initial["answer"] = merge_into_html(self.here, proposed)

    @classmethod
    def instance_for(cls, suggestion: Suggestion, subject: Any) -> Any:
        return suggestion.question_row()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if self.instance._state.adding:
            said = _("This question was deleted meanwhile. What you typed is still here: put it where it belongs now.")
            self.add_error(None, said)
        elif cleaned.get("seen") != _answer_digest(self.instance):
            self.data = {**self.data.dict(), "seen": _answer_digest(self.instance)}  # type: ignore[attr-defined] # a QueryDict
            self.add_error(None, _("Somebody else changed this answer while you were editing it. Compare once more."))
        elif "answer" in cleaned and shape(cleaned["answer"]) == shape(self.here):
            self.add_error("answer", _("This is what stands there already. Change it, or say so and decline."))
        return cleaned

    def apply(self) -> Applied:
        row = self.save()
        return [row.disease], _("Accepted into the answer to “%(question)s”.") % {"question": row.question}


def was_changed_since(suggestion: Suggestion, row: Question) -> bool:
    """Whether the answer in the working copy says something else than the reader saw."""
    return filled_lines(to_text(row.answer)) != filled_lines(suggestion.current_words)


def _answer_digest(row: Question) -> str:
    return hashlib.sha256(repr([shape(row.answer), row.last_updated]).encode()).hexdigest()


class AcceptSynonymForm(AcceptForm):
    title = gettext_lazy("Accept as another name")

    class Meta:
        model = Synonym
        fields = ["text", "kind", "source"]

    def apply(self) -> Applied:
        row = self.save(commit=False)
        ensure_not_duplicate(row)
        add_rows(self.subject, {"synonym": [row]})
        return [self.subject], _("Accepted as another name: “%(name)s”.") % {"name": row.text}


class AcceptSymptomForm(AcceptForm):
    title = gettext_lazy("Accept as a symptom")

    class Meta:
        model = Symptom
        fields = ["term", "frequency", "aspect", "hpo_id", "source", "approved"]
        help_texts = {"source": gettext_lazy("Where it can be looked up. A reader’s word alone is no source.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["approved"] = True

    def apply(self) -> Applied:
        row = self.save(commit=False)
        ensure_not_duplicate(row)
        add_rows(self.subject, {"symptom": [row]})
        said = _("Accepted as a symptom: “%(term)s”.") if row.approved else _("Noted as a symptom: “%(term)s”.")
        return [self.subject], said % {"term": row.term}


CONTACT_FIELD_NAMES = ["phone", "toll_free", "email", "website"]


class AcceptOrganizationForm(AcceptForm):
    """A draft of an organization, in the list of the disease's page where the suggestion is about one."""

    title = gettext_lazy("Accept as a new organization")
    action = "add"
    kind = Organization

    is_listed = forms.BooleanField(
        required=False, initial=True, help_text=gettext_lazy("Readers see it there once both pages are published.")
    )

    class Meta:
        model = Organization
        fields = ["name", "description", "city", "region", "country", *CONTACT_FIELD_NAMES, "staff_notes"]
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.subject, Disease):
            self.fields["is_listed"].label = _("List it on the page “%(name)s”") % {"name": self.subject}
        else:
            del self.fields["is_listed"]
        self.initial["staff_notes"] = _("Suggested by a reader.")

    @classmethod
    def instance_for(cls, suggestion: Suggestion, subject: Any) -> Any:
        return Organization()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        new = Organization(
            **{name: cleaned.get(name, "") for name in ["name", "city", "country", *CONTACT_FIELD_NAMES]}
        )
        for _new, there, reasons in likely_duplicates([new], Organization.objects.all()):
            said = _("“%(name)s” is here already (%(reasons)s). Correct it there, and say so under “Done by hand”.")
            self.add_error(None, said % {"name": there, "reasons": ", ".join(reasons)})
        return cleaned

    def apply(self) -> Applied:
        organization = self.save()
        written: list[Publishable] = [organization]
        if self.cleaned_data.get("is_listed"):
            last = Support.objects.filter(disease=self.subject).aggregate(last=Max("position"))["last"] or 0
            Support.objects.create(disease=self.subject, organization=organization, position=last + 1)
            written.append(self.subject)
        return written, _("Accepted as a new organization.")


class AcceptDetailsForm(AcceptForm):
    """The details of the organization that the suggestion is about."""

    title = gettext_lazy("Correct the details")
    kind = Organization

    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Organization
        fields = [
            *["name", "also_known_as", "description", "street", "city", "region", "postal_code", "country"],
            *["phone", "toll_free", "fax", "email", "website"],
        ]
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version
        for name in self.Meta.fields:
            self.fields[name].show_hidden_initial = True  # so that a form says what it was opened with

    @classmethod
    def instance_for(cls, suggestion: Suggestion, subject: Any) -> Any:
        return subject

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("version") != self.initial["version"]:
            self.data, names = self._on_top_of_what_is_saved()
            said = _("Somebody else changed these details while you were editing them. Yours differ in: %(names)s.")
            self.add_error(None, said % {"names": names})
        elif not set(self.changed_data) - {"version"}:
            self.add_error(None, _("Nothing is changed yet."))
        return cleaned

    def apply(self) -> Applied:
        self.save()
        return [self.instance], _("Corrected: %(names)s.") % {"names": self._changed()}

    def _on_top_of_what_is_saved(self) -> tuple[dict[str, Any], str]:
        """What was typed, as if the form had been opened just now: nobody puts an old detail back unawares.

        And where it differs from what is saved, with that.
        """
        saved = as_posted(type(self)(suggestion=self.suggestion, subject=self.subject)).values
        typed = {name: self.data.get(name, "") for name in self.changed_data if name in self.Meta.fields}
        opened = {f"initial-{name}": saved[name] for name in self.Meta.fields}
        names = [f"{self.fields[name].label} (“{saved[name]}”)" for name in typed if typed[name] != saved[name]]
        return {**saved, **opened, **typed}, ", ".join(names)

    def _changed(self) -> str:
        return ", ".join(str(self.fields[name].label) for name in self.changed_data if name in self.Meta.fields)


ACCEPT_FORMS: dict[str, type[AcceptForm]] = {
    "answer": AcceptAnswerForm,
    "name": AcceptSynonymForm,
    "symptom": AcceptSymptomForm,
    "organization": AcceptOrganizationForm,
    "details": AcceptDetailsForm,
}


def accept_forms_for(suggestion: Suggestion, subject: Publishable | None) -> list[str]:
    """The steps that fit what a suggestion is about, the likeliest first."""
    found = {
        "answer": isinstance(subject, Disease) and suggestion.question_row() is not None,
        "details": isinstance(subject, Organization),
        "symptom": isinstance(subject, Disease),
        "name": isinstance(subject, Disease),
        "organization": True,
    }
    names = [name for name, fits in found.items() if fits]
    return sorted(names, key=lambda name: name != suggestion.kind)
