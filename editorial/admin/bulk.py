"""One step for many subjects, after a page that says what it will do to each and which it refuses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from editorial.forms import NoteForm, ReasonForm
from publishing.models import Edition
from publishing.trash import trash
from publishing.verbs import PublishingError, may, publish, save_edition, submit, withdraw

MAX_SUBJECTS = 200
"""Subjects at once: each is tried before it is listed, and a list that nobody reads is no safeguard."""


@dataclass(frozen=True)
class Outcome:
    """What a step does to one subject, or why it is refused."""

    subject: Any
    words: str
    refused: bool = False
    edition: int = 0


class BulkAdmin(admin.ModelAdmin):
    actions = ["publish_many", "submit_many", "withdraw_many", "trash_many"]

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "publish", self.model)

    def has_trash_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "delete", self.model)

    @admin.action(permissions=["publish"], description=gettext_lazy("Publish…"))
    def publish_many(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        def step(subject: Any, words: str, edition: Edition) -> str:
            live = Edition.objects.about(subject).live().first()
            if live == edition:
                raise PublishingError(_("is live already"))
            publish(edition, request.user, words)
            if live:
                numbers = {"new": edition.number, "old": live.number}
                return _("edition %(new)s goes live in place of %(old)s") % numbers
            return _("edition %(new)s goes live for the first time") % {"new": edition.number}

        return self._many(request, queryset, "publish_many", _("Publish"), NoteForm, step)

    @admin.action(permissions=["change"], description=gettext_lazy("Submit…"))
    def submit_many(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        def step(subject: Any, words: str, edition: Edition) -> str:
            if edition.is_live:
                raise PublishingError(_("is live as it stands"))
            submit(edition, request.user, words)
            return _("edition %(n)s is submitted") % {"n": edition.number}

        return self._many(request, queryset, "submit_many", _("Submit"), NoteForm, step)

    @admin.action(permissions=["publish"], description=gettext_lazy("Withdraw…"))
    def withdraw_many(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        def step(subject: Any, words: str, edition: Edition) -> str:
            if not Edition.objects.about(subject).live().exists():
                raise PublishingError(_("is not live"))
            withdraw(subject, request.user, words)
            return self._loss(subject, _("readers no longer see it"))

        return self._many(request, queryset, "withdraw_many", _("Withdraw"), ReasonForm, step)

    @admin.action(permissions=["trash"], description=gettext_lazy("Delete…"))
    def trash_many(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        def step(subject: Any, words: str, edition: Edition) -> str:
            if subject.trashed_at:
                raise PublishingError(_("is in the trash already"))
            if Edition.objects.about(subject).live().exists() and not self.has_publish_permission(request):
                raise PublishingError(_("is live, and only a publisher may delete what is live"))
            trash(subject, request.user, words)
            return self._loss(subject, _("goes to the trash"))

        return self._many(request, queryset, "trash_many", _("Delete"), ReasonForm, step)

    def _loss(self, subject: Any, words: str) -> str:
        """What readers lose elsewhere, added to what happens to the subject itself."""
        pages = Edition.objects.mentioning(self.model, subject.pk).count()
        if not pages:
            return words
        more = ngettext("%(n)s live page no longer shows it", "%(n)s live pages no longer show it", pages) % {
            "n": pages
        }
        return f"{words}; {more}"

    def _many(
        self,
        request: HttpRequest,
        queryset: Any,
        action: str,
        title: str,
        form_class: Any,
        step: Callable[[Any, str, Edition], str],
    ) -> HttpResponse | None:
        subjects = list(queryset.order_by("name", "pk")[: MAX_SUBJECTS + 1])
        if len(subjects) > MAX_SUBJECTS:
            self.message_user(request, _("At most %(n)s at once. Choose fewer.") % {"n": MAX_SUBJECTS}, messages.ERROR)
            return None
        confirmed = "confirmed" in request.POST
        form = form_class(request.POST if confirmed else None)
        if confirmed and form.is_valid():
            words = next(iter(form.cleaned_data.values()))
            outcomes = [self._try(request, subject, words, step) for subject in subjects]
            done = [outcome for outcome in outcomes if not outcome.refused]
            self.message_user(request, _("%(title)s: %(n)s done.") % {"title": title, "n": len(done)}, messages.SUCCESS)
            for outcome in outcomes:
                if outcome.refused:
                    self.message_user(request, f"{outcome.subject}: {outcome.words}", messages.WARNING)
            return None
        with transaction.atomic():
            # Tried for real and taken back: what the page foretells is what the step would do now.
            outcomes = [self._try(request, subject, "", step) for subject in subjects]
            transaction.set_rollback(True)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "form": form,
            "action": action,
            "outcomes": outcomes,
            "possible": any(not outcome.refused for outcome in outcomes),
            "media": self.media,
        }
        return TemplateResponse(request, "editorial/bulk.html", context)

    def _try(self, request: HttpRequest, subject: Any, words: str, step: Callable[[Any, str, Edition], str]) -> Outcome:
        seen = request.POST.get(f"edition-{subject.pk}")
        newest = Edition.objects.about(subject).order_by("-number").first()
        if newest and seen and seen != str(newest.number):
            return Outcome(subject, _("was changed since you looked"), refused=True, edition=newest.number)
        try:
            with transaction.atomic():
                edition = newest or save_edition(subject, request.user)  # type: ignore[arg-type] # admin_view let only users in
                return Outcome(subject, step(subject, words, edition), edition=edition.number)
        except (PublishingError, PermissionDenied) as error:
            return Outcome(subject, str(error), refused=True, edition=newest.number if newest else 0)
