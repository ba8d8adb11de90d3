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
from publishing.models import ChildRow, Publishable, is_web_address
from publishing.prose import EXTENSIONS
from publishing.values import LINE_LENGTH, TEXT_LENGTH, Reference


class DiseasePart(ChildRow):
    """A row that belongs to a disease and has a position among the rows of its class."""

    SUBJECT = "disease"

    position = models.PositiveIntegerField(default=0)

    class Meta(ChildRow.Meta):
        abstract = True
        ordering = ["position", "pk"]

    def source_name(self) -> str:
        """Returns the name of the row's source, or "" if the row has none."""
        source: Source | None = getattr(self, "source", None)
        return source.name if source else ""


def _source_field() -> "models.ForeignKey[Source | models.expressions.Combinable | None, Source | None]":
    return models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="%(class)ss")


class Synonym(DiseasePart):
    """Another name of a disease."""

    UNIQUE = ("text",)

    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="synonyms")
    text = models.CharField(_("name"), max_length=LINE_LENGTH)
    kind = models.CharField(max_length=20, choices=SynonymKind.choices, default=SynonymKind.EXACT)
    source = _source_field()

    class Meta(DiseasePart.Meta):
        constraints = [models.UniqueConstraint(fields=["disease", "text"], name="one_synonym")]

    def __str__(self) -> str:
        return self.text

    def compose(self) -> SynonymValue:
        return SynonymValue(key=self.key, text=self.text, kind=SynonymKind(self.kind), source=self.source_name())


class Identifier(DiseasePart):
    """A disease's code in a scheme."""

    UNIQUE = ("scheme", "value")

    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=10, choices=codes.Scheme.choices)
    value = models.CharField(_("code"), max_length=40)
    relation = models.CharField(max_length=10, choices=codes.Relation.choices, default=codes.Relation.EXACT)
    source = _source_field()

    class Meta(DiseasePart.Meta):
        constraints = [
            models.UniqueConstraint(fields=["disease", "scheme", "value"], name="one_identifier"),
            models.UniqueConstraint(
                fields=["value"], condition=models.Q(scheme="GARD", relation="exact"), name="one_disease_a_gard_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"

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

    def compose(self) -> IdentifierValue:
        return IdentifierValue(
            key=self.key,
            scheme=self.scheme,
            value=self.value,
            relation=codes.Relation(self.relation),
            source=self.source_name(),
        )


ANSWER_FIELDS = ["topic", "question", "last_updated", "reviewed_on", "reviewed_by", "review_due"]
ANSWER_FIELDS += ["source_url", "adapted"]


class Question(DiseasePart):
    """A question of a disease's FAQ with its answer. A question without an answer is never on the page."""

    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="questions")
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
    source = _source_field()
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

    def compose(self) -> QuestionValue:
        fields = {name: getattr(self, name) for name in ANSWER_FIELDS} | {"topic": Topic(self.topic)}
        return QuestionValue(key=self.key, html=self.answer, source=self.source_name(), **fields)


class Support(DiseasePart):
    """An organization that helps families with a disease."""

    UNIQUE = ("organization",)

    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="supports")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="supports")
    note = models.TextField(
        blank=True, max_length=1000, help_text=_("What it offers for this disease, in a few words.")
    )

    class Meta(DiseasePart.Meta):
        constraints = [models.UniqueConstraint(fields=["disease", "organization"], name="one_support")]

    def __str__(self) -> str:
        return str(self.organization)

    def compose(self, organization: Reference) -> SupportValue:
        return SupportValue(key=self.key, organization=organization, note=self.note)


class Symptom(DiseasePart):
    """A symptom of a disease. It is on the page after an editor approves it."""

    UNIQUE = ("term", "frequency", "source")

    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="symptoms")
    term = models.CharField(max_length=LINE_LENGTH)
    hpo_id = models.CharField(_("HPO code"), max_length=20, blank=True)
    frequency = models.CharField(
        max_length=FREQUENCY_LENGTH,
        blank=True,
        help_text=_("Exactly as the source writes it: 90%, 7/12, Frequent (79-30%)."),
    )
    aspect = models.CharField(max_length=20, choices=Aspect.choices, default=Aspect.SYMPTOM)
    source = _source_field()
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

    def compose(self) -> SymptomValue:
        return SymptomValue(
            key=self.key,
            term=self.term,
            frequency=self.frequency,
            aspect=Aspect(self.aspect),
            hpo_id=self.hpo_id,
            source=self.source_name(),
        )
