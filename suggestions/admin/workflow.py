"""The page of one suggestion: what the reader wrote, what the page says, and what an editor can do with it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from js_asset import Media

from accounts.models import User
from accounts.passwords import sends_mail
from accounts.requests import signed_in_user
from editorial.admin.workflow import StepAdmin, change_url
from editorial.forms import note_field, show_refusal
from editorial.seen import token_of
from publishing.comparison import Change, block_segments
from publishing.models import Edition, Publishable
from publishing.verbs import PublishingError, lock, may
from suggestions.accept_forms import READER, TODAY, AcceptForm, accept_form, accept_forms_for, was_changed_since
from suggestions.decisions import accept_by_hand, accept_suggestion, decline_suggestion, mark_as_spam, put_back, take
from suggestions.models import Suggestion
from suggestions.plain_text import filled_lines, to_text
from suggestions.replies import NotSent, ReplyForm, initial_reply, send_reply

NOTE_HELP = gettext_lazy("For colleagues. It is deleted together with the reader’s words.")


class DeclineForm(forms.Form):
    reason = note_field(label=gettext_lazy("Reason"), required=False, help_text=NOTE_HELP)


class OutcomeForm(forms.Form):
    outcome = note_field(label=gettext_lazy("What was done"), help_text=NOTE_HELP)


class SuggestionWorkflow(StepAdmin):
    """The pages of a suggestion. Nobody edits the reader's words; each step is a button or a page with one form."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "suggestions_suggestion_{}".format
        steps = [
            path("<path:object_id>/accept/<slug:target>/", view(self.accept_view), name=name("accept")),
            path("<path:object_id>/decline/", view(self.decline_view), name=name("decline")),
            path("<path:object_id>/done/", view(self.done_view), name=name("done")),
            path("<path:object_id>/reply/", view(self.reply_view), name=name("reply")),
        ]
        return steps + super().get_urls()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Returns False, even for a superuser, who has every permission: only readers send suggestions."""
        return False

    def _row(self, request: HttpRequest, object_id: str, action: str) -> Suggestion:
        """Returns the suggestion. Raises Http404, or PermissionDenied where the user may not view or change it."""
        suggestion = self.get_object(request, object_id)
        if suggestion is None:
            raise Http404
        if not getattr(self, f"has_{action}_permission")(request, suggestion):
            raise PermissionDenied
        return suggestion

    def _page(
        self, request: HttpRequest, suggestion: Suggestion, template: str, title: str | Promise, **context: Any
    ) -> HttpResponse:
        proposed = _change(suggestion.current_words, suggestion.proposed_words)
        return self._step_page(
            request, suggestion, f"suggestions/admin/{template}", title, proposed=proposed, **context
        )

    # The page of the suggestion

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        suggestion = self._row(request, object_id, "view")
        if request.method == "POST":
            return self._take_step(request, self._row(request, object_id, "change"))
        subject, question = suggestion.subject(), suggestion.question_row()
        live = Edition.objects.about(subject).live().first() if subject else None
        targets = [
            (name, accept_form(name, subject).title)
            for name in accept_forms_for(suggestion, subject)
            if self._may_write(request, accept_form(name, subject), subject)
        ]
        return self._page(
            request,
            suggestion,
            "suggestion.html",
            capfirst(str(self.opts.verbose_name)),
            subject=subject,
            subject_url=change_url(subject) if subject else "",
            live=live,
            is_newer=bool(live and live.number != suggestion.edition),
            is_question_deleted=bool(suggestion.question_key and not question),
            is_changed=bool(question and was_changed_since(suggestion, question)),
            targets=targets,
            may_change=self.has_change_permission(request, suggestion),
            may_delete=self.has_delete_permission(request, suggestion),
            next_url=self._next_url(suggestion),
        )

    def _next_url(self, suggestion: Suggestion) -> str:
        """Returns the address of the next open suggestion in the order of the list; "" where no other is open."""
        others = Suggestion.objects.open().exclude(pk=suggestion.pk).order_by("at", "pk")
        later = others.filter(Q(at__gt=suggestion.at) | Q(at=suggestion.at, pk__gt=suggestion.pk))
        found = later.first() or others.first()
        return change_url(found) if found else ""

    def _take_step(self, request: HttpRequest, suggestion: Suggestion) -> HttpResponseRedirect:
        buttons: dict[str, tuple[Callable[[Suggestion, User], None], str]] = {
            "_take": (take, _("It is assigned to you now.")),
            "_spam": (mark_as_spam, _("Marked as spam. It is deleted after a month.")),
            "_back": (put_back, _("It is back in the inbox.")),
        }
        pressed = next((buttons[name] for name in buttons if name in request.POST), None)
        if pressed:
            step, message = pressed
            try:
                step(suggestion, signed_in_user(request))
                messages.success(request, message)
            except PublishingError as error:
                messages.error(request, str(error))
        return redirect(change_url(suggestion))

    # The pages of the steps

    def _may_write(self, request: HttpRequest, target: type[AcceptForm], subject: Publishable | None) -> bool:
        kinds = {target.kind, *([type(subject)] if subject and target.action == "add" else [])}
        return all(may(request.user, target.action if kind is target.kind else "change", kind) for kind in kinds)

    def accept_view(self, request: HttpRequest, object_id: str, target: str) -> HttpResponse:
        suggestion = self._row(request, object_id, "change")
        subject = suggestion.subject()
        # An answer that was typed must come back even if its question was deleted meanwhile.
        is_late_answer = request.method == "POST" and target == "answer" and suggestion.question_key
        if target not in accept_forms_for(suggestion, subject) and not is_late_answer:
            raise Http404
        form_class = accept_form(target, subject)
        if not self._may_write(request, form_class, subject):
            raise PermissionDenied
        question = suggestion.question_row() if target == "answer" else None
        start = request.GET.get("start", "")
        context: dict[str, Any] = {"target": target}
        is_changed = False
        if question and was_changed_since(suggestion, question):
            context["meanwhile"] = _change(suggestion.current_words, to_text(question.answer))
            is_changed = bool(suggestion.proposed_words)
        if is_changed and request.method != "POST" and start not in {TODAY, READER}:
            # Two people changed the same words, so the editor decides which words to start from.
            return self._page(request, suggestion, "accept.html", form_class.title, must_choose=True, **context)
        form: AcceptForm | None = None
        if request.method == "POST":
            form, redirection = self._accept(request, suggestion, form_class, subject)
            if redirection:
                return redirection
        form = form or form_class(suggestion=suggestion, subject=subject, start=start)
        context["media"] = Media.from_media(self.media + form.media, nonce=str(request.csp_nonce))  # type: ignore[attr-defined]
        return self._page(request, suggestion, "accept.html", form_class.title, form=form, **context)

    def _accept(
        self, request: HttpRequest, suggestion: Suggestion, form_class: type[AcceptForm], subject: Publishable | None
    ) -> tuple[AcceptForm, HttpResponse | None]:
        """Saves the posted form and an edition. Returns the form, and a redirection where it was saved.

        The subject is locked from before the form is read until the edition is saved.
        """
        form: AcceptForm | None = None
        try:
            with transaction.atomic():
                if subject:
                    subject = lock(type(subject), subject.pk)
                    if subject.trashed_at:
                        raise PublishingError(_("“%(name)s” is in the trash. Restore it first.") % {"name": subject})
                form = form_class(request.POST, suggestion=suggestion, subject=subject)
                if not form.is_valid():
                    return form, None
                changed = accept_suggestion(suggestion, signed_in_user(request), form.apply)
        except (PublishingError, ValidationError, IntegrityError, DataError) as error:
            form = form or form_class(request.POST, suggestion=suggestion, subject=subject)
            form.add_error(None, _error_words(error))
            return form, None
        messages.success(request, _("It is saved in the draft. Check it, then submit or publish it."))
        return form, redirect(change_url(changed[0]))

    def decline_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        suggestion = self._row(request, object_id, "change")
        form = DeclineForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with show_refusal(form):
                decline_suggestion(suggestion, signed_in_user(request), form.cleaned_data["reason"])
                return self._done(request, suggestion, _("Declined."))
        return self._page(request, suggestion, "_transition.html", _("Decline"), form=form)

    def done_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        suggestion = self._row(request, object_id, "change")
        form = OutcomeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with show_refusal(form):
                accept_by_hand(suggestion, signed_in_user(request), form.cleaned_data["outcome"])
                return self._done(request, suggestion, _("Marked as done. The suggestion counts as accepted."))
        return self._page(request, suggestion, "done.html", _("Mark as done"), form=form)

    def reply_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        suggestion = self._row(request, object_id, "change")
        form: ReplyForm | None = None
        if suggestion.email and sends_mail():
            form = ReplyForm(
                request.POST or None,
                initial=initial_reply(suggestion, signed_in_user(request)),
                token=token_of(suggestion.replied_at),
                now=_("a reply by %(name)s") % {"name": suggestion.replied_by_name},
            )
        if form and request.method == "POST" and form.is_valid():
            reply = form.cleaned_data
            try:
                send_reply(suggestion, signed_in_user(request), reply["subject"], reply["text"])
            except PublishingError as error:
                form.add_error(None, str(error))
            except NotSent as error:
                message = _("It could not be sent, and nothing is recorded. Try later. The mail server says: %(error)s")
                form.add_error(None, message % {"error": error})
            else:
                return self._done(request, suggestion, _("The reply was sent."))
        draft = "" if form else initial_reply(suggestion, signed_in_user(request))["text"]
        return self._page(request, suggestion, "reply.html", _("Reply by e-mail"), form=form, draft=draft)


def _change(old: str, new: str) -> Change | None:
    """Returns the differences between two texts; None where the new one is empty."""
    return Change("", "", "changed", block_segments(filled_lines(old), filled_lines(new))) if new else None


def _error_words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, PublishingError):
        return str(error)
    return _("The database refused to save it: a value is too long, or another row has the same unique value.")
