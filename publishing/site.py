from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from publishing.views import resume, signed_out, with_admin_policy


class EditorialSite(admin.AdminSite):
    """Django's admin with a content security policy of its own, and with no word lost when a session ends."""

    site_header = settings.SITE_NAME
    site_title = settings.SITE_NAME
    index_title = _("Editing")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        @with_admin_policy
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "\0" in unquote(request.META.get("QUERY_STRING", "")):
                return HttpResponseBadRequest("The address contains a NUL character.")  # PostgreSQL would fail on it
            leaving = request.path == reverse("admin:logout")
            if request.method == "POST" and not leaving and not self.has_permission(request):
                return signed_out(request)
            request.session.modified = True  # every click prolongs the session
            return guarded(request, *args, **kwargs)

        return inner

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        view: Any = with_admin_policy(super().login)
        return view(request, extra_context)

    def get_urls(self) -> list[Any]:
        return [path("resume/", resume, name="resume"), *super().get_urls()]
