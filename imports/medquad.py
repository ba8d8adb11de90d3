"""Reads MedQuAD: XML files of questions and answers.

Each file is one page of the source. The pages with the same GARD id become one disease.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from diseases.codes import Relation, Scheme, clean
from diseases.values import SynonymKind, Topic
from imports.answer_text import LOST_LETTERS_PATTERN, read_medquad_answer
from imports.archives import MIB, Limits, members
from imports.question_text import topic
from imports.records import (
    CodeRecord,
    Delivery,
    QuestionRecord,
    SourceRecord,
    SymptomRecord,
    SynonymRecord,
    Unreadable,
    UnreadableRecord,
)
from publishing.values import LINE_LENGTH

# The longest real file has 0.1 MiB. Parsed elements need much more memory than their text.
MEDQUAD_LIMITS = Limits(member=2 * MIB)
GARD_URL = re.compile(r"https?://rarediseases\.info\.nih\.gov/(?:gard|diseases)/0*(\d{1,7})(?:[/?#].*)?", re.IGNORECASE)
# If more diseases have the same UMLS code, it says what they have in common ("Syndrome"), not which disease it is.
MAX_SHARED = 5
CUT_LENGTH = 150  # MedQuAD cut off synonyms after this many characters

# The topics of MedQuAD's question types. For other types, the words of the question decide.
QUESTION_TYPE_TOPICS = {
    "information": Topic.OVERVIEW,
    "symptoms": Topic.SYMPTOMS,
    "causes": Topic.CAUSES,
    "inheritance": Topic.INHERITANCE,
    "exams and tests": Topic.DIAGNOSIS,
    "treatment": Topic.TREATMENT,
    "outlook": Topic.OUTLOOK,
    "prognosis": Topic.OUTLOOK,
    "frequency": Topic.FREQUENCY,
    "genetic changes": Topic.GENETIC_CHANGES,
    "support groups": Topic.LIVING_WITH_IT,
}

# Notes that are not part of a name. "Type" means that it is one of several.
NOTE_PATTERN = re.compile(
    r"(?P<text>.*?)[\s,–-]*(?:\(\s*(?P<note>(?:formerly|former|subtype|type)\b[^()]*)\)|,\s*(?P<bare>formerly))",
    re.IGNORECASE,
)
NO_NAME = re.compile(r".*\(a symptom\)", re.IGNORECASE)
MEDQUAD_ABBREVIATION = re.compile(r"(?=(?:.*[A-Z]){2})[A-Z0-9-]{2,12}|[A-Z]{2,6} (?:[0-9]{1,2}|[IVX]{1,4})[A-Z]?[0-9]?")


@dataclass(frozen=True)
class Pair:
    """A question with its answer."""

    key: str
    kind: str
    question: str
    answer: str


@dataclass(frozen=True)
class MedquadDocument:
    """One file of MedQuAD."""

    where: str
    name: str
    url: str
    codes: tuple[str, ...]  # of UMLS
    synonyms: tuple[str, ...]
    pairs: tuple[Pair, ...]

    @property
    def gard(self) -> int | None:
        """Returns the GARD id in the page's address, None if it has none."""
        match = GARD_URL.fullmatch(self.url)
        return int(match[1]) if match else None


def read_medquad(path: Path) -> Delivery:
    """Reads all files of a zip file or folder. Raises UnreadableSource where it cannot be opened."""
    unreadable = Unreadable()
    diseases: dict[int, list[MedquadDocument]] = {}
    for member in members(path, ".xml", MEDQUAD_LIMITS):
        if isinstance(member, UnreadableRecord):
            unreadable.append(member)
            continue
        with unreadable.failures_of(member.name):
            document = parse(member.name, member.data)
            if document.gard is None:
                unreadable.add(member.name, _no_gard_id(document))
            elif not document.name or len(document.name) > LINE_LENGTH:
                no_name = f"GARD:{document.gard} has no name (Focus) that fits"
                raise ValueError(f"{no_name}: add the disease by hand, or correct the file")
            else:
                diseases.setdefault(document.gard, []).append(document)
    codes = ({code for each in documents for code in each.codes} for documents in diseases.values())
    disease_counts = Counter(code for of_disease in codes for code in of_disease)
    shared = {code: count for code, count in disease_counts.items() if count > MAX_SHARED}
    records = (_medquad_record(gard, documents, shared) for gard, documents in sorted(diseases.items()))
    return Delivery(records, unreadable, len(diseases), (path,))


def _no_gard_id(document: MedquadDocument) -> str:
    """Returns the reason why a file is not imported, with what a person needs to find the disease."""
    codes = ", ".join(f"UMLS:{code}" for code in document.codes)
    about = "; ".join(filter(None, [document.name[:LINE_LENGTH] or "no name", codes, document.url[:LINE_LENGTH]]))
    return f"it has no GARD id, so its disease is not known ({about})"


def parse(where: str, data: bytes) -> MedquadDocument:
    """Reads one file. Names of elements may be in any case, and elements may be missing: deliveries differ in this.

    Raises ValueError where it is not XML that can be read; the message says why and what to do.
    """
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ValueError("declares a document type or entities, which can do harm: remove the DOCTYPE") from error
    except (ParseError, ValueError, LookupError) as error:
        raise ValueError(f"is not XML that can be read ({error}): download it again") from error
    return MedquadDocument(
        where,
        next((text for text in map(_element_text, _all(root, "focus")) if text), ""),
        _attribute(root, "url"),
        tuple(dict.fromkeys(filter(None, map(_element_text, _all(root, "cui"))))),
        tuple(filter(None, map(_element_text, _all(root, "synonym")))),
        tuple(_pair(where, number, pair) for number, pair in enumerate(_all(root, "qapair"), start=1)),
    )


def _pair(where: str, number: int, pair: Element) -> Pair:
    question = next(_all(pair, "question"), Element("question"))
    return Pair(
        key=_attribute(question, "qid") or f"{Path(where).stem}-{number}",
        kind=_attribute(question, "qtype").casefold(),
        question=_element_text(question),
        answer="".join(next(_all(pair, "answer"), Element("answer")).itertext()),
    )


def _all(element: Element, name: str) -> Iterator[Element]:
    """Returns the elements inside it that have this name, in any case or namespace."""
    return (each for each in element.iter() if str(each.tag).rpartition("}")[2].casefold() == name)


def _attribute(element: Element, name: str) -> str:
    return next((value.strip() for key, value in element.attrib.items() if key.casefold() == name), "")


def _element_text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


class _RecordReading:
    """Collects what the files say about one disease."""

    def __init__(self, name: str, codes: list[CodeRecord]) -> None:
        self.name = name
        self.codes = dict.fromkeys(codes)
        self.synonyms: dict[str, SynonymRecord] = {}
        self.questions: dict[str, QuestionRecord] = {}  # by the folded question
        self.keys: set[str] = set()
        self.symptoms: dict[SymptomRecord, None] = {}
        self.remarks: dict[str, None] = {}

    def remark(self, text: str) -> None:
        self.remarks[text] = None


def _medquad_record(gard: int, documents: list[MedquadDocument], shared: dict[str, int]) -> SourceRecord:
    """Returns the record of one disease. `shared` holds the codes that too many diseases have, and how many."""
    reading = _RecordReading(documents[0].name, [CodeRecord(Scheme.GARD, str(gard))])
    for document in documents:
        for code in document.codes:
            if code in shared:
                reading.remark(f"the code UMLS:{code} was left out: {shared[code]:,} diseases have it")
            else:
                _read_code(code, reading)
        if document.name.casefold() != reading.name.casefold():
            reading.remark(f"{document.where} calls it “{document.name}”")
            _read_synonym(document.name, reading)
        for synonym in document.synonyms:
            _read_synonym(synonym, reading)
    for name in (reading.name, *(synonym.text for synonym in reading.synonyms.values())):
        if LOST_LETTERS_PATTERN.search(name):
            reading.remark(f"letters may be missing in the name “{name}”")
    for document in documents:
        for pair in document.pairs:
            _read_pair(pair, document, reading)
    return SourceRecord(
        key=f"GARD:{gard}",
        where=", ".join(document.where for document in documents),
        name=reading.name,
        codes=tuple(reading.codes),
        synonyms=tuple(reading.synonyms.values()),
        questions=tuple(reading.questions.values()),
        symptoms=tuple(reading.symptoms),
        remarks=tuple(reading.remarks),
    )


def _read_code(code: str, reading: _RecordReading) -> None:
    """Adds a UMLS code. Its relation is unknown, since the same code is in the files of several diseases."""
    try:
        reading.codes[CodeRecord(Scheme.UMLS, clean(Scheme.UMLS, code), Relation.UNKNOWN)] = None
    except ValueError as error:
        reading.remark(str(error))


def _read_synonym(printed: str, reading: _RecordReading) -> None:
    if len(printed) == CUT_LENGTH or len(printed) > LINE_LENGTH:
        reading.remark(f"this synonym was left out, because it was cut off or is too long: {printed}")
        return
    if NO_NAME.fullmatch(printed):
        reading.remark(f"this synonym was left out, because its note says that it is not a name: {printed}")
        return
    text, kind = printed, SynonymKind.EXACT
    if noted := NOTE_PATTERN.fullmatch(printed):
        text, note = noted["text"].strip(), (noted["note"] or noted["bare"]).strip()
        kind = SynonymKind.FORMER if note.casefold().startswith("former") else SynonymKind.SUBTYPE
        if not note.isalpha():
            reading.remark(f"the synonym “{text}” has a note: {note}")
    elif MEDQUAD_ABBREVIATION.fullmatch(printed):
        kind = SynonymKind.ABBREVIATION
    folded = text.casefold()
    if text and folded != reading.name.casefold() and folded not in reading.synonyms:
        reading.synonyms[folded] = SynonymRecord(text, kind)


def _read_pair(pair: Pair, document: MedquadDocument, reading: _RecordReading) -> None:
    """Adds a question. If it was asked before, the first answer is used, and a remark names a different one."""
    names = (reading.name, document.name, *(synonym.text for synonym in reading.synonyms.values()))
    text = read_medquad_answer(pair.question, pair.answer, names)
    reading.symptoms |= dict.fromkeys(text.symptoms)
    for remark in text.remarks:
        reading.remark(f"{pair.key}: {remark}")
    if not text.question or len(text.question) > LINE_LENGTH:
        reading.remark(
            f"{pair.key}: left out, because its question is missing or too long: {text.question}{text.answer}"
        )
        return
    key = pair.key if pair.key not in reading.keys else f"{Path(document.where).stem}:{pair.key}"
    reading.keys.add(key)
    url = re.sub(r"^http:", "https:", document.url, flags=re.IGNORECASE)
    record = QuestionRecord(
        key,
        QUESTION_TYPE_TOPICS.get(pair.kind) or Topic(topic(text.question, reading.name)),
        text.question,
        text.answer,
        url if len(url) <= LINE_LENGTH else "",
    )
    folded = record.question.casefold()
    first = reading.questions.get(folded)
    if not first or (text.answer and not first.answer):
        reading.questions[folded] = record
    elif text.answer and text.answer != first.answer:
        reading.remark(f"{record.key}: asks the same as {first.key}, with another answer: {text.answer}")
