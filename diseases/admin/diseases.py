from functools import cache
from itertools import chain
from typing import Any

from adminsortable2.admin import SortableAdminBase, SortableStackedInline, SortableTabularInline
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.requests import signed_in_user
from diseases.forms import IdentifierForm, QuestionForm, SupportForm, SupportFormSet
from diseases.models import Disease, Identifier, Question, Source, Support, Synonym
from diseases.models.diseases import DiseaseQuerySet
from editorial.admin import PublishableAdmin
from editorial.forms import ChildRowForm, ChildRowFormSet
from editorial.jobs import MAX_AT_ONCE, Work, register_work, start_job
from editorial.models import JobItem
from editorial.seen import SeenAdmin, SeenModelForm
from publishing.naming import drafts_naming
from publishing.prose import sanitize
from publishing.verbs import save_edition


class SourceChoice(BaseModelAdmin):
    """An admin or inline without the link that deletes the chosen source, so that nobody does so by mistake."""

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        formfield: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.related_model is Source and formfield:
            formfield.widget.can_delete_related = False
        return formfield


class SynonymInline(SortableTabularInline):
    model = Synonym
    verbose_name_plural = _("other names (synonyms)")
    form = ChildRowForm
    formset = ChildRowFormSet
    fields = ["key", "text", "kind"]
    extra = 0


class IdentifierInline(SortableTabularInline):
    model = Identifier
    verbose_name_plural = _("codes (identifiers)")
    form = IdentifierForm
    formset = ChildRowFormSet
    fields = ["key", "scheme", "value", "relation"]
    extra = 0


class QuestionInline(SourceChoice, SortableStackedInline):
    model = Question
    form = QuestionForm
    formset = ChildRowFormSet
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fields = [
        "key",
        "question",
        "topic",
        "answer",
        ("last_updated", "new_date"),
        ("source", "source_url", "adapted"),
        ("reviewed_on", "reviewed_by", "review_due"),
    ]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Question]":
        queryset: QuerySet[Question] = super().get_queryset(request)
        return queryset.select_related("source")

    def formfield_for_foreignkey(
        self, db_field: "models.ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        formfield: forms.ModelChoiceField[Any] | None = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "source" and formfield:
            # The sources are read once and only if the form is shown; otherwise every question would read them.
            formfield.choices = cache(lambda: tuple(iter(formfield.iterator(formfield))))
        return formfield


class SupportInline(SortableTabularInline):
    model = Support
    verbose_name = _("support organization")
    verbose_name_plural = _("support organizations")
    form = SupportForm
    formset = SupportFormSet
    fields = ["key", "organization", "note"]
    autocomplete_fields = ["organization"]
    extra = 0
    formfield_overrides = {models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 2})}}

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Support]":
        queryset: QuerySet[Support] = super().get_queryset(request)
        return queryset.select_related("organization")


@admin.register(Disease)
class DiseaseAdmin(SourceChoice, SortableAdminBase, PublishableAdmin):
    list_display = ["name", "questions", "state", "last_changed", "last_changed_by"]
    search_fields = ["name", "synonyms__text", "identifiers__value", "slug"]
    inlines = [SynonymInline, QuestionInline, SupportInline, IdentifierInline]
    fieldsets = [
        (None, {"fields": ["name", "summary", "summary_source"]}),
        (_("The page"), {"fields": ["slug", "staff_notes"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> DiseaseQuerySet:
        queryset: DiseaseQuerySet = super().get_queryset(request)
        return queryset.with_question_count()

    def publish_warnings(self, subject: Disease) -> list[str]:
        warnings: list[str | Promise] = []
        questions = list(subject.questions.all())
        unanswered = [question for question in questions if not sanitize(question.answer)]
        if not subject.summary:
            warnings.append(_("The page has no summary."))
        if len(unanswered) == len(questions):
            warnings.append(_("The page has no answers."))
        if waiting := subject.symptoms.filter(approved=False).count():
            one = "%(n)s symptom is not approved, so it is left out."
            many = "%(n)s symptoms are not approved, so they are left out."
            warnings.append(ngettext(one, many, waiting) % {"n": waiting})
        warnings += [_("“%s” has no answer, so it is left out.") % question for question in unanswered]
        return [str(warning) for warning in warnings]

    @admin.display(description=_("Questions"), ordering="question_count")
    def questions(self, disease: Disease) -> int:
        return disease.question_count  # type: ignore[attr-defined] # annotated by get_queryset


@admin.register(Source)
class SourceAdmin(SeenAdmin):
    form = SeenModelForm
    list_display = ["name", "url", "licence"]
    search_fields = ["name"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def save_model(self, request: HttpRequest, obj: Source, form: "forms.ModelForm[Source]", change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not form.changed_data:
            return
        # A page contains the details of its sources, so every page that names this source gets a new edition.
        naming, by, note = drafts_naming(obj), signed_in_user(request), f"{obj} changed"
        found = [(subjects.model.KIND, pk) for subjects in naming for pk in subjects.values_list("pk", flat=True)]
        if len(found) > MAX_AT_ONCE:
            job = start_job(SAVE_EDITIONS, by, (JobItem(kind=kind, subject_id=pk) for kind, pk in found), note)
            words = str(
                _('The drafts of {} pages get the new details of this source: <a href="{}">see the progress</a>.')
            )
            messages.info(request, format_html(words, f"{job.total:,}", job.get_absolute_url()))
            return
        for subject in chain.from_iterable(naming):
            save_edition(subject, by, note)


SAVE_EDITIONS = register_work(
    Work(
        "save editions",
        _("Save new editions of drafts"),
        "change",
        lambda task: str(save_edition(task.subject, task.by, task.note, task.origin)),
    )
)
