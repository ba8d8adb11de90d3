from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.requests import signed_in_user
from diseases.admin.filters import DiseaseFilter, show_refusals
from diseases.codes import address
from diseases.models import Disease, Symptom
from editorial.admin.read_only import ReadOnlyAdmin
from editorial.jobs import MAX_AT_ONCE, Work, do_at_once, start_job
from editorial.seen import SEEN_FIELD, SeenForm
from editorial.waiting import WaitingWork, register_waiting
from imports.differences import differences, lost_dates, same_topic
from imports.models import ImportRun, Proposal
from imports.parts import row_models
from imports.proposals import (
    ACCEPT_PROPOSALS,
    DECLINE_PROPOSALS,
    accept_proposals,
    content_now,
    decline_proposals,
    items_of_proposals,
    seen_of,
)
from imports.report import Heading, ReportSection
from imports.validation import label
from organizations.models import Organization
from publishing.models import Publishable, kinds
from publishing.verbs import may

IMPORTED: tuple[type[Publishable], ...] = (Disease, Organization)
"""The kinds that imports read."""

# The counts of a report whose stored names do not explain themselves.
COUNT_LABELS = {
    Heading.POSSIBLE_DUPLICATES: gettext_lazy("possible duplicates"),
    Heading.SUPPRESSED: gettext_lazy("not imported again"),
    Heading.REMARKS: gettext_lazy("to check"),
}

MAX_LINES_SHOWN = 100
"""How many lines of each heading the page of a report shows. Another page shows them all."""


class ProposalStateFilter(admin.SimpleListFilter):
    """Shows the pending proposals, unless another state is chosen."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [*((state.value, str(state.label)) for state in Proposal.State), ("all", _("All"))]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for value, title in self.lookup_choices:
            yield {
                "selected": value == (self.value() or Proposal.State.PENDING),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Proposal]) -> QuerySet[Proposal]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() if self.value() in Proposal.State.values else Proposal.State.PENDING)


def sort_label(model: type[Publishable], sort: str) -> str:
    """Returns what the parts of a sort are, as editors see it: the label of a model of child rows, or of a field."""
    row_model = row_models(model).get(sort)
    return str(row_model._meta.verbose_name) if row_model else label(model, sort)


class SortFilter(admin.SimpleListFilter):
    """Filters by the model of child rows that a proposal is about; "fields" finds those about fields of the page."""

    title = gettext_lazy("sort")
    parameter_name = "sort"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        rows = {sort: str(model._meta.verbose_name) for kind in IMPORTED for sort, model in row_models(kind).items()}
        return [("fields", _("Name and other fields")), *((sort, capfirst(name)) for sort, name in rows.items())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Proposal]) -> QuerySet[Proposal]:
        sort = self.value()
        if sort == "fields":
            return queryset.exclude(part__contains=":")
        return queryset.filter(part__startswith=f"{sort}:") if sort else queryset


class SubjectFilter(DiseaseFilter):
    """Filters by the page that a link names: "disease:5"."""

    title = gettext_lazy("page")
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        kind, _colon, pk = request.GET.get("subject", "").partition(":")
        if kind not in kinds() or not pk.isascii() or not pk.isdigit():
            return []
        rows = kinds()[kind]._base_manager.filter(pk=int(pk) % 2**63)
        return [(f"{kind}:{row.pk}", str(row)) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.lookup_choices:
            return queryset
        kind, _colon, pk = str(self.lookup_choices[0][0]).partition(":")
        return queryset.filter(kind=kind, subject_id=pk)


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    list_display = ["what", "subject_link", "change", "dataset", "reason", "created"]
    list_filter = [ProposalStateFilter, "dataset", "action", SortFilter, SubjectFilter]
    list_per_page = 100
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["subject_name"]
    actions = ["accept_many", "decline_many"]

    def has_view_permission(self, request: HttpRequest, obj: Proposal | None = None) -> bool:
        return any(may(request.user, "change", model) for model in ([obj.model] if obj else IMPORTED))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    # The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Proposal]:
        allowed = [kind for kind, model in kinds().items() if may(request.user, "change", model)]
        return Proposal.objects.with_subject_name().filter(kind__in=allowed).order_by(*self.get_ordering(request))

    def get_ordering(self, request: HttpRequest) -> list[str | Combinable]:
        return ["subject_name", "kind", "subject_id", "pk"]

    @admin.display(description=gettext_lazy("page"), ordering="subject_name")
    def subject_link(self, proposal: Proposal) -> SafeString:
        return format_html('<a href="{}">{}</a>', _subject_url(proposal), getattr(proposal, "subject_name", ""))

    @admin.display(description=gettext_lazy("what"))
    def what(self, proposal: Proposal) -> str:
        return Truncator(proposal.title).chars(70)

    @admin.display(description=gettext_lazy("change"), ordering="part")
    def change(self, proposal: Proposal) -> str:
        return f"{proposal.get_action_display()}: {sort_label(proposal.model, proposal.sort)}"

    @admin.display(description=gettext_lazy("created"), ordering="created_at")
    def created(self, proposal: Proposal) -> str:
        return date_format(localtime(proposal.created_at), "SHORT_DATE_FORMAT")

    @admin.display(description=gettext_lazy("state"), ordering="decided_at")
    def decision(self, proposal: Proposal) -> str:
        return f"{proposal.get_state_display()}, {proposal.decided_by_name}".rstrip(", ")

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        """Returns the columns. The state is one of them if a state is chosen, since rows may then differ in it."""
        return [*self.list_display, *(["decision"] if "state" in request.GET else [])]

    @admin.action(permissions=["view"], description=gettext_lazy("Accept: put it into the drafts"))
    def accept_many(self, request: HttpRequest, queryset: QuerySet[Proposal]) -> HttpResponse | None:
        words = partial(ngettext, "%(n)s proposal was accepted.", "%(n)s proposals were accepted.")
        return self._decide_many(request, queryset, ACCEPT_PROPOSALS, words)

    @admin.action(permissions=["view"], description=gettext_lazy("Decline: never propose this text again"))
    def decline_many(self, request: HttpRequest, queryset: QuerySet[Proposal]) -> HttpResponse | None:
        words = partial(ngettext, "%(n)s proposal was declined.", "%(n)s proposals were declined.")
        return self._decide_many(request, queryset, DECLINE_PROPOSALS, words)

    def _decide_many(
        self, request: HttpRequest, queryset: QuerySet[Proposal], work: Work, words: Callable[[int], str]
    ) -> HttpResponse | None:
        """Decides the pending ones of the proposals, and tells how many were decided, and why others were not.

        For proposals about many pages, it starts a job and leads to its page.
        """
        by = signed_in_user(request)
        items = items_of_proposals(queryset.filter(state=Proposal.State.PENDING), work)
        if len(items) > MAX_AT_ONCE:
            return redirect(start_job(work, by, items))
        refusals = do_at_once(work, by, items)
        n = sum(len(item.rows) for item in items) - len(refusals)
        self.message_user(request, words(n) % {"n": n}, messages.SUCCESS)
        show_refusals(self, request, refusals)
        return None

    # One proposal

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        proposal = self.get_row(request, Proposal, object_id)
        form = SeenForm(request.POST or None, token=seen_of(proposal))
        is_pending = proposal.state == Proposal.State.PENDING
        if request.method == "POST" and (form.is_valid() or not is_pending):
            return self._decide(request, proposal)
        content = proposal.new or proposal.old or {}
        return self.render_row(
            request,
            "imports/admin/proposal.html",
            proposal,
            form=form,
            sort=sort_label(proposal.model, proposal.sort),
            is_pending=is_pending,
            subject_url=_subject_url(proposal),
            differences=differences(proposal),
            is_gone=proposal.action != Proposal.Action.ADD and content_now(proposal) is None,
            same_topic=same_topic(proposal),
            lost_dates=lost_dates(proposal),
            look_up_url=address(content.get("scheme", ""), content.get("value", "")),
        )

    def _decide(self, request: HttpRequest, proposal: Proposal) -> HttpResponseRedirect:
        """Accepts or declines a proposal, and leads to the next one for this page, or to the list."""
        decide = accept_proposals if "_accept" in request.POST else decline_proposals
        errors = decide([proposal], by=request.user, seen=request.POST.get(SEEN_FIELD) or "nothing")
        proposal.refresh_from_db()
        if errors:
            messages.error(request, errors[0][1])
            return redirect(request.get_full_path())
        values = {
            "title": Truncator(proposal.title).chars(120),
            "state": proposal.get_state_display(),
            "by": proposal.decided_by_name,
        }
        messages.success(request, _("“%(title)s”: %(state)s by %(by)s.") % values)
        next_proposal = Proposal.objects.pending().about(proposal.subject).order_by("pk").first()
        if not next_proposal:
            return redirect(self.list_url(request))
        return redirect(self.with_filters(request, reverse("admin:imports_proposal_change", args=[next_proposal.pk])))


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    change_list_template = "imports/admin/imports.html"
    list_display = ["started", "dataset", "by_name", "finished", "counted"]
    list_filter = ["dataset"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRun]:
        # A report may be long, and the list shows only its counts.
        return super().get_queryset(request).defer("report").annotate(counts=F("report__counts"))

    @admin.display(description=gettext_lazy("started"), ordering="started_at")
    def started(self, run: ImportRun) -> str:
        return date_format(localtime(run.started_at), "DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("finished"), ordering="finished_at")
    def finished(self, run: ImportRun) -> str:
        if run.finished_at:
            return date_format(localtime(run.finished_at), "DATETIME_FORMAT")
        return _("interrupted, or still running")

    @admin.display(description=gettext_lazy("what it did"))
    def counted(self, run: ImportRun) -> str:
        counts: dict[str, int] = getattr(run, "counts", None) or {}  # a column that get_queryset adds
        return ", ".join(f"{name} {count:,}" for name, count in _labelled(counts).items() if ":" not in name)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        proposals, symptoms = Proposal.objects.pending(), Symptom.objects.filter(approved=False)
        waiting = {
            "proposals": proposals.count(),
            "proposal_subjects": proposals.order_by().values("kind", "subject_id").distinct().count(),
            "symptoms": symptoms.count(),
            "symptom_diseases": symptoms.order_by().values("disease").distinct().count(),
        }
        may_decide = may(request.user, "change", Disease)
        context = {"title": capfirst(str(self.opts.verbose_name_plural)), "waiting": waiting if may_decide else None}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_row(request, ImportRun, object_id)
        sections: list[ReportSection] = run.report.get("sections", [])
        context: dict[str, Any] = {"counts": _labelled(run.report.get("counts", {})), "max_lines": MAX_LINES_SHOWN}
        chosen = request.GET.get("section", "")
        if chosen.isascii() and chosen.isdigit() and int(chosen) < len(sections):
            section = sections[int(chosen)]
            page = Paginator(section["lines"], MAX_LINES_SHOWN * 10).get_page(request.GET.get("page"))
            context |= {"section": section, "page": page}
        return self.render_row(
            request, "imports/admin/import.html", run, sections=sections, finished=self.finished(run), **context
        )


def _labelled(counts: dict[str, int]) -> dict[str, int]:
    """Returns the counts that are not 0, by the names that editors see."""
    labels = {str(heading): str(label) for heading, label in COUNT_LABELS.items()}
    return {labels.get(name, name): count for name, count in counts.items() if count}


def _subject_url(proposal: Proposal) -> str:
    opts = proposal.model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[proposal.subject_id])


def _proposals_url(subject: Publishable) -> str:
    return f"{reverse('admin:imports_proposal_changelist')}?subject={subject.KIND}:{subject.pk}"


def _proposals_note(subject: Publishable, waiting: int) -> str:
    """Returns the line on a subject's form that says how many proposals wait, "" if none."""
    if not waiting:
        return ""
    context = {"url": _proposals_url(subject), "waiting": waiting}
    return render_to_string("imports/admin/_proposals_note.html", context)


for kind in IMPORTED:
    register_waiting(
        kind,
        WaitingWork(
            name="proposals",
            label=gettext_lazy("Proposals"),
            column=gettext_lazy("Proposals waiting"),
            subject_field="subject_id",
            rows=partial(Proposal.objects.pending().filter, kind=kind.KIND),
            list_url=_proposals_url,
            note=_proposals_note,
        ),
    )
