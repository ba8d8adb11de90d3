from typing import Any

from adminsortable2.admin import SortableAdminBase, SortableStackedInline, SortableTabularInline
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from diseases.forms import IdentifierForm, QuestionForm
from diseases.models import Disease, Identifier, Question, Source, Support, Synonym
from diseases.views import render_disease
from editorial.admin import PublishableAdmin
from editorial.forms import ChildRowForm, ChildRowFormSet
from publishing.prose import sanitize
from publishing.sources import subjects_naming
from publishing.verbs import save_edition


class SynonymInline(SortableTabularInline):
    model = Synonym
    verbose_name = _("other name")
    verbose_name_plural = _("other names (synonyms)")
    form = ChildRowForm
    formset = ChildRowFormSet
    fields = ["key", "text", "kind"]
    extra = 0


class IdentifierInline(SortableTabularInline):
    model = Identifier
    verbose_name = _("code")
    verbose_name_plural = _("codes (identifiers)")
    form = IdentifierForm
    formset = ChildRowFormSet
    fields = ["key", "scheme", "value", "relation"]
    extra = 0


class QuestionInline(SortableStackedInline):
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

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("source")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        formfield: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "source":
            formfield.choices = list(formfield.choices)  # asked for once, not for every question
        return formfield

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "source" and formfield:
            formfield.widget.can_delete_related = False
        if db_field.name == "answer" and formfield:
            # The editor replaces the text area, and with it what its label would name.
            formfield.widget.attrs["aria-label"] = _("Answer")
        return formfield


class SupportInline(SortableTabularInline):
    model = Support
    verbose_name = _("support organization")
    verbose_name_plural = _("support organizations")
    form = ChildRowForm
    formset = ChildRowFormSet
    fields = ["key", "organization", "note"]

    autocomplete_fields = ["organization"]
    extra = 0
    formfield_overrides = {models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 2})}}

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("organization")


@admin.register(Disease)
class DiseaseAdmin(SortableAdminBase, PublishableAdmin):
    render_page = staticmethod(render_disease)
    list_display = ["name", "questions", "state", "last_changed", "last_changed_by"]
    search_fields = ["name", "synonyms__text", "identifiers__value", "slug"]
    inlines = [SynonymInline, QuestionInline, SupportInline, IdentifierInline]
    fieldsets = [
        (None, {"fields": ["name", "summary", "summary_source"]}),
        (_("The page"), {"fields": ["slug", "staff_notes"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).with_question_count()

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "summary_source" and formfield:
            formfield.widget.can_delete_related = False
        return formfield

    def publish_warnings(self, subject: Any) -> list[str]:
        found: list[Any] = []
        questions = list(subject.questions.all())
        unanswered = [question for question in questions if not sanitize(question.answer)]
        if not subject.summary:
            found.append(_("The page has no summary."))
        if len(unanswered) == len(questions):
            found.append(_("The page has no answers."))
        if waiting := subject.symptoms.filter(approved=False).count():
            words = "%(n)s symptom waits for approval, so it is left out."
            more = "%(n)s symptoms wait for approval, so they are left out."
            found.append(ngettext(words, more, waiting) % {"n": waiting})
        return [*found, *(_("“%s” has no answer, so it is left out.") % question for question in unanswered)]

    @admin.display(description=_("Questions"), ordering="question_count")
    def questions(self, disease: Any) -> int:
        return disease.question_count


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    list_display = ["name", "url", "licence"]
    search_fields = ["name"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    @transaction.atomic
    def save_model(self, request: Any, obj: Source, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # Pages name their sources, so each that names this one has a new edition waiting.
        for subject in subjects_naming(obj):
            save_edition(subject, by=request.user, note=f"{obj} changed")
