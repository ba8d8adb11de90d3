"""The list and the change form that every kind of page shares."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django import forms
from django.contrib import admin
from django.db import models, transaction
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
from editorial.conflicts import SNAPSHOT_FIELD, ConflictMerge, FormSnapshot, SavedState
from editorial.forms import ChildRowFormSet, PublishableForm
from editorial.waiting import WaitingFilter, waiting_work
from publishing.models import Edition, Publishable, State
from publishing.verbs import PageRefused, compose_page, lock, may, newest_number, save_editions

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


# The attributes of a request with which `_reject_if_outdated` tells the form what happened.
SAVE_ERROR = "save_error"
CONFLICT = "conflict"


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
        return [(self.PERSON, _("A person")), ("import", _("An import")), *linked]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Publishable]) -> QuerySet[Publishable]:
        if not (chosen := self.value()):
            return queryset
        newest = Edition.objects.of(queryset.model).newest().filter(subject_id=models.OuterRef("pk"))
        matching = newest.filter(origin="") if chosen == self.PERSON else newest.from_origin(chosen)
        return queryset.filter(models.Exists(matching))


class PublishableAdmin(BulkAdmin, HistoryAdmin[AdminSubject]):
    """The admin of a kind of page. Every save makes an edition, and every step of the workflow has a page.

    A subclass sets the function that renders its public page: `render_page(request, edition, preview=Preview(…))`.
    """

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

    def get_form(
        self, request: HttpRequest, obj: Publishable | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change, **kwargs)
        if issubclass(form, PublishableForm):
            form.save_error = getattr(request, SAVE_ERROR, "")
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            if object_id is not None:
                self._reject_if_outdated(request, object_id)
            try:
                with transaction.atomic():
                    return super().changeform_view(request, object_id, form_url, extra_context)
            except PageRefused as error:
                setattr(request, SAVE_ERROR, str(error))
                return super().changeform_view(request, object_id, form_url, extra_context)

    def _reject_if_outdated(self, request: HttpRequest, object_id: str) -> None:
        """Locks the subject. If it is newer than the posted form, replaces the posted form by one that is merged.

        The merged form is invalid, so that it comes back unsaved and the editor can check it.
        """
        subject = self.get_object(request, object_id)
        if subject is None or not self.has_change_permission(request, subject):
            return
        subject = lock(self.model, subject.pk)
        if FormSnapshot.of(request.POST).version == subject.version:
            return
        merge = ConflictMerge(request.POST, self._saved(request, subject))
        setattr(request, CONFLICT, merge.conflict_report())
        setattr(request, SAVE_ERROR, _("Not saved yet. Check what the other person saved, then save again."))
        request.POST = merge.data  # type: ignore[assignment] # Django's form view reads it from here

    def _saved(self, request: HttpRequest, subject: Publishable) -> SavedState:
        """Returns the saved values of the subject's change form, without what was posted."""
        form = self.get_form(request, subject, change=True)(instance=subject)
        formsets: list[ChildRowFormSet] = []
        for formset_class, inline in self.get_formsets_with_inlines(request, subject):
            prefix = formset_class.get_default_prefix()
            options = self.get_formset_kwargs(request, subject, inline, prefix)
            unbound = {name: options[name] for name in options if name not in {"data", "files", "save_as_new"}}
            formsets.append(formset_class(**unbound))
        return SavedState(subject, form, formsets)

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
            posted = request.POST.get(SNAPSHOT_FIELD)
            context["snapshot"] = posted if posted is not None else self._saved(request, obj).snapshot()
            context["state_label"] = self.state(obj)
            context["live"] = Edition.objects.about(obj).live().first()
            context["newest"] = newest_number(obj)
            context["was_live"] = self._previously_live(obj) is not None
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
        is_changed = form.has_changed() or any(formset.has_changed() for formset in formsets)
        if is_changed or not newest_number(form.instance):
            page = compose_page(form.instance.compose)
            save_editions([(form.instance, page)], by=signed_in_user(request))

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
