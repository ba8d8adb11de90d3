"""The list of suggestions, and their panel on the first page of the admin."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import ngettext_lazy as n_lazy

from accounts.models import AnyUser, User
from accounts.requests import signed_in_user
from editorial.admin.workflow import change_url
from editorial.dashboard import MAX_ENTRIES, Panel, PanelCount, PanelEntry, register_panel
from publishing.verbs import PublishingError
from suggestions.admin.workflow import SuggestionWorkflow
from suggestions.decisions import decline_suggestion, mark_as_spam, put_back, take
from suggestions.models import Suggestion, SuggestionQuerySet

CHANGELIST = "admin:suggestions_suggestion_changelist"


class SuggestionStateFilter(admin.SimpleListFilter):
    """A filter that shows the open suggestions, unless another state is chosen."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        states = [(state.value, str(state.label)) for state in Suggestion.State]
        return [("open", _("new and in progress")), *states, ("all", _("All"))]

    def choices(
        self, changelist: ChangeList
    ) -> Iterator[Any]:  # The stubs of Django have a private type for the items.
        for value, title in self.lookup_choices:
            yield {
                "selected": value == (self.value() or "open"),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Suggestion]) -> QuerySet[Suggestion]:
        if self.value() == "all":
            return queryset
        is_state = self.value() in Suggestion.State.values
        return queryset.filter(state__in=[self.value()] if is_state else Suggestion.OPEN)


@admin.register(Suggestion)
class SuggestionAdmin(SuggestionWorkflow):
    list_display = ["what", "kind", "state", "age", "handler_name"]
    list_filter = [SuggestionStateFilter, "kind", "about_kind"]
    search_fields = ["about_title", "question", "message", "proposed_words", "email", "handler_name"]
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = ["take_many", "decline_many", "mark_many_as_spam", "put_many_back"]

    def get_ordering(self, request: HttpRequest) -> list[str | Combinable]:
        """Lists open suggestions from the oldest, and decided ones from the newest."""
        decided = {*Suggestion.State.values, "all"} - {*Suggestion.OPEN}
        return ["-at", "-pk"] if request.GET.get("state") in decided else ["at", "pk"]

    @admin.display(description=gettext_lazy("about"), ordering="about_title")
    def what(self, suggestion: Suggestion) -> str:
        return " – ".join(filter(None, [suggestion.about_title or _("The site"), suggestion.question]))

    @admin.display(description=gettext_lazy("sent"), ordering="at")
    def age(self, suggestion: Suggestion) -> str:
        return _("%(time)s ago") % {"time": timesince(suggestion.at, depth=1)}

    @admin.action(permissions=["change"], description=gettext_lazy("Assign to me"))
    def take_many(self, request: HttpRequest, queryset: SuggestionQuerySet) -> None:
        message = n_lazy("%(n)s is assigned to you now.", "%(n)s are assigned to you now.", "n")
        self._many(request, queryset, take, message)

    @admin.action(permissions=["change"], description=gettext_lazy("Decline"))
    def decline_many(self, request: HttpRequest, queryset: SuggestionQuerySet) -> None:
        message = n_lazy("%(n)s was declined.", "%(n)s were declined.", "n")
        self._many(request, queryset, decline_suggestion, message)

    @admin.action(permissions=["change"], description=gettext_lazy("Mark as spam"))
    def mark_many_as_spam(self, request: HttpRequest, queryset: SuggestionQuerySet) -> None:
        message = n_lazy("%(n)s was marked as spam.", "%(n)s were marked as spam.", "n")
        self._many(request, queryset, mark_as_spam, message)

    @admin.action(permissions=["change"], description=gettext_lazy("Back to the inbox (not spam)"))
    def put_many_back(self, request: HttpRequest, queryset: SuggestionQuerySet) -> None:
        message = n_lazy("%(n)s is back in the inbox.", "%(n)s are back in the inbox.", "n")
        self._many(request, queryset, put_back, message)

    def _many(
        self,
        request: HttpRequest,
        queryset: SuggestionQuerySet,
        step: Callable[[Suggestion, User], None],
        message: Promise,
    ) -> None:
        """Takes a step for each of the chosen suggestions, and names those for which it is refused."""
        editor, done = signed_in_user(request), 0
        for suggestion in queryset:
            try:
                step(suggestion, editor)
                done += 1
            except PublishingError as error:
                self.message_user(request, f"{suggestion}: {error}", messages.WARNING)
        self.message_user(request, message % {"n": done}, messages.SUCCESS)


@register_panel
def suggestions_panel(user: AnyUser) -> Panel | None:
    """Returns the panel of open suggestions, the oldest first; None for a user who may not see them."""
    if not (user.has_perm("suggestions.view_suggestion") or user.has_perm("suggestions.change_suggestion")):
        return None
    found = Suggestion.objects.open()
    counts = dict(found.order_by().values_list("state").annotate(Count("pk")))
    return Panel(
        "suggestions",
        _("Suggestions from readers"),
        _("All suggestions are decided."),
        [
            PanelEntry(
                kind=suggestion.get_kind_display(),
                title=suggestion.about_title or _("The site"),
                change_url=change_url(suggestion),
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
