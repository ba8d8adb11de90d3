"""The disease filter, column and messages that the lists of symptoms and proposals share."""

from collections.abc import Sequence
from typing import Any, Protocol

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from diseases.models import Disease
from editorial.admin.workflow import change_url

MAX_REFUSALS_SHOWN = 20
"""How many refusals are shown one by one; of the others only the number is shown."""


class DiseaseFilter(admin.SimpleListFilter):
    """Filters by the disease that a link names. It lists no others, because there are too many."""

    title = gettext_lazy("disease")
    parameter_name = "disease"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        chosen = request.GET.get("disease", "")
        if not chosen.isascii() or not chosen.isdigit():
            return []
        found = Disease.objects.filter(pk=int(chosen) % 2**63).values_list("pk", "name")
        return [(str(pk), name) for pk, name in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(disease=self.lookup_choices[0][0]) if self.lookup_choices else queryset


class HasDisease(Protocol):
    """A row that belongs to a disease."""

    @property
    def disease(self) -> Disease: ...


class DiseaseColumn(admin.ModelAdmin):
    """An admin whose list can show the disease of each row as a link."""

    @admin.display(description=gettext_lazy("disease"), ordering="disease__name")
    def disease_link(self, row: HasDisease) -> SafeString:
        return format_html('<a href="{}">{}</a>', change_url(row.disease), row.disease)


def show_refusals(model_admin: admin.ModelAdmin, request: HttpRequest, refusals: Sequence[tuple[Model, str]]) -> None:
    """Shows a warning for each refusal, with its reason."""
    for subject, reason in refusals[:MAX_REFUSALS_SHOWN]:
        model_admin.message_user(request, f"{subject}: {reason}", messages.WARNING)
    more = len(refusals) - MAX_REFUSALS_SHOWN
    if more > 0:
        words = ngettext("%(n)s more could not be changed.", "%(n)s more could not be changed.", more) % {"n": more}
        model_admin.message_user(request, words, messages.WARNING)
