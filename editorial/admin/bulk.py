"""Actions for many subjects. A page first says what will happen to each, and which ones cannot be changed.

Where more than `MAX_AT_ONCE` are chosen, trying each would take too long. The page then counts them by state, and the
button starts a job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.requests import signed_in_user
from editorial.forms import NoteForm, TrashForm
from editorial.jobs import MAX_AT_ONCE, JobTask, Work, items_of, register_work, start_job
from editorial.seen import SeenForm, token_of
from publishing.models import Edition, Publishable, State
from publishing.trash import trash
from publishing.verbs import PublishingError, may, publish, publish_all, submit, withdraw


def publish_step(task: JobTask) -> str:
    edition, live = task.edition, Edition.objects.about(task.subject).live().first()
    if live == edition:
        raise PublishingError(_("is already live"))
    publish(edition, task.by, task.note)
    if live:
        numbers = {"new": edition.number, "old": live.number}
        return _("edition %(new)s will go live and replace edition %(old)s") % numbers
    return _("edition %(new)s will go live for the first time") % {"new": edition.number}


def publish_together(tasks: Sequence[JobTask]) -> None:
    editions = [task.edition for task in tasks]
    if any(edition.is_live for edition in editions):
        raise PublishingError  # `publish_step` names it
    publish_all(editions, tasks[0].by, tasks[0].note)


def submit_step(task: JobTask) -> str:
    if task.edition.is_live:
        raise PublishingError(_("is already live and has no changes"))
    submit(task.edition, task.by, task.note)
    return _("edition %(n)s will be submitted") % {"n": task.edition.number}


def withdraw_step(task: JobTask) -> str:
    if not Edition.objects.about(task.subject).live().exists():
        raise PublishingError(_("is not live"))
    withdraw(task.subject, task.by, task.note)
    return _with_mentions(task.subject, _("readers will no longer see it"))


def trash_step(task: JobTask) -> str:
    if task.subject.trashed_at:
        raise PublishingError(_("is already in the trash"))
    is_live = Edition.objects.about(task.subject).live().exists()
    if is_live and not may(task.by, "publish", type(task.subject)):
        raise PublishingError(_("is live; only a publisher may delete it"))
    trash(task.subject, task.by, task.note)
    return _with_mentions(task.subject, _("will go to the trash"))


def _with_mentions(subject: Publishable, text: str) -> str:
    """Returns the text, and adds how many other live pages will no longer show the subject."""
    count = Edition.objects.mentioning(type(subject), subject.pk).count()
    if not count:
        return text
    mentions = ngettext("%(n)s live page will no longer show it", "%(n)s live pages will no longer show it", count)
    return f"{text}; {mentions % {'n': count}}"


PUBLISH = register_work(Work("publish", gettext_lazy("Publish"), "publish", publish_step, publish_together))
SUBMIT = register_work(Work("submit", gettext_lazy("Submit"), "change", submit_step))
WITHDRAW = register_work(Work("withdraw", gettext_lazy("Withdraw"), "publish", withdraw_step))
TRASH = register_work(Work("trash", gettext_lazy("Delete"), "delete", trash_step))


@dataclass(frozen=True)
class Outcome:
    """What an action does to one subject, or why it cannot."""

    subject: Publishable
    text: str
    is_refused: bool = False


def choice_page(
    model_admin: admin.ModelAdmin, request: HttpRequest, work: Work, form: SeenForm, **context: object
) -> TemplateResponse:
    """Renders the page before work on many subjects: its outcomes, or a count of what was chosen (`states`)."""
    context |= {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": work.label,
        "form": form,
        "action": request.POST["action"],
        "chosen": request.POST.getlist("_selected_action"),
        "select_across": request.POST.get("select_across", "0"),
        "media": model_admin.media,
    }
    return TemplateResponse(request, "editorial/bulk.html", context)


class BulkAdmin(admin.ModelAdmin):
    """Adds the actions to publish, submit, withdraw and delete many subjects."""

    actions = ["publish_many", "submit_many", "withdraw_many", "trash_many"]

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "publish", self.model)

    def has_trash_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "delete", self.model)

    @admin.action(permissions=["publish"], description=gettext_lazy("Publish…"))
    def publish_many(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> HttpResponse | None:
        return self._many(request, queryset, PUBLISH, NoteForm)

    @admin.action(permissions=["change"], description=gettext_lazy("Submit…"))
    def submit_many(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> HttpResponse | None:
        return self._many(request, queryset, SUBMIT, NoteForm)

    @admin.action(permissions=["publish"], description=gettext_lazy("Withdraw…"))
    def withdraw_many(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> HttpResponse | None:
        return self._many(request, queryset, WITHDRAW, TrashForm)

    @admin.action(permissions=["trash"], description=gettext_lazy("Delete…"))
    def trash_many(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> HttpResponse | None:
        return self._many(request, queryset, TRASH, TrashForm)

    def _many(
        self, request: HttpRequest, queryset: QuerySet[Any], work: Work, form_class: type[SeenForm]
    ) -> HttpResponse | None:
        """Shows what the work will do to each subject; after the confirmation, does it or starts a job."""
        is_confirmed = "confirmed" in request.POST
        numbers = list(queryset.order_by("pk").values_list("pk", "newest_number"))
        form = form_class(request.POST if is_confirmed else None, token=token_of(numbers))
        is_job = len(numbers) > MAX_AT_ONCE
        if is_confirmed and form.is_valid():
            note = form.cleaned_data.get("note") or form.cleaned_data.get("reason", "")
            if is_job:
                return redirect(start_job(work, signed_in_user(request), items_of(self.model, numbers), note))
            self._show_done(request, work, self._outcomes(request, queryset, work, note, numbers))
            return None
        if is_job:
            states = queryset.order_by().values_list("state").annotate(Count("pk"))
            labels = [(str(State(state).label), count) for state, count in states]
            return choice_page(self, request, work, form, count=len(numbers), states=labels, possible=True)
        with transaction.atomic():
            # The steps run and are rolled back, so the page says exactly what they would do now.
            outcomes = self._outcomes(request, queryset, work, "", numbers)
            transaction.set_rollback(True)
        possible = any(not outcome.is_refused for outcome in outcomes)
        return choice_page(self, request, work, form, outcomes=outcomes, possible=possible)

    def _show_done(self, request: HttpRequest, work: Work, outcomes: list[Outcome]) -> None:
        done = [outcome for outcome in outcomes if not outcome.is_refused]
        words = {"title": work.label, "n": len(done)}
        self.message_user(request, _("%(title)s: %(n)s done.") % words, messages.SUCCESS)
        for outcome in outcomes:
            if outcome.is_refused:
                self.message_user(request, f"{outcome.subject}: {outcome.text}", messages.WARNING)

    def _outcomes(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        work: Work,
        note: str,
        numbers: list[tuple[int, int | None]],
    ) -> list[Outcome]:
        """Does the work to each subject. `numbers` has the newest editions that the person saw."""
        seen, by = dict(numbers), signed_in_user(request)
        editions = Edition.objects.of(self.model).newest().filter(subject_id__in=seen)
        newest = {edition.subject_id: edition for edition in editions}
        subjects = queryset.filter(pk__in=seen).order_by("name", "pk")
        return [
            _outcome(work, JobTask(subject, by, note, newest=newest.get(subject.pk), seen=seen[subject.pk] or 0))
            for subject in subjects
        ]


def _outcome(work: Work, task: JobTask) -> Outcome:
    try:
        return Outcome(task.subject, work.do(task))
    except (PublishingError, PermissionDenied) as error:
        return Outcome(task.subject, str(error), is_refused=True)
