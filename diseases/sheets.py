"""Lays out the sheet of paper that a family takes to a hospital or a school: as much of a disease's page as fits.

The sheet is one page and must fit both A4 and US Letter, so it has the height of the shorter and the width of the
narrower of the two. Heights are counted in lines. static/site.css gives each part of the sheet the sizes of this file.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from typing import Generic, TypeVar

import segno
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diseases.codes import Relation, Scheme
from diseases.text_width import line_count
from diseases.values import DiseasePage, IdentifierValue, SynonymKind, SynonymValue
from organizations.values import OrganizationPage

LINE = 4.8  # millimetres
PAGE = 52.0  # lines: the height of US Letter with margins of 12 millimetres, less 5 millimetres as a reserve
WIDTH = 186.0  # millimetres: the width of A4 with the same margins

TITLE, TEXT, ENTRY, SMALL = 6.0, 3.53, 3.35, 3.0  # font sizes in millimetres: 17, 10, 9.5 and 8.5 points
TITLE_LINE, SMALL_LINE = 1.75, 0.8
KIND_HEIGHT, HEADING, SECTION_GAP = 1.0, 1.5, 0.5
ROW_HEIGHT = 1.75  # of a line for handwriting
FOOT, QR = 1.0, 5.5
NAME_COLUMN, REACH_COLUMN, FOOT_COLUMN = 108.0, 74.0, 154.0

MAX_CODE_LINES = MAX_SYNONYM_LINES = 2
MAX_SUMMARY_LINES = 12
MAX_CONTACT_LINES = 10
RESERVED_CONTACT_LINES = 6  # the summary leaves at least these lines to the contacts

USEFUL_SYNONYMS = [
    SynonymKind.EXACT,
    SynonymKind.ABBREVIATION,
    SynonymKind.FORMER,
    SynonymKind.SUBTYPE,
    SynonymKind.SPELLING,
]
USEFUL_SCHEMES = [*map(str, [Scheme.ORPHA, Scheme.OMIM, Scheme.ICD10, Scheme.ICD10CM, Scheme.ICD11, Scheme.GARD])]
RELATION_NOTES = {
    Relation.BROAD: gettext_lazy("covers more"),
    Relation.NARROW: gettext_lazy("covers a part"),
    Relation.UNKNOWN: gettext_lazy("may not fit"),
}

HANDWRITTEN_FIELDS: tuple[tuple[tuple[str | Promise, ...], int], ...] = (
    ((gettext_lazy("Name"), gettext_lazy("Date of birth")), 1),
    ((gettext_lazy("Call first: name and telephone"),), 1),
    ((gettext_lazy("Allergies"),), 1),
    ((gettext_lazy("Medicines"),), 2),
    ((gettext_lazy("What to do in an emergency"),), 2),
    ((gettext_lazy("Doctor and telephone"),), 1),
)
"""The fields that the family fills in by hand: the labels on one line, and the smallest number of lines."""

ALLERGIES, MEDICINES, EMERGENCY = 2, 3, 4
GROWING_FIELDS = (EMERGENCY, MEDICINES, EMERGENCY, ALLERGIES)
"""The fields that get one more line each, in this order and repeatedly, until the page is full."""

MIN_ROWS = sum(rows for _labels, rows in HANDWRITTEN_FIELDS)

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Truncated(Generic[_Item]):
    """The shown items of a list, and the number of items that are left out, so that the sheet can say so."""

    shown: tuple[_Item, ...] = ()
    left_out: int = 0

    @property
    def more(self) -> str:
        if not self.left_out:
            return ""
        text = _("and %(count)s more: see the page") if self.shown else _("%(count)s: see the page")
        return text % {"count": self.left_out}

    def __bool__(self) -> bool:
        return bool(self.shown or self.left_out)


@dataclass(frozen=True)
class Contact:
    """An organization as the sheet names it."""

    name: str
    country: str
    page: OrganizationPage

    @classmethod
    def of(cls, page: OrganizationPage, successor: str = "", *, with_country: bool = False) -> "Contact":
        name = _in_one_line(page.title)
        if successor:
            name = _("%(name)s (now %(successor)s)") % {"name": name, "successor": _in_one_line(successor)}
        return cls(name, page.country_name if with_country else "", page)

    @property
    def has_telephone(self) -> bool:
        return bool(self.page.phone or self.page.toll_free)

    @property
    def website(self) -> str:
        return re.sub(r"^https?://", "", self.page.website).rstrip("/")

    @property
    def reach(self) -> str:
        """Returns the best way to reach the organization: telephone, or else e-mail, or else website."""
        numbers = [self.page.phone.printed] if self.page.phone else []
        if self.page.toll_free:
            numbers.append(_("toll-free") + " " + self.page.toll_free.printed)
        return " · ".join(numbers) or self.page.email or self.website

    @property
    def height(self) -> int:
        """Returns how many lines the contact takes in the list."""
        name = line_count(f"{self.name}, {self.country}", NAME_COLUMN, ENTRY, bold=True)
        return max(name, line_count(self.reach, REACH_COLUMN, ENTRY))


@dataclass(frozen=True)
class Sheet:
    """The content of the sheet. `rows` is the number of lines for handwriting."""

    name: str
    synonyms: Truncated[str]
    codes: Truncated[str]
    summary: str
    summary_note: str
    contacts: Truncated[Contact]
    rows: int

    @property
    def fields(self) -> list[tuple[tuple[str | Promise, ...], range]]:
        """Returns the fields for handwriting: the labels on the first line, and the further lines below it."""
        rows = [least for _labels, least in HANDWRITTEN_FIELDS]
        for _row, growing in zip(range(self.rows - MIN_ROWS), cycle(GROWING_FIELDS), strict=False):
            rows[growing] += 1
        return [(labels, range(number - 1)) for (labels, _least), number in zip(HANDWRITTEN_FIELDS, rows, strict=True)]


def lay_out(disease: DiseasePage, contacts: Iterable[Contact], *, address: str, notice: str) -> Sheet:
    """Returns as much of a disease's page as fits on one sheet with the page's address and the medical notice.

    The name is always complete, and the fields for handwriting have at least MIN_ROWS lines. Every other part has at
    least one line, which may only say how much was left out. The remaining lines go, in this order, to the codes, the
    synonyms, the first organizations, the summary, more organizations, and more lines for handwriting.
    """
    name, summary = _in_one_line(disease.title), _in_one_line(disease.summary)
    codes, synonyms = useful_codes(disease.identifiers), useful_synonyms(disease.synonyms)
    ranked = sorted(contacts, key=lambda contact: not contact.has_telephone)
    # Each part that is not empty already has one line, so `left` counts the lines beyond these.
    left = PAGE - _frame_height(name, address, notice) - MIN_ROWS * ROW_HEIGHT
    left -= sum(1 + SECTION_GAP for part in (codes, synonyms, summary, ranked) if part) + (HEADING if ranked else 0)
    shown_codes = _fit_inline(codes, _("Codes"), min(MAX_CODE_LINES, 1 + left))
    left -= max(0, _inline_height(shown_codes, _("Codes")) - 1)
    shown_synonyms = _fit_inline(synonyms, _("Also called"), min(MAX_SYNONYM_LINES, 1 + left))
    left -= max(0, _inline_height(shown_synonyms, _("Also called")) - 1)
    reserved = max(0, _list_height(_fit_list(ranked, min(RESERVED_CONTACT_LINES, 1 + left))) - 1)
    summary, note = _fit_summary(summary, disease.summary_source, min(MAX_SUMMARY_LINES, 1 + left - reserved))
    left -= max(0, _summary_height(summary, note) - 1)
    shown_contacts = _fit_list(ranked, min(MAX_CONTACT_LINES, 1 + left))
    left -= max(0, _list_height(shown_contacts) - 1)
    rows = MIN_ROWS + max(0, int(left // ROW_HEIGHT))
    return Sheet(name, shown_synonyms, shown_codes, summary, note, shown_contacts, rows)


def height(sheet: Sheet, *, address: str, notice: str) -> float:
    """Returns how many lines a sheet takes, at most PAGE."""
    heights = [_inline_height(sheet.codes, _("Codes")), _inline_height(sheet.synonyms, _("Also called"))]
    heights += [_summary_height(sheet.summary, sheet.summary_note), _list_height(sheet.contacts)]
    content = sum(lines + SECTION_GAP for lines in heights if lines) + (HEADING if sheet.contacts else 0)
    return _frame_height(sheet.name, address, notice) + content + sheet.rows * ROW_HEIGHT


def useful_synonyms(synonyms: Sequence[SynonymValue]) -> list[str]:
    """Returns the synonyms as the page shows them, in the order of their use to a doctor: other spellings last."""
    texts = []
    for synonym in sorted(synonyms, key=lambda synonym: USEFUL_SYNONYMS.index(synonym.kind)):
        text = _in_one_line(synonym.text)
        if synonym.kind == SynonymKind.FORMER:
            text = _("formerly %(name)s") % {"name": text}
        elif synonym.kind != SynonymKind.EXACT:
            text = f"{text} ({synonym.kind.label})"
        texts.append(text)
    return texts


def useful_codes(identifiers: Sequence[IdentifierValue]) -> list[str]:
    """Returns the codes with their schemes, in the order of their use to a hospital.

    The first code of every scheme comes before the second code of any scheme.
    """
    counts = Counter[str]()
    ranked = []
    for code in identifiers:
        use = USEFUL_SCHEMES.index(code.scheme) if code.scheme in USEFUL_SCHEMES else len(USEFUL_SCHEMES)
        note = f" ({RELATION_NOTES[code.relation]})" if code.relation in RELATION_NOTES else ""
        ranked.append((counts[code.scheme], use, _in_one_line(f"{code.scheme} {code.value}{note}")))
        counts[code.scheme] += 1
    return [text for _count, _use, text in sorted(ranked, key=lambda rank: rank[:2])]


@lru_cache(maxsize=1024)  # 8 milliseconds each
def qr_code(address: str) -> str:
    """Returns the QR code of an address as SVG: dark on light in every color scheme, only squares and no text."""
    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _frame_height(name: str, address: str, notice: str) -> float:
    """Returns the height of the parts that every sheet has: name, foot, and the heading of the handwritten fields."""
    foot = sum(line_count(text, FOOT_COLUMN, SMALL) for text in (address, notice)) + 2  # the dates, and a label
    title = line_count(name, WIDTH, TITLE, bold=True) * TITLE_LINE
    return KIND_HEIGHT + title + SECTION_GAP + HEADING + SECTION_GAP + FOOT + max(QR, foot * SMALL_LINE)


def _inline_height(items: Truncated[str], label: str) -> int:
    text = " ".join([label, " · ".join(items.shown), items.more])
    return line_count(text, WIDTH, TEXT) if items else 0


def _fit_inline(items: Sequence[str], label: str, max_lines: float) -> Truncated[str]:
    """Returns as many of the first items as fit, one after the other, into a number of lines."""
    best = Truncated[str](left_out=len(items))
    for count in range(1, len(items) + 1):
        candidate = Truncated(tuple(items[:count]), len(items) - count)
        if _inline_height(candidate, label) <= max_lines:
            best = candidate
        elif line_count(" · ".join(candidate.shown), WIDTH, TEXT) > max_lines:
            break
    return best


def _list_height(contacts: Truncated[Contact]) -> int:
    return sum(contact.height for contact in contacts.shown) + bool(contacts.left_out)


def _fit_list(contacts: Sequence[Contact], max_lines: float) -> Truncated[Contact]:
    """Returns the contacts that fit, one below the other, into a number of lines. Too long ones are left out."""
    shown: list[Contact] = []
    for contact in contacts:
        candidate = Truncated((*shown, contact), len(contacts) - len(shown) - 1)
        if _list_height(candidate) <= max_lines:
            shown.append(contact)
    return Truncated(tuple(shown), len(contacts) - len(shown))


def _summary_height(summary: str, note: str) -> int:
    return line_count(f"{summary} {note}", WIDTH, TEXT) if summary or note else 0


def _fit_summary(summary: str, source: str, max_lines: float) -> tuple[str, str]:
    """Returns the summary, or its first sentences, or else its first words; and a note with its source."""
    if not summary:
        return "", ""
    credit = _("Source: %(name)s") % {"name": _in_one_line(source)} if source else ""
    if _summary_height(summary, credit) <= max_lines:
        return summary, credit
    note = _("The summary is longer: see the page.")
    if credit and _summary_height("", f"{note} {credit}") <= max_lines:
        note = f"{note} {credit}"
    words = summary.split()
    fitting, upper = 0, len(words)
    while fitting < upper:  # a binary search for the largest number of words that fit
        middle = (fitting + upper + 1) // 2
        if _summary_height(" ".join(words[:middle]) + " …", note) <= max_lines:
            fitting = middle
        else:
            upper = middle - 1
    ends = [count for count in range(fitting // 2 + 1, fitting + 1) if re.search(r"[.!?][”’\"')]*$", words[count - 1])]
    if ends:
        return " ".join(words[: ends[-1]]), note
    return (" ".join(words[:fitting]) + " …" if fitting else ""), note
