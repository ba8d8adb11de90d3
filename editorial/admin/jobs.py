"""The jobs: their list, and the page of each, which shows its progress and how it ended."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import AnyUser, User
from editorial.admin.read_only import ReadOnlyAdmin
from editorial.admin.workflow import change_url
from editorial.dashboard import MAX_ENTRIES, Panel, PanelCount, PanelEntry, register_panel, viewable_kinds
from editorial.jobs import registered_work, stalled_jobs
from editorial.models import Job, JobItem
from publishing.models import Publishable
from publishing.verbs import author_name

REFRESH_SECONDS = 5

MAX_REFUSALS = 100
"""How many refusals a page shows."""


def may_stop(user: AnyUser, job: Job) -> bool:
    return job.finished_at is None and (user.is_superuser or user.pk == job.by_id)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["what", "by_name", "created_at", "progress", "state"]
    list_display_links = ["what"]
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "editorial/jobs.html"

    def has_view_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return bool(viewable_kinds(request.user))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=gettext_lazy("what"), ordering="pk")
    def what(self, job: Job) -> str:
        return job_title(job)

    @admin.display(description=gettext_lazy("progress"))
    def progress(self, job: Job) -> str:
        return job_progress(job)

    @admin.display(description=gettext_lazy("state"))
    def state(self, job: Job) -> str:
        return job_state(job)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"is_stalled": stalled_jobs().exists(), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        stop = self.admin_site.admin_view(require_POST(self.stop_view))
        return [path("<int:pk>/stop/", stop, name="editorial_job_stop"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        job = self.get_row(request, Job, object_id)
        is_open = job.finished_at is None
        is_refreshed = is_open and "still" not in request.GET
        viewable = viewable_kinds(request.user)
        refused = job.items.filter(kind__in=viewable).exclude(reason="").order_by("pk")
        page = Paginator(refused, MAX_REFUSALS).get_page(request.GET.get("page"))
        response = self.render_row(
            request,
            "editorial/job.html",
            job,
            subtitle=job_title(job),
            percent=100 * (job.done + job.refused) // (job.total or 1),
            is_refreshed=is_refreshed,
            is_stalled=is_open and stalled_jobs().exists(),
            may_stop=may_stop(request.user, job),
            page=page,
            refusals=_refusals(list(page), viewable),
        )
        if is_refreshed:
            response["Refresh"] = str(REFRESH_SECONDS)
        return response

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        with transaction.atomic():
            job = Job.objects.select_for_update().filter(pk=pk).first()
            if job is None:
                raise Http404
            if job.finished_at is None:
                if not isinstance(request.user, User) or not may_stop(request.user, job):
                    raise PermissionDenied
                job.finish(_("%(name)s stopped it.") % {"name": author_name(request.user)})
                job.save()
                messages.success(request, _("The job was stopped. What it had done until then stays done."))
        return redirect(job)


def job_title(job: Job) -> str:
    """Returns what a job does: "Publish (2,435)"."""
    work = registered_work(job.work)
    return f"{work.label if work else job.work} ({job.total:,})"


def job_progress(job: Job) -> str:
    return _("%(n)s of %(total)s") % {"n": f"{job.done + job.refused:,}", "total": f"{job.total:,}"}


def job_state(job: Job) -> str:
    if job.finished_at:
        return _("stopped") if job.stop_reason else _("ended")
    return _("running") if job.worked_at else _("waiting")


def _refusals(items: list[JobItem], viewable: dict[str, type[Publishable]]) -> list[tuple[Publishable, str, str]]:
    """Returns the refused subjects, each with the address of its form and the reason."""
    found = []
    for name, kind in viewable.items():
        reasons = {item.subject_id: item.reason for item in items if item.kind == name}
        rows = kind._base_manager.filter(pk__in=reasons).order_by("pk")
        found += [(row, change_url(row), reasons[row.pk]) for row in rows]
    return found


@register_panel
def jobs_panel(user: AnyUser) -> Panel | None:
    """Returns the open jobs of everybody, and those of the user that ended in the last day; None without any."""
    if not viewable_kinds(user):
        return None
    recent = Q(finished_at=None) | Q(by=user.pk, finished_at__gt=timezone.now() - timedelta(days=1))
    jobs = list(Job.objects.filter(recent).order_by("-pk")[:MAX_ENTRIES])
    if not jobs:
        return None
    entries = [
        PanelEntry(
            kind=str(Job._meta.verbose_name),
            title=job_title(job),
            change_url=job.get_absolute_url(),
            by=job.by_name,
            at=job.created_at,
            state=f"{job_state(job)}, {job_progress(job)}",
        )
        for job in jobs
    ]
    open_jobs = sum(job.finished_at is None for job in jobs)
    count = PanelCount(open_jobs, _("not ended"), reverse("admin:editorial_job_changelist"))
    return Panel("jobs", _("Jobs"), "", entries, [count])
