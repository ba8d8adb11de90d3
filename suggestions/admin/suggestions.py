"""The list of suggestions, and what waits on the admin's first page."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import ngettext_lazy as n_lazy

from editorial.dashboard import MAX_ENTRIES, Panel, PanelCount, PanelEntry, register_panel
from publishing.verbs import PublishingError
from suggestions.admin.workflow import SuggestionWorkflow
from suggestions.decisions import decline_suggestion, mark_as_spam, put_back, take
from suggestions.models import Suggestion

CHANGELIST = "admin:suggestions_suggestion_changelist"


class SuggestionStateFilter(admin.SimpleListFilter):
    """What waits for an editor, unless another state is chosen."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return [("open", _("new and in work")), *Suggestion.State.choices, ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        for value, title in self.lookup_choices:
            yield {
                "selected": value == (self.value() or "open"),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value()) if self.value() in Suggestion.State.values else queryset.open()


@admin.register(Suggestion)
class SuggestionAdmin(SuggestionWorkflow):
    list_display = ["what", "kind", "state", "age", "handler_name"]
    list_filter = [SuggestionStateFilter, "kind", "about_kind"]
    search_fields = ["about_title", "question", "message", "proposed_words", "email", "handler_name"]
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = ["take_many", "decline_many", "mark_many_as_spam", "put_many_back"]

    def get_ordering(self, request: HttpRequest) -> Any:
        """What waits longest stands first; of what is decided, the latest."""
        decided = {*Suggestion.State.values, "all"} - {*Suggestion.OPEN}
        return ["-at", "-pk"] if request.GET.get("state") in decided else ["at", "pk"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"title": _("Suggestions from readers"), **(extra_context or {})})

    @admin.display(description=gettext_lazy("about"), ordering="about_title")
    def what(self, suggestion: Suggestion) -> str:
        return " – ".join(filter(None, [suggestion.about_title or _("The site"), suggestion.question]))

    @admin.display(description=gettext_lazy("sent"), ordering="at")
    def age(self, suggestion: Suggestion) -> str:
        return _("%(time)s ago") % {"time": timesince(suggestion.at, depth=1)}

    @admin.action(permissions=["change"], description=gettext_lazy("Take"))
    def take_many(self, request: HttpRequest, queryset: Any) -> None:
        self._many(request, queryset, take, n_lazy("%(n)s is yours now.", "%(n)s are yours now.", "n"))

    @admin.action(permissions=["change"], description=gettext_lazy("Decline"))
    def decline_many(self, request: HttpRequest, queryset: Any) -> None:
        self._many(request, queryset, decline_suggestion, n_lazy("%(n)s was declined.", "%(n)s were declined.", "n"))

    @admin.action(permissions=["change"], description=gettext_lazy("Mark as spam"))
    def mark_many_as_spam(self, request: HttpRequest, queryset: Any) -> None:
        self._many(request, queryset, mark_as_spam, n_lazy("%(n)s is spam now.", "%(n)s are spam now.", "n"))

    @admin.action(permissions=["change"], description=gettext_lazy("Back to the inbox (no spam)"))
    def put_many_back(self, request: HttpRequest, queryset: Any) -> None:
        self._many(request, queryset, put_back, n_lazy("%(n)s is in the inbox.", "%(n)s are in the inbox.", "n"))

    def _many(self, request: HttpRequest, queryset: Any, step: Callable[..., None], words: Any) -> None:
        done = 0
        for suggestion in queryset:
            try:
                step(suggestion, by=request.user)
                done += 1
            except PublishingError as error:
                self.message_user(request, f"{suggestion}: {error}", messages.WARNING)
        self.message_user(request, words % {"n": done}, messages.SUCCESS)


@register_panel
def waiting(user: Any) -> Panel | None:
    """What readers sent and nobody has decided; what waits longest stands first."""
    if not (user.has_perm("suggestions.view_suggestion") or user.has_perm("suggestions.change_suggestion")):
        return None
    found = Suggestion.objects.open()
    counts = dict(found.order_by().values_list("state").annotate(Count("pk")))
    return Panel(
        "suggestions",
        _("Suggestions from readers"),
        _("Nothing waits for an answer."),
        [
            PanelEntry(
                kind=suggestion.get_kind_display(),
                title=suggestion.about_title or _("The site"),
                change_url=reverse("admin:suggestions_suggestion_change", args=[suggestion.pk]),
                by="",
                at=suggestion.at,
                state=suggestion.handler_name,
            )
            for suggestion in (found.order_by("at", "pk")[:MAX_ENTRIES] if counts else ())
        ],
        [
            PanelCount(counts[state], str(state.label), f"{reverse(CHANGELIST)}?state={state}")
            for state in Suggestion.OPEN
            if state in counts
        ],
    )
