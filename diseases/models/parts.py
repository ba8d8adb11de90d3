"""The child rows of a disease: synonyms, identifiers, questions, support organizations and symptoms."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_prose_editor.fields import ProseEditorField

from diseases import codes
from diseases.models.sources import Source
from diseases.values import (
    FREQUENCY_LENGTH,
    Aspect,
    IdentifierValue,
    QuestionValue,
    SupportValue,
    SymptomValue,
    SynonymKind,
    SynonymValue,
    Topic,
)
from organizations.models import Organization
from publishing.models import ChildRow, NamedRows, Publishable, is_web_address
from publishing.prose import EXTENSIONS, sanitize
from publishing.values import LINE_LENGTH, TEXT_LENGTH, Value


class DiseasePart(ChildRow):
    """A row that belongs to a disease."""

    SUBJECT = "disease"

    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="%(class)ss")

    class Meta(ChildRow.Meta):
        abstract = True


class SourcedPart(DiseasePart):
    """A row that may come from a source."""

    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="%(class)ss")

    class Meta(DiseasePart.Meta):
        abstract = True


class Synonym(SourcedPart):
    """Another name of a disease."""

    VALUE = SynonymValue
    UNIQUE = ("text",)

    text = models.CharField(_("name"), max_length=LINE_LENGTH)
    kind = models.CharField(max_length=20, choices=SynonymKind.choices, default=SynonymKind.EXACT)

    class Meta(DiseasePart.Meta):
        verbose_name = _("other name")
        constraints = [models.UniqueConstraint(fields=["disease", "text"], name="one_synonym")]

    def __str__(self) -> str:
        return self.text


class Identifier(SourcedPart):
    """A disease's code in a scheme."""

    VALUE = IdentifierValue
    UNIQUE = ("scheme", "value")

    scheme = models.CharField(max_length=10, choices=codes.Scheme.choices)
    value = models.CharField(_("code"), max_length=40)
    relation = models.CharField(max_length=10, choices=codes.Relation.choices, default=codes.Relation.EXACT)

    class Meta(DiseasePart.Meta):
        verbose_name = _("code")
        constraints = [
            models.UniqueConstraint(fields=["disease", "scheme", "value"], name="one_identifier"),
            models.UniqueConstraint(
                fields=["value"], condition=models.Q(scheme="GARD", relation="exact"), name="one_disease_a_gard_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"

    def rank(self) -> int:
        return codes.Scheme.values.index(self.scheme)

    def clean(self) -> None:
        if self.scheme and self.value:
            try:
                self.value = codes.clean(self.scheme, self.value)
            except ValueError as error:
                raise ValidationError({"value": str(error)}) from error
            if other := self.other_owner():
                message = _("GARD number %(value)s already belongs to “%(name)s”. Two diseases cannot share one.")
                if other.trashed_at:
                    message = _(
                        "GARD number %(value)s already belongs to “%(name)s”, which is in the trash. "
                        "Two diseases cannot share one."
                    )
                raise ValidationError({"value": message % {"value": self.value, "name": other}})

    def other_owner(self) -> Publishable | None:
        """Returns the other disease that has the same exact GARD number; no two diseases may share one."""
        if self.scheme != codes.Scheme.GARD or self.relation != codes.Relation.EXACT:
            return None
        same = Identifier.objects.filter(scheme=self.scheme, relation=self.relation, value=self.value)
        other = same.exclude(disease_id=self.disease_id).select_related("disease").first()
        return other.disease if other else None


class Question(SourcedPart):
    """A question of a disease's FAQ with its answer. A question without an answer is never on the page."""

    VALUE = QuestionValue
    COLUMNS = {"html": "answer"}

    topic = models.CharField(max_length=20, choices=Topic.choices, default=Topic.OTHER)
    question = models.CharField(max_length=LINE_LENGTH)
    answer = ProseEditorField(blank=True, max_length=TEXT_LENGTH, extensions=EXTENSIONS, sanitize=True)
    last_updated = models.DateField(
        null=True,
        blank=True,
        help_text=_("When the content of the answer last changed. Leave it empty if nobody knows."),
    )
    reviewed_on = models.DateField(
        _("last reviewed"), null=True, blank=True, help_text=_("The day on which the reviewer last checked the answer.")
    )
    reviewed_by = models.CharField(
        max_length=150, blank=True, help_text=_("Name and role of the reviewer, as readers see them.")
    )
    review_due = models.DateField(null=True, blank=True)
    source_url = models.URLField(
        _("link to the source’s page"), blank=True, max_length=LINE_LENGTH, validators=[is_web_address]
    )
    adapted = models.BooleanField(
        _("adapted"), default=False, help_text=_("Tick this if we rewrote the source's text in our own words.")
    )

    class Meta(DiseasePart.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reviewed_on=None) | ~models.Q(reviewed_by=""),
                name="a_review_has_a_reviewer",
                violation_error_message=_("Enter who reviewed the answer. Readers see the name."),
            )
        ]

    def __str__(self) -> str:
        return self.question

    def rank(self) -> int:
        return Topic.values.index(self.topic)

    def forget_dates(self) -> None:
        """Removes the dates and the reviewer, since they were given for another text."""
        self.last_updated = self.reviewed_on = self.review_due = None
        self.reviewed_by, self.adapted = "", False

    def is_on_page(self) -> bool:
        return bool(sanitize(self.answer))


class Support(DiseasePart):
    """An organization that helps families with a disease."""

    VALUE = SupportValue
    UNIQUE = ("organization",)

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="supports")
    note = models.TextField(
        blank=True, max_length=1000, help_text=_("What it offers for this disease, in a few words.")
    )

    class Meta(DiseasePart.Meta):
        constraints = [models.UniqueConstraint(fields=["disease", "organization"], name="one_support")]

    def __str__(self) -> str:
        return str(self.organization)


class Symptom(SourcedPart):
    """A symptom of a disease. It is on the page after an editor approves it."""

    VALUE = SymptomValue
    UNIQUE = ("term", "frequency", "source")
    STAFF_ONLY = ("approved",)

    term = models.CharField(max_length=LINE_LENGTH)
    hpo_id = models.CharField(_("HPO code"), max_length=20, blank=True)
    frequency = models.CharField(
        max_length=FREQUENCY_LENGTH,
        blank=True,
        help_text=_("Exactly as the source writes it: 90%, 7/12, Frequent (79-30%)."),
    )
    aspect = models.CharField(max_length=20, choices=Aspect.choices, default=Aspect.SYMPTOM)
    approved = models.BooleanField(default=False, help_text=_("Only approved symptoms are on the page."))

    class Meta(DiseasePart.Meta):
        constraints = [
            models.UniqueConstraint(fields=["disease", "term", "frequency", "source"], name="one_symptom"),
            # A database treats two empty sources as different, so rows without a source need their own constraint.
            models.UniqueConstraint(
                fields=["disease", "term", "frequency"], condition=models.Q(source=None), name="one_own_symptom"
            ),
        ]
        indexes = [models.Index("disease", condition=models.Q(approved=False), name="symptoms_waiting")]

    def __str__(self) -> str:
        return self.term

    def is_on_page(self) -> bool:
        return self.approved

    def take_off_page(self) -> bool:
        """Keeps the symptom: it was not approved yet when the page was composed."""
        self.approved = False
        return False

    def apply_value(self, value: Value, named: NamedRows) -> None:
        super().apply_value(value, named)
        self.approved = True
