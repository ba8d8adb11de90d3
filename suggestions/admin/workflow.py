"""One suggestion: what the reader wrote, beside what stands there, and the steps that an editor can take."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from js_asset import Media

from accounts.passwords import sends_mail
from publishing.comparison import Change, block_runs
from publishing.models import Edition, Publishable
from publishing.verbs import PublishingError, lock, may
from suggestions.accept_forms import ACCEPT_FORMS, READER, TODAY, AcceptForm, accept_forms_for, was_changed_since
from suggestions.decisions import accept_by_hand, accept_suggestion, decline_suggestion, mark_as_spam, put_back, take
from suggestions.models import Suggestion
from suggestions.plain_text import filled_lines, to_text
from suggestions.replies import NotSent, ReplyForm, draft_of, replied_at, send_reply


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For colleagues. It is deleted with what the reader wrote."),
    )


class OutcomeForm(forms.Form):
    outcome = forms.CharField(
        label=gettext_lazy("What was done"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For colleagues. It is deleted with what the reader wrote."),
    )


class SuggestionWorkflow(admin.ModelAdmin):
    """What a reader wrote is read and never edited; each step is a button or a page with one form."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        name = "suggestions_suggestion_{}".format
        steps = [
            path("<path:object_id>/accept/<slug:target>/", view(self.accept_view), name=name("accept")),
            path("<path:object_id>/decline/", view(self.decline_view), name=name("decline")),
            path("<path:object_id>/done/", view(self.done_view), name=name("done")),
            path("<path:object_id>/answer/", view(self.answer_view), name=name("answer")),
        ]
        return steps + super().get_urls()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody, also not a superuser, who has every permission, even one that there is not."""
        return False

    def _row(self, request: HttpRequest, object_id: str, action: str) -> Any:
        suggestion = self.get_object(request, object_id)
        if suggestion is None:
            raise Http404
        if not getattr(self, f"has_{action}_permission")(request, suggestion):
            raise PermissionDenied
        return suggestion

    def _url(self, step: str, suggestion: Suggestion, *more: Any) -> str:
        return reverse(f"admin:suggestions_suggestion_{step}", args=[suggestion.pk, *more])

    def _own_page(
        self, request: HttpRequest, suggestion: Suggestion, template: str, title: Any, **context: Any
    ) -> HttpResponse:
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": suggestion,
            "title": title,
            "subtitle": str(suggestion),
            "list_url": reverse("admin:suggestions_suggestion_changelist"),
            "change_url": self._url("change", suggestion),
            "proposed": _change(suggestion.current_words, suggestion.proposed_words),
        }
        return TemplateResponse(request, f"suggestions/admin/{template}", context)

    def _back(self, request: HttpRequest, suggestion: Suggestion, message: str) -> HttpResponseRedirect:
        messages.success(request, message)
        return redirect(self._url("change", suggestion))

    # The suggestion itself

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        suggestion = self._row(request, object_id, "view")
        if request.method == "POST":
            return self._press(request, self._row(request, object_id, "change"))
        subject, row = suggestion.subject(), suggestion.question_row()
        live = Edition.objects.about(subject).live().first() if subject else None
        targets = [
            {"title": ACCEPT_FORMS[name].title, "url": self._url("accept", suggestion, name)}
            for name in accept_forms_for(suggestion, subject)
            if self._may_write(request, ACCEPT_FORMS[name], subject)
        ]
        return self._own_page(
            request,
            suggestion,
            "suggestion.html",
            capfirst(str(self.opts.verbose_name)),
            subject=subject,
            subject_url=_change_url(subject) if subject else "",
            live=live,
            is_newer=bool(live and live.number != suggestion.edition),
            is_question_gone=bool(suggestion.question_key and not row),
            is_changed=bool(row and was_changed_since(suggestion, row)),
            targets=targets,
            may_change=self.has_change_permission(request, suggestion),
            may_delete=self.has_delete_permission(request, suggestion),
            answer_url=self._url("answer", suggestion),
            decline_url=self._url("decline", suggestion),
            done_url=self._url("done", suggestion),
            delete_url=self._url("delete", suggestion),
            next_url=self._next_url(suggestion),
        )

    def _next_url(self, suggestion: Suggestion) -> str:
        """Of what waits after it, in the order of the list; "" where nothing does."""
        others = Suggestion.objects.open().exclude(pk=suggestion.pk).order_by("at", "pk")
        later = others.filter(Q(at__gt=suggestion.at) | Q(at=suggestion.at, pk__gt=suggestion.pk))
        found = later.first() or others.first()
        return self._url("change", found) if found else ""

    def _press(self, request: HttpRequest, suggestion: Suggestion) -> HttpResponseRedirect:
        buttons: dict[str, tuple[Callable[..., None], str]] = {
            "_take": (take, _("It is yours now.")),
            "_spam": (mark_as_spam, _("Marked as spam. It is deleted after a month.")),
            "_back": (put_back, _("It is back in the inbox.")),
        }
        pressed = next((buttons[name] for name in buttons if name in request.POST), None)
        if pressed:
            step, said = pressed
            try:
                step(suggestion, by=request.user)
                messages.success(request, said)
            except PublishingError as error:
                messages.error(request, str(error))
        return redirect(self._url("change", suggestion))

    # The steps

    def _may_write(self, request: HttpRequest, target: type[AcceptForm], subject: Publishable | None) -> bool:
        kinds = {target.kind, *([type(subject)] if subject and target.action == "add" else [])}
        return all(may(request.user, target.action if kind is target.kind else "change", kind) for kind in kinds)

    def accept_view(self, request: HttpRequest, object_id: str, target: str) -> HttpResponse:
        suggestion = self._row(request, object_id, "change")
        subject = suggestion.subject()
        went_meanwhile = request.method == "POST" and target == "answer" and suggestion.question_key
        if target not in accept_forms_for(suggestion, subject) and not went_meanwhile:
            raise Http404
        form_class = ACCEPT_FORMS[target]
        if not self._may_write(request, form_class, subject):
            raise PermissionDenied
        row = suggestion.question_row() if target == "answer" else None
        start = request.GET.get("start", "")
        context: dict[str, Any] = {"target": target}
        is_changed = False
        if row and was_changed_since(suggestion, row):
            context["meanwhile"] = _change(suggestion.current_words, to_text(row.answer))
            is_changed = bool(suggestion.proposed_words)
        if is_changed and request.method != "POST" and start not in {TODAY, READER}:
            # Two people changed the same words, and only a person can say which of them stand.
            return self._own_page(request, suggestion, "accept.html", form_class.title, must_choose=True, **context)
        form: Any = None
        if request.method == "POST":
            form, page = self._write(request, suggestion, form_class, subject)
            if page:
                return page
        form = form or form_class(suggestion=suggestion, subject=subject, **({"start": start} if row else {}))
        context["media"] = Media.from_media(self.media + form.media, nonce=str(request.csp_nonce))  # type: ignore[attr-defined]
        return self._own_page(request, suggestion, "accept.html", form_class.title, form=form, **context)

    def _write(
        self, request: HttpRequest, suggestion: Suggestion, form_class: type[AcceptForm], subject: Any
    ) -> tuple[Any, HttpResponse | None]:
        """The form, and where to go next if it was written. Held from before it is read until its edition is kept."""
        form: Any = None
        try:
            with transaction.atomic():
                if subject:
                    subject = lock(type(subject), subject.pk)
                    if subject.trashed_at:
                        raise PublishingError(_("“%(name)s” is in the trash. Restore it first.") % {"name": subject})
                form = form_class(request.POST, suggestion=suggestion, subject=subject)
                if not form.is_valid():
                    return form, None
                written: list[Publishable] = []

                def apply() -> tuple[list[Publishable], str]:
                    subjects, said = form.apply()
                    written.extend(subjects)
                    return subjects, said

                accept_suggestion(suggestion, request.user, apply)
        except (PublishingError, ValidationError, IntegrityError, DataError) as error:
            form = form or form_class(request.POST, suggestion=suggestion, subject=subject)
            form.add_error(None, _error_words(error))
            return form, None
        messages.success(request, _("It is in the working copy. Look it over, then submit it or publish it."))
        return form, redirect(_change_url(written[0]))

    def decline_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        suggestion = self._row(request, object_id, "change")
        form = DeclineForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                decline_suggestion(suggestion, request.user, form.cleaned_data["reason"])
            except PublishingError as error:
                form.add_error(None, str(error))
            else:
                return self._back(request, suggestion, _("Declined."))
        return self._own_page(request, suggestion, "decline.html", _("Decline"), form=form)

    def done_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        suggestion = self._row(request, object_id, "change")
        form = OutcomeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                accept_by_hand(suggestion, request.user, form.cleaned_data["outcome"])
            except PublishingError as error:
                form.add_error(None, str(error))
            else:
                return self._back(request, suggestion, _("Noted as accepted."))
        return self._own_page(request, suggestion, "done.html", _("Done by hand"), form=form)

    def answer_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        suggestion = self._row(request, object_id, "change")
        form: Any = None
        if suggestion.email and sends_mail():
            form = ReplyForm(request.POST.dict() or None, initial=draft_of(suggestion, request.user))
        if form and request.method == "POST" and form.is_valid():
            try:
                send_reply(suggestion, request.user, **form.cleaned_data)
            except PublishingError as error:
                suggestion = Suggestion.objects.filter(pk=suggestion.pk).first() or suggestion
                # Who has seen that other answer may still send this one.
                form.data = form.data | {"seen": replied_at(suggestion)}
                form.add_error(None, str(error))
            except NotSent as error:
                said = _(
                    "It could not be sent, and nothing is recorded. Try again later. The mail server says: %(error)s"
                )
                form.add_error(None, said % {"error": error})
            else:
                return self._back(request, suggestion, _("The answer was sent."))
        draft = "" if form else draft_of(suggestion, request.user)["text"]
        return self._own_page(request, suggestion, "reply.html", _("Answer by e-mail"), form=form, draft=draft)


def _change_url(subject: Publishable) -> str:
    return reverse(f"admin:{subject._meta.app_label}_{subject._meta.model_name}_change", args=[subject.pk])


def _change(old: str, new: str) -> Change | None:
    """How a text became another one; None where there is no other."""
    return Change("", "", "changed", block_runs(filled_lines(old), filled_lines(new))) if new else None


def _error_words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, PublishingError):
        return str(error)
    return _("The database refuses it: it does not fit, or something else has what only one may have.")
