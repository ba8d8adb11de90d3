from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.requests import signed_in_user
from diseases.admin.diseases import SourceChoice
from diseases.admin.filters import DiseaseColumn, DiseaseFilter, show_refusals
from diseases.approval import APPROVE_SYMPTOMS, DELETE_SYMPTOMS, UNAPPROVE_SYMPTOMS, items_of_symptoms
from diseases.forms import SymptomForm
from diseases.models import Disease, Symptom
from editorial.admin.bulk import choice_page
from editorial.jobs import MAX_AT_ONCE, Work, do_at_once, start_job
from editorial.seen import SeenAdmin, SeenForm, token_of
from editorial.waiting import WaitingWork, register_waiting
from publishing.models import Publishable
from publishing.verbs import lock, save_edition


class DiseaseSelect(AutocompleteSelect):
    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        """Adds a placeholder: without one, screen readers read no name while nothing is chosen."""
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": str(_("Choose a disease"))}


@admin.register(Symptom)
class SymptomAdmin(SourceChoice, SeenAdmin, DiseaseColumn):
    """Symptoms have their own admin, because a disease can have over a hundred: too many for its form."""

    form = SymptomForm
    list_display = ["term", "approved", "disease_link", "frequency", "aspect", "source"]
    list_filter = ["approved", "aspect", "source", DiseaseFilter]
    list_select_related = ["disease", "source"]
    list_per_page = 150  # enough for nearly every disease
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["term", "disease__name", "hpo_id"]
    ordering = ["disease__name", "disease", "position", "pk"]
    actions = ["approve_selected", "unapprove_selected", "delete_selected"]
    fields = ["disease", "term", "frequency", "aspect", "hpo_id", "source", "approved"]

    class Media:
        js = ["admin.js"]

    # The list

    def get_list_display(self, request: HttpRequest) -> tuple[str | Callable[[Any], str | bool], ...]:
        """Leaves the disease out of a list that shows one disease only."""
        return tuple(name for name in self.list_display if name != "disease_link" or "disease" not in request.GET)

    @admin.action(permissions=["change"], description=gettext_lazy("Approve for the page"))
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Symptom]) -> HttpResponse | None:
        words = partial(ngettext, "%(n)s symptom is now approved.", "%(n)s symptoms are now approved.")
        return self._change_many(request, queryset, APPROVE_SYMPTOMS, words)

    @admin.action(permissions=["change"], description=gettext_lazy("Remove approval"))
    def unapprove_selected(self, request: HttpRequest, queryset: QuerySet[Symptom]) -> HttpResponse | None:
        words = partial(ngettext, "%(n)s symptom is no longer approved.", "%(n)s symptoms are no longer approved.")
        return self._change_many(request, queryset, UNAPPROVE_SYMPTOMS, words)

    def _change_many(
        self, request: HttpRequest, queryset: QuerySet[Symptom], work: Work, words: Callable[[int], str]
    ) -> HttpResponse | None:
        """Changes symptoms and tells how many; for symptoms of many diseases, starts a job and leads to its page."""
        items, by = items_of_symptoms(queryset.select_related(None)), signed_in_user(request)
        if len(items) > MAX_AT_ONCE:
            return redirect(start_job(work, by, items))
        refusals = do_at_once(work, by, items)
        refused = {disease.pk for disease, _reason in refusals}
        count = sum(len(item.rows) for item in items if item.subject_id not in refused)
        self.message_user(request, words(count) % {"n": count}, messages.SUCCESS)
        show_refusals(self, request, refusals)
        return None

    @admin.action(permissions=["delete"], description=gettext_lazy("Delete selected symptoms"))
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Symptom]) -> HttpResponse | None:
        """Does what Django's action does. Symptoms of many diseases are counted on its page, and deleted by a job."""
        items = items_of_symptoms(queryset.select_related(None))
        if len(items) <= MAX_AT_ONCE:
            response: HttpResponse | None = delete_selected(self, request, queryset)
            return response
        is_confirmed = "confirmed" in request.POST
        form = SeenForm(request.POST if is_confirmed else None, token=token_of([item.rows for item in items]))
        if is_confirmed and form.is_valid():
            return redirect(start_job(DELETE_SYMPTOMS, signed_in_user(request), items))
        chosen = [(self.opts.verbose_name_plural, sum(len(item.rows) for item in items))]
        return choice_page(self, request, DELETE_SYMPTOMS, form, count=len(items), states=chosen, possible=True)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Symptom]) -> None:
        items = items_of_symptoms(queryset.select_related(None))
        show_refusals(self, request, do_at_once(DELETE_SYMPTOMS, signed_in_user(request), items))

    def delete_model(self, request: HttpRequest, obj: Symptom) -> None:
        self.delete_queryset(request, Symptom.objects.filter(pk=obj.pk))

    # The form

    def get_readonly_fields(self, request: HttpRequest, obj: Symptom | None = None) -> list[str]:
        """Shows the disease as a link after the symptom is saved, because it can no longer be changed."""
        return ["disease"] if obj else []

    def formfield_for_foreignkey(
        self, db_field: "models.ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        if db_field.name == "disease":
            kwargs["widget"] = DiseaseSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        formfield: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "disease" and formfield:
            formfield.widget.can_add_related = formfield.widget.can_change_related = False
            formfield.widget.can_view_related = False
        return formfield

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fills in the disease of the list from which the editor opened the form."""
        disease = QueryDict(request.GET.get("_changelist_filters", "")).get("disease")
        return {"approved": True, "disease": disease, **super().get_changeform_initial_data(request)}

    def before_save(self, request: HttpRequest, row: Model) -> None:
        """Locks the disease before the symptom is read, until its edition is saved."""
        if isinstance(row, Symptom):
            lock(Disease, row.disease_id)

    def save_model(self, request: HttpRequest, obj: Symptom, form: "forms.ModelForm[Symptom]", change: bool) -> None:
        if change and not form.changed_data:
            return
        disease = lock(Disease, obj.disease_id)
        if not change:
            last = Symptom.objects.filter(disease=disease.pk).aggregate(last=Max("position"))["last"] or 0
            obj.position = last + 1
        obj.save()
        save_edition(disease, by=signed_in_user(request))


def symptoms_url(disease: Publishable) -> str:
    """Returns the address of the list of a disease's symptoms."""
    return f"{reverse('admin:diseases_symptom_changelist')}?disease={disease.pk}"


def _symptoms_note(disease: Publishable, waiting: int) -> str:
    approved = Symptom.objects.filter(disease=disease.pk, approved=True).count()
    context = {"url": symptoms_url(disease), "approved": approved, "waiting": waiting}
    return render_to_string("diseases/admin/_symptoms_note.html", context)


register_waiting(
    Disease,
    WaitingWork(
        name="symptoms",
        label=gettext_lazy("Symptoms"),
        column=gettext_lazy("Symptoms to approve"),
        subject_field="disease",
        rows=lambda: Symptom.objects.filter(approved=False),
        list_url=lambda disease: f"{symptoms_url(disease)}&approved__exact=0",
        note=_symptoms_note,
    ),
)
