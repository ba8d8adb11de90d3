from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from accounts.requests import signed_in_user
from editorial.admin import PublishableAdmin
from editorial.admin.workflow import change_url
from editorial.forms import ChildRowFormSet, show_refusal
from editorial.seen import SeenForm
from organizations.codes_and_names import names_of_languages
from organizations.duplicates import DuplicateFinder
from organizations.forms import CheckedForm, SurvivorForm
from organizations.merging import MergePlan, may_merge, merge
from organizations.models import NUMBER_FIELDS, Organization
from organizations.phones import dial
from publishing.models import Edition, Publishable
from publishing.naming import drafts_naming
from publishing.verbs import may

MAX_LISTED = 30
"""How many entries of a list the change form shows. Of the others it says only how many there are."""


_Model = TypeVar("_Model", bound=Model)


class DuplicatesFilter(admin.SimpleListFilter):
    title = gettext_lazy("likely duplicates")
    parameter_name = "duplicates"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Organization]) -> QuerySet[Organization]:
        return queryset.filter(pk__in=DuplicateFinder().with_duplicates()) if self.value() == "yes" else queryset


@admin.register(Organization)
class OrganizationAdmin(PublishableAdmin):
    change_form_template = "organizations/admin/change_form.html"
    list_display = ["name", "city", "country_name", "status", "state", "last_changed", "last_changed_by"]
    list_filter = [DuplicatesFilter, "status", "country"]
    search_fields = ["name", "also_known_as", "city", "slug"]
    autocomplete_fields = ["successor"]
    fieldsets = [
        (None, {"fields": ["name", "also_known_as", "description"]}),
        (gettext_lazy("Address"), {"fields": ["street", "city", "region", "postal_code", "country"]}),
        (
            gettext_lazy("How to reach it"),
            {"fields": ["phone", "toll_free", "fax", "email", "website", "opening_hours"]},
        ),
        (gettext_lazy("Whom it helps"), {"fields": ["languages", "countries_served"]}),
        (gettext_lazy("Are the details still right?"), {"fields": ["status", "successor", "checked_on", "checked_by"]}),
        (gettext_lazy("The page"), {"fields": ["slug", "staff_notes"]}),
    ]

    @admin.display(description=gettext_lazy("country"), ordering="country")
    def country_name(self, organization: Organization) -> str:
        """Returns the name from the code. The field itself would read the names of all countries for every row."""
        return str(countries.name(str(organization.country or "")))

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: Sequence[ChildRowFormSet], change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        organization: Organization = form.instance
        warning = _(
            "%(name)s: a telephone cannot dial “%(number)s” as it is written. The page shows it without a link."
        )
        for number in [getattr(organization, name) for name in NUMBER_FIELDS]:
            if number and not dial(number, str(organization.country or "")):
                self.message_user(request, warning % {"name": organization, "number": number}, "warning")

    # The lists below the fields of the change form

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Organization | None = None,
    ) -> HttpResponse:
        if obj is not None:
            mentioning = Edition.objects.mentioning(Organization, obj.pk).only("kind", "slug", "title")
            live_pages, more_live_pages = _first_rows(mentioning.order_by("sort_key", "pk"))
            context |= {
                "may_merge": may_merge(request.user) and not obj.trashed_at,
                "live_pages": live_pages,
                "more_live_pages": more_live_pages,
                **self._duplicates(obj),
                **self._saved_subjects(request, obj),
            }
        response: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return response

    def _duplicates(self, organization: Organization) -> dict[str, Any]:
        found = DuplicateFinder(also=organization.pk).duplicates_of(organization.pk)
        shown = dict(list(found.items())[:MAX_LISTED])
        rows = Organization.objects.with_state().in_bulk(list(shown)) if shown else {}
        return {
            "duplicates": [
                (rows[pk], change_url(rows[pk]), self.state(rows[pk]), words) for pk, words in shown.items()
            ],
            "more_duplicates": len(found) - len(shown),
        }

    def _saved_subjects(self, request: HttpRequest, organization: Organization) -> dict[str, Any]:
        """Returns the subjects whose draft names an organization, if the user may see them."""
        subjects: list[tuple[Publishable, str]] = []
        more = 0
        for queryset in drafts_naming(organization):
            if may(request.user, "view", queryset.model):
                shown, left_out = _first_rows(queryset.only("name", "trashed_at").order_by("name", "pk"))
                subjects += [(subject, change_url(subject)) for subject in shown]
                more += left_out
        return {"saved_subjects": subjects, "more_saved_subjects": more}

    # The steps that only organizations have: "details checked" and merging

    def get_urls(self) -> list[URLPattern]:
        steps = [
            self.step("checked", self.checked_view),
            self.step("merge", self.merge_view),
            self.step("merge_into", self.merge_into_view, "merge/<int:survivor_id>"),
        ]
        return [*steps, *super().get_urls()]

    def checked_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks for the name of the person who checked the details today, and saves it."""
        organization = self._subject(request, object_id, "change")
        user = signed_in_user(request)
        initial = {"checked_by": user.get_full_name()}
        form = CheckedForm(request.POST or None, initial=initial, organization=organization)
        if request.method == "POST" and form.is_valid():
            with show_refusal(form):
                form.save(by=user)
                message = _("Saved: the details were checked today. Readers see this after you publish the page.")
                return self._done(request, organization, message)
        title, details = _("Details checked today"), _details(organization)
        template = "organizations/admin/checked.html"
        return self._step_page(request, organization, template, title, form=form, details=details)

    def _organization_to_merge(self, request: HttpRequest, object_id: str) -> Organization:
        """Returns the organization. Raises PermissionDenied where the user may not merge it."""
        # Without a lock: `merge` locks everything that it changes in one order.
        organization: Organization = self._subject(request, object_id, "change", has_lock=False)
        if not may_merge(request.user):
            raise PermissionDenied(_("A merge changes other pages too, and you are not allowed to change these."))
        return organization

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks which organization stays."""
        organization = self._organization_to_merge(request, object_id)
        form = SurvivorForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            survivor = form.cleaned_data["survivor"]
            blocker = MergePlan.of(organization, survivor).merge_blocker()
            if not blocker:
                return redirect(self.url_name("merge_into"), organization.pk, survivor.pk)
            form.add_error("survivor", blocker)
        title = _("Merge into another organization")
        return self._step_page(request, organization, "organizations/admin/merge.html", title, form=form)

    def merge_into_view(self, request: HttpRequest, object_id: str, survivor_id: int) -> HttpResponse:
        """Shows what a merge will do, and does it after the user confirms."""
        organization = self._organization_to_merge(request, object_id)
        survivor = self.get_object(request, str(survivor_id))
        if survivor is None:
            raise Http404
        plan = MergePlan.of(organization, survivor)
        form = SeenForm(request.POST or None, token=plan.digest())
        if request.method == "POST" and form.is_valid():
            with show_refusal(form):
                merge(organization, survivor, by=signed_in_user(request), seen=plan.digest())
                message = _("Merged into “%(name)s”. Readers see the change after you publish the changed pages.")
                return self._done(request, organization, message % {"name": survivor})
        blocker = plan.merge_blocker()
        return self._step_page(
            request,
            organization,
            "organizations/admin/merge_into.html",
            _("Merge into “%(name)s”") % {"name": survivor},
            form=None if blocker else form,
            blocker=blocker,
            survivor=survivor,
            survivor_url=change_url(survivor),
            survivor_state=self.state(survivor),
            state=self.state(organization),
            details=_details(organization, survivor),
            moved=[(row.subject, change_url(row.subject)) for row in plan.moved],
            doubled=[
                (row.subject, change_url(row.subject), [text for text in row.merged_texts().values() if text])
                for row in plan.doubled
            ],
            live=Edition.objects.about(organization).live().first(),
            live_pages=Edition.objects.mentioning(Organization, organization.pk)
            .only("kind", "slug", "title")
            .order_by("sort_key", "pk"),
            predecessors=Organization.objects.filter(successor=organization),
        )


def _first_rows(rows: QuerySet[_Model]) -> tuple[list[_Model], int]:
    """Returns the first rows, and how many more there are."""
    first = list(rows[: MAX_LISTED + 1])
    return first[:MAX_LISTED], rows.count() - MAX_LISTED if len(first) > MAX_LISTED else 0


def _detail_text(value: object) -> str:
    """Returns a detail as an editor reads it: a country by its name, languages and countries in one line."""
    if isinstance(value, list):
        return names_of_languages(value)
    return str(getattr(value, "name", value) or "")


def _details(*organizations: Organization) -> list[tuple[str, list[str]]]:
    """Returns the label of each detail with the organizations' values. Details that none of them has are left out."""
    details = []
    for name in Organization.detail_fields():
        values = [getattr(organization, name) for organization in organizations]
        texts = [_detail_text(value) for value in values]
        if any(texts):
            details.append((capfirst(str(label_for_field(name, Organization))), texts))
    return details
