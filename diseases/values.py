"""What a disease's page says."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Annotated, Any, ClassVar
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, ValidationInfo

from diseases.codes import Relation, address
from diseases.frequencies import Frequency, read_frequency
from publishing.prose import in_one_line, render_for_page
from publishing.values import STORED, Html, Line, Page, Reference, Text, Url, Value, limit
from search.documents import Document, DocumentSection, Name

FREQUENCY_LENGTH = 60


class SynonymKind(TextChoices):
    EXACT = "exact", _("exact")
    ABBREVIATION = "abbreviation", _("abbreviation")
    FORMER = "former", _("former name")
    SPELLING = "spelling", _("other spelling")
    SUBTYPE = "subtype", _("name of a subtype")


SYNONYM_NOTES = {
    SynonymKind.FORMER: _("formerly called"),
    SynonymKind.SUBTYPE: _("a subtype is called"),
}
"""How a list of results introduces a name; any other is "also called"."""


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


class SynonymValue(Value):
    key: UUID
    text: Line
    kind: SynonymKind = SynonymKind.EXACT
    source: Line = ""


class IdentifierValue(Value):
    key: UUID
    scheme: Annotated[str, limit(10)]
    value: Annotated[str, limit(40)]
    relation: Relation = Relation.EXACT
    source: Line = ""

    @property
    def url(self) -> str:
        return address(self.scheme, self.value)

    def display_name(self) -> str:
        return f"{self.scheme} {self.value}"


class SourceValue(Value):
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


class QuestionValue(Value):
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

    def display_name(self) -> str:
        return self.question

    @property
    def anchor(self) -> str:
        return f"q-{self.key}"

    @property
    def label(self) -> str:
        """What the contents call it: the topic, or the question itself where no topic fits."""
        return self.question if self.topic == Topic.OTHER else str(self.topic.label)

    @property
    def display_html(self) -> str:
        return render_for_page(self.html)

    @property
    def is_undated(self) -> bool:
        """Whether it comes from elsewhere, and nobody says how old it is."""
        return bool(self.source or self.source_url) and not self.last_updated and not self.reviewed_on


class SymptomValue(Value):
    """A row of the table of symptoms, as its source has it."""

    LABELS = {"frequency": _("How often"), "aspect": _("About"), "hpo_id": _("HPO code")}

    key: UUID
    term: Line
    frequency: Annotated[str, limit(FREQUENCY_LENGTH)] = ""
    aspect: Aspect = Aspect.SYMPTOM
    hpo_id: Annotated[str, limit(20)] = ""
    source: Line = ""

    def display_name(self) -> str:
        return self.term


@dataclass(frozen=True)
class FrequencyReport:
    """How often a source says that a sign is seen."""

    frequency: Frequency
    source: str

    @property
    def rank(self) -> tuple[Any, ...]:
        """Less, the more often; no two that differ have the same."""
        share, least = (-1 if number is None else number for number in (self.frequency.share, self.frequency.least))
        said = self.frequency.study or (), self.frequency.is_below, self.frequency.printed
        return -share, -least, *said, self.source


@dataclass(frozen=True)
class SymptomSummary:
    """All that is said under one term. Two sources, or one with two frequencies, make one finding."""

    term: str
    mentions: tuple[FrequencyReport, ...]  # the most frequent first; none where nobody knows how often

    @classmethod
    def of(cls, signs: Iterable[SymptomValue]) -> tuple["SymptomSummary", ...]:
        """The findings of signs: the most frequent first, then by the alphabet, those of unknown frequency last."""
        by_term: dict[str, list[SymptomValue]] = {}
        for sign in signs:
            by_term.setdefault(sign.term.casefold(), []).append(sign)
        findings = []
        for same in by_term.values():
            mentions = {FrequencyReport(read_frequency(sign.frequency), sign.source) for sign in same}
            known = {mention for mention in mentions if mention.frequency != Frequency()}
            findings.append(cls(same[0].term, tuple(sorted(known, key=lambda mention: mention.rank))))
        return tuple(sorted(findings, key=lambda finding: (*finding.rank, finding.term.casefold())))

    @property
    def rank(self) -> tuple[Any, ...]:
        return not self.mentions, [mention.rank for mention in self.mentions]


@dataclass(frozen=True)
class SymptomGroup:
    """Signs that are seen equally often, as the same sources say."""

    mentions: tuple[FrequencyReport, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True)
class SymptomTable:
    """What the page shows of a disease's signs, at its place among the answers."""

    anchor: ClassVar = "symptoms"
    is_table: ClassVar = True

    groups: tuple[SymptomGroup, ...]
    facts: tuple[tuple[str, tuple[SymptomSummary, ...]], ...]  # what is no sign, each sort with its label
    credits: tuple[SourceValue, ...]
    is_from_hpo: bool

    @property
    def label(self) -> str:
        return str(_("Signs and symptoms") if self.groups else _("At a glance"))

    @property
    def is_sorted(self) -> bool:
        """Whether it is known of any sign how often it is seen."""
        return any(group.mentions for group in self.groups)

    @property
    def names_sources(self) -> bool:
        """Whether each frequency must say whose it is."""
        return len(self.credits) > 1


FACTS = {Aspect.INHERITANCE: _("Inheritance"), Aspect.ONSET: _("Usual onset"), Aspect.COURSE: _("Course")}


def _short(term: str) -> str:
    """A term beside its label: "Autosomal recessive inheritance" is "autosomal recessive" there."""
    term = re.sub(r"\s+(inheritance|onset)$", "", term)
    return term[:1].lower() + term[1:] if term[1:2].islower() else term


class SupportValue(Value):
    key: UUID
    organization: Reference
    note: Text = ""


class DiseasePage(Page):
    LABELS = {
        "title": _("Name"),
        "slug": _("Address"),
        "synonyms": _("Other name"),
        "identifiers": _("Code"),
        "questions": _("Question"),
        "supports": _("Organization"),
        "symptoms": _("Symptom"),
        "summary_source": _("Source of the summary"),
    }

    summary: Text = ""
    summary_source: Line = ""
    synonyms: tuple[SynonymValue, ...] = ()
    identifiers: tuple[IdentifierValue, ...] = ()
    questions: tuple[QuestionValue, ...] = ()
    symptoms: tuple[SymptomValue, ...] = ()
    supports: tuple[SupportValue, ...] = ()
    sources: tuple[SourceValue, ...] = ()

    def references(self) -> tuple[Reference, ...]:
        return tuple(dict.fromkeys(support.organization for support in self.supports))

    def document(self, kind: str, key: int, url: str) -> Document:
        plain = super().document(kind, key, url)
        names = [Name(name.text, str(SYNONYM_NOTES.get(name.kind, _("also called")))) for name in self.synonyms]
        sections = [DocumentSection(str(_("Summary")), "", self.summary)] if self.summary else []
        for section in self.sections:
            if isinstance(section, QuestionValue):
                sections.append(DocumentSection(section.question, section.anchor, in_one_line(section.html)))
            else:
                terms = dict.fromkeys(sign.term for sign in self.symptoms)
                sections.append(DocumentSection(section.label, section.anchor, ", ".join(terms)))
        return replace(
            plain,
            names=(*plain.names, *names),
            codes=tuple(f"{code.scheme}:{code.value}" for code in self.identifiers),
            about=self.summary,
            sections=tuple(sections),
        )

    @cached_property
    def symptom_table(self) -> SymptomTable | None:
        if not self.symptoms:
            return None
        found = {
            aspect: SymptomSummary.of(sign for sign in self.symptoms if sign.aspect == aspect) for aspect in Aspect
        }
        groups = groupby(found[Aspect.SYMPTOM], key=lambda finding: finding.mentions)
        names = {sign.source for sign in self.symptoms}
        return SymptomTable(
            groups=tuple(SymptomGroup(mentions, tuple(finding.term for finding in same)) for mentions, same in groups),
            facts=tuple(
                (str(label), tuple(replace(finding, term=_short(finding.term)) for finding in found[aspect]))
                for aspect, label in FACTS.items()
                if found[aspect]
            ),
            credits=tuple(credit for credit in self.sources if credit.name in names),
            is_from_hpo=any(sign.source or sign.hpo_id for sign in self.symptoms),
        )

    @cached_property
    def sections(self) -> tuple[QuestionValue | SymptomTable, ...]:
        """The answers, with the table of signs after those about symptoms, or where they would stand."""
        if not self.symptom_table:
            return self.questions
        topics = [answer.topic for answer in self.questions]
        before = next((topic for topic in (Topic.SYMPTOMS, Topic.OVERVIEW) if topic in topics), None)
        place = len(topics) - topics[::-1].index(before) if before else 0
        return *self.questions[:place], self.symptom_table, *self.questions[place:]

    @cached_property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Anchor and label of each section for the contents; where two would be called the same, by their questions."""
        labels = [section.label for section in self.sections]
        return tuple(
            (
                section.anchor,
                section.question if isinstance(section, QuestionValue) and labels.count(label) > 1 else label,
            )
            for section, label in zip(self.sections, labels, strict=True)
        )

    @property
    def summary_credit(self) -> SourceValue | None:
        return next((credit for credit in self.sources if credit.name == self.summary_source), None)
