from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import ngettext_lazy as n_lazy

from diseases.admin.filters import DiseaseColumn, DiseaseFilter, show_refusals
from diseases.approval import ApprovalErrors, approve_symptoms, delete_symptoms, unapprove_symptoms
from diseases.forms import SymptomForm
from diseases.models import Disease, Symptom
from editorial.waiting import WaitingWork, register_waiting
from publishing.verbs import PageRefused, lock, save_edition


class DiseaseSelect(AutocompleteSelect):
    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> Any:
        """With words in it while nothing is chosen: without them a screen reader finds no name."""
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": str(_("Choose a disease"))}


@admin.register(Symptom)
class SymptomAdmin(DiseaseColumn):
    """Row by row: with more than a hundred a disease they have no place in its form."""

    form = SymptomForm
    list_display = ["term", "approved", "disease_link", "frequency", "aspect", "source"]
    list_filter = ["approved", "aspect", "source", DiseaseFilter]
    list_select_related = ["disease", "source"]
    list_per_page = 150  # all of one disease
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["term", "disease__name", "hpo_id"]
    ordering = ["disease__name", "disease", "position", "pk"]
    actions = ["approve_many", "take_approval_away_many"]
    fields = ["seen", "disease", "term", "frequency", "aspect", "hpo_id", "source", "approved"]

    class Media:
        js = ["admin.js"]

    # The list

    def get_list_display(self, request: HttpRequest) -> Any:
        """Of one disease alone, without its name in every row."""
        return [name for name in self.list_display if name != "disease_link" or "disease" not in request.GET]

    @admin.action(permissions=["change"], description=gettext_lazy("Approve for the page"))
    def approve_many(self, request: HttpRequest, queryset: Any) -> None:
        words = n_lazy("%(n)s symptom is approved.", "%(n)s symptoms are approved.", "n")
        self._many(request, queryset, approve_symptoms, words)

    @admin.action(permissions=["change"], description=gettext_lazy("Take approval away"))
    def take_approval_away_many(self, request: HttpRequest, queryset: Any) -> None:
        words = n_lazy("%(n)s symptom waits for approval again.", "%(n)s symptoms wait for approval again.", "n")
        self._many(request, queryset, unapprove_symptoms, words)

    def _many(
        self, request: HttpRequest, queryset: Any, step: Callable[..., tuple[int, ApprovalErrors]], words: Any
    ) -> None:
        done, refusals = step(queryset.select_related(None).order_by().only("pk", "disease"), by=request.user)
        self.message_user(request, words % {"n": done}, messages.SUCCESS)
        show_refusals(self, request, refusals)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        _done, refusals = delete_symptoms(queryset, by=request.user)
        show_refusals(self, request, refusals)

    def delete_model(self, request: HttpRequest, obj: Symptom) -> None:
        _done, refusals = delete_symptoms([obj], by=request.user)
        show_refusals(self, request, refusals)

    # The form of one row

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name if name != "disease" or not obj else "disease_link" for name in self.fields or []]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["disease_link"] if obj else []

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "disease":
            kwargs["widget"] = DiseaseSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "source" and formfield:
            formfield.widget.can_delete_related = False
        if db_field.name == "disease" and formfield:
            formfield.widget.can_add_related = formfield.widget.can_change_related = False
            formfield.widget.can_view_related = False
        return formfield

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        """For the disease whose list one comes from."""
        listed = QueryDict(request.GET.get("_changelist_filters", "")).get("disease")
        return {"approved": True, "disease": listed, **super().get_changeform_initial_data(request)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.save_error = getattr(request, "save_error", "")
        return form

    def changeform_view(
        self, request: Any, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """A save holds the disease from before the row is read until its edition is kept."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            row = self.get_object(request, object_id) if object_id else None
            if row:
                lock(Disease, row.disease_id)
            try:
                with transaction.atomic():
                    return super().changeform_view(request, object_id, form_url, extra_context)
            except PageRefused as error:
                request.save_error = str(error)
                return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: Any, obj: Symptom, form: Any, change: bool) -> None:
        if change and not form.changed_data:
            return
        disease = lock(Disease, obj.disease_id)
        if not change:
            last = Symptom.objects.filter(disease=disease.pk).aggregate(last=Max("position"))["last"] or 0
            obj.position = last + 1
        obj.save()
        author = request.user.get_full_name() or request.user.get_username()
        Disease._base_manager.filter(pk=disease.pk).update(saved_by=author)
        save_edition(disease, by=request.user)


def symptoms_url(disease: Any) -> str:
    """The list of a disease's symptoms."""
    return f"{reverse('admin:diseases_symptom_changelist')}?disease={disease.pk}"


def _symptoms_note(disease: Any, waiting: int) -> str:
    approved = disease.symptoms.filter(approved=True).count()
    context = {"url": symptoms_url(disease), "approved": approved, "waiting": waiting}
    return render_to_string("diseases/admin/_symptoms_note.html", context)


register_waiting(
    Disease,
    WaitingWork(
        name="symptoms",
        label=gettext_lazy("Symptoms"),
        column=gettext_lazy("Symptoms waiting"),
        subject_field="disease",
        rows=lambda: Symptom.objects.filter(approved=False),
        list_url=lambda disease: f"{symptoms_url(disease)}&approved__exact=0",
        note=_symptoms_note,
    ),
)
