"""Actions for many subjects. A page first says what will happen to each, and which ones cannot be changed."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.requests import signed_in_user
from editorial.forms import NoteForm, TrashForm
from editorial.seen import SeenForm, token_of
from publishing.models import Edition, Publishable
from publishing.trash import trash
from publishing.verbs import PublishingError, may, publish, save_edition, submit, withdraw

MAX_SUBJECTS = 200
"""The most subjects of one action. Each is tried before it is listed, and nobody would read a longer list."""

Step = Callable[[Publishable, str, Edition], str]
"""Changes one subject, given the note or reason and the newest edition. Returns what it did, for the list."""


@dataclass(frozen=True)
class Outcome:
    """What an action does to one subject, or why it cannot."""

    subject: Publishable
    text: str
    is_refused: bool = False


class BulkAdmin(admin.ModelAdmin):
    """Adds the actions to publish, submit, withdraw and delete many subjects."""

    actions = ["publish_many", "submit_many", "withdraw_many", "trash_many"]

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "publish", self.model)

    def has_trash_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "delete", self.model)

    @admin.action(permissions=["publish"], description=gettext_lazy("Publish…"))
    def publish_many(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> HttpResponse | None:
        def step(subject: Publishable, note: str, edition: Edition) -> str:
            live = Edition.objects.about(subject).live().first()
            if live == edition:
                raise PublishingError(_("is already live"))
            publish(edition, signed_in_user(request), note)
            if live:
                numbers = {"new": edition.number, "old": live.number}
                return _("edition %(new)s will go live and replace edition %(old)s") % numbers
            return _("edition %(new)s will go live for the first time") % {"new": edition.number}

        return self._many(request, queryset, _("Publish"), NoteForm, step)

    @admin.action(permissions=["change"], description=gettext_lazy("Submit…"))
    def submit_many(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> HttpResponse | None:
        def step(subject: Publishable, note: str, edition: Edition) -> str:
            if edition.is_live:
                raise PublishingError(_("is already live and has no changes"))
            submit(edition, signed_in_user(request), note)
            return _("edition %(n)s will be submitted") % {"n": edition.number}

        return self._many(request, queryset, _("Submit"), NoteForm, step)

    @admin.action(permissions=["publish"], description=gettext_lazy("Withdraw…"))
    def withdraw_many(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> HttpResponse | None:
        def step(subject: Publishable, note: str, edition: Edition) -> str:
            if not Edition.objects.about(subject).live().exists():
                raise PublishingError(_("is not live"))
            withdraw(subject, signed_in_user(request), note)
            return self._with_mentions(subject, _("readers will no longer see it"))

        return self._many(request, queryset, _("Withdraw"), TrashForm, step)

    @admin.action(permissions=["trash"], description=gettext_lazy("Delete…"))
    def trash_many(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> HttpResponse | None:
        def step(subject: Publishable, note: str, edition: Edition) -> str:
            if subject.trashed_at:
                raise PublishingError(_("is already in the trash"))
            if Edition.objects.about(subject).live().exists() and not self.has_publish_permission(request):
                raise PublishingError(_("is live; only a publisher may delete it"))
            trash(subject, signed_in_user(request), note)
            return self._with_mentions(subject, _("will go to the trash"))

        return self._many(request, queryset, _("Delete"), TrashForm, step)

    def _with_mentions(self, subject: Publishable, text: str) -> str:
        """Returns the text, and adds how many other live pages will no longer show the subject."""
        count = Edition.objects.mentioning(self.model, subject.pk).count()
        if not count:
            return text
        mentions = ngettext("%(n)s live page will no longer show it", "%(n)s live pages will no longer show it", count)
        return f"{text}; {mentions % {'n': count}}"

    def _many(
        self, request: HttpRequest, queryset: QuerySet[Publishable], title: str, form_class: type[SeenForm], step: Step
    ) -> HttpResponse | None:
        """Shows what the step will do to each subject; after the confirmation, does it."""
        subjects = list(queryset.order_by("name", "pk")[: MAX_SUBJECTS + 1])
        if len(subjects) > MAX_SUBJECTS:
            self.message_user(
                request, _("You can choose at most %(n)s at once. Choose fewer.") % {"n": MAX_SUBJECTS}, messages.ERROR
            )
            return None
        is_confirmed = "confirmed" in request.POST
        editions = Edition.objects.of(self.model).newest().filter(subject_id__in=[subject.pk for subject in subjects])
        newest = {edition.subject_id: edition for edition in editions}
        token = token_of(sorted((subject.pk, getattr(newest.get(subject.pk), "number", 0)) for subject in subjects))
        form = form_class(request.POST if is_confirmed else None, token=token)
        if is_confirmed and form.is_valid():
            note = form.cleaned_data.get("note") or form.cleaned_data.get("reason", "")
            outcomes = [self._try(request, subject, newest.get(subject.pk), note, step) for subject in subjects]
            done = [outcome for outcome in outcomes if not outcome.is_refused]
            self.message_user(request, _("%(title)s: %(n)s done.") % {"title": title, "n": len(done)}, messages.SUCCESS)
            for outcome in outcomes:
                if outcome.is_refused:
                    self.message_user(request, f"{outcome.subject}: {outcome.text}", messages.WARNING)
            return None
        with transaction.atomic():
            # The steps run and are rolled back, so the page says exactly what they would do now.
            outcomes = [self._try(request, subject, newest.get(subject.pk), "", step) for subject in subjects]
            transaction.set_rollback(True)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "form": form,
            "action": request.POST["action"],
            "outcomes": outcomes,
            "possible": any(not outcome.is_refused for outcome in outcomes),
            "media": self.media,
        }
        return TemplateResponse(request, "editorial/bulk.html", context)

    def _try(
        self, request: HttpRequest, subject: Publishable, newest: Edition | None, note: str, step: Step
    ) -> Outcome:
        try:
            with transaction.atomic():
                return Outcome(subject, step(subject, note, newest or save_edition(subject, signed_in_user(request))))
        except (PublishingError, PermissionDenied) as error:
            return Outcome(subject, str(error), is_refused=True)
