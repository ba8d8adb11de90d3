import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from diseases.models.parts import ANSWER_FIELDS, Identifier, Question, Support, Symptom, Synonym
from diseases.models.sources import Source
from diseases.values import DiseasePage, SourceValue
from organizations.models import Organization
from publishing.models import Address, Publishable, PublishableQuerySet, replace_rows
from publishing.prose import sanitize
from publishing.sources import register_source_users


class DiseaseQuerySet(PublishableQuerySet["Disease"]):
    def add(self, rows: list["Disease"]) -> None:
        for disease in rows:
            disease.folded_name = fold_name(disease.name)
        super().add(rows)

    def naming(self, source: Source) -> Self:
        """Returns the diseases that name a source, for the summary or in a child row."""
        is_named = models.Q(summary_source=source)
        for model in (Question, Synonym, Identifier, Symptom):
            rows = model._default_manager.filter(source=source)
            is_named |= models.Q(pk__in=rows.order_by().values("disease"))
        return self.filter(is_named)

    def with_question_count(self) -> Self:
        """Adds `question_count`: how many questions of each disease have an answer."""
        answered = Question.objects.filter(disease=models.OuterRef("pk")).exclude(answer="")
        counted = answered.order_by().values("disease").annotate(count=models.Count("pk")).values("count")
        return self.annotate(question_count=Coalesce(models.Subquery(counted), 0))


def fold_name(name: str) -> str:
    """Returns a name without differences in case and white space. Python folds them, because databases disagree."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


class Disease(Publishable):
    """A disease. The row and its child rows are the draft of its page."""

    KIND = "disease"
    PAGE = DiseasePage

    folded_name = models.CharField(max_length=1000, unique=True, editable=False)
    summary = models.TextField(
        blank=True,
        max_length=5000,
        help_text=_("Two or three sentences in plain language. They are at the top of the page."),
    )

    summary_source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="+", help_text=_("The source of the summary.")
    )

    objects = DiseaseQuerySet.as_manager()  # type: ignore[misc] # replaces the manager of Publishable

    class Meta(Publishable.Meta):
        ordering = ["name"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded_name = fold_name(self.name)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "folded_name"}
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if Disease.objects.exclude(pk=self.pk).filter(folded_name=fold_name(self.name)).exists():
            raise ValidationError({"name": _("There is already a disease with this name.")})

    def compose(self) -> DiseasePage:
        return self.page_of(
            self.synonyms.select_related("source"),
            self.identifiers.select_related("source"),
            self.questions.select_related("source"),
            self.symptoms.filter(approved=True).select_related("source"),
            list(self.supports.select_related("organization")),
        )

    def page_of(
        self,
        synonyms: Iterable[Synonym] = (),
        identifiers: Iterable[Identifier] = (),
        questions: Iterable[Question] = (),
        symptoms: Iterable[Symptom] = (),
        supports: Sequence[Support] = (),
    ) -> DiseasePage:
        """Returns the page of the disease with the given rows, in their order, whether they are saved or not."""
        answered = [question for question in questions if sanitize(question.answer)]
        references = Address.objects.references(Organization, [support.organization for support in supports])
        rows: list[Synonym | Identifier | Question | Symptom] = [*synonyms, *identifiers, *answered, *symptoms]
        sources = {source for source in (*(row.source for row in rows), self.summary_source) if source}
        return DiseasePage(
            title=self.name,
            slug=self.slug,
            summary=self.summary,
            summary_source=self.summary_source.name if self.summary_source else "",
            synonyms=tuple(synonym.compose() for synonym in synonyms),
            identifiers=tuple(identifier.compose() for identifier in identifiers),
            questions=tuple(question.compose() for question in answered),
            symptoms=tuple(symptom.compose() for symptom in symptoms),
            supports=tuple(support.compose(references[support.organization_id]) for support in supports),
            sources=tuple(source.compose() for source in sorted(sources, key=str)),
        )

    def apply_page(self, page: DiseasePage) -> None:
        sources = {value.name: _get_or_create_source(value) for value in page.sources}
        self.name, self.slug, self.summary = page.title, page.slug, page.summary
        self.summary_source = sources.get(page.summary_source)
        organizations = Address.objects.subjects(page.references())
        replace_rows(
            self.synonyms,
            page.synonyms,
            lambda value: {"text": value.text, "kind": value.kind, "source": sources.get(value.source)},
        )
        replace_rows(
            self.identifiers,
            page.identifiers,
            lambda value: {
                **{name: getattr(value, name) for name in ("scheme", "value", "relation")},
                "source": sources.get(value.source),
            },
        )
        replace_rows(
            self.questions,
            page.questions,
            lambda value: {
                **{name: getattr(value, name) for name in ANSWER_FIELDS},
                "answer": value.html,
                "source": sources.get(value.source),
            },
            is_kept=lambda question: not question.answer,
        )
        # Only approved symptoms are on a page, so a symptom that this page lacks was not approved when it was composed.
        lacking = self.symptoms.exclude(key__in=[value.key for value in page.symptoms]).filter(approved=True)
        models.QuerySet.update(lacking, approved=False)
        replace_rows(
            self.symptoms,
            page.symptoms,
            lambda value: {
                **{name: getattr(value, name) for name in ("term", "hpo_id", "frequency", "aspect")},
                "source": sources.get(value.source),
                "approved": True,
            },
            is_kept=lambda symptom: not symptom.approved,
        )
        replace_rows(
            self.supports,
            page.supports,
            lambda value: {"organization": organizations[value.organization], "note": value.note},
        )
        self.save()


register_source_users(Disease.objects.naming)


def _get_or_create_source(value: SourceValue) -> Source:
    """Returns the source with the value's name. Creates it from the value if it was removed meanwhile."""
    source, _created = Source.objects.get_or_create(name=value.name, defaults=value.model_dump(exclude={"name"}))
    return source
