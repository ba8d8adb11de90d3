"""Other names of a disease, as public data writes them: their kinds, and each of them once."""

import re
from collections.abc import Iterable

from diseases.values import SynonymKind
from imports.records import SynonymRecord
from publishing.values import LINE_LENGTH

# "LCHADD", "T-PLL", "vEDS", "CDG-Ie", "MIS-C/A"; but not "Del(2)(q37)", "Non-SCID" or "EBS-loc", where one may doubt.
ABBREVIATION_NOTE = re.compile(r"(?=(?:.*[A-Z]){2})(?!.*[a-z]{3})[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)*\+?")
LONGEST_ABBREVIATION = 12

SYNONYM_NOTE = re.compile(r"(?:,\s*|\s*\()(?P<note>formerly|former(?: name)?|subtype|disease|disorder)(?P<end>\)?)$")
KINDS = {
    "formerly": SynonymKind.FORMER,
    "former": SynonymKind.FORMER,
    "former name": SynonymKind.FORMER,
    "subtype": SynonymKind.SUBTYPE,
}


def synonym(text: str) -> SynonymRecord:
    """A name with its kind. A note such as "(formerly)" is a kind, and "(disease)" says nothing: neither stays."""
    text = " ".join(text.split())
    kind = None
    if (found := SYNONYM_NOTE.search(text)) and (found["end"] or found["note"] in KINDS):
        text = text[: found.start()].rstrip(" ,;")
        kind = KINDS.get(found["note"])
    return SynonymRecord(text, kind or (SynonymKind.ABBREVIATION if is_abbreviation(text) else SynonymKind.EXACT))


def is_abbreviation(text: str) -> bool:
    return len(text) <= LONGEST_ABBREVIATION and bool(ABBREVIATION_NOTE.fullmatch(text))


def distinct(name: str, texts: Iterable[str]) -> tuple[tuple[SynonymRecord, ...], tuple[str, ...]]:
    """The names that differ from the disease's own and from each other by more than capitals, and remarks.

    They are sorted, so that the same names in another order are no change. A kind that was noted beside a name counts
    for the same name without a note too.
    """
    found: dict[str, SynonymRecord] = {}
    remarks = []
    for text in sorted(texts):
        record = synonym(text)
        folded = record.text.casefold()
        if len(record.text) > LINE_LENGTH:
            remarks.append(f"Left out, since it has more than {LINE_LENGTH} characters: the name “{text[:80]}…”")
        elif folded and folded != name.casefold():
            earlier = found.setdefault(folded, record)
            if record.kind in KINDS.values():
                found[folded] = SynonymRecord(earlier.text, record.kind)
    return tuple(found.values()), tuple(remarks)
