"""Work that waits for an editor: rows about a subject that somebody has to decide on.

The app of such rows registers them here for the kind that they are about. The admin of that kind then shows them as a
filter and a column of its list and as a note on its change form. It knows no more of them than is said here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from publishing.models import Publishable


@dataclass(frozen=True)
class WaitingWork:
    """Rows that wait for a decision. `name` is the filter's value in the address of the list."""

    name: str
    label: Any
    column: Any
    subject_field: str
    """The foreign key of a row to the subject."""
    rows: Callable[[], Any]
    """All rows that wait, as a queryset."""
    list_url: Callable[[Publishable], str]
    """The address of the list of those of one subject."""
    note: Callable[[Publishable, int], str]
    """The line on the change form of a subject, given how many wait; "" for none."""

    @property
    def annotation(self) -> str:
        return f"{self.name}_waiting"

    def count(self) -> Coalesce:
        """How many wait, as a column of the subjects' queryset."""
        own = self.rows().filter(**{self.subject_field: models.OuterRef("pk")}).order_by().values(self.subject_field)
        return Coalesce(models.Subquery(own.annotate(count=models.Count("pk")).values("count")), 0)

    def subjects(self) -> Any:
        """The keys of the subjects for which any wait, for use in a query."""
        return self.rows().order_by().values(self.subject_field)

    def column_of_list(self) -> Callable[[Any], SafeString]:
        @admin.display(description=self.column, ordering=self.annotation)
        def waiting(subject: Any) -> SafeString:
            count = getattr(subject, self.annotation)
            return format_html('<a href="{}">{}</a>', self.list_url(subject), count) if count else format_html("0")

        return waiting


_registered_work: dict[str, list[WaitingWork]] = {}


def register_waiting(kind: type[Publishable], work: WaitingWork) -> None:
    """Adds waiting work to the admin of a kind."""
    _registered_work.setdefault(kind.KIND, []).append(work)


def waiting_work(kind: type[Publishable]) -> list[WaitingWork]:
    """The work that other code has registered for a kind, in the order of registration."""
    return _registered_work.get(kind.KIND, [])


class WaitingFilter(admin.SimpleListFilter):
    """Subjects for which something waits for an editor's decision."""

    title = gettext_lazy("waiting")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        self.work = {work.name: work for work in waiting_work(model_admin.model)}
        return [(work.name, work.label) for work in self.work.values()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        work = self.work.get(self.value() or "")
        return queryset.filter(pk__in=work.subjects()) if work else queryset
