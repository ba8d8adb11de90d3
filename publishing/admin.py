"""The admin of everything publishable: the way from the working copy to the public, written once."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from js_asset import Media

from publishing.editions import (
    PageRefused,
    PublishingError,
    bin_subject,
    hand_over,
    keep,
    latest_number,
    lock,
    may,
    publish,
    unbin_subject,
    withdraw,
)
from publishing.forms import BinForm, PublishableForm, PublishForm, ReadyForm, WithdrawForm
from publishing.guard import OPENED, Merge, Opened, Saved
from publishing.models import Address, Edition, Event, State
from publishing.views import Preview


def only_posts_in_a_transaction(view: Callable[..., Any]) -> Callable[..., Any]:
    """Looking at a page takes no lock; on SQLite a transaction would keep every writer waiting."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return inner


class StateFilter(admin.SimpleListFilter):
    """By state; what is in the bin shows only when asked for."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return State.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in State.values:
            return queryset.filter(state=self.value())
        return queryset.filter(binned_at=None)


class PublishableAdmin(admin.ModelAdmin):
    """Keeps an edition with every save; previews, hands over, publishes, withdraws and bins.

    A subclass says which function renders its public page: `render_page(request, edition, preview=Preview(…))`.
    """

    form = PublishableForm
    change_form_template = "publishing/change_form.html"
    list_per_page = 50
    show_full_result_count = False
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    render_page: Callable[..., HttpResponse]

    class Media:
        js = ["admin.js"]

    # The list

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset: Any = super().get_queryset(request)
        return queryset.with_state()

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [StateFilter, *super().get_list_filter(request)]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        if "field_name" in request.GET:  # an autocomplete: nobody chooses what is in the bin
            queryset = queryset.filter(binned_at=None)
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=gettext_lazy("State"))
    def state(self, subject: Any) -> str:
        return str(State(subject.state).label)

    @admin.display(description=gettext_lazy("Last change"), ordering="changed_at")
    def last_changed(self, subject: Any) -> Any:
        return subject.changed_at

    @admin.display(description=gettext_lazy("by"), ordering="changed_by")
    def last_changed_by(self, subject: Any) -> str:
        return subject.changed_by or ""

    # Nothing is deleted: the bin takes the place of Django's delete button and action.

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # The change form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", "")
        return form

    def changeform_view(
        self, request: Any, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            if object_id is not None:
                self._turn_back_if_outdated(request, object_id)
            try:
                with transaction.atomic():
                    return super().changeform_view(request, object_id, form_url, extra_context)
            except PageRefused as error:
                request.refusal = str(error)
                return super().changeform_view(request, object_id, form_url, extra_context)

    def _turn_back_if_outdated(self, request: Any, object_id: str) -> None:
        """Locks the row; where it is newer than the posted form, lets the form come back merged and unsaved."""
        subject = self.get_object(request, object_id)
        if subject is None or not self.has_change_permission(request, subject):
            return
        subject = lock(self.model, subject.pk)
        if Opened.of(request.POST).version == subject.version:
            return
        merge = Merge(request.POST, self._saved(request, subject))
        request.returned = merge.returned()
        request.refusal = _("Not saved yet: look over what was saved meanwhile, then save again.")
        request.POST = merge.data

    def _saved(self, request: HttpRequest, subject: Any) -> Saved:
        """The subject's change form as it would be shown afresh, whatever was posted."""
        form = self.get_form(request, subject, change=True)(instance=subject)
        formsets = []
        for formset_class, inline in self.get_formsets_with_inlines(request, subject):
            prefix = formset_class.get_default_prefix()
            options = self.get_formset_kwargs(request, subject, inline, prefix)
            unbound = {name: options[name] for name in options if name not in {"data", "files", "save_as_new"}}
            formsets.append(formset_class(**unbound))
        return Saved(subject, form, formsets)

    def render_change_form(
        self, request: Any, context: Any, add: bool = False, change: bool = False, form_url: str = "", obj: Any = None
    ) -> Any:
        if obj is not None:
            posted = request.POST.get(OPENED)
            context["opened"] = posted if posted is not None else self._saved(request, obj).opened()
            context["state_label"] = State(obj.state).label
            context["live"] = Edition.objects.about(obj).live().first()
            context["latest"] = latest_number(obj)
            context["mentions"] = Edition.objects.mentioning(self.model, obj.pk).count()
        context["returned"] = getattr(request, "returned", None)
        context["may_publish"] = may(request.user, "publish", self.model)
        context["may_bin"] = may(request.user, "delete", self.model)
        # The prose editor's import map is an inline script and needs the page's nonce.
        context["media"] = Media.from_media(context["media"], nonce=str(request.csp_nonce))
        response = super().render_change_form(request, context, add, change, form_url, obj)
        if getattr(request, "refusal", ""):
            response.status_code = 409
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change or form.changed_data:
            super().save_model(request, obj, form, change)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            author = request.user.get_full_name() or request.user.get_username()
            type(form.instance)._base_manager.filter(pk=form.instance.pk).update(saved_by=author)
        keep(form.instance, by=request.user)

    def response_add(self, request: Any, obj: Any, post_url_continue: Any = None) -> Any:
        return self._next_step(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: Any, obj: Any) -> Any:
        return self._next_step(request, obj) or super().response_change(request, obj)

    def _next_step(self, request: HttpRequest, subject: Any) -> HttpResponseRedirect | None:
        for step in ["preview", "ready", "publish"]:
            if f"_{step}" in request.POST:
                arguments = [subject.pk, latest_number(subject)] if step == "preview" else [subject.pk]
                return redirect(self.url_name(step), *arguments)
        return None

    # The way to the public

    def url_name(self, step: str, namespace: str = "admin:") -> str:
        return f"{namespace}{self.opts.app_label}_{self.opts.model_name}_{step}"

    def get_urls(self) -> list[Any]:
        def step(name: str, view: Any, route: str = "") -> Any:
            pattern = f"<path:object_id>/{route or name}/"
            return path(pattern, self.admin_site.admin_view(view), name=self.url_name(name, namespace=""))

        steps = [
            step("preview", require_safe(self.preview_view), "preview/<int:number>"),
            step("ready", self.ready_view),
            step("publish", self.publish_view),
            step("withdraw", self.withdraw_view),
            step("bin", self.bin_view),
            step("unbin", self.unbin_view),
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
        return TemplateResponse(request, f"publishing/{template}", context)

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
        return Edition.objects.about(subject).order_by("-number").first() or keep(subject, by=request.user)

    def ready_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "change")
        latest = self._latest(request, subject)
        form = ReadyForm(request.POST or None, initial={"edition": latest.number})
        if request.method == "POST" and form.is_valid():
            edition = get_object_or_404(Edition.objects.about(subject), number=form.cleaned_data["edition"])
            try:
                hand_over(edition, by=request.user, note=form.cleaned_data["note"])
            except PublishingError as error:
                form = ReadyForm({**request.POST.dict(), "edition": latest.number})
                form.add_error(None, str(error))
            else:
                return self._done(request, subject, _("Handed over. The publishers see it as ready to publish."))
        return self._step_page(request, subject, "ready.html", _("Ready to publish"), form=form, edition=latest)

    @method_decorator(only_posts_in_a_transaction)
    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "publish")
        if request.method == "POST":
            subject = lock(self.model, subject.pk)
        latest = self._latest(request, subject)
        form = PublishForm(request.POST or None, initial={"edition": latest.number})
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
            not_live=Address.objects.not_live(latest.page.references()),
            handed_over=self._handed_over(subject),
            gaps=self.gaps(subject),
        )

    def gaps(self, subject: Any) -> list[str]:
        """What a publisher should know is missing from the page, in sentences."""
        return []

    def _handed_over(self, subject: Any) -> Event | None:
        """The last handing over, with its note, where nothing was published since."""
        steps = Event.objects.filter(kind=subject.KIND, subject_id=subject.pk, verb__in=Event.STEPS)
        last = steps.order_by("-pk").first()
        return last if last and last.verb == Event.Verb.HANDED_OVER else None

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

    def bin_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "delete")
        live = Edition.objects.about(subject).live().first()
        if live and not may(request.user, "publish", self.model):
            raise PermissionDenied(_("Only a publisher may bin what is live."))
        form = BinForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            bin_subject(subject, request.user, form.cleaned_data["reason"])
            return self._done(request, subject, _("Moved to the bin. Take it out again whenever you like."))
        mentions = Edition.objects.mentioning(self.model, subject.pk).order_by("sort_key")
        return self._step_page(
            request, subject, "bin.html", _("Move to the bin"), form=form, live=live, mentions=mentions
        )

    def unbin_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id, "delete")
        if request.method == "POST":
            unbin_subject(subject, request.user)
            return self._done(request, subject, _("Taken out of the bin. Nothing of it is live until it is published."))
        return self._step_page(request, subject, "unbin.html", _("Take out of the bin"), form=forms.Form())

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        subject = self._subject(request, object_id, "view")
        editions = Edition.objects.about(subject).defer("content")
        events = Event.objects.filter(kind=subject.KIND, subject_id=subject.pk).select_related("edition")
        records: list[Any] = [*editions, *events]
        records = sorted(records, key=lambda record: record.at, reverse=True)
        return self._step_page(request, subject, "history.html", _("History"), records=records)
