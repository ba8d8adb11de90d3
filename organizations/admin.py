from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from organizations.models import NUMBERS, Organization
from organizations.phones import dial
from organizations.views import render_page
from publishing.admin import PublishableAdmin
from publishing.forms import PublishableForm


class OrganizationForm(PublishableForm):
    def undiallable(self) -> list[str]:
        """The numbers that no telephone could dial as they are printed. They are kept: someone may know better."""
        country = str(self.cleaned_data.get("country") or "")
        numbers = [self.cleaned_data.get(name, "") for name in NUMBERS]
        return [number for number in numbers if number and not dial(number, country)]


@admin.register(Organization)
class OrganizationAdmin(PublishableAdmin):
    form = OrganizationForm
    render_page = staticmethod(render_page)
    list_display = ["name", "city", "country", "status", "state", "last_changed", "last_changed_by"]
    list_filter = ["status", "country"]
    search_fields = ["name", "also_known_as", "city", "slug"]
    autocomplete_fields = ["successor"]
    fieldsets = [
        (None, {"fields": ["name", "also_known_as", "description"]}),
        (_("Address"), {"fields": ["address", "city", "region", "postal_code", "country"]}),
        (_("How to reach it"), {"fields": ["phone", "toll_free", "fax", "email", "website"]}),
        (_("Is this still true?"), {"fields": ["status", "successor", "checked_on", "checked_by"]}),
        (_("The page"), {"fields": ["slug", "staff_notes"]}),
    ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for number in form.undiallable():
            warning = _("%(name)s: “%(number)s” cannot be dialled as it stands, so the page shows it without a link.")
            self.message_user(request, warning % {"name": form.instance, "number": number}, "warning")
