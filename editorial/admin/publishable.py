"""The list and the change form that every kind of page shares."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from js_asset import Media

from accounts.requests import signed_in_user
from editorial.admin.bulk import BulkAdmin
from editorial.admin.history import HistoryAdmin
from editorial.admin.workflow import AdminSubject
from editorial.conflicts import ConflictMerge, FormSnapshot
from editorial.forms import ChildRowFormSet, PublishableForm
from editorial.seen import SAVE_ERROR, SEEN_FIELD, SeenAdmin, stale_message
from editorial.waiting import WaitingFilter, waiting_work
from publishing.models import Edition, Publishable, State
from publishing.verbs import compose_page, lock, may, newest_number, save_editions

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


CONFLICT = "conflict"
"""The attribute of a request with what had to be merged."""


class ListedSubject(Protocol):
    """A subject with the annotations that `with_state` adds."""

    changed_at: datetime | None
    changed_by: str | None


class PublishableStateFilter(admin.SimpleListFilter):
    """Filters by state. Subjects in the trash are listed only if that state is chosen."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Iterable[tuple[str, "StrOrPromise"]]:
        return State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in State.values:
            return queryset.filter(state=self.value())
        return queryset.filter(trashed_at=None)


class OriginFilter(admin.SimpleListFilter):
    """Filters by who saved the newest edition: a person, any import, any job, or the one that a link names."""

    title = gettext_lazy("origin of the last edition")
    parameter_name = "origin"
    PERSON = "person"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name, "")
        linked = [(chosen, chosen)] if ":" in chosen else []
        return [(self.PERSON, _("A person")), ("import", _("An import")), ("job", _("A job")), *linked]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> QuerySet[Publishable]:
        if not (chosen := self.value()):
            return queryset
        newest = Edition.objects.of(queryset.model).newest().filter(subject_id=models.OuterRef("pk"))
        matching = newest.filter(origin="") if chosen == self.PERSON else newest.from_origin(chosen)
        return queryset.filter(models.Exists(matching))


class PublishableAdmin(SeenAdmin, BulkAdmin, HistoryAdmin[AdminSubject]):
    """The admin of a kind of page. Every save makes an edition, and every step of the workflow has a page."""

    form = PublishableForm
    change_form_template = "editorial/change_form.html"
    list_per_page = 50
    show_full_result_count = False
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    class Media:
        js = ["admin.js"]

    # The list

    def get_queryset(self, request: HttpRequest) -> Any:  # a queryset of the class of the model
        queryset: Any = super().get_queryset(request)
        counts = {work.annotation: work.count() for work in waiting_work(self.model)}
        return queryset.with_state().annotate(**counts)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Returns the columns, with one for waiting rows if the list is filtered by them."""
        chosen = request.GET.get(WaitingFilter.parameter_name)
        waiting = [work.column_of_list() for work in waiting_work(self.model) if work.name == chosen]
        return [*self.list_display[:1], *waiting, *self.list_display[1:]]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        waiting = [WaitingFilter] if waiting_work(self.model) else []
        return [PublishableStateFilter, *waiting, *super().get_list_filter(request), OriginFilter]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AdminSubject], search_term: str
    ) -> tuple[QuerySet[AdminSubject], bool]:
        if "field_name" in request.GET:  # an autocomplete, which must not offer subjects in the trash
            queryset = queryset.filter(trashed_at=None)
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=gettext_lazy("State"))
    def state(self, subject: Any) -> str:
        return str(State(subject.state).label)

    @admin.display(description=gettext_lazy("Last change"), ordering="changed_at")
    def last_changed(self, subject: ListedSubject) -> datetime | None:
        return subject.changed_at

    @admin.display(description=gettext_lazy("Changed by"), ordering="changed_by")
    def last_changed_by(self, subject: ListedSubject) -> str:
        return subject.changed_by or ""

    # The trash replaces Django's delete button and action.

    def has_delete_permission(self, request: HttpRequest, obj: AdminSubject | None = None) -> bool:
        return False

    # The change form

    def before_save(self, request: HttpRequest, row: models.Model) -> None:
        """Locks the subject. If it is newer than the posted form, replaces the posted form by one that is merged.

        The merged form is invalid, so that it comes back unsaved and the editor can check it.
        """
        subject = lock(self.model, row.pk)
        if FormSnapshot.of_post(request.POST.get(SEEN_FIELD, "")).version == subject.version:
            return
        form = self.get_form(request, subject, change=True)(request.POST, request.FILES, instance=subject)
        formsets: list[ChildRowFormSet] = []
        for formset_class, inline in self.get_formsets_with_inlines(request, subject):
            prefix = formset_class.get_default_prefix()
            options = self.get_formset_kwargs(request, subject, inline, prefix)
            del options["save_as_new"]
            options["data"][f"{prefix}-INITIAL_FORMS"] = 0  # every posted row counts as new: its saved row may be gone
            formsets.append(formset_class(**options))
        merge = ConflictMerge(request.POST, subject, form, formsets)
        setattr(request, CONFLICT, merge)
        setattr(request, SAVE_ERROR, stale_message())
        request.POST = merge.data  # type: ignore[assignment] # Django's form view reads it from here

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,  # a subject from `get_queryset`, with its state
    ) -> HttpResponse:
        if obj is not None:
            newest = obj.newest_number or 0
            formsets = [inline.formset for inline in context["inline_admin_formsets"]]
            shown = FormSnapshot.of(obj, newest, context["adminform"].form, formsets)
            context["seen"] = shown.model_dump_json()
            context["state_label"] = self.state(obj)
            context["live"] = live = Edition.objects.about(obj).live().defer("content").first()
            context["newest"] = newest
            context["was_live"] = self._previously_live(obj, live) is not None
            context["waiting_notes"] = self._waiting_notes(obj)
            context["mentions"] = Edition.objects.mentioning(self.model, obj.pk).count()
        context["conflict"] = getattr(request, CONFLICT, None)
        context["may_publish"] = may(request.user, "publish", self.model)
        context["may_trash"] = may(request.user, "delete", self.model)
        # The prose editor's import map is an inline script, which needs the nonce of the page.
        nonce = str(request.csp_nonce)  # type: ignore[attr-defined] # CSPMiddleware sets it
        context["media"] = Media.from_media(context["media"], nonce=nonce)
        response = super().render_change_form(request, context, add, change, form_url, obj)
        if getattr(request, SAVE_ERROR, ""):
            response.status_code = 409
        return response

    def _waiting_notes(self, subject: Publishable) -> list[str]:
        notes = [work.note(subject, getattr(subject, work.annotation)) for work in waiting_work(self.model)]
        return [note for note in notes if note]

    def save_model(self, request: HttpRequest, obj: AdminSubject, form: forms.ModelForm, change: bool) -> None:
        if not change or form.changed_data:
            super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: forms.ModelForm, formsets: Sequence[ChildRowFormSet], change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        # Also where nothing was typed: rows that were written outside of the admin get their edition by this save.
        page = compose_page(form.instance.compose)
        is_changed = form.has_changed() or any(formset.has_changed() for formset in formsets)
        save_editions([(form.instance, page)], by=signed_in_user(request), is_draft_changed=is_changed)

    def response_add(
        self, request: HttpRequest, obj: AdminSubject, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._next_step(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: AdminSubject) -> HttpResponse:
        return self._next_step(request, obj) or super().response_change(request, obj)

    def _next_step(self, request: HttpRequest, subject: Publishable) -> HttpResponseRedirect | None:
        """Returns a redirect to the page of the next step, if the button of one was pressed."""
        for step in ["preview", "submit", "publish"]:
            if f"_{step}" in request.POST:
                arguments = [subject.pk, newest_number(subject)] if step == "preview" else [subject.pk]
                return redirect(self.url_name(step), *arguments)
        return None
