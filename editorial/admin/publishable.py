"""The list and the change form of everything publishable."""

from typing import Any

from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from js_asset import Media

from editorial.admin.bulk import BulkAdmin
from editorial.admin.history import HistoryAdmin
from editorial.forms import PublishableForm
from editorial.guard import SNAPSHOT_FIELD, ConflictMerge, FormSnapshot, SavedState
from editorial.waiting import WaitingFilter, waiting_work
from publishing.models import Edition, State
from publishing.verbs import PageRefused, latest_number, lock, may, save_edition


class PublishableStateFilter(admin.SimpleListFilter):
    """By state; what is in the trash shows only when asked for."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return State.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in State.values:
            return queryset.filter(state=self.value())
        return queryset.filter(trashed_at=None)


class OriginFilter(admin.SimpleListFilter):
    """By what brought the words that were saved last: a person, all imports, or the one import that a link names."""

    title = gettext_lazy("last saved by")
    parameter_name = "origin"
    PERSON = "person"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        chosen = request.GET.get(self.parameter_name, "")
        one = [(chosen, chosen)] if ":" in chosen else []
        return [(self.PERSON, _("A person")), ("import", _("An import")), ("job", _("A job")), *one]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not (chosen := self.value()):
            return queryset
        newest = Edition.objects.of(queryset.model).newest().filter(subject_id=models.OuterRef("pk"))
        own = newest.filter(origin="") if chosen == self.PERSON else newest.from_origin(chosen)
        return queryset.filter(models.Exists(own))


class PublishableAdmin(BulkAdmin, HistoryAdmin):
    """Keeps an edition with every save; previews, hands over, publishes, withdraws and bins.

    A subclass says which function renders its public page: `render_page(request, edition, preview=Preview(…))`.
    """

    form = PublishableForm
    change_form_template = "editorial/change_form.html"
    list_per_page = 50
    show_full_result_count = False
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    class Media:
        js = ["admin.js"]

    # The list

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset: Any = super().get_queryset(request)
        counts = {work.annotation: work.count() for work in waiting_work(self.model)}
        return queryset.with_state().annotate(**counts)

    def get_list_display(self, request: HttpRequest) -> Any:
        """With a column of what waits, where the list is filtered by it."""
        chosen = request.GET.get(WaitingFilter.parameter_name)
        waiting = [work.column_of_list() for work in waiting_work(self.model) if work.name == chosen]
        return [*self.list_display[:1], *waiting, *self.list_display[1:]]

    def get_list_filter(self, request: HttpRequest) -> Any:
        waiting = [WaitingFilter] if waiting_work(self.model) else []
        return [PublishableStateFilter, *waiting, *super().get_list_filter(request), OriginFilter]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        if "field_name" in request.GET:  # an autocomplete: nobody chooses what is in the trash
            queryset = queryset.filter(trashed_at=None)
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

    # Nothing is deleted: the trash takes the place of Django's delete button and action.

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # The change form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.save_error = getattr(request, "save_error", "")
        return form

    def changeform_view(
        self, request: Any, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            if object_id is not None:
                self._reject_if_outdated(request, object_id)
            try:
                with transaction.atomic():
                    return super().changeform_view(request, object_id, form_url, extra_context)
            except PageRefused as error:
                request.save_error = str(error)
                return super().changeform_view(request, object_id, form_url, extra_context)

    def _reject_if_outdated(self, request: Any, object_id: str) -> None:
        """Locks the row; where it is newer than the posted form, lets the form come back merged and unsaved."""
        subject = self.get_object(request, object_id)
        if subject is None or not self.has_change_permission(request, subject):
            return
        subject = lock(self.model, subject.pk)
        if FormSnapshot.of(request.POST).version == subject.version:
            return
        merge = ConflictMerge(request.POST, self._saved(request, subject))
        request.conflict = merge.conflict_report()
        request.save_error = _("Not saved yet: look over what was saved meanwhile, then save again.")
        request.POST = merge.data

    def _saved(self, request: HttpRequest, subject: Any) -> SavedState:
        """The subject's change form as it would be shown afresh, whatever was posted."""
        form = self.get_form(request, subject, change=True)(instance=subject)
        formsets = []
        for formset_class, inline in self.get_formsets_with_inlines(request, subject):
            prefix = formset_class.get_default_prefix()
            options = self.get_formset_kwargs(request, subject, inline, prefix)
            unbound = {name: options[name] for name in options if name not in {"data", "files", "save_as_new"}}
            formsets.append(formset_class(**unbound))
        return SavedState(subject, form, formsets)

    def render_change_form(
        self, request: Any, context: Any, add: bool = False, change: bool = False, form_url: str = "", obj: Any = None
    ) -> Any:
        if obj is not None:
            posted = request.POST.get(SNAPSHOT_FIELD)
            context["snapshot"] = posted if posted is not None else self._saved(request, obj).snapshot()
            context["state_label"] = State(obj.state).label
            context["live"] = Edition.objects.about(obj).live().first()
            context["latest"] = latest_number(obj)
            context["was_live"] = self._previous(obj) is not None
            context["waiting_notes"] = self._waiting_notes(obj)
            context["mentions"] = Edition.objects.mentioning(self.model, obj.pk).count()
        context["conflict"] = getattr(request, "conflict", None)
        context["may_publish"] = may(request.user, "publish", self.model)
        context["may_trash"] = may(request.user, "delete", self.model)
        # The prose editor's import map is an inline script and needs the page's nonce.
        context["media"] = Media.from_media(context["media"], nonce=str(request.csp_nonce))
        response = super().render_change_form(request, context, add, change, form_url, obj)
        if getattr(request, "save_error", ""):
            response.status_code = 409
        return response

    def _waiting_notes(self, subject: Any) -> list[str]:
        notes = [work.note(subject, getattr(subject, work.annotation)) for work in waiting_work(self.model)]
        return [note for note in notes if note]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change or form.changed_data:
            super().save_model(request, obj, form, change)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            author = request.user.get_full_name() or request.user.get_username()
            type(form.instance)._base_manager.filter(pk=form.instance.pk).update(saved_by=author)
        save_edition(form.instance, by=request.user)

    def response_add(self, request: Any, obj: Any, post_url_continue: Any = None) -> Any:
        return self._next_step(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: Any, obj: Any) -> Any:
        return self._next_step(request, obj) or super().response_change(request, obj)

    def _next_step(self, request: HttpRequest, subject: Any) -> HttpResponseRedirect | None:
        for step in ["preview", "submit", "publish"]:
            if f"_{step}" in request.POST:
                arguments = [subject.pk, latest_number(subject)] if step == "preview" else [subject.pk]
                return redirect(self.url_name(step), *arguments)
        return None
