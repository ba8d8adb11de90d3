from adminsortable2.admin import SortableAdminBase, SortableTabularInline
from django.contrib import admin

from editorial.admin import PublishableAdmin
from editorial.forms import ChildRowForm, ChildRowFormSet
from tests.kinds.models import Leaflet, Step


class StepInline(SortableTabularInline):
    model = Step
    form = ChildRowForm
    formset = ChildRowFormSet
    fields = ["key", "text"]
    extra = 0


@admin.register(Leaflet)
class LeafletAdmin(SortableAdminBase, PublishableAdmin):
    list_display = ["name", "state"]
    search_fields = ["name"]
    inlines = [StepInline]
    fields = ["name", "text", "written_on", "slug", "staff_notes"]
