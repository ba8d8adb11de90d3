"""Reads a page of plain text about one disease: names and codes, questions with their answers, organizations.

Nothing is lost and nothing is made up: each word is in a field or in `unplaced`, or it was a label or a standard text.
"""

import re
from dataclasses import dataclass, field

from diseases.values import SynonymKind
from imports.contact_text import OrganizationText, continues_organization, opens_organization, read_organizations
from imports.lines import NumberedLine, PageTextError, split_lines
from imports.question_text import QuestionText, finish_question, is_question, read_answer_lines
from imports.records import CodeRecord, SynonymRecord


@dataclass
class PageText:
    name: str
    head: dict[str, int]  # the lines of the name and of the labels before the questions; 0 where there is none
    unplaced: list[NumberedLine]  # texts that no field holds; a person has to look at them
    synonyms: list[SynonymRecord] = field(default_factory=list)
    codes: list[CodeRecord] = field(default_factory=list)
    summary: str = ""
    questions: list[QuestionText] = field(default_factory=list)
    organizations: list[OrganizationText] = field(default_factory=list)


# The app from which such pages come repeats these texts on every page.
GARD_STANDARD_TEXT = re.compile(
    r"The .{1,60} disease database is regularly updated using data .{0,100}provided by GARD\b.*", re.IGNORECASE
)
STANDARD_TEXT = re.compile(
    r"Connect with other users with .{1,200} on the .{1,40} app\.?"
    r"|Do you have information about a disease, disorder, or syndrome\?( Want to suggest a symptom\?)?"
    r"|Want to suggest a symptom\?"
    r"|Please send suggestions to .{1,40}"
    r"|People Using the App ?\d*"
    r"|Join the .{1,60} Community[.!]?"
    r"|To connect, share, empower and heal today[.!]?"
    rf"|{GARD_STANDARD_TEXT.pattern}",
    re.IGNORECASE,
)

HEAD_LABEL = re.compile(r"(Also called|Synonyms|Codes|Summary)\s?:\s*(.*)", re.IGNORECASE)
SYNONYM_KIND_PATTERN = re.compile(
    r"(?P<text>.*\S)\s*\((?P<kind>exact|abbreviation|former|spelling|subtype)\)", re.IGNORECASE
)
PAGE_SCHEMES = {
    re.sub(r"\W", "", scheme).casefold(): scheme
    for scheme in ("GARD", "ORPHA", "OMIM", "MONDO", "UMLS", "ICD-10", "ICD-11")
}


def read_page_text(text: str) -> PageText:
    """Reads a page. Raises PageTextError where it has no name, or neither a question nor an organization."""
    lines, damaged = split_lines(text)
    name, paragraphs = _name_and_paragraphs(lines)
    page = PageText(name.text, {"name": name.number, "also called": 0, "codes": 0, "summary": 0}, damaged)
    section = ""  # "question" or "organization": what the paragraph before belongs to
    organization_lines: list[list[NumberedLine]] = []
    for paragraph in paragraphs:
        if section == "organization" and continues_organization(paragraph[0].text):
            organization_lines[-1] += paragraph
            continue
        start = next((i for i, line in enumerate(paragraph) if opens_organization(line.text)), len(paragraph))
        text_lines, contacts = paragraph[:start], paragraph[start:]
        if text_lines and is_question(text_lines[0].text):
            page.questions.append(QuestionText(*text_lines[0]))
            section = "question"
            text_lines = text_lines[1:]
        if section == "question":
            read_answer_lines(text_lines, page.questions[-1], page.unplaced)
        else:
            _read_head(text_lines, page)
        if contacts:
            organization_lines.append(contacts)
            section = "organization"
    for contacts in organization_lines:
        organizations, unplaced = read_organizations(contacts)
        page.organizations += organizations
        page.unplaced += unplaced
    if not page.questions and not page.organizations:
        raise PageTextError(
            f"Line {lines[-1].number}: the page ends without a question or an organization. Give each question a line "
            f'of its own that ends in "?", with an empty line before it, or start an organization with "Name:".'
        )
    source = "GARD" if any(GARD_STANDARD_TEXT.fullmatch(line.text) for line in lines) else ""
    for question in page.questions:
        finish_question(question, page.name, source)
    page.unplaced.sort(key=lambda each: each.number)
    return page


def _name_and_paragraphs(lines: list[NumberedLine]) -> tuple[NumberedLine, list[list[NumberedLine]]]:
    """Returns the first line that is not empty, and the paragraphs after it, without standard texts."""
    name = NumberedLine(1, "")
    paragraphs: list[list[NumberedLine]] = [[]]
    for line in lines:
        if not line.text or STANDARD_TEXT.fullmatch(line.text):
            paragraphs.append([])
        elif not name.text:
            name = line
            if is_question(name.text) or continues_organization(name.text) or HEAD_LABEL.fullmatch(name.text):
                raise _no_name(line.number)
        else:
            paragraphs[-1].append(line)
    if not any(map(str.isalnum, name.text)):
        raise _no_name(1)
    return name, [paragraph for paragraph in paragraphs if paragraph]


def _no_name(number: int) -> PageTextError:
    return PageTextError(f"Line {number}: the disease's name is missing. Put it alone on the first line.")


def _read_head(lines: list[NumberedLine], page: PageText) -> None:
    """Reads the labelled texts about the disease. Each ends at the next label or at the end of the paragraph."""
    label = ""
    synonyms: list[str] = []
    summary: list[str] = []
    for number, text in lines:
        if match := HEAD_LABEL.fullmatch(text):
            label, text = match[1].casefold().replace("synonyms", "also called"), match[2]
            page.head[label] = page.head[label] or number
        if label == "codes":
            _read_codes(number, text, page)
        elif label == "summary":
            summary.append(text)
        elif label:
            synonyms.append(text)
        else:
            page.unplaced.append(NumberedLine(number, text))
    page.summary = " ".join([page.summary, *summary]).strip()
    for entry in " ".join(synonyms).split(";"):
        if any(map(str.isalnum, entry)):
            kind = SYNONYM_KIND_PATTERN.fullmatch(entry.strip())
            page.synonyms.append(
                SynonymRecord(kind["text"], SynonymKind(kind["kind"].casefold()))
                if kind
                else SynonymRecord(entry.strip())
            )


def _read_codes(number: int, text: str, page: PageText) -> None:
    for entry in re.split("[;,]", text):
        scheme, _, value = (part.strip() for part in entry.partition(":"))
        known = PAGE_SCHEMES.get(re.sub(r"\W", "", scheme).casefold())
        if known and re.fullmatch(r"[A-Za-z0-9][\w.*/&+-]*", value):
            page.codes.append(CodeRecord(known, value))
        elif any(map(str.isalnum, entry)):
            page.unplaced.append(NumberedLine(number, entry.strip()))
