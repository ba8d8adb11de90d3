"""The forms by which an editor accepts a suggestion: one for each place in the draft where it may go.

`apply` is called while the subject's row is locked and the form is valid. It saves the form, and returns the subjects
that it changed and a sentence that says what was done.
"""

from typing import Any, ClassVar, cast

from django import forms
from django.db import models
from django.db.models import Max
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diseases.forms import QuestionForm
from diseases.models import Disease, Question, Symptom, Synonym
from diseases.rows import add_rows, ensure_not_duplicate
from editorial.seen import SeenModelForm, changed_fields
from organizations.duplicates import COMPARED_FIELDS, likely_duplicates
from organizations.merging import foreign_keys
from organizations.models import Organization
from publishing.models import Publishable
from publishing.prose import shape
from suggestions.models import Suggestion
from suggestions.plain_text import filled_lines, merge_into_html, to_text

Applied = tuple[list[Publishable], str]
"""The subjects that an accepted suggestion changed, and a sentence about it for the editor."""

TODAY, READER = "today", "reader"
"""The words that the form of an answer starts from: those of the draft, or the reader's."""


def formfield(field: "models.Field[Any, Any]", **kwargs: Any) -> forms.Field | None:
    """Returns a form field like the admin's: an address without a scheme gets https, and a day has a calendar."""
    if isinstance(field, models.URLField):
        kwargs["assume_scheme"] = "https"
    elif isinstance(field, models.DateField):
        kwargs["widget"] = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return field.formfield(**kwargs)


class AcceptForm(SeenModelForm):
    """A form of one row of a subject. `instance_for` makes or finds the row."""

    title: ClassVar[Promise]
    action: ClassVar[str] = "change"
    kind: ClassVar[type[Publishable]] = Disease

    def __init__(
        self, data: QueryDict | None = None, *, suggestion: Suggestion, subject: Publishable | None, start: str = ""
    ) -> None:
        self.suggestion, self.subject, self.start = suggestion, subject, start
        super().__init__(data, instance=self.instance_for(suggestion, subject))
        self.prepare()

    def prepare(self) -> None:
        """Sets what a new form shows besides the values of the row."""

    @classmethod
    def instance_for(cls, suggestion: Suggestion, subject: Publishable | None) -> models.Model | None:
        return cls._meta.model(disease=subject)

    def apply(self) -> Applied:
        raise NotImplementedError


class AcceptAnswerForm(AcceptForm, QuestionForm):
    """The form of the answer to the question that the suggestion is about."""

    title = gettext_lazy("Accept into the answer")

    class Meta:
        model = Question
        fields = ["answer", "last_updated"]
        formfield_callback = formfield

    def prepare(self) -> None:
        self.saved_answer: str = self.instance.answer
        del self.fields["key"]
        proposed = self.suggestion.proposed_words
        if not self.is_bound and proposed and self.start != TODAY:
            self.initial["answer"] = merge_into_html(self.saved_answer, proposed)

    @classmethod
    def instance_for(cls, suggestion: Suggestion, subject: Publishable | None) -> Question | None:
        return suggestion.question_row()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.instance._state.adding:
            message = _("This question was deleted meanwhile. Your words are still here: copy them to their new place.")
            self.add_error(None, message)
        elif not self.conflicts and "answer" in cleaned and shape(cleaned["answer"]) == shape(self.saved_answer):
            self.add_error("answer", _("The answer already says this. Change it, or decline the suggestion."))
        return cleaned

    def apply(self) -> Applied:
        question = self.save()
        return [question.disease], _("Accepted into the answer to “%(question)s”.") % {"question": question.question}


def was_changed_since(suggestion: Suggestion, question: Question) -> bool:
    """Returns True where the answer in the draft says something else than the reader saw."""
    return filled_lines(to_text(question.answer)) != filled_lines(suggestion.current_words)


class AcceptSynonymForm(AcceptForm):
    title = gettext_lazy("Accept as another name")

    class Meta:
        model = Synonym
        fields = ["text", "kind", "source"]

    def apply(self) -> Applied:
        row = self.save(commit=False)
        ensure_not_duplicate(row)
        add_rows(row.disease, [row])
        return [row.disease], _("Accepted as another name: “%(name)s”.") % {"name": row.text}


class AcceptSymptomForm(AcceptForm):
    title = gettext_lazy("Accept as a symptom")

    class Meta:
        model = Symptom
        fields = ["term", "frequency", "aspect", "hpo_id", "source", "approved"]
        help_texts = {"source": gettext_lazy("Where colleagues can look it up. A reader’s word alone is not a source.")}

    def prepare(self) -> None:
        self.initial["approved"] = True

    def apply(self) -> Applied:
        row = self.save(commit=False)
        ensure_not_duplicate(row)
        add_rows(row.disease, [row])
        message = _("Accepted as a symptom: “%(term)s”.")
        if not row.approved:
            message = _("Accepted as a symptom that is not approved yet: “%(term)s”.")
        return [row.disease], message % {"term": row.term}


class AcceptOrganizationForm(AcceptForm):
    """The form of a new organization. It can also list it on the page of the disease that the suggestion is about."""

    title = gettext_lazy("Accept as a new organization")
    action = "add"
    kind = Organization

    is_listed = forms.BooleanField(
        required=False, initial=True, help_text=gettext_lazy("Readers see it there when both pages are published.")
    )

    class Meta:
        model = Organization
        fields = [*Organization.detail_fields(), "staff_notes"]
        formfield_callback = formfield

    def prepare(self) -> None:
        # The child rows of the subject's kind that name organizations, if it has any.
        self.listing = next((key for key in foreign_keys() if key.subject_kind is type(self.subject)), None)
        if self.listing:
            self.fields["is_listed"].label = _("List it on the page “%(name)s”") % {"name": self.subject}
        else:
            del self.fields["is_listed"]
        self.initial["staff_notes"] = _("Suggested by a reader.")

    @classmethod
    def instance_for(cls, suggestion: Suggestion, subject: Publishable | None) -> Organization:
        return Organization()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        new = Organization(**{name: cleaned.get(name, "") for name in COMPARED_FIELDS})
        for _new, existing, reasons in likely_duplicates([new], Organization.objects.all()):
            message = _("“%(name)s” exists already (%(reasons)s). Correct it there, then choose “Mark as done”.")
            self.add_error(None, message % {"name": existing, "reasons": ", ".join(reasons)})
        return cleaned

    def apply(self) -> Applied:
        organization = self.save()
        changed: list[Publishable] = [organization]
        if self.cleaned_data.get("is_listed") and self.listing and self.subject:
            subject = {self.listing.model.SUBJECT: self.subject}
            rows = self.listing.model._default_manager
            last = rows.filter(**subject).aggregate(last=Max("position"))["last"] or 0
            rows.create(**subject, **{self.listing.name: organization}, position=last + 1)
            changed.append(self.subject)
        return changed, _("Accepted as a new organization.")


class AcceptDetailsForm(AcceptForm):
    """The form of the details of the subject that the suggestion is about: see `accept_form`."""

    title = gettext_lazy("Correct the details")

    class Meta:
        formfield_callback = formfield

    @classmethod
    def instance_for(cls, suggestion: Suggestion, subject: Publishable | None) -> Publishable | None:
        return subject

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.conflicts and not changed_fields(self):
            self.add_error(None, _("Nothing is changed yet."))
        return cleaned

    def apply(self) -> Applied:
        self.save()
        names = ", ".join(str(self.fields[name].label) for name in changed_fields(self))
        return [self.instance], _("Corrected: %(names)s.") % {"names": names}


ACCEPT_FORMS: dict[str, type[AcceptForm]] = {
    "answer": AcceptAnswerForm,
    "name": AcceptSynonymForm,
    "symptom": AcceptSymptomForm,
    "organization": AcceptOrganizationForm,
    "details": AcceptDetailsForm,
}


def accept_form(name: str, subject: Publishable | None) -> type[AcceptForm]:
    """Returns the form with this name. The form of the details has the fields of the subject's kind."""
    if ACCEPT_FORMS[name] is not AcceptDetailsForm or not subject:
        return ACCEPT_FORMS[name]
    made = forms.modelform_factory(type(subject), AcceptDetailsForm, fields=subject.detail_fields())
    form = cast(type[AcceptForm], made)
    form.kind = type(subject)
    return form


def accept_forms_for(suggestion: Suggestion, subject: Publishable | None) -> list[str]:
    """Returns the names of the forms that fit a suggestion, first the form of the kind that the reader chose."""
    names = subject.SUGGESTIONS if subject else ("organization",)
    if suggestion.question_row() is None:
        names = tuple(name for name in names if name != "answer")
    return sorted(names, key=lambda name: name != suggestion.kind)
