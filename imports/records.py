"""The values that a reader of public data returns: one record for each disease, and what could not be used."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from diseases.codes import Relation
from diseases.values import Aspect, SynonymKind, Topic


class UnreadableSource(ValueError):
    """A file or folder cannot be read at all; the message says which one, why and what to do."""


@dataclass(frozen=True)
class CodeRecord:
    """A code in the form in which it is stored (see codes.clean)."""

    scheme: str
    value: str
    relation: Relation = Relation.EXACT


@dataclass(frozen=True)
class SynonymRecord:
    text: str
    kind: SynonymKind = SynonymKind.EXACT


@dataclass(frozen=True)
class QuestionRecord:
    key: str  # the question's key at the source, the same in every delivery
    topic: Topic
    question: str
    answer: str = ""  # HTML, escaped; "" where the source has a question without an answer
    source_url: str = ""


@dataclass(frozen=True)
class SymptomRecord:
    """A row of a table of symptoms. The frequency is as printed: "90%", "7/12", "Frequent (79-30%)" or ""."""

    term: str
    frequency: str = ""
    aspect: Aspect = Aspect.SYMPTOM
    hpo_id: str = ""


@dataclass(frozen=True)
class SourceRecord:
    """Everything that a source says about one disease."""

    key: str  # the disease's key at the source: "GARD:7172", "ORPHA:446"
    where: str  # for the report: "2_GARD_QA/0004331.xml", "line 12"
    name: str
    codes: tuple[CodeRecord, ...] = ()
    former: tuple[CodeRecord, ...] = ()  # codes replaced by one of `codes`; exact: the source says they mean the same
    synonyms: tuple[SynonymRecord, ...] = ()
    questions: tuple[QuestionRecord, ...] = ()
    symptoms: tuple[SymptomRecord, ...] = ()
    summary: str = ""
    may_have_page: bool = True  # False for a group of diseases
    remarks: tuple[str, ...] = ()  # lines for an editor: what to check, and what was left out


class UnreadableRecord(NamedTuple):
    """A part of a source from which no record was made. `failed` if it is damaged, not only of no use to this site."""

    where: str
    reason: str
    failed: bool = False


@dataclass(frozen=True)
class Delivery:
    """The records of the files that a reader was given. `total` is their number, for the progress bar."""

    records: Iterator[SourceRecord]
    unreadable: list[UnreadableRecord]  # complete once all records are read
    total: int
    paths: tuple[Path, ...]
