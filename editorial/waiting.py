"""Rows about a subject that wait for an editor's decision, such as proposals.

The app of these rows registers them here for a kind. The admin of that kind then shows them as a filter and a column
of its list, and as a note on its change form, without importing that app.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from publishing.models import Publishable

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class WaitingWork:
    """Rows of one model that wait for a decision. `name` is the filter's value in the address of the list."""

    name: str
    label: "StrOrPromise"
    column: "StrOrPromise"
    subject_field: str
    """The name of the rows' foreign key to the subject."""
    rows: Callable[[], QuerySet[Any]]
    """Returns all waiting rows."""
    list_url: Callable[[Any], str]
    """Returns the address of the list of a subject's waiting rows."""
    note: Callable[[Any, int], str]
    """Returns the note on a subject's change form, given the number of waiting rows; "" for no note."""

    @property
    def annotation(self) -> str:
        return f"{self.name}_waiting"

    def count(self) -> Coalesce:
        """Returns the number of waiting rows, as an annotation of a queryset of subjects."""
        own = self.rows().filter(**{self.subject_field: models.OuterRef("pk")}).order_by().values(self.subject_field)
        return Coalesce(models.Subquery(own.annotate(count=models.Count("pk")).values("count")), 0)

    def subjects(self) -> QuerySet[Any, dict[str, int]]:
        """Returns the primary keys of the subjects that have waiting rows, as a subquery."""
        return self.rows().order_by().values(self.subject_field)

    def column_of_list(self) -> Callable[[Publishable], SafeString]:
        """Returns a function for `list_display`: the number of waiting rows, with a link to them."""

        @admin.display(description=self.column, ordering=self.annotation)
        def waiting(subject: Publishable) -> SafeString:
            count = getattr(subject, self.annotation)
            return format_html('<a href="{}">{}</a>', self.list_url(subject), count) if count else format_html("0")

        return waiting


_registered_work: dict[str, list[WaitingWork]] = {}


def register_waiting(kind: type[Publishable], work: WaitingWork) -> None:
    """Adds waiting rows to the admin of a kind."""
    _registered_work.setdefault(kind.KIND, []).append(work)


def waiting_work(kind: type[Publishable]) -> list[WaitingWork]:
    """Returns the waiting rows that are registered for a kind, in the order of registration."""
    return _registered_work.get(kind.KIND, [])


class WaitingFilter(admin.SimpleListFilter):
    """Filters a list by subjects that have rows waiting for an editor's decision."""

    title = gettext_lazy("waiting")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, "StrOrPromise"]]:
        self.work = {work.name: work for work in waiting_work(model_admin.model)}
        return [(work.name, work.label) for work in self.work.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> QuerySet[Publishable]:
        work = self.work.get(self.value() or "")
        return queryset.filter(pk__in=work.subjects()) if work else queryset
