"""The page of a disease as immutable values: synonyms, identifiers, questions, symptoms, organizations, sources."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Annotated, ClassVar
from uuid import UUID

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, ValidationInfo

from diseases.codes import Relation, address
from diseases.frequencies import Frequency, read_frequency
from publishing.prose import in_one_line, render_for_page
from publishing.values import STORED, Html, Line, Page, Reference, Text, Url, Value, limit
from search.documents import Document, DocumentSection, Name

FREQUENCY_LENGTH = 60
OLD_AFTER_YEARS = 5  # an older answer says on the page that it is old


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
"""The words before a name in a list of search results. All other kinds have "also called"."""


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
    """What a row of a symptom table is about. Sources list more than symptoms in these tables."""

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


def _require_answer(html: str, info: ValidationInfo) -> str:
    """Raises ValueError where a new page has a question without an answer. Stored pages are read as they are."""
    if not html and info.context != STORED:
        raise ValueError("is empty")
    return html


class QuestionValue(Value):
    """A question with its answer. A date that is not known is None; no date is ever made up."""

    key: UUID
    topic: Topic
    question: Line
    html: Annotated[Html, AfterValidator(_require_answer)]
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
        """Returns its label in the table of contents: the topic, or the question itself where the topic is "other"."""
        return self.question if self.topic == Topic.OTHER else str(self.topic.label)

    @property
    def display_html(self) -> str:
        return render_for_page(self.html)

    @property
    def is_old(self) -> bool:
        """Returns whether the answer's date is known and more than five years ago."""
        updated, today = self.last_updated, timezone.localdate()
        if not updated:
            return False
        return (updated.year + OLD_AFTER_YEARS, updated.month, updated.day) < (today.year, today.month, today.day)

    @property
    def is_undated(self) -> bool:
        """Returns whether the answer comes from a source that does not say how old it is."""
        return bool(self.source or self.source_url) and not self.last_updated and not self.reviewed_on


class SymptomValue(Value):
    """A row of the symptom table, in the words of its source."""

    LABELS = {"frequency": _("How often"), "aspect": _("About")}

    key: UUID
    term: Line
    frequency: Annotated[str, limit(FREQUENCY_LENGTH)] = ""
    aspect: Aspect = Aspect.SYMPTOM
    hpo_id: Annotated[str, limit(20)] = ""
    source: Line = ""


_ReportRank = tuple[Decimal, Decimal, tuple[int, ...], bool, str, str]


@dataclass(frozen=True)
class FrequencyReport:
    """How often a symptom occurs, according to one source."""

    frequency: Frequency
    source: str

    @property
    def rank(self) -> _ReportRank:
        """Returns a sort key: the most frequent first. Two reports that differ have different keys."""
        share = Decimal(-1) if self.frequency.share is None else self.frequency.share
        least = Decimal(-1) if self.frequency.least is None else self.frequency.least
        study = self.frequency.study or ()
        return -share, -least, study, self.frequency.is_below, self.frequency.printed, self.source


@dataclass(frozen=True)
class SymptomSummary:
    """One term with all its frequencies: several sources, or several rows of one source, may report it."""

    term: str
    reports: tuple[FrequencyReport, ...]
    """The most frequent first; empty where the frequency is not known."""

    @classmethod
    def of(cls, symptoms: Iterable[SymptomValue]) -> tuple["SymptomSummary", ...]:
        """Returns one summary for each term: by frequency, then by name; those of unknown frequency are last."""
        by_term: dict[str, list[SymptomValue]] = {}
        for symptom in symptoms:
            by_term.setdefault(symptom.term.casefold(), []).append(symptom)
        summaries = []
        for same in by_term.values():
            reports = {FrequencyReport(read_frequency(symptom.frequency), symptom.source) for symptom in same}
            known = {report for report in reports if report.frequency != Frequency()}
            summaries.append(cls(same[0].term, tuple(sorted(known, key=lambda report: report.rank))))
        return tuple(sorted(summaries, key=lambda summary: (*summary.rank, summary.term.casefold())))

    @property
    def rank(self) -> tuple[bool, list[_ReportRank]]:
        """Returns a sort key: the most frequent first, those of unknown frequency last."""
        return not self.reports, [report.rank for report in self.reports]


@dataclass(frozen=True)
class SymptomGroup:
    """The symptoms that have the same frequencies from the same sources."""

    reports: tuple[FrequencyReport, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True)
class SymptomTable:
    """The symptom table as the page shows it, in the order of the page's sections."""

    anchor: ClassVar = "symptoms"
    is_table: ClassVar = True

    groups: tuple[SymptomGroup, ...]
    facts: tuple[tuple[str, tuple[SymptomSummary, ...]], ...]
    """The rows that are not symptoms (inheritance, onset, course), by aspect, each with the label of its aspect."""
    sources: tuple[SourceValue, ...]
    is_from_hpo: bool

    @property
    def label(self) -> str:
        return str(_("Signs and symptoms") if self.groups else _("At a glance"))

    @property
    def is_sorted(self) -> bool:
        """Returns whether the frequency of at least one symptom is known."""
        return any(group.reports for group in self.groups)

    @property
    def names_sources(self) -> bool:
        """Returns whether each frequency needs the name of its source, because there are several."""
        return len(self.sources) > 1


FACTS = {Aspect.INHERITANCE: _("Inheritance"), Aspect.ONSET: _("Usual onset"), Aspect.COURSE: _("Course")}


def _short_term(term: str) -> str:
    """Returns a term as it is shown beside its label: "Autosomal recessive inheritance" as "autosomal recessive"."""
    term = re.sub(r"\s+(inheritance|onset)$", "", term)
    return term[:1].lower() + term[1:] if term[1:2].islower() else term


class SupportValue(Value):
    key: UUID
    organization: Reference
    note: Text = ""


class DiseasePage(Page):
    LABELS = {"supports": _("Organization")}

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

    def document(self, kind: str, label: str, key: int, url: str) -> Document:
        plain = super().document(kind, label, key, url)
        names = [Name(name.text, str(SYNONYM_NOTES.get(name.kind, _("also called")))) for name in self.synonyms]
        sections = [DocumentSection(str(_("Summary")), "", self.summary)] if self.summary else []
        for section in self.sections:
            if isinstance(section, QuestionValue):
                sections.append(DocumentSection(section.question, section.anchor, in_one_line(section.html)))
            else:
                terms = dict.fromkeys(symptom.term for symptom in self.symptoms)
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
        summaries = {
            aspect: SymptomSummary.of(symptom for symptom in self.symptoms if symptom.aspect == aspect)
            for aspect in Aspect
        }
        groups = groupby(summaries[Aspect.SYMPTOM], key=lambda summary: summary.reports)
        names = {symptom.source for symptom in self.symptoms}
        return SymptomTable(
            groups=tuple(SymptomGroup(reports, tuple(summary.term for summary in same)) for reports, same in groups),
            facts=tuple(
                (str(label), tuple(replace(summary, term=_short_term(summary.term)) for summary in summaries[aspect]))
                for aspect, label in FACTS.items()
                if summaries[aspect]
            ),
            sources=tuple(source for source in self.sources if source.name in names),
            is_from_hpo=any(symptom.source or symptom.hpo_id for symptom in self.symptoms),
        )

    @cached_property
    def sections(self) -> tuple[QuestionValue | SymptomTable, ...]:
        """Returns the answers with the symptom table among them.

        The table follows the last answer about symptoms; without one, the last overview; without that, it is first.
        """
        if not self.symptom_table:
            return self.questions
        topics = [question.topic for question in self.questions]
        before = next((topic for topic in (Topic.SYMPTOMS, Topic.OVERVIEW) if topic in topics), None)
        index = len(topics) - topics[::-1].index(before) if before else 0
        return *self.questions[:index], self.symptom_table, *self.questions[index:]

    @cached_property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Returns the anchor and the label of each section for the table of contents.

        Where several sections would have the same label, the label of an answer is its question.
        """
        labels = [section.label for section in self.sections]
        return tuple(
            (
                section.anchor,
                section.question if isinstance(section, QuestionValue) and labels.count(label) > 1 else label,
            )
            for section, label in zip(self.sections, labels, strict=True)
        )

    @property
    def source_of_summary(self) -> SourceValue | None:
        return next((source for source in self.sources if source.name == self.summary_source), None)
