"""The steps of the publishing workflow: preview, submit, publish, withdraw, delete and restore. Each is one page."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Generic, TypeVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import signed_in_user
from editorial.forms import PublishForm, SubmitForm, TrashForm, WithdrawForm, show_refusal
from editorial.seen import Shown, stale_message, token_of
from publishing.models import Address, Edition, Event, Publishable
from publishing.trash import trash, untrash
from publishing.verbs import READER_SUGGESTION_NOTE, may, publish_all, save_edition, submit, withdraw
from website.kind_pages import render_edition
from website.views import Preview

AdminSubject = TypeVar("AdminSubject", bound=Publishable)


def atomic_post(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Runs a view in a transaction if the request is a POST. On SQLite, a transaction blocks all other writers."""

    @wraps(view)
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return inner


def change_url(row: models.Model) -> str:
    """Returns the address of a row's change form."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


class StepAdmin(admin.ModelAdmin):
    """An admin in which each step of the work on one row has a page."""

    def url_name(self, step: str, namespace: str = "admin:") -> str:
        return f"{namespace}{self.opts.app_label}_{self.opts.model_name}_{step}"

    def _step_page(
        self, request: HttpRequest, row: models.Model, template: str, title: str | Promise, **context: Any
    ) -> TemplateResponse:
        """Renders the page of a step with a template of this app, unless it names another one.

        `context` has what only its template needs.
        """
        context = {
            "media": self.media,
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": title,
            "subtitle": str(row),
            "change_url": change_url(row),
            **context,
        }
        return TemplateResponse(request, template if "/" in template else f"editorial/{template}", context)

    def _done(self, request: HttpRequest, row: models.Model, message: str) -> HttpResponseRedirect:
        messages.success(request, message)
        return redirect(change_url(row))


class WorkflowAdmin(StepAdmin, Generic[AdminSubject]):
    """Adds the pages of the workflow."""

    def step(self, name: str, view: Callable[..., HttpResponse], route: str = "") -> URLPattern:
        """Returns the URL pattern of a step of one subject."""
        pattern = f"<path:object_id>/{route or name}/"
        return path(pattern, self.admin_site.admin_view(atomic_post(view)), name=self.url_name(name, namespace=""))

    def get_urls(self) -> list[URLPattern]:
        steps = [
            self.step("preview", require_safe(self.preview_view), "preview/<int:number>"),
            self.step("submit", self.submit_view),
            self.step("publish", self.publish_view),
            self.step("withdraw", self.withdraw_view),
            self.step("trash", self.trash_view),
            self.step("untrash", self.untrash_view),
        ]
        return steps + super().get_urls()

    def _subject(self, request: HttpRequest, object_id: str, action: str, *, has_lock: bool = True) -> AdminSubject:
        """Returns the subject of a step, locked where the step is taken. Raises Http404 or PermissionDenied."""
        must_lock = request.method == "POST" and has_lock
        rows = self.model._base_manager.select_for_update() if must_lock else self.get_queryset(request)
        subject = rows.filter(pk=object_id).first() if object_id.isdecimal() else None
        if subject is None:
            raise Http404
        if not may(request.user, action, self.model):
            raise PermissionDenied
        return subject

    def _seen(self, *editions: Edition | None) -> Shown:
        """Returns the token of a form that shows these editions, and in words what the newest of them is."""
        numbers = [edition.number if edition else 0 for edition in editions]
        newest = editions[0]
        now = _("edition %(number)s, by %(by)s") % {"number": newest.number, "by": newest.by_name} if newest else ""
        return Shown(token=token_of(numbers), now=now)

    def _edition(self, subject: Publishable, number: int) -> Edition:
        return get_object_or_404(Edition.objects.about(subject), number=number)

    def preview_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        subject = self._subject(request, object_id, "view")
        edition = self._edition(subject, number)
        preview = Preview(change_url=change_url(subject))
        if may(request.user, "publish", self.model) and not edition.is_live:
            publish_url = reverse(self.url_name("publish"), args=[subject.pk])
            preview = replace(preview, publish_url=f"{publish_url}?edition={edition.number}")
        response = render_edition(request, edition, preview=preview)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    def _newest(self, request: HttpRequest, subject: Publishable) -> Edition:
        """Returns the newest edition. Saves the first one of a subject that was written outside the admin."""
        newest = Edition.objects.about(subject).order_by("-number").first()
        return newest or save_edition(subject, by=signed_in_user(request))

    def submit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "change")
        newest = self._newest(request, subject)
        form = SubmitForm(request.POST or None, **self._seen(newest))
        if request.method == "POST" and form.is_valid():
            submit(newest, by=signed_in_user(request), note=form.cleaned_data["note"])
            return self._done(request, subject, _("Submitted. Publishers see it as ready to publish."))
        return self._step_page(request, subject, "submit.html", _("Submit"), form=form, edition=newest)

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "publish")
        found = Edition.objects.about(subject).filter(Q(is_newest=True) | Q(is_live=True))
        live = next((edition for edition in found if edition.is_live), None)
        newest = next((edition for edition in found if edition.is_newest), None) or self._newest(request, subject)
        seen = self._seen(newest, live)
        initial = {} if request.method == "POST" else {"note": self._suggested_note(subject, live)}
        form = PublishForm(request.POST or None, initial=initial, **seen)
        if request.method == "POST" and form.is_valid():
            with show_refusal(form):
                publish_all([newest], signed_in_user(request), form.cleaned_data["note"], form.cleaned_data["minor"])
                return self._done(request, subject, _("Edition %(n)s is live.") % {"n": newest.number})
        # The link in a preview names the edition that the publisher looked at.
        is_newer = request.method != "POST" and request.GET.get("edition", str(newest.number)) != str(newest.number)
        return self._step_page(
            request,
            subject,
            "publish.html",
            _("Publish"),
            form=form,
            edition=newest,
            stale=stale_message(seen["now"]) if is_newer else "",
            live=live,
            without_live_page=Address.objects.without_live_page(newest.page.references()),
            submitted=self._submission(subject),
            publish_warnings=self.publish_warnings(subject),
        )

    def publish_warnings(self, subject: AdminSubject) -> list[str]:
        """Returns what is missing from the page, in sentences for the publisher. Subclasses override it."""
        return []

    def _suggested_note(self, subject: Publishable, live: Edition | None) -> str:
        """Returns a note that credits a reader, if an unpublished edition follows a reader's suggestion; else ""."""
        unseen = Edition.objects.about(subject).filter(number__gt=live.number if live else 0)
        return str(READER_SUGGESTION_NOTE) if unseen.filter(note=str(READER_SUGGESTION_NOTE)).exists() else ""

    def _submission(self, subject: Publishable) -> Event | None:
        """Returns the last submission, or None if the subject was published or withdrawn since."""
        steps = Event.objects.filter(kind=subject.KIND, subject_id=subject.pk, verb__in=Event.WORKFLOW)
        last = steps.order_by("-pk").first()
        return last if last and last.verb == Event.Verb.SUBMITTED else None

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "publish")
        live = Edition.objects.about(subject).live().first()
        form = WithdrawForm(request.POST or None, subject=subject, **self._seen(live))
        if request.method == "POST" and form.is_valid():
            with show_refusal(form):
                withdraw(subject, signed_in_user(request), form.cleaned_data["reason"], form.cleaned_data["successor"])
                return self._done(request, subject, _("Withdrawn. Readers no longer see the page."))
        mentions = Edition.objects.mentioning(self.model, subject.pk).order_by("sort_key")
        return self._step_page(
            request, subject, "withdraw.html", _("Withdraw"), form=form, live=live, mentions=mentions
        )

    def trash_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "delete")
        live = Edition.objects.about(subject).live().first()
        if live and not may(request.user, "publish", self.model):
            raise PermissionDenied(_("This page is live. Only a publisher may delete it."))
        form = TrashForm(request.POST or None, **self._seen(live))
        if request.method == "POST" and form.is_valid():
            trash(subject, signed_in_user(request), form.cleaned_data["reason"])
            return self._done(request, subject, _("Moved to the trash. You can restore it at any time."))
        mentions = Edition.objects.mentioning(self.model, subject.pk).order_by("sort_key")
        return self._step_page(request, subject, "trash.html", _("Delete"), form=form, live=live, mentions=mentions)

    def untrash_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "delete")
        if request.method == "POST":
            untrash(subject, signed_in_user(request))
            return self._done(
                request, subject, _("Restored from the trash. Readers see it only after it is published.")
            )
        return self._step_page(request, subject, "untrash.html", _("Restore from the trash"), form=forms.Form())
