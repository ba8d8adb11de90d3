"""Reads synonyms as public data prints them: tells their kinds, and removes repetitions."""

import re
from collections.abc import Iterable

from diseases.values import SynonymKind
from imports.records import SynonymRecord
from publishing.values import LINE_LENGTH

# "LCHADD", "T-PLL", "vEDS", "CDG-Ie", "MIS-C/A"; but not "Del(2)(q37)", "Non-SCID" or "EBS-loc", which are unsure.
ABBREVIATION = re.compile(r"(?=(?:.*[A-Z]){2})(?!.*[a-z]{3})[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)*\+?")
MAX_ABBREVIATION_LENGTH = 12

SYNONYM_NOTE = re.compile(r"(?:,\s*|\s*\()(?P<note>formerly|former(?: name)?|subtype|disease|disorder)(?P<end>\)?)$")
NOTED_KINDS = {
    "formerly": SynonymKind.FORMER,
    "former": SynonymKind.FORMER,
    "former name": SynonymKind.FORMER,
    "subtype": SynonymKind.SUBTYPE,
}


def synonym(text: str) -> SynonymRecord:
    """Returns a name with its kind. A note is removed: "(formerly)" becomes the kind, "(disease)" says nothing."""
    text = " ".join(text.split())
    kind = None
    if (match := SYNONYM_NOTE.search(text)) and (match["end"] or match["note"] in NOTED_KINDS):
        text = text[: match.start()].rstrip(" ,;")
        kind = NOTED_KINDS.get(match["note"])
    is_abbreviation = len(text) <= MAX_ABBREVIATION_LENGTH and ABBREVIATION.fullmatch(text)
    return SynonymRecord(text, kind or (SynonymKind.ABBREVIATION if is_abbreviation else SynonymKind.EXACT))


def distinct_synonyms(name: str, texts: Iterable[str]) -> tuple[tuple[SynonymRecord, ...], tuple[str, ...]]:
    """Returns a pair: each synonym once, without the disease's own name; and remarks on names that were left out.

    Capitals make no difference.

    They are sorted, so that the same names in another order are no change. A kind that is noted beside a name also
    counts for the same name without a note.
    """
    by_text: dict[str, SynonymRecord] = {}
    remarks = []
    for text in sorted(texts):
        record = synonym(text)
        folded = record.text.casefold()
        if len(record.text) > LINE_LENGTH:
            remarks.append(f"Left out, because it has more than {LINE_LENGTH} characters: the name “{text[:80]}…”")
        elif folded and folded != name.casefold():
            earlier = by_text.setdefault(folded, record)
            if record.kind in NOTED_KINDS.values():
                by_text[folded] = SynonymRecord(earlier.text, record.kind)
    return tuple(by_text.values()), tuple(remarks)
