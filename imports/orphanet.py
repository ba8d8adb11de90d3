"""Reads Orphanet's data: the nomenclature and the ORPHApackets."""

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from diseases.codes import Relation, Scheme
from imports.orphanet_nomenclature import NAME, TABLE_COLUMNS, Entity, Level, Nomenclature, read_table, read_workbook
from imports.orphapackets import PACKET_KEY_PREFIXES, Packet, read_packets
from imports.records import CodeRecord, Delivery, SourceRecord, Unreadable, UnreadableSource
from imports.synonyms import distinct_synonyms
from imports.tables import opened, table, text_lines

WORKBOOK = b"PK\x03\x04"


def read_orphanet(paths: Sequence[Path]) -> Delivery:
    """Returns one record for every ORPHA code in use, in the order of the numbers, joined from all files.

    The files may come in any order, together or one by one, since their content tells what they are. A disorder or a
    subtype may have a page; a group of diseases may not. If a nomenclature is given, it decides which codes are in use
    and which are groups; without its names, the packets decide this. Names, synonyms and ICD codes come from the
    nomenclature, and other codes, the definition and symptoms from the packets. The name in a packet only counts until
    a nomenclature gives another one.

    The `former` codes of a record are those that its code replaced: "exact" where Orphanet deprecated them as the same
    disease, "unknown" where they are obsolete and Orphanet only names another code. A code with the relation “unknown”
    must not join two records.
    """
    nomenclature = Nomenclature()
    packets: dict[str, Packet] = {}
    unreadable = Unreadable()
    for path in paths:
        _read_file(path, nomenclature, packets, unreadable)
    former = nomenclature.former_codes(unreadable)
    if NAME in nomenclature.key_prefixes:
        _drop_unused_packets(packets, nomenclature, unreadable)
    _drop_nameless(nomenclature, unreadable)
    named = ((code, each) for code, each in packets.items() if code not in nomenclature.inactive)
    entities = {code: Entity(each.where, each.name, each.level) for code, each in named} | nomenclature.active
    if not entities:
        raise UnreadableSource(
            f"{', '.join(map(str, paths))}: the files hold no ORPHA code in use. Are these the right files?"
        )
    for code, entity in entities.items():
        if not entity.level and code in packets:
            entity.level = packets[code].level
    if not any(entity.level for entity in entities.values()):
        reason = "no file says which codes are groups of diseases, so no new page is made for any of them"
        unreadable.add(", ".join(path.name for path in paths), reason)
    key_prefixes = (*sorted(nomenclature.key_prefixes), *(PACKET_KEY_PREFIXES if packets else ()))
    records = (
        _orphanet_record(code, entities[code], packets.get(code), former.get(code, ()), key_prefixes)
        for code in sorted(entities, key=int)
    )
    return Delivery(records, unreadable, len(entities), tuple(paths))


def _read_file(path: Path, nomenclature: Nomenclature, packets: dict[str, Packet], unreadable: Unreadable) -> None:
    with opened(path) as stream:
        start = stream.read(4096)
        if start.startswith(WORKBOOK):
            return read_workbook(path, nomenclature, unreadable)
        if b"\0" in start or not start.strip():
            raise UnreadableSource(
                f"{path}: is neither a workbook (.xlsx) nor text. Give Orphanet's nomenclature, or ORPHApackets, "
                "one on each line."
            )
        stream.seek(0)
        lines = text_lines(stream, path.name, unreadable)
        if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            found = read_packets(lines, unreadable)
            if not found:
                raise UnreadableSource(f"{path}: no line holds an ORPHApacket. Each must stand on one line of its own.")
            for code in found.keys() & packets.keys():
                unreadable.fail(found[code].where, f"is a second packet of ORPHA:{code}")
            packets |= {code: packet for code, packet in found.items() if code not in packets}
        else:
            read_table(table(lines, path.name, TABLE_COLUMNS, unreadable), nomenclature, unreadable)


def _drop_unused_packets(packets: dict[str, Packet], nomenclature: Nomenclature, unreadable: Unreadable) -> None:
    for code in [code for code in packets if code not in nomenclature.active]:
        is_inactive = code in nomenclature.inactive
        state = "is out of use" if is_inactive else "is not in the nomenclature: is one of the files older?"
        unreadable.add(packets.pop(code).where, f"ORPHA:{code} {state}")


def _drop_nameless(nomenclature: Nomenclature, unreadable: Unreadable) -> None:
    for code in [code for code, entity in nomenclature.active.items() if not entity.name]:
        entity = nomenclature.active.pop(code)
        unreadable.fail(entity.where, f"ORPHA:{code} has no name that can be read")


def _orphanet_record(
    code: str, entity: Entity, packet: Packet | None, former: tuple[CodeRecord, ...], key_prefixes: tuple[str, ...]
) -> SourceRecord:
    synonyms, remarks = distinct_synonyms(entity.name, entity.synonyms)
    remarks += tuple(entity.remarks)
    where = entity.where
    if packet:
        remarks += packet.remarks
        if packet.where != where:
            where = f"{where}; {packet.where}"
        if packet.name != entity.name:
            remarks += (f"Its packet calls it “{packet.name}”, which is not the name in the nomenclature",)
    own = CodeRecord(Scheme.ORPHA, code)
    return SourceRecord(
        key=f"ORPHA:{code}",
        where=where,
        name=entity.name,
        codes=(own, *_merged(chain(entity.codes, packet.codes if packet else ()))),
        former=former,
        synonyms=synonyms,
        symptoms=packet.symptoms if packet else (),
        definition=packet.summary if packet else "",
        may_have_page=entity.level in (Level.DISORDER, Level.SUBTYPE),
        key_prefixes=key_prefixes,
        remarks=remarks,
    )


def _merged(codes: Iterable[CodeRecord]) -> list[CodeRecord]:
    """Returns each code once, sorted by scheme. Its relation is unknown where the file disagrees with itself."""
    by_code: dict[tuple[str, str], set[Relation]] = {}
    for code in codes:
        by_code.setdefault((code.scheme, code.value), set()).add(code.relation)
    merged = []
    for (scheme, value), relations in by_code.items():
        known = relations - {Relation.UNKNOWN}
        merged.append(CodeRecord(scheme, value, known.pop() if len(known) == 1 else Relation.UNKNOWN))
    return sorted(merged, key=CodeRecord.rank)
