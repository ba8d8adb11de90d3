"""Reads a question with its answer, date and source from a page of text, and tells its topic."""

import html
import re
from calendar import month_abbr, month_name
from dataclasses import dataclass, field
from datetime import date

from imports.lines import NumberedLine


@dataclass
class QuestionText:
    """A question with its answer. `topic` and `answer` are empty until the answer is read completely."""

    line: int
    question: str
    topic: str = ""
    answer: str = ""  # HTML, escaped
    last_updated: date | None = None
    source: str = ""
    source_url: str = ""
    adapted: bool = False
    paragraphs: list[list[str]] = field(default_factory=list)
    is_closed: bool = False  # a date or source has followed the answer


MAX_QUESTION_LENGTH = 199  # a longer line that ends in "?" is part of an answer
LIST_ITEM = re.compile(r"(?:-\s|•)\s*(.*\w.*)")
DATE_LINE = re.compile(r"last updated(?:(?: on)?\s?:| on\b)\s*(?P<date>.{0,40})|last updated (?P<bare>.{0,20}\d)", re.I)
SOURCE_LINE = re.compile(r"(?:(?P<adapted>Adapted from)\b\s?:?|Source\s?:)\s*(?P<source>.{0,200})")
SOURCE_WITH_URL = re.compile(r"(?P<source>.*?)[\s,;:(–-]*(?P<url>https?://[^\s,;()]+)\)?(?P<rest>.*)")

MONTHS = {name.casefold(): str(n) for names in (month_name, month_abbr) for n, name in enumerate(names) if n}
MONTHS["sept"] = "9"
MONTH = rf"(?P<name>{'|'.join(MONTHS)})\.?"
DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
DATES = (
    re.compile(r"(?P<month>[0-9]{1,2})(?P<mark>[-–/])(?P<day>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4}|[0-9]{2})"),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(rf"{DAY} {MONTH},? (?P<year>[0-9]{{4}})", re.IGNORECASE),
    re.compile(rf"{MONTH} {DAY},? (?P<year>[0-9]{{4}})", re.IGNORECASE),
)
# The first pattern that is found in the question (without the disease's name) decides.
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


def is_question(text: str) -> bool:
    """Tells whether the first line of a paragraph is a question."""
    ends_as_question = text.endswith("?") and any(map(str.isalnum, text))
    return ends_as_question and len(text) <= MAX_QUESTION_LENGTH and not LIST_ITEM.fullmatch(text)


def topic(question: str, disease: str = "") -> str:
    """Returns the topic of a question. The disease's name is left out, since it may hold a word like "hereditary"."""
    words = " ".join(question.casefold().replace(disease.casefold(), " ").split()) if disease else question.casefold()
    return next((name for name, pattern in TOPIC_PATTERNS if re.search(pattern, words)), "other")


def printed_date(printed: str) -> date | None:
    """Returns a printed date, None where it is not in an accepted form. In numbers, the month comes before the day."""
    for pattern in DATES:
        match = pattern.fullmatch(printed)
        if not match:
            continue
        parts = match.groupdict()
        if "name" in parts:
            parts["month"] = MONTHS[parts["name"].casefold()]
        year = int(parts["year"])
        if len(parts["year"]) == 2:
            year += 1900 if year >= 70 else 2000
        try:
            return date(year, int(parts["month"]), int(parts["day"])) if year >= 1900 else None
        except ValueError:
            return None
    return None


def read_answer_lines(lines: list[NumberedLine], question: QuestionText, unplaced: list[NumberedLine]) -> None:
    """Adds a paragraph to the answer of a question: text, its date and its source. Other lines go to `unplaced`."""
    paragraph: list[str] = []
    for number, text in lines:
        if match := DATE_LINE.fullmatch(text):
            printed = (match["date"] or match["bare"] or "").strip(" .")
            last_updated = printed_date(printed)
            if printed and (not last_updated or question.last_updated):
                unplaced.append(NumberedLine(number, text))
            question.last_updated = question.last_updated or last_updated
        elif match := SOURCE_LINE.fullmatch(text):
            _read_source(number, text, match, question, unplaced)
        elif question.is_closed:
            unplaced.append(NumberedLine(number, text))
            continue
        else:
            paragraph.append(text)
            continue
        question.is_closed = question.is_closed or bool(paragraph or question.paragraphs)
    if paragraph:
        question.paragraphs.append(paragraph)


def _read_source(
    number: int, text: str, match: re.Match[str], question: QuestionText, unplaced: list[NumberedLine]
) -> None:
    printed = match["source"].strip(" .,;")
    if question.source or question.source_url:
        unplaced.append(NumberedLine(number, text))
        return
    question.source, question.adapted = printed, bool(printed and match["adapted"])
    if with_url := SOURCE_WITH_URL.fullmatch(printed):
        question.source, question.source_url = with_url["source"], with_url["url"]
        if any(map(str.isalnum, with_url["rest"])):
            unplaced.append(NumberedLine(number, with_url["rest"]))


def finish_question(question: QuestionText, disease: str, source: str) -> None:
    """Ends a question that was read completely. `source` is the page's own, for a question without one."""
    question.topic = topic(question.question, disease)
    question.answer = _answer_html(question.paragraphs)
    if not question.source and not question.source_url:
        question.source = source


def _answer_html(paragraphs: list[list[str]]) -> str:
    """Returns the answer as paragraphs and lists. A line below a list item continues the item."""
    blocks: list[tuple[str, list[str]]] = []
    for paragraph in paragraphs:
        is_first_line = True
        for line in paragraph:
            item = LIST_ITEM.fullmatch(line)
            if item and blocks and blocks[-1][0] == "ul":
                blocks[-1][1].append(item[1])
            elif item or is_first_line:
                blocks.append(("ul" if item else "p", [item[1] if item else line]))
            else:
                blocks[-1][1][-1] += f" {line}"
            is_first_line = False
    return "\n".join(_block_html(tag, texts) for tag, texts in blocks)


def _block_html(tag: str, texts: list[str]) -> str:
    escaped = [html.escape(text, quote=False) for text in texts]
    return f"<p>{escaped[0]}</p>" if tag == "p" else f"<ul>{''.join(f'<li>{text}</li>' for text in escaped)}</ul>"
