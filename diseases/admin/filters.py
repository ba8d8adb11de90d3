"""Filters and columns that the lists of symptoms and proposals have in common."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from diseases.models import Disease

MAX_REFUSALS_SHOWN = 20
"""Refusals that are named after many were decided at once; of the others, their number."""


class DiseaseFilter(admin.SimpleListFilter):
    """By the one disease that a link or a search has chosen: there are too many to list."""

    title = gettext_lazy("disease")
    parameter_name = "disease"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        chosen = request.GET.get("disease", "")
        if not chosen.isascii() or not chosen.isdigit():
            return []
        return list(Disease.objects.filter(pk=int(chosen) % 2**63).values_list("pk", "name"))

    def has_output(self) -> bool:
        return bool(self.lookup_choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(disease=self.lookup_choices[0][0]) if self.lookup_choices else queryset


class DiseaseColumn(admin.ModelAdmin):
    @admin.display(description=gettext_lazy("disease"), ordering="disease__name")
    def disease_link(self, row: Any) -> SafeString:
        return format_html('<a href="{}">{}</a>', disease_url(row.disease), row.disease)


def disease_url(disease: Disease) -> str:
    return reverse("admin:diseases_disease_change", args=[disease.pk])


def show_refusals(model_admin: admin.ModelAdmin, request: HttpRequest, refusals: list[tuple[Any, str]]) -> None:
    for subject, reason in refusals[:MAX_REFUSALS_SHOWN]:
        model_admin.message_user(request, f"{subject}: {reason}", messages.WARNING)
    more = len(refusals) - MAX_REFUSALS_SHOWN
    if more > 0:
        words = ngettext("%(n)s more was refused.", "%(n)s more were refused.", more) % {"n": more}
        model_admin.message_user(request, words, messages.WARNING)
