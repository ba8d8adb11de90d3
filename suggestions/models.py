from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from diseases.models import Question
from publishing.models import SLUG_LENGTH, Address, Publishable, kinds
from publishing.values import LINE_LENGTH, Reference


def suggestion_kinds() -> dict[str, type[Publishable]]:
    """Returns the kinds of pages that a suggestion may be about. It may also be about the site in general."""
    return {name: kind for name, kind in kinds().items() if kind.SUGGESTIONS}


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def open(self) -> Self:
        return self.filter(state__in=Suggestion.OPEN)


class Suggestion(models.Model):
    """What a reader sent us. It stores the name and address of its page, so it can be read when the page is gone."""

    class Kind(models.TextChoices):
        CORRECTION = "correction", _("correction")
        INFORMATION = "information", _("new information")
        SYMPTOM = "symptom", _("symptom")
        ORGANIZATION = "organization", _("organization")
        EXPERIENCE = "experience", _("lived experience")
        OTHER = "other", _("other")

    class State(models.TextChoices):
        NEW = "new", _("new")
        IN_WORK = "in_work", _("in progress")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        SPAM = "spam", _("spam")

    class SpamReason(models.TextChoices):
        """Why a suggestion looks like spam."""

        HIDDEN_FIELD = "hidden_field", _("a field was filled in that readers do not see")
        TOO_QUICK = "too_quick", _("it was sent within seconds")
        LINKS = "links", _("it has many links")
        TWICE = "twice", _("the same words were sent before")

    OPEN = (State.NEW, State.IN_WORK)
    TYPED = ("email", "message", "proposed_words", "current_words", "reply", "outcome", "digest")
    """What the reader wrote and what colleagues wrote about it. These fields are emptied after some months."""

    kind = models.CharField(max_length=20, choices=Kind.choices)

    about_kind = models.CharField(_("kind of page"), max_length=20, blank=True)
    about_slug = models.SlugField(max_length=SLUG_LENGTH, blank=True)
    about_title = models.CharField(_("about"), max_length=LINE_LENGTH, blank=True)
    question_key = models.UUIDField(null=True)
    question = models.CharField(
        max_length=LINE_LENGTH, blank=True, help_text=_("As the question was when the suggestion was sent.")
    )
    edition = models.PositiveIntegerField(null=True, help_text=_("The edition that the reader saw."))

    current_words = models.TextField(blank=True, help_text=_("The answer as the reader saw it."))
    proposed_words = models.TextField(blank=True)
    message = models.TextField(blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text=_("A digest of the words, to find duplicates."))
    spam_reasons = models.JSONField(default=list)
    at = models.DateTimeField(_("sent"), default=timezone.now)

    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    handler = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    handler_name = models.CharField(_("handled by"), max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)
    reply = models.TextField(blank=True, help_text=_("The last e-mail that was sent to the reader."))
    replied_at = models.DateTimeField(null=True)
    replied_by_name = models.CharField(max_length=150, blank=True)
    erased_at = models.DateTimeField(null=True)

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view", "change", "delete")  # Only readers add suggestions.
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["new", "in_work", "accepted", "declined", "spam"],
                    kind__in=["correction", "information", "symptom", "organization", "experience", "other"],
                ),
                name="suggestions_have_a_known_kind",
            ),
            models.CheckConstraint(
                condition=Q(about_kind="", about_slug="") | ~Q(about_kind="") & ~Q(about_slug=""),
                name="about_a_page_or_the_site",
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(email="", message="", proposed_words="", current_words="", reply="", outcome="", digest=""),
                name="erased_suggestions_are_empty",
            ),
        ]
        indexes = [
            models.Index("state", "at", name="suggestions_by_state"),
            models.Index("digest", name="suggestions_by_digest"),
        ]

    def __str__(self) -> str:
        """Returns nothing personal, since the admin's log keeps this text."""
        return f"{self.get_kind_display()}: {self.about_title or _('the site')}"

    def get_absolute_url(self) -> str:
        """Returns the address of the page that it is about, "" for the site in general."""
        kind = suggestion_kinds().get(self.about_kind)
        return kind.url_of(self.about_slug) if kind else ""

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def spam_reasons_text(self) -> list[str]:
        return [str(self.SpamReason(reason).label) for reason in self.spam_reasons]

    def subject(self) -> Publishable | None:
        """Returns what it is about, found by its address. It is found even if it was renamed or is in the trash."""
        if self.about_kind not in suggestion_kinds():
            return None
        reference = Reference(kind=self.about_kind, slug=self.about_slug)
        return Address.objects.subjects((reference,)).get(reference)

    def question_row(self) -> Question | None:
        """Returns the question as it is in the draft; None where it is about none or the question was deleted."""
        subject = self.subject()
        if not self.question_key or not subject or "answer" not in subject.SUGGESTIONS:
            return None
        return Question.objects.filter(disease=subject.pk, key=self.question_key).first()
