import unicodedata
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django_prose_editor.fields import ProseEditorField

from diseases import codes
from diseases.pages import Answer, Code, Credit, DiseasePage, OtherName, SupportedBy, SynonymKind, Topic
from organizations.models import Organization
from publishing.models import Address, Part, Publishable, PublishableQuerySet, is_web_address
from publishing.pages import LINE_LENGTH, TEXT_LENGTH, Reference
from publishing.prose import EXTENSIONS, sanitize


class Source(models.Model):
    """Who a text comes from."""

    name = models.CharField(max_length=100, unique=True, help_text=_("As readers see it: GARD, Orphanet …"))
    url = models.URLField(_("website"), blank=True, max_length=LINE_LENGTH, validators=[is_web_address])
    licence = models.CharField(max_length=100, blank=True, help_text=_("Under which the text may be used: CC BY 4.0 …"))
    licence_url = models.URLField(
        _("licence's address"), blank=True, max_length=LINE_LENGTH, validators=[is_web_address]
    )
    attribution = models.TextField(
        blank=True, max_length=2000, help_text=_("How the source asks to be named. It stands at the foot of the page.")
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def credit(self) -> Credit:
        return Credit(
            name=self.name,
            url=self.url,
            licence=self.licence,
            licence_url=self.licence_url,
            attribution=self.attribution,
        )


class DiseaseQuerySet(PublishableQuerySet["Disease"]):
    def with_question_count(self) -> Self:
        """Adds `question_count`: the questions that have an answer."""
        answered = Question.objects.filter(disease=models.OuterRef("pk")).exclude(answer="")
        counted = answered.order_by().values("disease").annotate(count=models.Count("pk")).values("count")
        return self.annotate(question_count=Coalesce(models.Subquery(counted), 0))


def fold_name(name: str) -> str:
    """A name as it is unique: without capitals and white space, which databases fold differently or not at all."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


class Disease(Publishable):
    """A condition with a page of its own: the working copy of that page."""

    KIND = "disease"
    PAGE = DiseasePage

    folded_name = models.CharField(max_length=1000, unique=True, editable=False)
    summary = models.TextField(
        blank=True, max_length=5000, help_text=_("Two or three sentences in plain language, before the questions.")
    )

    objects = DiseaseQuerySet.as_manager()  # type: ignore[misc] # a manager of its own

    class Meta(Publishable.Meta):
        ordering = ["name"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded_name = fold_name(self.name)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "folded_name"}
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if Disease.objects.exclude(pk=self.pk).filter(folded_name=fold_name(self.name)).exists():
            raise ValidationError({"name": _("There is a disease of this name already.")})

    def compose(self) -> DiseasePage:
        questions = [question for question in self.questions.select_related("source") if sanitize(question.answer)]
        supports = list(self.supports.select_related("organization"))
        references = Address.objects.references(Organization, [support.organization for support in supports])
        sources = {question.source for question in questions if question.source}
        return DiseasePage(
            title=self.name,
            slug=self.slug,
            summary=self.summary,
            synonyms=tuple(synonym.compose() for synonym in self.synonyms.all()),
            codes=tuple(identifier.compose() for identifier in self.identifiers.all()),
            answers=tuple(question.compose() for question in questions),
            supports=tuple(support.compose(references[support.organization_id]) for support in supports),
            sources=tuple(source.credit() for source in sorted(sources, key=str)),
        )

    def take_over(self, page: DiseasePage) -> None:
        self.name, self.slug, self.summary = page.title, page.slug, page.summary
        self.save()
        sources = {credit.name: _source_of(credit) for credit in page.sources}
        organizations = Address.objects.subjects(page.references())
        _match(self.synonyms, page.synonyms, lambda name: {"text": name.text, "kind": name.kind})
        _match(
            self.identifiers,
            page.codes,
            lambda code: {"scheme": code.scheme, "value": code.value, "relation": code.relation},
        )
        _match(
            self.questions,
            page.answers,
            lambda answer: {
                **{name: getattr(answer, name) for name in ANSWER_FIELDS},
                "answer": answer.html,
                "source": sources.get(answer.source),
            },
            spare=models.Q(answer=""),
        )
        _match(
            self.supports,
            page.supports,
            lambda support: {"organization": organizations[support.organization], "note": support.note},
        )
        self.refresh_from_db(fields=["version"])


def _source_of(credit: Credit) -> Source:
    """The source of this name; one that has since been removed comes back as the page described it."""
    source, _created = Source.objects.get_or_create(name=credit.name, defaults=credit.model_dump(exclude={"name"}))
    return source


def _match(rows: Any, values: Any, fields: Any, spare: models.Q | None = None) -> None:
    """Makes a disease's rows of one sort say what values say: matched by key, in the values' order.

    Rows that no value has are removed, except those that `spare` describes.
    """
    gone = rows.exclude(key__in=[value.key for value in values])
    for row in gone.exclude(spare) if spare else gone:
        row.delete()
    existing = {row.key: row for row in rows.all()}
    rows.make_way(
        [
            existing[value.key].pk
            for value in values
            if value.key in existing
            and any(fields(value)[name] != getattr(existing[value.key], name) for name in rows.model.UNIQUE)
        ]
    )
    for position, value in enumerate(values, start=1):
        row = existing.get(value.key) or rows.model(disease=rows.instance, key=value.key)
        for name, content in (fields(value) | {"position": position}).items():
            setattr(row, name, content)
        row.save()


class DiseasePart(Part):
    """A row of a disease's page, at its place in the order."""

    SUBJECT = "disease"

    position = models.PositiveIntegerField(default=0)

    class Meta(Part.Meta):
        abstract = True
        ordering = ["position", "pk"]


class Synonym(DiseasePart):
    """Another name of a disease."""

    UNIQUE = ("text",)

    disease = models.ForeignKey(Disease, models.CASCADE, related_name="synonyms")
    text = models.CharField(_("name"), max_length=LINE_LENGTH)
    kind = models.CharField(max_length=20, choices=SynonymKind.choices, default=SynonymKind.EXACT)

    class Meta(DiseasePart.Meta):
        constraints = [models.UniqueConstraint(fields=["disease", "text"], name="one_synonym")]

    def __str__(self) -> str:
        return self.text

    def compose(self) -> OtherName:
        return OtherName(key=self.key, text=self.text, kind=SynonymKind(self.kind))


class Identifier(DiseasePart):
    """A disease's code in a scheme."""

    UNIQUE = ("scheme", "value")

    disease = models.ForeignKey(Disease, models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=10, choices=codes.Scheme.choices)
    value = models.CharField(_("code"), max_length=40)
    relation = models.CharField(max_length=10, choices=codes.Relation.choices, default=codes.Relation.EXACT)

    class Meta(DiseasePart.Meta):
        constraints = [models.UniqueConstraint(fields=["disease", "scheme", "value"], name="one_identifier")]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"

    def clean(self) -> None:
        if self.scheme and self.value:
            try:
                self.value = codes.clean(self.scheme, self.value)
            except ValueError as error:
                raise ValidationError({"value": str(error)}) from error

    def compose(self) -> Code:
        return Code(key=self.key, scheme=self.scheme, value=self.value, relation=codes.Relation(self.relation))


ANSWER_FIELDS = ["topic", "question", "last_updated", "reviewed_on", "reviewed_by", "review_due"]
ANSWER_FIELDS += ["source_url", "adapted"]


class Question(DiseasePart):
    """One entry of a disease's FAQ. Without an answer it is a note to the editors, and never on the page."""

    disease = models.ForeignKey(Disease, models.CASCADE, related_name="questions")
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
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="questions")
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

    def compose(self) -> Answer:
        fields = {name: getattr(self, name) for name in ANSWER_FIELDS} | {"topic": Topic(self.topic)}
        return Answer(key=self.key, html=self.answer, source=self.source.name if self.source else "", **fields)


class Support(DiseasePart):
    """An organization that helps families with a disease."""

    UNIQUE = ("organization",)

    disease = models.ForeignKey(Disease, models.CASCADE, related_name="supports")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="supports")
    note = models.TextField(blank=True, max_length=1000, help_text=_("What it offers for this disease, in short."))

    class Meta(DiseasePart.Meta):
        constraints = [models.UniqueConstraint(fields=["disease", "organization"], name="one_support")]

    def __str__(self) -> str:
        return str(self.organization)

    def compose(self, organization: Reference) -> SupportedBy:
        return SupportedBy(key=self.key, organization=organization, note=self.note)
