"""What every source of data is read into: one record a disease, ready for the merge, and what was refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from diseases.codes import Relation
from diseases.values import Aspect, SynonymKind, Topic


class UnreadableSource(ValueError):
    """A file or folder cannot be read at all; the message says which, why and what to do."""


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
    key: str  # its own at the source, the same in every delivery
    topic: Topic
    question: str
    answer: str = ""  # HTML, escaped; "" where the source asks and does not answer
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
    """All that a source says of one disease."""

    key: str  # its own at the source: "GARD:7172", "ORPHA:446"
    where: str  # for the report: "2_GARD_QA/0004331.xml", "line 12"
    name: str
    codes: tuple[CodeRecord, ...] = ()
    former: tuple[CodeRecord, ...] = ()  # codes replaced by one of `codes`; exact: the source says they mean the same
    synonyms: tuple[SynonymRecord, ...] = ()
    questions: tuple[QuestionRecord, ...] = ()
    symptoms: tuple[SymptomRecord, ...] = ()
    summary: str = ""
    may_have_page: bool = True  # a group of diseases never has
    remarks: tuple[str, ...] = ()  # what an editor should look at, and what was dropped, each a line


class UnreadableRecord(NamedTuple):
    """A piece of a source that no record was made of. `failed` where it is damaged, not merely of no use to us."""

    where: str
    reason: str
    failed: bool = False


@dataclass(frozen=True)
class Delivery:
    """What a reader returns. `total` is how many records will come, for the progress bar."""

    records: Iterator[SourceRecord]
    refusals: list[UnreadableRecord]  # complete once the records are exhausted
    total: int
    paths: tuple[Path, ...]
