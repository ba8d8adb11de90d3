"""The admin of rows that nobody edits: a list, and a page about each row."""

from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst

_Row = TypeVar("_Row", bound=Model)


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def render_row(self, request: HttpRequest, template: str, row: Model, **context: object) -> HttpResponse:
        """Renders a page about one row."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": capfirst(str(self.opts.verbose_name)),
            "subtitle": str(row),
            "list_url": self.list_url(request),
            **context,
        }
        return TemplateResponse(request, template, context)

    def list_url(self, request: HttpRequest) -> str:
        """Returns the address of the list, with the filters that it had when the page was opened from it."""
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return self.with_filters(request, url)

    def with_filters(self, request: HttpRequest, url: str) -> str:
        filters: Any = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        return add_preserved_filters(filters, url)

    def get_row(self, request: HttpRequest, model: type[_Row], object_id: str) -> _Row:
        """Returns the row. Raises Http404 where there is none that the user may see, and PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if not isinstance(row, model):
            raise Http404
        return row
