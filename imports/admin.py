from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import Truncator, capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import ngettext_lazy as n_lazy

from diseases.admin.filters import DiseaseColumn, DiseaseFilter, disease_url, show_refusals
from diseases.models import Disease, Symptom
from editorial.waiting import WaitingWork, register_waiting
from imports.differences import differences, look_up_url, lost_dates, same_topic
from imports.models import ImportRun, Proposal
from imports.proposals import ProposalErrors, accept_proposals, content_now, decline_proposals, seen_of
from publishing.verbs import may

PART_KINDS = {
    "name": gettext_lazy("name"),
    "summary": gettext_lazy("summary"),
    "synonym": gettext_lazy("other name"),
    "code": gettext_lazy("code"),
    "question": gettext_lazy("question"),
    "symptom": gettext_lazy("symptom"),
}

LINES = 100
"""Lines of each heading of a report that its page shows; the others stand on pages of their own."""


class ReadOnly(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def own_page(self, request: HttpRequest, template: str, row: Any, **context: Any) -> HttpResponse:
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": capfirst(str(self.opts.verbose_name)),
            "subtitle": str(row),
            "list_url": self.list_url(request),
        }
        return TemplateResponse(request, f"imports/admin/{template}", context)

    def list_url(self, request: HttpRequest) -> str:
        """The list as it was filtered when the page was opened from it."""
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return self.with_filters(request, url)

    def with_filters(self, request: HttpRequest, url: str) -> str:
        filters: Any = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        return add_preserved_filters(filters, url)

    def row(self, request: HttpRequest, object_id: str) -> Any:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row


class ProposalStateFilter(admin.SimpleListFilter):
    """By state; what is decided shows only when asked for."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return [*Proposal.State.choices, ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        for value, title in self.lookup_choices:
            yield {
                "selected": value == (self.value() or Proposal.State.PENDING),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() if self.value() in Proposal.State.values else Proposal.State.PENDING)


class PartKindFilter(admin.SimpleListFilter):
    title = gettext_lazy("sort")
    parameter_name = "sort"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return [(sort, capfirst(str(name))) for sort, name in PART_KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        sort = self.value()
        if sort not in PART_KINDS:
            return queryset
        return queryset.filter(Q(part=sort) | Q(part__startswith=f"{sort}:"))


@admin.register(Proposal)
class ProposalAdmin(ReadOnly, DiseaseColumn):
    list_display = ["what", "disease_link", "change", "dataset", "reason", "made"]
    list_filter = [ProposalStateFilter, "dataset", "action", PartKindFilter, DiseaseFilter]
    list_select_related = ["disease"]
    list_per_page = 100
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["disease__name"]
    ordering = ["disease__name", "disease", "pk"]
    actions = ["accept_many", "decline_many"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, "change", Disease)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    # The list

    @admin.display(description=gettext_lazy("what"))
    def what(self, proposal: Proposal) -> str:
        return Truncator(proposal.title).chars(70)

    @admin.display(description=gettext_lazy("change"), ordering="part")
    def change(self, proposal: Proposal) -> str:
        return f"{proposal.get_action_display()}: {PART_KINDS.get(proposal.sort, proposal.sort)}"

    @admin.display(description=gettext_lazy("made"), ordering="made_at")
    def made(self, proposal: Proposal) -> str:
        return date_format(localtime(proposal.made_at), "SHORT_DATE_FORMAT")

    @admin.display(description=gettext_lazy("state"), ordering="decided_at")
    def decision(self, proposal: Proposal) -> str:
        return f"{proposal.get_state_display()}, {proposal.decided_by_name}".rstrip(", ")

    def get_list_display(self, request: HttpRequest) -> Any:
        """The state is a column where it is not the same in every row."""
        return [*self.list_display, "decision"] if "state" in request.GET else self.list_display

    @admin.action(permissions=["view"], description=gettext_lazy("Accept into the working copies"))
    def accept_many(self, request: HttpRequest, queryset: Any) -> None:
        words = n_lazy("%(n)s proposal was accepted.", "%(n)s proposals were accepted.", "n")
        self._many(request, queryset, accept_proposals, Proposal.State.ACCEPTED, words)

    @admin.action(permissions=["view"], description=gettext_lazy("Decline, and keep away for good"))
    def decline_many(self, request: HttpRequest, queryset: Any) -> None:
        words = n_lazy("%(n)s proposal was declined.", "%(n)s proposals were declined.", "n")
        self._many(request, queryset, decline_proposals, Proposal.State.DECLINED, words)

    def _many(
        self,
        request: HttpRequest,
        queryset: Any,
        verb: Callable[..., ProposalErrors],
        state: Proposal.State,
        words: Any,
    ) -> None:
        chosen = list(queryset.filter(state=Proposal.State.PENDING))
        refusals = verb(chosen, by=request.user)
        self.message_user(request, words % {"n": len(chosen) - len(refusals)}, messages.SUCCESS)
        show_refusals(self, request, refusals)

    # One proposal

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        proposal = self.row(request, object_id)
        if request.method == "POST":
            return self._decide(request, proposal)
        return self.own_page(
            request,
            "proposal.html",
            proposal,
            sort=PART_KINDS.get(proposal.sort, proposal.sort),
            waits=proposal.state == Proposal.State.PENDING,
            disease_url=disease_url(proposal.disease),
            differences=differences(proposal),
            is_gone=proposal.action != Proposal.Action.ADD and content_now(proposal) is None,
            same_topic=same_topic(proposal),
            lost_dates=lost_dates(proposal),
            look_up=look_up_url(proposal.new or proposal.old) if proposal.sort == "code" else "",
            seen=seen_of(proposal),
        )

    def _decide(self, request: HttpRequest, proposal: Proposal) -> HttpResponseRedirect:
        """Then the next proposal that waits for this disease, or the list."""
        verb = accept_proposals if "_accept" in request.POST else decline_proposals
        refusals = verb([proposal], by=request.user, seen=request.POST.get("seen") or "nothing")
        proposal.refresh_from_db()
        if refusals:
            messages.error(request, refusals[0][1])
            return redirect(request.get_full_path())
        said = {
            "title": Truncator(proposal.title).chars(120),
            "state": proposal.get_state_display(),
            "by": proposal.decided_by_name,
        }
        messages.success(request, _("“%(title)s”: %(state)s by %(by)s.") % said)
        following = Proposal.objects.pending().filter(disease=proposal.disease_id).order_by("pk").first()
        if not following:
            return redirect(self.list_url(request))
        return redirect(self.with_filters(request, reverse("admin:imports_proposal_change", args=[following.pk])))


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnly):
    change_list_template = "imports/admin/imports.html"
    list_display = ["started", "dataset", "by_name", "finished", "counted"]
    list_filter = ["dataset"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        # A report may be long; the list shows its counts alone.
        return super().get_queryset(request).defer("report").annotate(counts=F("report__counts"))

    @admin.display(description=gettext_lazy("started"), ordering="started_at")
    def started(self, run: ImportRun) -> str:
        return date_format(localtime(run.started_at), "DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("finished"), ordering="finished_at")
    def finished(self, run: ImportRun) -> str:
        if run.finished_at:
            return date_format(localtime(run.finished_at), "DATETIME_FORMAT")
        return _("interrupted, or still at work")

    @admin.display(description=gettext_lazy("what it did"))
    def counted(self, run: Any) -> str:
        counts = {name: count for name, count in (run.counts or {}).items() if count and ":" not in name}
        return ", ".join(f"{name} {count:,}" for name, count in counts.items())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        proposals, symptoms = Proposal.objects.pending(), Symptom.objects.filter(approved=False)
        waiting = {
            "proposals": proposals.count(),
            "proposal_diseases": proposals.order_by().values("disease").distinct().count(),
            "symptoms": symptoms.count(),
            "symptom_diseases": symptoms.order_by().values("disease").distinct().count(),
        }
        decides = may(request.user, "change", Disease)
        context = {"title": capfirst(str(self.opts.verbose_name_plural)), "waiting": waiting if decides else None}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        run = self.row(request, object_id)
        sections = run.report.get("sections", [])
        chosen = request.GET.get("section", "")
        counts = {name: count for name, count in run.report.get("counts", {}).items() if count}
        context: dict[str, Any] = {"counts": counts, "finished": self.finished(run), "origin": run.origin}
        if chosen.isascii() and chosen.isdigit() and int(chosen) < len(sections):
            section = sections[int(chosen)]
            page = Paginator(section["lines"], LINES * 10).get_page(request.GET.get("page"))
            return self.own_page(request, "import_section.html", run, section=section, page=page, **context)
        shown = [
            {"title": each["title"], "count": len(each["lines"]), "lines": each["lines"][:LINES], "number": number}
            for number, each in enumerate(sections)
        ]
        return self.own_page(request, "import.html", run, sections=shown, most=LINES, **context)


def _proposals_url(disease: Any) -> str:
    return f"{reverse('admin:imports_proposal_changelist')}?disease={disease.pk}"


def _proposals_note(disease: Any, waiting: int) -> str:
    if not waiting:
        return ""
    context = {"url": _proposals_url(disease), "waiting": waiting}
    return render_to_string("imports/admin/_proposals_note.html", context)


register_waiting(
    Disease,
    WaitingWork(
        name="proposals",
        label=gettext_lazy("Proposals"),
        column=gettext_lazy("Proposals waiting"),
        subject_field="disease",
        rows=Proposal.objects.pending,
        list_url=_proposals_url,
        note=_proposals_note,
    ),
)
