"""The values that a reader of public data returns: one record for each subject, and what could not be used."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import ClassVar, NamedTuple, TypeVar

from diseases.codes import Relation, Scheme
from diseases.values import Aspect, SynonymKind, Topic
from search.letters import fold_text

JOINING = (Scheme.GARD, Scheme.ORPHA, Scheme.OMIM)
"""The schemes whose exact codes tell which disease is meant, the most certain first."""


class UnreadableSource(ValueError):
    """A file or folder cannot be read at all; the message says which one, why and what to do."""


class RowRecord:
    """What a source says about one child row: values of fields of the row's model, under the same names."""

    SORT: ClassVar[str]  # the name of the model

    def identity(self) -> str:
        """Returns what is the same in every delivery: its first field, without differences in spelling."""
        return fold_text(str(next(iter(vars(self).values()))))

    def part_key(self) -> str:
        """Returns the key of the part that the row becomes, before it is numbered or shortened."""
        return f"{self.SORT}:{self.identity()}"


_AnyRow = TypeVar("_AnyRow", bound=RowRecord)


@dataclass(frozen=True)
class CodeRecord(RowRecord):
    """A code in the form in which it is stored (see codes.clean)."""

    SORT = "identifier"

    scheme: str
    value: str
    relation: Relation = Relation.EXACT

    def identity(self) -> str:
        return f"{self.scheme}:{self.value}"

    def rank(self) -> tuple[int, str]:
        """Returns its place among the codes of a record: by scheme, as on a page, then by value."""
        return Scheme.values.index(self.scheme), self.value


@dataclass(frozen=True)
class SynonymRecord(RowRecord):
    SORT = "synonym"

    text: str
    kind: SynonymKind = SynonymKind.EXACT


@dataclass(frozen=True)
class QuestionRecord(RowRecord):
    SORT = "question"

    key: str  # the question's key at the source, the same in every delivery
    topic: Topic
    question: str
    answer: str = ""  # HTML, escaped; "" where the source has a question without an answer
    source_url: str = ""

    def identity(self) -> str:
        return self.key


@dataclass(frozen=True)
class DatedQuestionRecord(QuestionRecord):
    """A question from a source that says how old each answer is, and from whom it has the answer."""

    last_updated: date | None = None
    adapted: bool = False
    source: str = ""  # its name


@dataclass(frozen=True)
class SymptomRecord(RowRecord):
    """A row of a table of symptoms. The frequency is as printed: "90%", "7/12", "Frequent (79-30%)" or ""."""

    SORT = "symptom"

    term: str
    frequency: str = ""
    aspect: Aspect = Aspect.SYMPTOM
    hpo_id: str = ""


@dataclass(frozen=True)
class SupportRecord(RowRecord):
    SORT = "support"

    organization: str  # its name, as one of the record's organizations has it


@dataclass(frozen=True)
class SourceRecord:
    """Everything that a source says about one subject."""

    key: str  # the subject's key at the source: "GARD:7172", "ORPHA:446"
    where: str  # for the report: "2_GARD_QA/0004331.xml", "line 12"
    name: str
    kind: str = "disease"
    fields: dict[str, str] = field(default_factory=dict, hash=False)  # the texts of fields of the subject, by name
    codes: tuple[CodeRecord, ...] = ()
    former: tuple[CodeRecord, ...] = ()  # codes replaced by one of `codes`; exact: the source says they mean the same
    synonyms: tuple[SynonymRecord, ...] = ()
    questions: tuple[QuestionRecord, ...] = ()
    symptoms: tuple[SymptomRecord, ...] = ()
    organizations: tuple["SourceRecord", ...] = ()
    supports: tuple[SupportRecord, ...] = ()
    definition: str = ""  # for specialists: it is only proposed as the summary
    may_have_page: bool = True  # False for a group of diseases
    key_prefixes: tuple[str, ...] = ("",)  # the beginnings of the keys of parts that the files speak of: "synonym:"
    remarks: tuple[str, ...] = ()  # for an editor: what to check, and what was left out

    def speaks_of(self, part: str) -> bool:
        """Tells whether the files say anything about a part. If they do not, its absence here means nothing."""
        return part.startswith(self.key_prefixes)

    def completed_by(self, earlier: "SourceRecord") -> "SourceRecord":
        """Returns the record with what an earlier delivery said of the parts that these files do not speak of."""
        named = earlier if earlier.speaks_of("name") and not self.speaks_of("name") else self
        codes = self._rows_with(earlier, self.codes, earlier.codes)
        return replace(
            self,
            name=named.name,
            may_have_page=named.may_have_page,
            fields={name: text for name, text in earlier.fields.items() if not self.speaks_of(name)} | self.fields,
            codes=(*codes[:1], *sorted(codes[1:], key=CodeRecord.rank)),
            former=self._rows_with(earlier, self.former, earlier.former),
            synonyms=self._rows_with(earlier, self.synonyms, earlier.synonyms),
            questions=self._rows_with(earlier, self.questions, earlier.questions),
            symptoms=self._rows_with(earlier, self.symptoms, earlier.symptoms),
            definition=self.definition if self.speaks_of("summary") else earlier.definition,
            key_prefixes=tuple(dict.fromkeys((*self.key_prefixes, *earlier.key_prefixes))),
            remarks=tuple(dict.fromkeys((*earlier.remarks, *self.remarks))),
        )

    def _rows_with(
        self, earlier: "SourceRecord", rows: Sequence[_AnyRow], others: Sequence[_AnyRow]
    ) -> tuple[_AnyRow, ...]:
        """Returns the record's rows, and those of an earlier record that are of a sort it does not speak of."""
        own = {row.part_key() for row in rows}
        return (*rows, *(row for row in others if not self.speaks_of(row.part_key()) and row.part_key() not in own))


class UnreadableRecord(NamedTuple):
    """A part of a source from which no record was made. `failed` if it is damaged, not only of no use to this site."""

    where: str
    reason: str
    failed: bool = False


class Unreadable(list[UnreadableRecord]):
    """What a reader could not use."""

    def add(self, where: str, reason: str) -> None:
        self.append(UnreadableRecord(where, reason))

    def fail(self, where: str, reason: str) -> None:
        self.append(UnreadableRecord(where, reason, failed=True))

    @contextmanager
    def failures_of(self, where: str) -> Iterator[None]:
        """Adds what stands at a place if reading it raises a ValueError, which says why."""
        try:
            yield
        except ValueError as error:
            self.fail(where, str(error))


@dataclass(frozen=True)
class Delivery:
    """The records of the files that a reader was given. `total` is their number, for the progress bar."""

    records: Iterator[SourceRecord]
    unreadable: list[UnreadableRecord]  # complete once all records are read
    total: int
    paths: tuple[Path, ...]
