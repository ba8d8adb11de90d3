import unicodedata
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from diseases.models.parts import ANSWER_FIELDS, Identifier, Question, Symptom, Synonym
from diseases.models.sources import Source
from diseases.values import DiseasePage, SourceValue
from organizations.models import Organization
from publishing.models import Address, Publishable, PublishableQuerySet
from publishing.prose import sanitize
from publishing.sources import register_source_users


class DiseaseQuerySet(PublishableQuerySet["Disease"]):
    def add(self, rows: list["Disease"]) -> None:
        for disease in rows:
            disease.folded_name = fold_name(disease.name)
        super().add(rows)

    def naming(self, source: Source) -> Self:
        """The diseases whose page names a source: for the summary, or in one of its rows."""
        rows: list[Any] = [Question, Synonym, Identifier, Symptom]
        named = models.Q(summary_source=source)
        for model in rows:
            named |= models.Q(pk__in=model.objects.filter(source=source).order_by().values("disease"))
        return self.filter(named)

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

    summary_source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="+", help_text=_("Who the summary comes from.")
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
        return self.page_of(
            self.synonyms.select_related("source"),
            self.identifiers.select_related("source"),
            self.questions.select_related("source"),
            self.symptoms.filter(approved=True).select_related("source"),
            list(self.supports.select_related("organization")),
        )

    def page_of(
        self, synonyms: Any = (), identifiers: Any = (), questions: Any = (), symptoms: Any = (), supports: Any = ()
    ) -> DiseasePage:
        """The page of the disease with these rows, in their order: what `compose` says once they are saved."""
        questions = [question for question in questions if sanitize(question.answer)]
        references = Address.objects.references(Organization, [support.organization for support in supports])
        named = [row.source for rows in (synonyms, identifiers, questions, symptoms) for row in rows]
        sources = {source for source in (*named, self.summary_source) if source}
        return DiseasePage(
            title=self.name,
            slug=self.slug,
            summary=self.summary,
            summary_source=self.summary_source.name if self.summary_source else "",
            synonyms=tuple(synonym.compose() for synonym in synonyms),
            identifiers=tuple(identifier.compose() for identifier in identifiers),
            questions=tuple(question.compose() for question in questions),
            symptoms=tuple(symptom.compose() for symptom in symptoms),
            supports=tuple(support.compose(references[support.organization_id]) for support in supports),
            sources=tuple(source.credit() for source in sorted(sources, key=str)),
        )

    def apply_page(self, page: DiseasePage) -> None:
        sources = {credit.name: _get_or_create_source(credit) for credit in page.sources}
        self.name, self.slug, self.summary = page.title, page.slug, page.summary
        self.summary_source = sources.get(page.summary_source)
        self.save()
        organizations = Address.objects.subjects(page.references())
        _replace_rows(
            self.synonyms,
            page.synonyms,
            lambda name: {"text": name.text, "kind": name.kind, "source": sources.get(name.source)},
        )
        _replace_rows(
            self.identifiers,
            page.identifiers,
            lambda code: {
                **{name: getattr(code, name) for name in ("scheme", "value", "relation")},
                "source": sources.get(code.source),
            },
        )
        _replace_rows(
            self.questions,
            page.questions,
            lambda answer: {
                **{name: getattr(answer, name) for name in ANSWER_FIELDS},
                "answer": answer.html,
                "source": sources.get(answer.source),
            },
            spare=models.Q(answer=""),
        )
        # A row that an editor approved since was not approved then; it waits again.
        self.symptoms.exclude(key__in=[sign.key for sign in page.symptoms]).filter(approved=True).update(approved=False)
        _replace_rows(
            self.symptoms,
            page.symptoms,
            lambda sign: {
                **{name: getattr(sign, name) for name in ("term", "hpo_id", "frequency", "aspect")},
                "source": sources.get(sign.source),
                "approved": True,
            },
            spare=models.Q(approved=False),
        )
        _replace_rows(
            self.supports,
            page.supports,
            lambda support: {"organization": organizations[support.organization], "note": support.note},
        )
        self.refresh_from_db(fields=["version"])


register_source_users(Disease.objects.naming)


def _get_or_create_source(credit: SourceValue) -> Source:
    """The source of this name; one that has since been removed comes back as the page described it."""
    source, _created = Source.objects.get_or_create(name=credit.name, defaults=credit.model_dump(exclude={"name"}))
    return source


def _replace_rows(rows: Any, values: Any, fields: Any, spare: models.Q | None = None) -> None:
    """Makes a disease's rows of one sort say what values say: matched by key, in the values' order.

    Rows that no value has are removed, except those that `spare` describes.
    """
    gone = rows.exclude(key__in=[value.key for value in values])
    for row in gone.exclude(spare) if spare else gone:
        row.delete()
    existing = {row.key: row for row in rows.all()}
    rows.free_unique_values(
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
