"""The pages about the past of a subject: its history, comparisons of editions, and steps that restore one."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _

from accounts.requests import signed_in_user
from editorial.admin.workflow import AdminSubject, WorkflowAdmin
from editorial.forms import PublishForm, ReasonForm, show_refusal
from publishing.comparison import Comparison
from publishing.models import Address, Edition, Event, Publishable
from publishing.restoring import hidden_comparisons, hide_comparison, restore, show_comparison
from publishing.verbs import may, newest_number, publish, redact


class HistoryAdmin(WorkflowAdmin[AdminSubject]):
    """Adds the pages to compare, restore and redact editions, and to publish the previous one again."""

    def get_urls(self) -> list[URLPattern]:
        steps = [
            self.step("compare", self.compare_view),
            self.step("restore", self.restore_view, "restore/<int:number>"),
            self.step("previous", self.previous_view),
            self.step("redact", self.redact_view, "redact/<int:number>"),
            self.step("comparison", self.comparison_view, "comparison/<int:number>"),
        ]
        return steps + super().get_urls()

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Shows all editions and events of a subject, the latest first."""
        subject = self._subject(request, object_id, "view")
        editions = list(Edition.objects.about(subject).defer("content"))
        events = Event.objects.filter(kind=subject.KIND, subject_id=subject.pk).select_related("edition")
        records: list[Edition | Event] = [*editions, *events.defer("edition__content")]
        records.sort(key=lambda record: record.at, reverse=True)
        published = {event.edition_id for event in events if event.verb == Event.Verb.PUBLISHED}
        return self._step_page(
            request,
            subject,
            "history.html",
            _("History"),
            records=records,
            numbers=sorted((edition.number for edition in editions), reverse=True),
            newest=newest_number(subject),
            live=next((edition for edition in editions if edition.is_live), None),
            hidden=hidden_comparisons(published),
            may_change=may(request.user, "change", self.model),
            may_publish=may(request.user, "publish", self.model),
        )

    def compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Compares two editions by number. Without numbers, compares the newest edition with the live one."""
        subject = self._subject(request, object_id, "view")
        editions = Edition.objects.about(subject)
        newest = editions.order_by("-number").first()
        if not newest:
            return self._step_page(request, subject, "compare.html", _("Compare"))
        earlier = editions.live().first() or editions.filter(number__lt=newest.number).order_by("-number").first()
        form = CompareForm(request.GET)
        chosen = form.cleaned_data if form.is_valid() else {}
        old = self._edition(subject, chosen["old"]) if chosen.get("old") else earlier or newest
        new = self._edition(subject, chosen["new"]) if chosen.get("new") else newest
        rows = Address.objects.subjects((*old.page.references(), *new.page.references()))
        titles = {reference: str(row) for reference, row in rows.items()}
        comparison = Comparison(old.page, new.page, lambda reference: titles.get(reference, reference.slug))
        return self._step_page(
            request,
            subject,
            "compare.html",
            _("Compare"),
            old=old,
            new=new,
            changes=comparison.changes,
            numbers=list(editions.order_by("-number").values_list("number", flat=True)),
        )

    def restore_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        subject = self._subject(request, object_id, "change")
        edition = self._edition(subject, number)
        form = forms.Form(request.POST if request.method == "POST" else None)
        if form.is_valid():
            with show_refusal(form):
                restored = restore(edition, by=signed_in_user(request))
                numbers = {"old": number, "new": restored.number}
                message = _("Edition %(old)s was restored and saved as edition %(new)s. It is not live yet.") % numbers
                return self._done(request, subject, message)
        return self._step_page(request, subject, "restore.html", _("Restore"), form=form, edition=edition)

    def _previously_live(self, subject: Publishable, live: Edition | None) -> Edition | None:
        """Returns the edition that was live before the one that is live now, or before the last withdrawal."""
        published = Event.objects.filter(kind=subject.KIND, subject_id=subject.pk, verb=Event.Verb.PUBLISHED)
        others = published.filter(edition__redacted_at=None).exclude(edition=live)
        event = others.select_related("edition").defer("edition__content").order_by("-pk").first()
        return event.edition if event else None

    def previous_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Publishes again what readers saw before, to undo a publication. The draft stays as it is."""
        subject = self._subject(request, object_id, "publish")
        live = Edition.objects.about(subject).live().first()
        edition = self._previously_live(subject, live)
        if not edition:
            return self._step_page(request, subject, "previous.html", _("Publish what readers saw before"))
        form = PublishForm(request.POST or None, **self._seen(edition, live))
        if request.method == "POST" and form.is_valid():
            with show_refusal(form):
                publish(edition, signed_in_user(request), form.cleaned_data["note"], form.cleaned_data["minor"])
                return self._done(request, subject, _("Edition %(n)s is live again.") % {"n": edition.number})
        title = _("Publish what readers saw before")
        return self._step_page(request, subject, "previous.html", title, form=form, edition=edition, live=live)

    def redact_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        subject = self._subject(request, object_id, "publish")
        edition = self._edition(subject, number)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with show_refusal(form):
                redact(edition, by=signed_in_user(request), reason=form.cleaned_data["reason"])
                return self._done(
                    request, subject, _("The text of edition %(n)s was removed for good.") % {"n": number}
                )
        return self._step_page(request, subject, "redact.html", _("Redact"), form=form, edition=edition)

    def comparison_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """Hides from readers what a publication changed, or shows it again."""
        subject = self._subject(request, object_id, "publish")
        edition = self._edition(subject, number)
        hidden = edition.pk in hidden_comparisons([edition.pk])
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            step = show_comparison if hidden else hide_comparison
            with show_refusal(form):
                step(edition, by=signed_in_user(request), reason=form.cleaned_data["reason"])
                message = (
                    _("Readers see the comparison again.") if hidden else _("Readers no longer see the comparison.")
                )
                return self._done(request, subject, message)
        title = _("Show the comparison again") if hidden else _("Hide the comparison")
        context = {"form": form, "edition": edition, "hidden": hidden}
        return self._step_page(request, subject, "comparison.html", title, **context)


class CompareForm(forms.Form):
    old = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    new = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
