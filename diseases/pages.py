"""What a disease's page says."""

from datetime import date
from functools import cached_property
from typing import Annotated
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, ValidationInfo

from diseases.codes import Relation, address
from publishing.pages import STORED, Html, Line, Page, Reference, Text, Url, Value, limit

FREQUENCY_LENGTH = 60


class SynonymKind(TextChoices):
    EXACT = "exact", _("exact")
    ABBREVIATION = "abbreviation", _("abbreviation")
    FORMER = "former", _("former name")
    SPELLING = "spelling", _("other spelling")
    SUBTYPE = "subtype", _("name of a subtype")


class Topic(TextChoices):
    OVERVIEW = "overview", _("Overview")
    SYMPTOMS = "symptoms", _("Symptoms")
    CAUSES = "causes", _("Causes")
    INHERITANCE = "inheritance", _("Inheritance")
    DIAGNOSIS = "diagnosis", _("Diagnosis")
    TREATMENT = "treatment", _("Treatment")
    OUTLOOK = "outlook", _("Outlook")
    FREQUENCY = "frequency", _("How common it is")
    GENETIC_CHANGES = "genetic_changes", _("Genetic changes")
    LIVING_WITH_IT = "living_with_it", _("Living with it")
    OTHER = "other", _("Other")


class Aspect(TextChoices):
    """What a row of a table of symptoms is about; the tables mix them."""

    SYMPTOM = "symptom", _("symptom")
    INHERITANCE = "inheritance", _("inheritance")
    ONSET = "onset", _("onset")
    COURSE = "course", _("course")


class OtherName(Value):
    key: UUID
    text: Line
    kind: SynonymKind = SynonymKind.EXACT
    source: Line = ""


class Code(Value):
    key: UUID
    scheme: Annotated[str, limit(10)]
    value: Annotated[str, limit(40)]
    relation: Relation = Relation.EXACT
    source: Line = ""

    @property
    def url(self) -> str:
        return address(self.scheme, self.value)

    def called(self) -> str:
        return f"{self.scheme} {self.value}"


class Credit(Value):
    """A source as the page names it."""

    name: Annotated[str, limit(100)]
    url: Url = ""
    licence: Annotated[str, limit(100)] = ""
    licence_url: Url = ""
    attribution: Text = ""


def _has_words(html: str, info: ValidationInfo) -> str:
    """A question without an answer never stands on a page."""
    if not html and info.context != STORED:
        raise ValueError("says nothing")
    return html


class Answer(Value):
    """A question with its answer. Dates are what is known: none is ever filled in."""

    LABELS = {"html": _("Answer"), "reviewed_on": _("Last reviewed"), "source_url": _("Address at the source")}

    key: UUID
    topic: Topic
    question: Line
    html: Annotated[Html, AfterValidator(_has_words)]
    last_updated: date | None = None
    reviewed_on: date | None = None
    reviewed_by: Annotated[str, limit(150)] = ""
    review_due: date | None = None
    source: Line = ""
    source_url: Url = ""
    adapted: bool = False

    def called(self) -> str:
        return self.question

    @property
    def anchor(self) -> str:
        return f"q-{self.key}"

    @property
    def label(self) -> str:
        """What the contents call it: the topic, or the question itself where no topic fits."""
        return self.question if self.topic == Topic.OTHER else str(self.topic.label)


class Sign(Value):
    """A row of the table of symptoms, as its source has it."""

    key: UUID
    term: Line
    frequency: Annotated[str, limit(FREQUENCY_LENGTH)] = ""
    aspect: Aspect = Aspect.SYMPTOM
    hpo_id: Annotated[str, limit(20)] = ""
    source: Line = ""

    def called(self) -> str:
        return self.term


class SupportedBy(Value):
    key: UUID
    organization: Reference
    note: Text = ""


class DiseasePage(Page):
    LABELS = {
        "title": _("Name"),
        "slug": _("Address"),
        "synonyms": _("Other name"),
        "codes": _("Code"),
        "answers": _("Question"),
        "supports": _("Organization"),
        "symptoms": _("Symptom"),
        "summary_source": _("Source of the summary"),
    }

    summary: Text = ""
    summary_source: Line = ""
    synonyms: tuple[OtherName, ...] = ()
    codes: tuple[Code, ...] = ()
    answers: tuple[Answer, ...] = ()
    symptoms: tuple[Sign, ...] = ()
    supports: tuple[SupportedBy, ...] = ()
    sources: tuple[Credit, ...] = ()

    def references(self) -> tuple[Reference, ...]:
        return tuple(dict.fromkeys(support.organization for support in self.supports))

    @cached_property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Anchor and label of each answer for the contents; where two would be called the same, by their questions."""
        labels = [answer.label for answer in self.answers]
        return tuple(
            (answer.anchor, label if labels.count(label) == 1 else answer.question)
            for answer, label in zip(self.answers, labels, strict=True)
        )
