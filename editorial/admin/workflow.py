"""The steps from the working copy to the public and back, each a page with one form."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from editorial.forms import PublishForm, SubmitForm, TrashForm, WithdrawForm
from publishing.models import Address, Edition, Event
from publishing.trash import trash, untrash
from publishing.verbs import READER_SUGGESTION_NOTE, PublishingError, lock, may, publish, save_edition, submit, withdraw
from website.views import Preview


def only_posts_in_a_transaction(view: Callable[..., Any]) -> Callable[..., Any]:
    """Looking at a page takes no lock; on SQLite a transaction would keep every writer waiting."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return inner


class WorkflowAdmin(admin.ModelAdmin):
    """Preview, ready to publish, publish, withdraw, bin."""

    render_page: Callable[..., HttpResponse]

    def url_name(self, step: str, namespace: str = "admin:") -> str:
        return f"{namespace}{self.opts.app_label}_{self.opts.model_name}_{step}"

    def step(self, name: str, view: Any, route: str = "") -> Any:
        """The address of a step of one subject."""
        pattern = f"<path:object_id>/{route or name}/"
        return path(pattern, self.admin_site.admin_view(view), name=self.url_name(name, namespace=""))

    def get_urls(self) -> list[Any]:
        steps = [
            self.step("preview", require_safe(self.preview_view), "preview/<int:number>"),
            self.step("submit", self.submit_view),
            self.step("publish", self.publish_view),
            self.step("withdraw", self.withdraw_view),
            self.step("trash", self.trash_view),
            self.step("untrash", self.untrash_view),
        ]
        return steps + super().get_urls()

    def _subject(self, request: HttpRequest, object_id: str, action: str) -> Any:
        """The subject for a step, where the user may take it."""
        subject = self.get_object(request, object_id)
        if subject is None:
            raise Http404
        if not may(request.user, action, self.model):
            raise PermissionDenied
        return subject

    def _step_page(self, request: HttpRequest, subject: Any, template: str, title: str, **context: Any) -> Any:
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": subject,
            "title": title,
            "subtitle": str(subject),
            "media": self.media,
            "change_url": reverse(self.url_name("change"), args=[subject.pk]),
        }
        return TemplateResponse(request, f"editorial/{template}", context)

    def _done(self, request: HttpRequest, subject: Any, message: str) -> HttpResponseRedirect:
        messages.success(request, message)
        return redirect(self.url_name("change"), subject.pk)

    def preview_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        subject = self._subject(request, object_id, "view")
        edition = Edition.objects.about(subject).filter(number=number).first()
        if not edition:
            raise Http404
        preview = Preview(change_url=reverse(self.url_name("change"), args=[subject.pk]))
        if may(request.user, "publish", self.model) and not edition.is_live:
            publish_url = reverse(self.url_name("publish"), args=[subject.pk])
            preview = replace(preview, publish_url=f"{publish_url}?edition={edition.number}")
        response = self.render_page(request, edition, preview=preview)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    def _latest(self, request: Any, subject: Any) -> Edition:
        """The newest edition; a row written outside the admin gets its first one here."""
        return Edition.objects.about(subject).order_by("-number").first() or save_edition(subject, by=request.user)

    def submit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "change")
        latest = self._latest(request, subject)
        form = SubmitForm(request.POST or None, initial={"edition": latest.number})
        if request.method == "POST" and form.is_valid():
            edition = get_object_or_404(Edition.objects.about(subject), number=form.cleaned_data["edition"])
            try:
                submit(edition, by=request.user, note=form.cleaned_data["note"])
            except PublishingError as error:
                form = SubmitForm({**request.POST.dict(), "edition": latest.number})
                form.add_error(None, str(error))
            else:
                return self._done(request, subject, _("Submitted. The publishers see it as ready to publish."))
        return self._step_page(request, subject, "submit.html", _("Submit"), form=form, edition=latest)

    @method_decorator(only_posts_in_a_transaction)
    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "publish")
        if request.method == "POST":
            subject = lock(self.model, subject.pk)
        latest = self._latest(request, subject)
        initial = {"edition": latest.number, "note": self._credit(subject)}
        form = PublishForm(request.POST or None, initial=initial)
        newer = request.GET.get("edition", str(latest.number)) != str(latest.number)
        if request.method == "POST" and form.is_valid():
            newer = form.cleaned_data["edition"] != latest.number
            if newer:
                # The form comes back for the newer edition, with everything else as it was typed.
                form = PublishForm({**request.POST.dict(), "edition": latest.number})
            else:
                try:
                    publish(latest, request.user, form.cleaned_data["note"], form.cleaned_data["minor"])
                except PublishingError as error:
                    form.add_error(None, str(error))
                else:
                    return self._done(request, subject, _("Edition %(n)s is live.") % {"n": latest.number})
        return self._step_page(
            request,
            subject,
            "publish.html",
            _("Publish"),
            form=form,
            edition=latest,
            newer=newer,
            live=Edition.objects.about(subject).live().first(),
            without_live_page=Address.objects.without_live_page(latest.page.references()),
            submitted=self._handed_over(subject),
            publish_warnings=self.publish_warnings(subject),
        )

    def publish_warnings(self, subject: Any) -> list[str]:
        """What a publisher should know is missing from the page, in sentences."""
        return []

    def _credit(self, subject: Any) -> str:
        """What readers may be told of editions that they have not seen: that one of them had a part in it."""
        editions = Edition.objects.about(subject)
        live = editions.live().first()
        unseen = editions.filter(number__gt=live.number if live else 0)
        return str(READER_SUGGESTION_NOTE) if unseen.filter(note=str(READER_SUGGESTION_NOTE)).exists() else ""

    def _handed_over(self, subject: Any) -> Event | None:
        """The last handing over, with its note, where nothing was published since."""
        steps = Event.objects.filter(kind=subject.KIND, subject_id=subject.pk, verb__in=Event.WORKFLOW)
        last = steps.order_by("-pk").first()
        return last if last and last.verb == Event.Verb.SUBMITTED else None

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "publish")
        form = WithdrawForm(request.POST or None, subject=subject)
        if request.method == "POST" and form.is_valid():
            try:
                withdraw(subject, request.user, form.cleaned_data["reason"], form.cleaned_data["successor"])
            except PublishingError as error:
                form.add_error(None, str(error))
            else:
                return self._done(request, subject, _("Withdrawn. Readers no longer see the page."))
        live = Edition.objects.about(subject).live().first()
        mentions = Edition.objects.mentioning(self.model, subject.pk).order_by("sort_key")
        return self._step_page(
            request, subject, "withdraw.html", _("Withdraw"), form=form, live=live, mentions=mentions
        )

    def trash_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "delete")
        live = Edition.objects.about(subject).live().first()
        if live and not may(request.user, "publish", self.model):
            raise PermissionDenied(_("Only a publisher may delete what is live."))
        form = TrashForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            trash(subject, request.user, form.cleaned_data["reason"])
            return self._done(request, subject, _("Moved to the trash. Restore it whenever you like."))
        mentions = Edition.objects.mentioning(self.model, subject.pk).order_by("sort_key")
        return self._step_page(request, subject, "trash.html", _("Delete"), form=form, live=live, mentions=mentions)

    def untrash_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "delete")
        if request.method == "POST":
            untrash(subject, request.user)
            return self._done(
                request, subject, _("Restored from the trash. Nothing of it is live until it is published.")
            )
        return self._step_page(request, subject, "untrash.html", _("Restore from the trash"), form=forms.Form())
