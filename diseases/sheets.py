"""The sheet of paper that a family takes to a hospital or a school: what of a disease's page fits on it.

The sheet is one page of A4 or US Letter, so it is counted here as long as the shorter and as wide as the narrower of
the two. It is counted in lines; static/site.css gives each part of the sheet the size that stands here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from typing import Any, Generic, TypeVar

import segno
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diseases.codes import Relation, Scheme
from diseases.text_width import line_count
from diseases.values import DiseasePage, IdentifierValue, SynonymKind, SynonymValue
from organizations.values import OrganizationPage

LINE = 4.8  # millimetres
PAGE = 52.0  # lines, and 5 millimetres to spare on US Letter with margins of 12 millimetres
WIDTH = 186.0  # millimetres of A4 with the same margins

TITLE, TEXT, ENTRY, SMALL = 6.0, 3.53, 3.35, 3.0  # the sizes of letters, in millimetres: 17, 10, 9.5 and 8.5 points
TITLE_LINE, SMALL_LINE = 1.75, 0.8
KIND_HEIGHT, HEADING, SECTION_GAP = 1.0, 1.5, 0.5
ROW_HEIGHT = 1.75  # of the family's handwriting
FOOT, QR = 1.0, 5.5
NAME_COLUMN, REACH_COLUMN, FOOT_COLUMN = 108.0, 74.0, 154.0

CODE_LINES = SYNONYM_LINES = 2  # at most
SUMMARY_LINES = 12
CONTACT_LINES, FIRST_CONTACT_LINES = 10, 6  # at most, and those that the summary leaves them

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

HANDWRITTEN_FIELDS: tuple[tuple[tuple[Any, ...], int], ...] = (
    ((gettext_lazy("Name"), gettext_lazy("Date of birth")), 1),
    ((gettext_lazy("Call first: name and telephone"),), 1),
    ((gettext_lazy("Allergies"),), 1),
    ((gettext_lazy("Medicines"),), 2),
    ((gettext_lazy("What to do in an emergency"),), 2),
    ((gettext_lazy("Doctor and telephone"),), 1),
)
"""What the family fills in by hand: the labels of a line, and of how many lines it has at least."""

ALLERGIES, MEDICINES, EMERGENCY = 2, 3, 4
GROWING_FIELDS = (EMERGENCY, MEDICINES, EMERGENCY, ALLERGIES)
"""Which of them the rest of the page goes to, line by line and over again."""

MIN_ROWS = sum(rows for _labels, rows in HANDWRITTEN_FIELDS)

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Truncated(Generic[_Item]):
    """What is shown of some things, and how many are not: no reader takes a part for the whole."""

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
        name = _flat(page.title)
        if successor:
            name = _("%(name)s (now %(successor)s)") % {"name": name, "successor": _flat(successor)}
        return cls(name, page.country_name if with_country else "", page)

    @property
    def has_telephone(self) -> bool:
        return bool(self.page.phone or self.page.toll_free)

    @property
    def website(self) -> str:
        return re.sub(r"^https?://", "", self.page.website).rstrip("/")

    @property
    def reach(self) -> str:
        """The words of the best way to reach it: by telephone, or else by e-mail, or else on the web."""
        numbers = [self.page.phone.printed] if self.page.phone else []
        if self.page.toll_free:
            numbers.append(_("toll-free") + " " + self.page.toll_free.printed)
        return " · ".join(numbers) or self.page.email or self.website

    @property
    def height(self) -> int:
        name = line_count(f"{self.name}, {self.country}", NAME_COLUMN, ENTRY, bold=True)
        return max(name, line_count(self.reach, REACH_COLUMN, ENTRY))


@dataclass(frozen=True)
class Sheet:
    """What stands on the sheet, and how many lines the family has to write on."""

    name: str
    synonyms: Truncated[str]
    codes: Truncated[str]
    summary: str
    summary_note: str
    contacts: Truncated[Contact]
    rows: int

    @property
    def fields(self) -> list[tuple[tuple[Any, ...], range]]:
        """The labels to write behind, each with the further lines below it."""
        rows = [least for _labels, least in HANDWRITTEN_FIELDS]
        for _row, growing in zip(range(self.rows - MIN_ROWS), cycle(GROWING_FIELDS), strict=False):
            rows[growing] += 1
        return [(labels, range(number - 1)) for (labels, _least), number in zip(HANDWRITTEN_FIELDS, rows, strict=True)]


def lay_out(disease: DiseasePage, contacts: Iterable[Contact], *, address: str, notice: str) -> Sheet:
    """As much of a disease's page as stands on one sheet, beside the page's address and the medical notice.

    The name stands there whole, and the family has the lines to write on that it cannot do without. Of everything else
    there is one line at least, if only to say how much was left out. What remains goes to the codes, the synonyms, the
    first organizations, the summary, more organizations, and more lines to write on, in this order.
    """
    name, codes, synonyms = _flat(disease.title), useful_codes(disease.identifiers), useful_synonyms(disease.synonyms)
    summary, contacts = _flat(disease.summary), sorted(contacts, key=lambda contact: not contact.has_telephone)
    # The room is counted beyond the one line of each part that there is.
    room = PAGE - _frame(name, address, notice) - MIN_ROWS * ROW_HEIGHT
    room -= sum(1 + SECTION_GAP for part in (codes, synonyms, summary, contacts) if part) + (HEADING if contacts else 0)
    some_codes = _run(codes, _("Codes"), min(CODE_LINES, 1 + room))
    room -= max(0, _run_lines(some_codes, _("Codes")) - 1)
    some_synonyms = _run(synonyms, _("Also called"), min(SYNONYM_LINES, 1 + room))
    room -= max(0, _run_lines(some_synonyms, _("Also called")) - 1)
    first = max(0, _list_lines(_contact_list(contacts, min(FIRST_CONTACT_LINES, 1 + room))) - 1)
    summary, note = _shorten_summary(summary, disease.summary_source, min(SUMMARY_LINES, 1 + room - first))
    room -= max(0, _summary_lines(summary, note) - 1)
    some_contacts = _contact_list(contacts, min(CONTACT_LINES, 1 + room))
    room -= max(0, _list_lines(some_contacts) - 1)
    return Sheet(
        name, some_synonyms, some_codes, summary, note, some_contacts, MIN_ROWS + max(0, int(room // ROW_HEIGHT))
    )


def height(sheet: Sheet, *, address: str, notice: str) -> float:
    """How many lines a sheet takes."""
    parts = [_run_lines(sheet.codes, _("Codes")), _run_lines(sheet.synonyms, _("Also called"))]
    parts += [_summary_lines(sheet.summary, sheet.summary_note), _list_lines(sheet.contacts)]
    taken = sum(part + SECTION_GAP for part in parts if part) + (HEADING if sheet.contacts else 0)
    return _frame(sheet.name, address, notice) + taken + sheet.rows * ROW_HEIGHT


def useful_synonyms(names: Sequence[SynonymValue]) -> list[str]:
    """Other names as the page says them: first those that a doctor may know it by, last other spellings."""
    said = []
    for name in sorted(names, key=lambda name: USEFUL_SYNONYMS.index(name.kind)):
        text = _flat(name.text)
        if name.kind == SynonymKind.FORMER:
            text = _("formerly %(name)s") % {"name": text}
        elif name.kind != SynonymKind.EXACT:
            text = f"{text} ({name.kind.label})"
        said.append(text)
    return said


def useful_codes(codes: Sequence[IdentifierValue]) -> list[str]:
    """Codes with their schemes: one of every scheme before the second of any, first those that a hospital asks for."""
    seen = Counter[str]()
    ranked = []
    for code in codes:
        use = USEFUL_SCHEMES.index(code.scheme) if code.scheme in USEFUL_SCHEMES else len(USEFUL_SCHEMES)
        fits = f" ({RELATION_NOTES[code.relation]})" if code.relation in RELATION_NOTES else ""
        ranked.append((seen[code.scheme], use, _flat(f"{code.scheme} {code.value}{fits}")))
        seen[code.scheme] += 1
    return [text for _nth, _use, text in sorted(ranked, key=lambda code: code[:2])]


@lru_cache(maxsize=1024)  # 8 milliseconds each
def qr_code(address: str) -> str:
    """An SVG picture of the address, dark on light whatever the colors around it. It holds squares and no text."""
    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _frame(name: str, address: str, notice: str) -> float:
    """The height of what every sheet has: the name, the foot, and the heading above the lines to write on."""
    foot = sum(line_count(text, FOOT_COLUMN, SMALL) for text in (address, notice)) + 2  # and what it is, and the dates
    title = line_count(name, WIDTH, TITLE, bold=True) * TITLE_LINE
    return KIND_HEIGHT + title + SECTION_GAP + HEADING + SECTION_GAP + FOOT + max(QR, foot * SMALL_LINE)


def _run_lines(some: Truncated[str], label: str) -> int:
    return line_count(_run_text(some, label), WIDTH, TEXT) if some else 0


def _run_text(some: Truncated[str], label: str) -> str:
    return " ".join([label, " · ".join(some.shown), some.more])


def _run(items: Sequence[str], label: str, most: float) -> Truncated[str]:
    """As many of the first items as stand in so many lines, one behind the other."""
    best = Truncated[str](left_out=len(items))
    for count in range(1, len(items) + 1):
        some = Truncated(tuple(items[:count]), len(items) - count)
        if _run_lines(some, label) <= most:
            best = some
        elif line_count(" · ".join(some.shown), WIDTH, TEXT) > most:
            break
    return best


def _list_lines(some: Truncated[Contact]) -> int:
    return sum(contact.height for contact in some.shown) + bool(some.left_out)


def _contact_list(contacts: Sequence[Contact], most: float) -> Truncated[Contact]:
    """As many of the contacts as stand in so many lines, one below the other. One that is too long stops no others."""
    shown: list[Contact] = []
    for contact in contacts:
        some = Truncated((*shown, contact), len(contacts) - len(shown) - 1)
        if _list_lines(some) <= most:
            shown.append(contact)
    return Truncated(tuple(shown), len(contacts) - len(shown))


def _summary_lines(summary: str, note: str) -> int:
    return line_count(f"{summary} {note}", WIDTH, TEXT) if summary or note else 0


def _shorten_summary(summary: str, source: str, most: float) -> tuple[str, str]:
    """The summary, or its first sentences, or else its first words; and what must be said of it."""
    if not summary:
        return "", ""
    credit = _("Source: %(name)s") % {"name": _flat(source)} if source else ""
    if _summary_lines(summary, credit) <= most:
        return summary, credit
    note = _("The summary goes on: see the page.")
    if credit and _summary_lines("", f"{note} {credit}") <= most:
        note = f"{note} {credit}"
    words = summary.split()
    least, count = 0, len(words)
    while least < count:  # the longest beginning that fits
        middle = (least + count + 1) // 2
        if _summary_lines(" ".join(words[:middle]) + " …", note) <= most:
            least = middle
        else:
            count = middle - 1
    ends = [place for place in range(least // 2 + 1, least + 1) if re.search(r"[.!?][”’\"')]*$", words[place - 1])]
    if ends:
        return " ".join(words[: ends[-1]]), note
    return (" ".join(words[:least]) + " …" if least else ""), note
