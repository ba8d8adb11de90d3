"""Reads ORPHApackets: what Orphanet says about one disease, as a line of JSON.

Orphanet's export has lost most of the commas of the definitions; they cannot be restored.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from diseases.codes import Relation, Scheme, clean
from diseases.values import FREQUENCY_LENGTH, Aspect
from imports.lines import NO_TEXT
from imports.orphanet_nomenclature import Level
from imports.records import CodeRecord, SymptomRecord, Unreadable
from imports.tables import TextLine
from publishing.prose import blocks, sanitize
from publishing.values import LINE_LENGTH

MAX_SUMMARY_LENGTH = 5000  # of Disease.summary
NO_VALUE = frozenset({"", "no data", "0.0"})
LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl"})

# How a code relates to the disease. "BTNT" says that the ORPHA code is the broader of the two.
PACKET_RELATIONS = {"E": Relation.EXACT, "BTNT": Relation.NARROW, "NTBT": Relation.BROAD, "ND": Relation.UNKNOWN}
WRONG = "W"
PACKET_SCHEMES = {str(scheme) for scheme in (Scheme.OMIM, Scheme.UMLS, Scheme.GARD)}
PACKET_KEY_PREFIXES = ("summary", "symptom:", *(f"identifier:{scheme}:" for scheme in sorted(PACKET_SCHEMES)))
"""The beginnings of the keys of the parts that packets speak of. Names and ICD codes are in the nomenclature."""

GROUPS = frozenset({"Category", "Clinical group"})
SUBTYPES = frozenset({"Clinical subtype", "Etiological subtype", "Histopathological subtype"})

EXCLUDED = "Excluded"
# HPO lists ages of death under the course of a disease.
COURSE_PATTERN = re.compile(r"(?:sudden |neonatal )?death(?: in .*)?|stillbirth", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Packet:
    where: str
    code: str
    name: str
    level: Level
    codes: tuple[CodeRecord, ...]
    summary: str
    symptoms: tuple[SymptomRecord, ...]
    remarks: tuple[str, ...]


def read_packets(lines: Iterable[TextLine], unreadable: Unreadable) -> dict[str, Packet]:
    packets: dict[str, Packet] = {}
    for line in lines:
        try:
            packet = read_packet(line)
            if packet.code in packets:
                raise ValueError(
                    f"is a second packet of ORPHA:{packet.code}; the first is {packets[packet.code].where}"
                )
        except (ValueError, RecursionError) as error:
            unreadable.fail(line.where, _unreadable_reason(error))
        else:
            packets[packet.code] = packet
    return packets


def read_packet(line: TextLine) -> Packet:
    content = json.loads(line.text)
    if isinstance(content, dict) and isinstance(content.get("Orphapacket"), dict):
        content = content["Orphapacket"]
    if not isinstance(content, dict):
        raise ValueError("is not a packet")
    remarks: list[str] = []
    name = _string(content, "Label")
    if not name or len(name) > LINE_LENGTH:
        raise ValueError("has no label" if not name else f"has a label of more than {LINE_LENGTH} characters")
    return Packet(
        where=line.where,
        code=clean(Scheme.ORPHA, _string(content, "ORPHAcode")),
        name=name,
        level=_level(entries(content.get("DisorderType"), "DisorderType")),
        codes=_codes(entries(content.get("ExternalReferences"), "ExternalReference"), remarks),
        summary=_packet_summary(entries(content.get("TextSection"), "TextSection"), remarks),
        symptoms=_symptoms(entries(content.get("Phenotypes"), "Phenotype"), remarks),
        remarks=tuple(remarks),
    )


def entries(value: Any, name: str) -> list[Any]:
    """Returns the entries of a list, which packets write in several ways.

    It may be a list of objects, a list of entries, or a single one of them; an object that holds the list under the
    name of the entry; or "no data".
    """
    if isinstance(value, list):
        return [entry for item in value for entry in entries(item, name)]
    if isinstance(value, dict):
        return entries(value[name], name) if name in value else [value] * bool(value)
    return [] if value is None or _plain_text(value) == "" else [value]


def _plain_text(value: Any) -> str:
    """Returns a text as one line, "" where the source says that it has no data. Raises ValueError for other values."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"holds a {type(value).__name__} where a text should be")
    if NO_TEXT.search(value):
        raise ValueError("holds characters that are not text")
    text = " ".join(value.split())
    return "" if text.casefold() in NO_VALUE else text


def _string(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    return "" if value is None else _plain_text(value)


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"holds a {type(value).__name__} where an object should be")
    return value


def _level(kinds: list[Any]) -> Level:
    name = _string(_dict(kinds[0]), "value") if kinds else ""
    if not name:
        return Level.UNKNOWN
    return Level.GROUP if name in GROUPS else Level.SUBTYPE if name in SUBTYPES else Level.DISORDER


def _codes(references: list[Any], remarks: list[str]) -> tuple[CodeRecord, ...]:
    codes = []
    for reference in map(_dict, references):
        scheme = _string(reference, "Source")
        value = _string(reference, "Reference")
        relation = _string(reference, "DisorderMappingRelation").partition(" ")[0]
        if scheme not in PACKET_SCHEMES or not value:
            continue
        if relation == WRONG:
            remarks.append(f"Left out: {scheme} {value}, which Orphanet calls wrong")
            continue
        try:
            codes.append(CodeRecord(scheme, clean(scheme, value), PACKET_RELATIONS.get(relation, Relation.UNKNOWN)))
        except ValueError:
            remarks.append(f"Left out: “{value[:40]}”, which is not a code of {scheme}")
    return tuple(codes)


def _packet_summary(sections: list[Any], remarks: list[str]) -> str:
    texts = [
        _string(section, "Contents")
        for section in map(_dict, sections)
        if _string(section, "TextSectionType") == "Definition"
    ]
    summary = clean_definition(" ".join(filter(None, texts)))
    if len(summary) > MAX_SUMMARY_LENGTH:
        remarks.append(f"Left out: the definition, because it has more than {MAX_SUMMARY_LENGTH:,} characters")
        return ""
    return summary


def clean_definition(text: str) -> str:
    """Returns a definition without tags and entities. A "<" of a comparison and raised numbers stay."""
    return NO_TEXT.sub("", " ".join(blocks(sanitize(text)))).translate(LIGATURES)


def _symptoms(phenotypes: list[Any], remarks: list[str]) -> tuple[SymptomRecord, ...]:
    found: dict[tuple[str, str], SymptomRecord] = {}
    excluded = []
    for phenotype in map(_dict, phenotypes):
        term = _string(phenotype, "HPOTerm")
        frequency = _string(phenotype, "HPOFrequency")
        if frequency.startswith(EXCLUDED):
            excluded.append(term)
        elif len(term) > LINE_LENGTH or len(frequency) > FREQUENCY_LENGTH:
            remarks.append(f"Left out, because it is too long: the symptom “{term[:80]}”, {frequency[:80]}")
        elif term:
            found.setdefault((term, frequency), _symptom(term, frequency, _string(phenotype, "HPOId")))
    if excluded:
        remarks.append(f"Left out: {len(excluded)} excluded (0%), so these are not symptoms: {'; '.join(excluded)}")
    if repeated := [term for term, count in Counter(term for term, _frequency in found).items() if count > 1]:
        remarks.append(f"Listed with several frequencies: {'; '.join(repeated)}")
    return tuple(found.values())


@lru_cache(maxsize=50_000)
def _symptom(term: str, frequency: str, hpo_id: str) -> SymptomRecord:
    """Returns one shared record for equal symptoms: most rows repeat those of other diseases."""
    return SymptomRecord(term, frequency, Aspect.COURSE if COURSE_PATTERN.fullmatch(term) else Aspect.SYMPTOM, hpo_id)


def _unreadable_reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON ({error.msg} at character {error.pos + 1})"
    return "is nested too deeply" if isinstance(error, RecursionError) else str(error)
