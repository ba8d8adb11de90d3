"""Reads a question with its answer, date and source, and tells which standard question it is."""

import html
import re
from dataclasses import dataclass, field
from datetime import date

from imports.lines import NumberedLine, Unplaced


@dataclass(frozen=True)
class QuestionText:
    line: int
    topic: str
    question: str
    answer: str  # HTML, escaped
    last_updated: date | None
    source: str
    source_url: str
    adapted: bool


LONGEST_QUESTION = 199  # characters; what is longer and ends in "?" is an answer that asks something
LIST_ITEM = re.compile(r"(?:-\s|•)\s*(.*\w.*)")
DATE_LINE = re.compile(r"last updated(?:(?: on)?\s?:| on\b)\s*(?P<date>.{0,40})|last updated (?P<bare>.{0,20}\d)", re.I)
SOURCE_LINE = re.compile(r"(?:(?P<adapted>Adapted from)\b\s?:?|Source\s?:)\s*(?P<source>.{0,200})")
SOURCE_WITH_URL = re.compile(r"(?P<source>.*?)[\s,;:(–-]*(?P<url>https?://[^\s,;()]+)\)?(?P<rest>.*)")

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = r"(?P<name>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\.?"
DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
DATES = (
    re.compile(r"(?P<month>[0-9]{1,2})(?P<mark>[-–/])(?P<day>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4}|[0-9]{2})"),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(rf"{DAY} {MONTH},? (?P<year>[0-9]{{4}})", re.IGNORECASE),
    re.compile(rf"{MONTH} {DAY},? (?P<year>[0-9]{{4}})", re.IGNORECASE),
)
MONTHS_IN_FULL = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    *("december", "sept"),
)

# The first that is found in the question, without the disease's name, decides.
TOPIC_PATTERNS = (
    ("living_with_it", r"living with|live with|daily li(?:fe|ving)|everyday|school|\bcop(?:e|ing)\b"),
    ("genetic_changes", r"gene(?:tic)? changes?|\bgenes?\b.*\b(?:related|involved|linked)|mutation|\bvariants?\b"),
    ("inheritance", r"\binherit(?:ed|ance)\b|passed (?:on|down)|runs? in families"),
    ("diagnosis", r"\bdiagnos|\btest(?:s|ed|ing)?\b"),
    ("treatment", r"\btreat|\btherap|\bcured?\b|\bmanage"),
    ("outlook", r"\boutlook|\bprognosis|life expectancy|\bsurviv"),
    ("frequency", r"how (?:common|rare|frequent|often)|how many people|\bprevalence|\bfrequency"),
    ("symptoms", r"\bsymptoms?\b|\bsigns?\b"),
    ("causes", r"\bcauses?\b|\bcaused\b"),
    ("overview", r"^what (?:is|are)(?: \(are\))?(?! (?:the|my|your|our)\b)"),
)


@dataclass
class OpenQuestion:
    line: int
    question: str
    paragraphs: list[list[str]] = field(default_factory=list)
    last_updated: date | None = None
    source: str = ""
    source_url: str = ""
    adapted: bool = False
    closed: bool = False  # a date or source stood under the answer


def is_question(text: str) -> bool:
    """Whether such a line opens a question, where it is the first of a paragraph."""
    asks = text.endswith("?") and any(map(str.isalnum, text))
    return asks and len(text) <= LONGEST_QUESTION and not LIST_ITEM.fullmatch(text)


def topic(question: str, disease: str = "") -> str:
    """Which standard question it is; the disease's name is left out, since "hereditary" may be a part of it."""
    words = " ".join(question.casefold().replace(disease.casefold(), " ").split()) if disease else question.casefold()
    return next((name for name, pattern in TOPIC_PATTERNS if re.search(pattern, words)), "other")


def printed_date(printed: str) -> date | None:
    """The date in one of the forms we accept (months before days in numbers), None where it is not a date."""
    for pattern in DATES:
        match = pattern.fullmatch(printed)
        if not match:
            continue
        parts = match.groupdict()
        if "name" in parts:
            name = parts["name"].casefold()
            if len(name) > 3 and name not in MONTHS_IN_FULL:
                return None
            parts["month"] = str(MONTHS.index(name[:3]) + 1)
        year = int(parts["year"])
        if len(parts["year"]) == 2:
            year += 1900 if year >= 70 else 2000
        try:
            return date(year, int(parts["month"]), int(parts["day"])) if year >= 1900 else None
        except ValueError:
            return None
    return None


def read_answer_line(lines: list[NumberedLine], question: OpenQuestion, unplaced: list[Unplaced]) -> None:
    words: list[str] = []
    for number, text in lines:
        if match := DATE_LINE.fullmatch(text):
            printed = (match["date"] or match["bare"] or "").strip(" .")
            found = printed_date(printed)
            if printed and (not found or question.last_updated):
                unplaced.append(Unplaced(number, text))
            question.last_updated = question.last_updated or found
        elif match := SOURCE_LINE.fullmatch(text):
            _read_source(number, text, match, question, unplaced)
        elif question.closed:
            unplaced.append(Unplaced(number, text))
            continue
        else:
            words.append(text)
            continue
        question.closed = question.closed or bool(words or question.paragraphs)
    if words:
        question.paragraphs.append(words)


def _read_source(number: int, text: str, match: re.Match, question: OpenQuestion, unplaced: list[Unplaced]) -> None:
    printed = match["source"].strip(" .,;")
    if question.source or question.source_url:
        unplaced.append(Unplaced(number, text))
        return
    question.source, question.adapted = printed, bool(printed and match["adapted"])
    if with_url := SOURCE_WITH_URL.fullmatch(printed):
        question.source, question.source_url = with_url["source"], with_url["url"]
        if any(map(str.isalnum, with_url["rest"])):
            unplaced.append(Unplaced(number, with_url["rest"]))


def finish(question: OpenQuestion, disease: str, source: str) -> QuestionText:
    sourced = question.source or question.source_url
    return QuestionText(
        question.line,
        topic(question.question, disease),
        question.question,
        _answer_html(question.paragraphs),
        question.last_updated,
        question.source if sourced else source,
        question.source_url,
        question.adapted,
    )


def _answer_html(paragraphs: list[list[str]]) -> str:
    """Paragraphs and lists; a line under a list item carries the item on, as lines of a paragraph do."""
    blocks: list[tuple[str, list[str]]] = []
    for paragraph in paragraphs:
        fresh = True
        for line in paragraph:
            item = LIST_ITEM.fullmatch(line)
            if item and blocks and blocks[-1][0] == "ul":
                blocks[-1][1].append(item[1])
            elif item or fresh:
                blocks.append(("ul" if item else "p", [item[1] if item else line]))
            else:
                blocks[-1][1][-1] += f" {line}"
            fresh = False
    return "\n".join(_block_html(tag, texts) for tag, texts in blocks)


def _block_html(tag: str, texts: list[str]) -> str:
    escaped = [html.escape(text, quote=False) for text in texts]
    return f"<p>{escaped[0]}</p>" if tag == "p" else f"<ul>{''.join(f'<li>{text}</li>' for text in escaped)}</ul>"
