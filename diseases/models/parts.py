"""The rows that a disease's page is made of."""

from typing import Any

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
from publishing.models import ChildRow, is_web_address
from publishing.prose import EXTENSIONS
from publishing.values import LINE_LENGTH, TEXT_LENGTH, Reference


class DiseasePart(ChildRow):
    """A row of a disease's page, at its place in the order."""

    SUBJECT = "disease"

    position = models.PositiveIntegerField(default=0)

    class Meta(ChildRow.Meta):
        abstract = True
        ordering = ["position", "pk"]

    def source_name(self) -> str:
        source: Source | None = getattr(self, "source", None)
        return source.name if source else ""


def _source_field() -> Any:
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
                said = _("GARD %(value)s is “%(name)s” already: one disease a GARD number.")
                if other.trashed_at:
                    said = _("GARD %(value)s is “%(name)s” already, which is in the trash: one disease a GARD number.")
                raise ValidationError({"value": said % {"value": self.value, "name": other}})

    def other_owner(self) -> Any:
        """The other disease that has this code, where only one may: an exact GARD number."""
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
    """One entry of a disease's FAQ. Without an answer it is a note to the editors, and never on the page."""

    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="questions")
    topic = models.CharField(max_length=20, choices=Topic.choices, default=Topic.OTHER)
    question = models.CharField(max_length=LINE_LENGTH)
    answer = ProseEditorField(blank=True, max_length=TEXT_LENGTH, extensions=EXTENSIONS, sanitize=True)
    last_updated = models.DateField(
        null=True, blank=True, help_text=_("When the answer's content last changed. Empty where nobody knows.")
    )
    reviewed_on = models.DateField(
        _("last reviewed"), null=True, blank=True, help_text=_("When the named person last checked the answer.")
    )
    reviewed_by = models.CharField(max_length=150, blank=True, help_text=_("A name and a role, as readers see it."))
    review_due = models.DateField(null=True, blank=True)
    source = _source_field()
    source_url = models.URLField(
        _("address at the source"), blank=True, max_length=LINE_LENGTH, validators=[is_web_address]
    )
    adapted = models.BooleanField(
        _("adapted"), default=False, help_text=_("Tick this where we retold the source's text in our own words.")
    )

    class Meta(DiseasePart.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reviewed_on=None) | ~models.Q(reviewed_by=""),
                name="a_review_has_a_reviewer",
                violation_error_message=_("Say who reviewed it: a review without a name is worth nothing to readers."),
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
    note = models.TextField(blank=True, max_length=1000, help_text=_("What it offers for this disease, in short."))

    class Meta(DiseasePart.Meta):
        constraints = [models.UniqueConstraint(fields=["disease", "organization"], name="one_support")]

    def __str__(self) -> str:
        return str(self.organization)

    def compose(self, organization: Reference) -> SupportValue:
        return SupportValue(key=self.key, organization=organization, note=self.note)


class Symptom(DiseasePart):
    """A row of the table of symptoms. It is on the page once an editor has approved it."""

    UNIQUE = ("term", "frequency", "source")

    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="symptoms")
    term = models.CharField(max_length=LINE_LENGTH)
    hpo_id = models.CharField(_("HPO code"), max_length=20, blank=True)
    frequency = models.CharField(
        max_length=FREQUENCY_LENGTH, blank=True, help_text=_("As its source prints it: 90%, 7/12, Frequent (79-30%).")
    )
    aspect = models.CharField(max_length=20, choices=Aspect.choices, default=Aspect.SYMPTOM)
    source = _source_field()
    approved = models.BooleanField(default=False, help_text=_("Only approved rows are on the page."))

    class Meta(DiseasePart.Meta):
        constraints = [
            models.UniqueConstraint(fields=["disease", "term", "frequency", "source"], name="one_symptom"),
            # No source is no value to a database, and no two of those are the same.
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
