"""Reads MedQuAD: XML files of questions and answers, one a page of the source; pages of one GARD id are one disease."""

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
from imports.answer_text import LOST_LETTERS_PATTERN, AnswerText, read_medquad_answer
from imports.archives import MIB, Limits, members
from imports.question_text import topic
from imports.records import (
    CodeRecord,
    Delivery,
    QuestionRecord,
    SourceRecord,
    SymptomRecord,
    SynonymRecord,
    UnreadableRecord,
)
from publishing.values import LINE_LENGTH

MEDQUAD_LIMITS = Limits(
    member=2 * MIB
)  # the longest real file has 0.1 MiB, and elements take far more room than their text
GARD_URL = re.compile(r"https?://rarediseases\.info\.nih\.gov/(?:gard|diseases)/0*(\d{1,7})(?:[/?#].*)?", re.IGNORECASE)
MAX_SHARED = 5  # diseases; a UMLS code that more have says what they have in common ("Syndrome"), not which one it is
CUT = 150  # characters at which MedQuAD cut synonyms off

# What its question types mean to us; of the others the words of the question decide.
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

# Notes that are no part of a name. "Type" means that it is one of several.
NOTE_PATTERN = re.compile(
    r"(?P<text>.*?)[\s,–-]*(?:\(\s*(?P<note>(?:formerly|former|subtype|type)\b[^()]*)\)|,\s*(?P<bare>formerly))",
    re.IGNORECASE,
)
NO_NAME = re.compile(r".*\(a symptom\)", re.IGNORECASE)
ABBREVIATION_PATTERN = re.compile(r"(?=(?:.*[A-Z]){2})[A-Z0-9-]{2,12}|[A-Z]{2,6} (?:[0-9]{1,2}|[IVX]{1,4})[A-Z]?[0-9]?")


@dataclass(frozen=True)
class Pair:
    key: str
    kind: str
    question: str
    answer: str


@dataclass(frozen=True)
class MedquadDocument:
    where: str
    name: str
    url: str
    codes: tuple[str, ...]  # of UMLS
    synonyms: tuple[str, ...]
    pairs: tuple[Pair, ...]

    @property
    def gard(self) -> int | None:
        found = GARD_URL.fullmatch(self.url)
        return int(found[1]) if found else None


class _Unreadable(ValueError):
    """The file is no XML that we read; the message says why and what to do."""


def read_medquad(path: Path) -> Delivery:
    """All files of a zip file or folder. Raises SourceError where it cannot be opened."""
    refusals: list[UnreadableRecord] = []
    diseases: dict[int, list[MedquadDocument]] = {}
    for member in members(path, ".xml", MEDQUAD_LIMITS):
        if isinstance(member, UnreadableRecord):
            refusals.append(member)
            continue
        try:
            document = parse(member.name, member.data)
        except _Unreadable as error:
            refusals.append(UnreadableRecord(member.name, str(error), failed=True))
            continue
        if document.gard is None:
            refusals.append(UnreadableRecord(member.name, _stranger(document)))
        elif not document.name or len(document.name) > LINE_LENGTH:
            reason = f"GARD:{document.gard} has no name (Focus) that fits: add the disease by hand, or mend the file"
            refusals.append(UnreadableRecord(member.name, reason, failed=True))
        else:
            diseases.setdefault(document.gard, []).append(document)
    codes = ({code for each in documents for code in each.codes} for documents in diseases.values())
    found_in = Counter(code for of_disease in codes for code in of_disease)
    vague = {code: count for code, count in found_in.items() if count > MAX_SHARED}
    records = (_medquad_record(gard, documents, vague) for gard, documents in sorted(diseases.items()))
    return Delivery(records, refusals, len(diseases), (path,))


def _stranger(document: MedquadDocument) -> str:
    """Names what a person needs to find the disease."""
    codes = ", ".join(f"UMLS:{code}" for code in document.codes)
    about = "; ".join(filter(None, [document.name[:LINE_LENGTH] or "no name", codes, document.url[:LINE_LENGTH]]))
    return f"no GARD id, so nothing to join on ({about})"


def parse(where: str, data: bytes) -> MedquadDocument:
    """Deliveries differ in the case of their names and in what they leave out."""
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise _Unreadable(
            "declares a document type or entities, which can be made to harm: remove the DOCTYPE"
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise _Unreadable(f"is no XML that can be read ({error}): download it again") from error
    return MedquadDocument(
        where,
        next((text for text in map(_element_text, _all(root, "focus")) if text), ""),
        _attribute(root, "url"),
        tuple(dict.fromkeys(filter(None, map(_element_text, _all(root, "cui"))))),
        tuple(filter(None, map(_element_text, _all(root, "synonym")))),
        tuple(_pair(where, number, pair) for number, pair in enumerate(_all(root, "qapair"), start=1)),
    )


def _pair(where: str, number: int, pair: Element) -> Pair:
    question = next(_all(pair, "question"), None)
    answer = next(_all(pair, "answer"), None)
    return Pair(
        key=(_attribute(question, "qid") if question is not None else "") or f"{Path(where).stem}-{number}",
        kind=_attribute(question, "qtype").casefold() if question is not None else "",
        question=_element_text(question) if question is not None else "",
        answer="".join(answer.itertext()) if answer is not None else "",
    )


def _all(element: Element, name: str) -> Iterator[Element]:
    """Elements inside it of that name, whatever its case or namespace."""
    return (each for each in element.iter() if str(each.tag).rpartition("}")[2].casefold() == name)


def _attribute(element: Element, name: str) -> str:
    return next((value.strip() for key, value in element.attrib.items() if key.casefold() == name), "")


def _element_text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


class _RecordReading:
    """What is known of a disease so far."""

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


def _medquad_record(gard: int, documents: list[MedquadDocument], vague: dict[str, int]) -> SourceRecord:
    reading = _RecordReading(documents[0].name, [CodeRecord(Scheme.GARD, str(gard))])
    for document in documents:
        for code in document.codes:
            if code in vague:
                reading.remark(f"the code UMLS:{code} was left out: {vague[code]:,} diseases have it")
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
    """UMLS codes stand in several files each, so none is said to be exact."""
    try:
        reading.codes[CodeRecord(Scheme.UMLS, clean(Scheme.UMLS, code), Relation.UNKNOWN)] = None
    except ValueError as error:
        reading.remark(str(error))


def _read_synonym(printed: str, reading: _RecordReading) -> None:
    if len(printed) == CUT or len(printed) > LINE_LENGTH:
        reading.remark(f"this other name was left out, since it was cut off or is too long: {printed}")
        return
    if NO_NAME.fullmatch(printed):
        reading.remark(f"this other name was left out, since its note says that it is none: {printed}")
        return
    text, kind = printed, SynonymKind.EXACT
    if noted := NOTE_PATTERN.fullmatch(printed):
        text, note = noted["text"].strip(), (noted["note"] or noted["bare"]).strip()
        kind = SynonymKind.FORMER if note.casefold().startswith("former") else SynonymKind.SUBTYPE
        if not note.isalpha():
            reading.remark(f"the other name “{text}” has a note: {note}")
    elif ABBREVIATION_PATTERN.fullmatch(printed):
        kind = SynonymKind.ABBREVIATION
    folded = text.casefold()
    if text and folded != reading.name.casefold() and folded not in reading.synonyms:
        reading.synonyms[folded] = SynonymRecord(text, kind)


def _read_pair(pair: Pair, document: MedquadDocument, reading: _RecordReading) -> None:
    names = (reading.name, document.name, *(synonym.text for synonym in reading.synonyms.values()))
    text = read_medquad_answer(pair.question, pair.answer, names)
    reading.symptoms |= dict.fromkeys(text.symptoms)
    for remark in text.remarks:
        reading.remark(f"{pair.key}: {remark}")
    if not text.question or len(text.question) > LINE_LENGTH:
        reading.remark(f"{pair.key}: left out, since its question is missing or too long: {text.question}{text.answer}")
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
    _keep_one(record, text, reading)


def _keep_one(record: QuestionRecord, text: AnswerText, reading: _RecordReading) -> None:
    """The same question again is kept where the first had no answer, and named where the answers differ."""
    folded = record.question.casefold()
    first = reading.questions.get(folded)
    if not first or (text.answer and not first.answer):
        reading.questions[folded] = record
    elif text.answer and text.answer != first.answer:
        reading.remark(f"{record.key}: asks the same as {first.key}, and answers otherwise: {text.answer}")
