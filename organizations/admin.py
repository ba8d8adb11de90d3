from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from editorial.admin import PublishableAdmin
from editorial.forms import PublishableForm
from organizations.duplicates import DuplicateFinder
from organizations.forms import CheckedForm, MergeForm, SurvivorForm
from organizations.merging import MergePlan, may_merge, merge, working_copies
from organizations.models import NUMBER_FIELDS, Organization
from organizations.phones import dial
from organizations.views import render_organization
from publishing.models import Edition
from publishing.verbs import PublishingError, may

MAX_LISTED = 30
"""How many of a list's entries a change form shows; it says how many more there are."""

DETAILS = ["street", "city", "region", "postal_code", "country", *NUMBER_FIELDS, "email", "website"]


class OrganizationForm(PublishableForm):
    def undiallable(self) -> list[str]:
        """The numbers that no telephone could dial as they are printed. They are kept: someone may know better."""
        country = str(self.cleaned_data.get("country") or "")
        numbers = [self.cleaned_data.get(name, "") for name in NUMBER_FIELDS]
        return [number for number in numbers if number and not dial(number, country)]


class DuplicatesFilter(admin.SimpleListFilter):
    title = gettext_lazy("likely duplicates")
    parameter_name = "duplicates"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(pk__in=DuplicateFinder().with_duplicates()) if self.value() == "yes" else queryset


@admin.register(Organization)
class OrganizationAdmin(PublishableAdmin):
    form = OrganizationForm
    change_form_template = "organizations/admin/change_form.html"
    render_page = staticmethod(render_organization)
    list_display = ["name", "city", "country_name", "status", "state", "last_changed", "last_changed_by"]
    list_filter = [DuplicatesFilter, "status", "country"]
    search_fields = ["name", "also_known_as", "city", "slug"]
    autocomplete_fields = ["successor"]
    fieldsets = [
        (None, {"fields": ["name", "also_known_as", "description"]}),
        (gettext_lazy("Address"), {"fields": ["street", "city", "region", "postal_code", "country"]}),
        (gettext_lazy("How to reach it"), {"fields": ["phone", "toll_free", "fax", "email", "website"]}),
        (gettext_lazy("Is this still true?"), {"fields": ["status", "successor", "checked_on", "checked_by"]}),
        (gettext_lazy("The page"), {"fields": ["slug", "staff_notes"]}),
    ]

    @admin.display(description=gettext_lazy("country"), ordering="country")
    def country_name(self, organization: Organization) -> str:
        """By its code alone: of a field with choices, the list reads all the choices again in every row."""
        return str(countries.name(str(organization.country or "")))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for number in form.undiallable():
            warning = _("%(name)s: “%(number)s” cannot be dialled as it stands, so the page shows it without a link.")
            self.message_user(request, warning % {"name": form.instance, "number": number}, "warning")

    # What the change form shows below the fields

    def render_change_form(
        self, request: Any, context: Any, add: bool = False, change: bool = False, form_url: str = "", obj: Any = None
    ) -> Any:
        if obj is not None:
            mentioning = Edition.objects.mentioning(Organization, obj.pk).only("kind", "slug", "title")
            live_pages, more_live_pages = _some(mentioning.order_by("sort_key", "pk"))
            context |= {
                "may_merge": may_merge(request.user) and not obj.trashed_at,
                "live_pages": live_pages,
                "more_live_pages": more_live_pages,
                **self._duplicates(obj),
                **self._working_copies(request, obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _duplicates(self, organization: Organization) -> dict[str, Any]:
        found = DuplicateFinder(organization.pk).duplicates_of(organization.pk)
        shown = dict(list(found.items())[:MAX_LISTED])
        rows = Organization.objects.with_state().in_bulk(list(shown)) if shown else {}
        return {
            "duplicates": [
                (rows[pk], self._change_url(rows[pk]), self.state(rows[pk]), words) for pk, words in shown.items()
            ],
            "more_duplicates": len(found) - len(shown),
        }

    def _working_copies(self, request: HttpRequest, organization: Organization) -> dict[str, Any]:
        """The subjects whose working copy mentions an organization, as far as the user may see them."""
        subjects: list[Any] = []
        more = 0
        for of_kind in working_copies(organization):
            if may(request.user, "view", of_kind.model):
                shown, left = _some(of_kind.only("name", "trashed_at").order_by("name", "pk"))
                subjects += [(subject, self._change_url(subject)) for subject in shown]
                more += left
        return {"working_copies": subjects, "more_working_copies": more}

    def _change_url(self, subject: Any) -> str:
        return reverse(f"admin:{subject._meta.app_label}_{subject._meta.model_name}_change", args=[subject.pk])

    # Steps of its own

    def get_urls(self) -> list[Any]:
        steps = [
            self.step("checked", self.checked_view),
            self.step("merge", self.merge_view),
            self.step("merge_into", self.merge_into_view, "merge/<int:survivor_id>"),
        ]
        return steps + super().get_urls()

    def _own_page(self, request: HttpRequest, subject: Any, template: str, title: str, **context: Any) -> Any:
        page = self._step_page(request, subject, template, title, **context)
        page.template_name = f"organizations/admin/{template}"
        return page

    def checked_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        organization = self._subject(request, object_id, "change")
        name = request.user.get_full_name()  # type: ignore[union-attr] # admin_view let only users in
        form = CheckedForm(request.POST or None, initial={"version": organization.version, "checked_by": name})
        if request.method == "POST" and form.is_valid():
            try:
                form.save(organization, by=request.user)
            except PublishingError as error:
                organization.refresh_from_db()
                form = CheckedForm({**request.POST.dict(), "version": organization.version})
                form.add_error(None, str(error))
            else:
                return self._done(
                    request, organization, _("Noted in the working copy: the details were checked today.")
                )
        return self._own_page(
            request, organization, "checked.html", _("Details checked today"), form=form, details=_details(organization)
        )

    def _to_merge(self, request: HttpRequest, object_id: str) -> Any:
        organization = self._subject(request, object_id, "change")
        if not may_merge(request.user):
            raise PermissionDenied(_("Merging changes the pages that name the organization, and you may not."))
        return organization

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks which organization stays."""
        organization = self._to_merge(request, object_id)
        form = SurvivorForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            survivor = form.cleaned_data["survivor"]
            refusal = MergePlan.of(organization, survivor).refusal()
            if not refusal:
                return redirect(self.url_name("merge_into"), organization.pk, survivor.pk)
            form.add_error("survivor", refusal)
        return self._own_page(request, organization, "merge.html", _("Merge into another organization"), form=form)

    def merge_into_view(self, request: HttpRequest, object_id: str, survivor_id: int) -> HttpResponse:
        """Says what a merge will do; a post does it."""
        organization = self._to_merge(request, object_id)
        survivor = self.get_object(request, str(survivor_id))
        if survivor is None:
            raise Http404
        form: Any = MergeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                merge(organization, survivor, by=request.user, seen=form.cleaned_data["seen"])
            except PublishingError as error:
                messages.error(request, str(error))
                return redirect(self.url_name("merge_into"), organization.pk, survivor.pk)
            return self._done(
                request,
                organization,
                _("Merged into “%(name)s”. Readers see none of it before the pages are published.")
                % {"name": survivor},
            )
        plan = MergePlan.of(organization, survivor)
        refusal = plan.refusal()
        return self._own_page(
            request,
            organization,
            "merge_into.html",
            _("Merge into “%(name)s”") % {"name": survivor},
            form=None if refusal else MergeForm(initial={"seen": plan.digest()}),
            refusal=refusal,
            survivor=survivor,
            survivor_url=self._change_url(survivor),
            survivor_state=self.state(survivor),
            state=self.state(organization),
            details=_details(organization, survivor),
            moved=[(row.subject, self._change_url(row.subject)) for row in plan.moved],
            doubled=[
                (row.subject, self._change_url(row.subject), [text for text in row.texts().values() if text])
                for row in plan.doubled
            ],
            live=Edition.objects.about(organization).live().first(),
            live_pages=Edition.objects.mentioning(Organization, organization.pk)
            .only("kind", "slug", "title")
            .order_by("sort_key", "pk"),
            predecessors=Organization.objects.filter(successor=organization),
        )


def _some(rows: Any) -> tuple[list[Any], int]:
    """The first rows, and how many more there are."""
    shown = list(rows[: MAX_LISTED + 1])
    return shown[:MAX_LISTED], rows.count() - MAX_LISTED if len(shown) > MAX_LISTED else 0


def _details(*organizations: Organization) -> list[tuple[str, list[str]]]:
    """The name of each detail, and what each organization has for it; what none has is left out."""
    details = []
    for name in ["name", *DETAILS]:
        values = [getattr(organization, name) for organization in organizations]
        texts = [str(getattr(value, "name", value) or "") for value in values]  # a country by its name
        if any(texts):
            details.append((capfirst(str(label_for_field(name, Organization))), texts))
    return details
