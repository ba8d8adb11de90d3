import unicodedata
from collections.abc import Sequence
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from diseases.models.parts import Question, SourcedPart
from diseases.models.sources import Source
from diseases.values import DiseasePage
from publishing.models import ComposedRow, NamedRows, Publishable, PublishableQuerySet
from publishing.values import Page


class DiseaseQuerySet(PublishableQuerySet["Disease"]):
    def add(self, rows: list["Disease"]) -> None:
        for disease in rows:
            disease.folded_name = fold_name(disease.name)
        super().add(rows)

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
    SUGGESTIONS = ("answer", "symptom", "name", "organization")

    folded_name = models.CharField(max_length=1000, unique=True, editable=False)
    summary = models.TextField(
        blank=True,
        max_length=5000,
        help_text=_("Two or three sentences in plain language. They are at the top of the page."),
    )
    summary_source = models.ForeignKey(
        Source, models.PROTECT, verbose_name=_("source of the summary"), null=True, blank=True, related_name="+"
    )

    objects = DiseaseQuerySet.as_manager()  # type: ignore[misc] # replaces the manager of Publishable

    class Meta(Publishable.Meta):
        verbose_name = _("disease")
        verbose_name_plural = _("diseases")
        ordering = ["name"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded_name = fold_name(self.name)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "folded_name"}
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if other := Disease.objects.exclude(pk=self.pk).filter(folded_name=fold_name(self.name)).first():
            message = _("There is already a disease with this name.")
            if other.trashed_at:
                message = _("There is already a disease with this name. It is in the trash.")
            raise ValidationError({"name": message})

    def other_values(self, rows: Sequence[ComposedRow]) -> dict[str, object]:
        """Returns the sources of the rows on the page."""
        sources = {row.source for row in rows if isinstance(row, SourcedPart)} | {self.summary_source}
        return {"sources": tuple(source.compose() for source in sorted(filter(None, sources), key=str))}

    def rows_named_on(self, page: Page) -> NamedRows:
        """Returns the organizations and sources that a page names. A source that was removed is created again."""
        named: dict[object, models.Model] = {**super().rows_named_on(page)}
        for value in page.sources if isinstance(page, DiseasePage) else ():
            defaults = value.model_dump(exclude={"name"})
            named[value.name] = Source.objects.get_or_create(name=value.name, defaults=defaults)[0]
        return named
