from typing import Any

from adminsortable2.admin import SortableAdminBase, SortableStackedInline, SortableTabularInline
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from diseases.admin.filters import WaitingFilter
from diseases.forms import IdentifierForm, QuestionForm
from diseases.models import Disease, Identifier, Proposal, Question, Source, Support, Symptom, Synonym
from diseases.views import render_page
from publishing.admin import PublishableAdmin
from publishing.editions import keep
from publishing.forms import PartForm, PartFormSet
from publishing.prose import sanitize


class SynonymInline(SortableTabularInline):
    model = Synonym
    verbose_name = _("other name")
    verbose_name_plural = _("other names (synonyms)")
    form = PartForm
    formset = PartFormSet
    fields = ["key", "text", "kind"]
    extra = 0


class IdentifierInline(SortableTabularInline):
    model = Identifier
    verbose_name = _("code")
    verbose_name_plural = _("codes (identifiers)")
    form = IdentifierForm
    formset = PartFormSet
    fields = ["key", "scheme", "value", "relation"]
    extra = 0


class QuestionInline(SortableStackedInline):
    model = Question
    form = QuestionForm
    formset = PartFormSet
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
    form = PartForm
    formset = PartFormSet
    fields = ["key", "organization", "note"]

    autocomplete_fields = ["organization"]
    extra = 0
    formfield_overrides = {models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 2})}}

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("organization")


def _count(rows: Any) -> Any:
    counted = rows.filter(disease=models.OuterRef("pk")).order_by().values("disease")
    return Coalesce(models.Subquery(counted.annotate(count=models.Count("pk")).values("count")), 0)


SYMPTOMS_WAITING = _count(Symptom.objects.filter(approved=False))
PROPOSALS_WAITING = _count(Proposal.objects.pending())


def _waiting_symptoms(disease: Disease) -> str:
    return f"{reverse('admin:diseases_symptom_changelist')}?disease={disease.pk}&approved__exact=0"


def _waiting_proposals(disease: Disease) -> str:
    return f"{reverse('admin:diseases_proposal_changelist')}?disease={disease.pk}"


def _link(url: str, count: int) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, count) if count else format_html("0")


@admin.register(Disease)
class DiseaseAdmin(SortableAdminBase, PublishableAdmin):
    render_page = staticmethod(render_page)
    change_form_template = "diseases/admin/change_form.html"
    list_display = ["name", "questions", "state", "last_changed", "last_changed_by"]
    list_filter = [WaitingFilter]
    search_fields = ["name", "synonyms__text", "identifiers__value", "slug"]
    inlines = [SynonymInline, QuestionInline, SupportInline, IdentifierInline]
    fieldsets = [
        (None, {"fields": ["name", "summary", "summary_source"]}),
        (_("The page"), {"fields": ["slug", "staff_notes"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset = super().get_queryset(request).with_question_count()
        return queryset.annotate(symptoms_waiting=SYMPTOMS_WAITING, proposals_waiting=PROPOSALS_WAITING)

    def get_list_display(self, request: HttpRequest) -> Any:
        waiting = {"symptoms": "symptoms_waiting", "proposals": "proposals_waiting"}.get(request.GET.get("waiting", ""))
        return [*self.list_display[:1], waiting, *self.list_display[1:]] if waiting else self.list_display

    @admin.display(description=_("Symptoms waiting"), ordering="symptoms_waiting")
    def symptoms_waiting(self, disease: Any) -> SafeString:
        return _link(_waiting_symptoms(disease), disease.symptoms_waiting)

    @admin.display(description=_("Proposals waiting"), ordering="proposals_waiting")
    def proposals_waiting(self, disease: Any) -> SafeString:
        return _link(_waiting_proposals(disease), disease.proposals_waiting)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "summary_source" and formfield:
            formfield.widget.can_delete_related = False
        return formfield

    def render_change_form(
        self, request: Any, context: Any, add: bool = False, change: bool = False, form_url: str = "", obj: Any = None
    ) -> Any:
        if obj is not None:
            context["approved"] = obj.symptoms.filter(approved=True).count()
            context["symptoms_waiting"] = obj.symptoms_waiting
            context["proposals_waiting"] = obj.proposals_waiting
            context["symptoms_url"] = f"{reverse('admin:diseases_symptom_changelist')}?disease={obj.pk}"
            context["proposals_url"] = _waiting_proposals(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def gaps(self, subject: Any) -> list[str]:
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


def _names(source: Source) -> Q:
    """The diseases whose page names a source: for the summary, or in a row of it."""
    models_of_rows: list[Any] = [Question, Synonym, Identifier, Symptom]
    named = Q(summary_source=source)
    for model in models_of_rows:
        named |= Q(pk__in=model.objects.filter(source=source).order_by().values("disease"))
    return named


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    list_display = ["name", "url", "licence"]
    search_fields = ["name"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    @transaction.atomic
    def save_model(self, request: Any, obj: Source, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # Pages name their sources, so each that names this one has a new edition waiting.
        for disease in Disease.objects.filter(_names(obj)):
            keep(disease, by=request.user, note=f"{obj} changed")
