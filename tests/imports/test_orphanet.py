"""Reading Orphanet's nomenclature and ORPHApackets into records. The diseases are made up."""

import gzip
import io
import json
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from diseases.codes import Relation, Scheme
from diseases.models import Disease, Identifier, Symptom, Synonym
from diseases.values import Aspect, SynonymKind
from imports import orphanet, tables, workbooks
from imports.models import Proposal, Provenance, WaitingRecord
from imports.orphapackets import clean_definition, read_packet
from imports.records import (
    CodeRecord,
    Delivery,
    SourceRecord,
    SymptomRecord,
    SynonymRecord,
    UnreadableRecord,
    UnreadableSource,
)
from imports.tables import TextLine

DATA = Path(__file__).parents[3] / "shared" / "data"
HEAD = "orpha_code,name,level,status,replaced_by,icd10,icd11_mms,synonyms\n"
EXACT = "E (Exact mapping: the two concepts are equivalent)"
BROADER = "BTNT (ORPHAcode is broader than the targeted code used to represent it)"
NARROWER = "NTBT (ORPHAcode is narrower than the targeted code used to represent it)"
UNDECIDED = "ND (not yet decided/unable to decide: the alignment cannot be qualified by any of the existing labels)"


def packet(code="1", **fields) -> dict:
    return {"ORPHAcode": code, "Label": "Testitis", "DisorderType": {"value": "Disease"}} | fields


def write_packets(path: Path, *packets) -> Path:
    path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in packets))
    return path


def write_table(path: Path, *rows: str) -> Path:
    path.write_text(HEAD + "\n".join(rows), encoding="utf-8")
    return path


def write_workbook(path: Path, **sheets) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


def write_nomenclature(folder: Path) -> list[Path]:
    """Writes two small workbooks with the columns of Orphanet's."""
    labels = ["ORPHAcode ", "Label", "Type of label", "Classification level"]
    inactive = ["Inactive ORPHAcode ", "Inactive Label", "Status", "Target active ORPHAcode"]
    return [
        write_workbook(
            folder / "names.xlsx",
            Read_me=[["This explains the ORPHAcode."]],
            names=[
                labels,
                ["ORPHA:2", "TT", "Synonym", "Disorder"],
                ["ORPHA:2", "Testitis  +", "Main name", "Disorder"],
                ["ORPHA:3", "Testitis -", "Main name", "Subtype of disorder"],
                ["ORPHA:10", "Rare test disease", "Main name", "Group of disorders"],
                [None, None, None, None],
            ],
            again=[labels, ["ORPHA:3", "Testitis -", "Main name", "Subtype of disorder"]],
            inactive=[
                inactive,
                ["ORPHA:4", "Old", "Deprecated", "ORPHA:5"],
                ["ORPHA:5", "Older", "Deprecated", "ORPHA:2"],
                ["ORPHA:6", "OBSOLETE: Oldest", "Obsolete", "ORPHA:2"],
                ["ORPHA:7", "OBSOLETE: Gone", "Obsolete", None],
                ["ORPHA:8", "Round", "Deprecated", "ORPHA:9"],
                ["ORPHA:9", "About", "Deprecated", "ORPHA:8"],
            ],
        ),
        write_workbook(
            folder / "codes.xlsx",
            ICD10=[
                ["ORPHAcode", "PreferredTerm", "Synonyms", "ICDcodes"],
                [2, "Testitis +", None, "E83.1+"],
                ["2", "Testitis +", "TT", "G05.1*"],
            ],
            ICD11=[
                ["ORPHAcode", "PreferredTerm", "Synonyms", "ICD-11 MMS codes", "ICD-11 URI"],
                ["2", "Testitis +", "TT", "5C64.10", "123"],
                ["2", "Testitis +", None, "XH4750", None],
            ],
        ),
    ]


SAME_AS_TABLE = (
    "ORPHA:2,Testitis +,Disorder,Active,,E83.1+|G05.1*,5C64.10|XH4750,TT",
    "ORPHA:10,Rare test disease,Group of disorders,Active,,,,",
    "ORPHA:3,Testitis -,Subtype of disorder,Active,,,,",
    "ORPHA:4,Old,Disorder,Deprecated,ORPHA:5,,,",
    "ORPHA:5,Older,Disorder,Deprecated,ORPHA:2,,,",
    "ORPHA:6,OBSOLETE: Oldest,Disorder,Obsolete,ORPHA:2,,,",
    "ORPHA:7,OBSOLETE: Gone,Disorder,Obsolete,,,,",
    "ORPHA:8,Round,Disorder,Deprecated,ORPHA:9,,,",
    "ORPHA:9,About,Disorder,Deprecated,ORPHA:8,,,",
)


def without_places(records) -> list[SourceRecord]:
    return [replace(record, where="") for record in records]


def read_all(*paths: Path) -> tuple[list[SourceRecord], Delivery]:
    delivery = orphanet.read_orphanet(paths)
    records = list(delivery.records)
    assert len(records) == delivery.total
    return records, delivery


def read_one(tmp_path: Path, **fields) -> SourceRecord:
    (record,), _ = read_all(write_packets(tmp_path / "p.jsonl", packet(**fields)))
    return record


def test_all_files_join_into_one_record_a_code(tmp_path):
    packets = write_packets(
        tmp_path / "packets",
        packet(
            "2", Label="Testitis", Synonyms=[{"Synonym": "Not in the nomenclature"}], TextSection=definition("Rare.")
        ),
        packet("99"),
        packet("4"),
    )
    records, delivery = read_all(packets, *write_nomenclature(tmp_path))

    nomenclature = ("identifier:ICD-10:", "identifier:ICD-11:", "identifier:ORPHA:", "name", "synonym:")
    from_packets = ("summary", "symptom:", "identifier:GARD:", "identifier:OMIM:", "identifier:UMLS:")
    assert {record.key_prefixes for record in records} == {(*nomenclature, *from_packets)}
    assert [replace(record, key_prefixes=("",)) for record in records] == [
        SourceRecord(
            key="ORPHA:2",
            where="names.xlsx, sheet names, row 3; packets, line 1",
            name="Testitis +",
            codes=(
                CodeRecord(Scheme.ORPHA, "2"),
                CodeRecord(Scheme.ICD10, "E83.1", Relation.UNKNOWN),
                CodeRecord(Scheme.ICD10, "G05.1", Relation.UNKNOWN),
                CodeRecord(Scheme.ICD11, "5C64.10", Relation.UNKNOWN),
            ),
            former=(
                CodeRecord(Scheme.ORPHA, "4"),
                CodeRecord(Scheme.ORPHA, "5"),
                CodeRecord(Scheme.ORPHA, "6", Relation.UNKNOWN),
            ),
            synonyms=(SynonymRecord("TT", SynonymKind.ABBREVIATION),),
            definition="Rare.",
            remarks=(
                "Left out: “XH4750”, which in ICD-11 only extends other codes",
                "Its packet calls it “Testitis”, which is not the name in the nomenclature",
            ),
        ),
        SourceRecord("ORPHA:3", "names.xlsx, sheet again, row 2", "Testitis -", codes=(CodeRecord(Scheme.ORPHA, "3"),)),
        SourceRecord(
            "ORPHA:10",
            "names.xlsx, sheet names, row 5",
            "Rare test disease",
            codes=(CodeRecord(Scheme.ORPHA, "10"),),
            may_have_page=False,
        ),
    ]
    inactive = "names.xlsx, sheet inactive, row"
    assert delivery.unreadable == [
        UnreadableRecord(f"{inactive} 5", "ORPHA:7 is obsolete, and no code replaces it"),
        UnreadableRecord(
            f"{inactive} 6", "ORPHA:8 is deprecated, and the codes that replace it lead back to ORPHA:8", True
        ),
        UnreadableRecord(
            f"{inactive} 7", "ORPHA:9 is deprecated, and the codes that replace it lead back to ORPHA:9", True
        ),
        UnreadableRecord("packets, line 2", "ORPHA:99 is not in the nomenclature: is one of the files older?"),
        UnreadableRecord("packets, line 3", "ORPHA:4 is out of use"),
    ]


def test_the_joined_table_gives_the_same_records_as_the_workbooks(tmp_path):
    from_table, _ = read_all(write_table(tmp_path / "table", *SAME_AS_TABLE))
    from_workbooks, _ = read_all(*write_nomenclature(tmp_path))
    assert without_places(from_table) == without_places(from_workbooks)


def test_files_are_told_by_their_content_packed_or_not(tmp_path):
    table = tmp_path / "a.jsonl"
    table.write_bytes(gzip.compress(f"\ufeff{HEAD}{SAME_AS_TABLE[0]}".encode()))
    packets = write_packets(tmp_path / "b.csv", packet("2"))
    (record,), _ = read_all(packets, table)
    assert (record.name, record.where) == ("Testitis +", "a.jsonl, line 2; b.csv, line 1")


def test_packets_alone_say_which_codes_are_groups(tmp_path):
    kinds = ["Category", "Clinical group", "Etiological subtype", "Malformation syndrome", "no data"]
    packets = [packet(str(i), DisorderType={"value": kind}) for i, kind in enumerate(kinds, start=1)]
    records, _ = read_all(write_packets(tmp_path / "p", *packets))
    assert [record.may_have_page for record in records] == [False, False, True, True, False]


def definition(text: str) -> dict:
    return {"TextSectionType": "Definition", "Contents": text}


@pytest.mark.parametrize(
    ("printed", "relation"),
    [
        (EXACT, Relation.EXACT),
        (BROADER, Relation.NARROW),  # the OMIM code covers a part of the disease
        (NARROWER, Relation.BROAD),
        (UNDECIDED, Relation.UNKNOWN),
        ("BTNT/E (something new)", Relation.UNKNOWN),
        ("no data", Relation.UNKNOWN),
    ],
)
def test_relation_is_that_of_the_code_to_the_disease(tmp_path, printed, relation):
    reference = {"Source": "OMIM", "Reference": "231100", "DisorderMappingRelation": printed}
    record = read_one(tmp_path, ExternalReferences=[reference])
    assert record.codes == (CodeRecord(Scheme.ORPHA, "1"), CodeRecord(Scheme.OMIM, "231100", relation))


def test_codes_that_are_wrong_or_none_are_left_out_with_a_remark(tmp_path):
    references = [
        {"Source": "OMIM", "Reference": "231100", "DisorderMappingRelation": "W (Wrong mapping)"},
        {"Source": "OMIM", "Reference": "12", "DisorderMappingRelation": EXACT},
        {"Source": "MeSH", "Reference": "D000001", "DisorderMappingRelation": EXACT},
        {"Source": "OMIM", "Reference": "no data", "DisorderMappingRelation": EXACT},
    ]
    record = read_one(tmp_path, ExternalReferences=references)
    assert record.codes == (CodeRecord(Scheme.ORPHA, "1"),)
    assert record.remarks == (
        "Left out: OMIM 231100, which Orphanet calls wrong",
        "Left out: “12”, which is not a code of OMIM",
    )


def test_symptoms_are_kept_as_printed_and_excluded_ones_are_none(tmp_path):
    rows = [
        ("HP:0000001", "Tremor", "Frequent (79-30%)"),
        ("HP:0000001", "Tremor", "Frequent (79-30%)"),
        ("HP:0000001", "Tremor", "Occasional (29-5%)"),
        ("HP:0000002", "Fever", "Excluded (0%)"),
        ("HP:0001522", "Death in infancy", "no data"),
    ]
    phenotypes = [{"HPOId": hpo_id, "HPOTerm": term, "HPOFrequency": frequency} for hpo_id, term, frequency in rows]
    record = read_one(tmp_path, Phenotypes=[{"Phenotype": each} for each in phenotypes])
    assert record.symptoms == (
        SymptomRecord("Tremor", "Frequent (79-30%)", hpo_id="HP:0000001"),
        SymptomRecord("Tremor", "Occasional (29-5%)", hpo_id="HP:0000001"),
        SymptomRecord("Death in infancy", "", Aspect.COURSE, "HP:0001522"),
    )
    assert record.remarks == (
        "Left out: 1 excluded (0%), so these are not symptoms: Fever",
        "Listed with several frequencies: Tremor",
    )


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Due to <i>PMP22</i>&nbsp;(17p12)  in &#64257;bres", "Due to PMP22 (17p12) in fibres"),
        ("One.<br/>Two, <3 mm and > 10 m/s &amp; more", "One. Two, <3 mm and > 10 m/s & more"),
        ("Less than 10<sup>9</sup>/l of H<sub>2</sub>O, the 4<sup>th</sup>", "Less than 10⁹/l of H₂O, the 4th"),
        ("&lt;script&gt;", "<script>"),  # text, which templates escape
    ],
)
def test_definitions_lose_tags_and_entities_only(printed, expected):
    assert clean_definition(printed) == expected


def test_a_definition_is_left_out_rather_than_cut(tmp_path):
    assert read_one(tmp_path, TextSection=definition("x" * 5000)).definition == "x" * 5000
    record = read_one(tmp_path, TextSection=definition("x" * 5001))
    assert record.definition == ""
    assert record.remarks == ("Left out: the definition, because it has more than 5,000 characters",)


def shapes(entries: list, name: str) -> st.SearchStrategy:
    """Returns a list in all the forms in which packets write it."""
    named = [{name: entry} for entry in entries]
    ways = [entries, named, {name: entries}, {name: named}, [{name: entries}]]
    if len(entries) == 1:
        ways += [entries[0], named[0], {name: entries[0]}]
    if not entries:
        ways += [None, "no data", "", {}]
    return st.sampled_from(ways)


words = st.text(st.sampled_from("abXY -+0"), min_size=1, max_size=8).filter(str.strip)
fields = st.fixed_dictionaries(
    {
        ("Synonyms", "Synonym"): st.lists(words, max_size=3),
        ("Phenotypes", "Phenotype"): st.lists(
            st.fixed_dictionaries({"HPOTerm": words, "HPOFrequency": words}), max_size=3
        ),
        ("ExternalReferences", "ExternalReference"): st.lists(
            st.fixed_dictionaries(
                {
                    "Source": st.just("OMIM"),
                    "Reference": st.sampled_from(["100100", "no data"]),
                    "DisorderMappingRelation": st.sampled_from([EXACT, BROADER]),
                }
            ),
            max_size=3,
        ),
        ("TextSection", "TextSection"): st.lists(words.map(definition), max_size=1),
    }
)


@given(st.data())
def test_any_shape_of_a_list_gives_the_same_packet(data):
    content = data.draw(fields)
    read = []
    for draw in (lambda entries, _: entries, lambda entries, name: data.draw(shapes(entries, name))):
        lists = {key: draw(entries, name) for (key, name), entries in content.items()}
        read.append(read_packet(TextLine("", json.dumps(packet(**lists)))))
    assert read[0] == read[1]


def test_damaged_lines_are_named_and_the_others_go_on(tmp_path):
    path = tmp_path / "p.jsonl"
    lines = [
        json.dumps(packet("1")),
        '{"ORPHAcode": "2",',
        "[1]",
        json.dumps(packet("3", Label=["no text"])),
        json.dumps(packet("x")),
        json.dumps(packet("1")),
        '{"a":' * 50_000,
        json.dumps(packet("4", Label="A\x00")),
        json.dumps(packet("5", Synonyms="x" * tables.MAX_LINE_LENGTH)),
    ]
    path.write_bytes("\n".join(lines).encode() + b'\n{"Label": "\xff"}\n' + json.dumps(packet("6")).encode())
    records, delivery = read_all(path)
    assert [record.key for record in records] == ["ORPHA:1", "ORPHA:6"]
    assert {refusal.failed for refusal in delivery.unreadable} == {True}
    assert {int(refusal.where.rsplit(" ", 1)[1]): refusal.reason.split(" (")[0] for refusal in delivery.unreadable} == {
        2: "is not JSON",
        3: "is not a packet",
        4: "holds a list where a text should be",
        5: "“x” is not a valid ORPHA code. Example: 446.",
        6: "is a second packet of ORPHA:1; the first is p.jsonl, line 1",
        7: "is nested too deeply",
        8: "holds characters that are not text",
        9: "is longer than 1,048,576 bytes",
        10: "is not text in UTF-8",
    }


def test_damaged_rows_are_named_and_the_others_go_on(tmp_path):
    good = "ORPHA:2,Testitis,Disorder,Active,,,,"
    bad = {
        'ORPHA:3,"Open,Disorder,Active,,,,': "is not a row of a table (unexpected end of data)",
        "ORPHA:3,Short": "has 2 cells where the table has 8 columns",
        f"ORPHA:3,{'x' * 200_000},Disorder,Active,,,,": (
            "is not a row of a table (field larger than field limit (131072))"
        ),
        "ORPHA:3,Name,Family,Active,,,,": "has the level “Family”, which is not known here",
        "ORPHA:4,Name,Disorder,Sleeping,,,,": "has the status “Sleeping”, which is not known here",
        "ORPHA:2,Other,Disorder,Active,,,,": "has the name “Other”, where another row has “Testitis”",
        "ORPHA:5,,Disorder,Active,,,,": "has no name",
        "ORPHA:2,Testitis,Disorder,Obsolete,,,,": "says that ORPHA:2 is out of use, and t.csv, line 2 says otherwise",
    }
    (record,), delivery = read_all(write_table(tmp_path / "t.csv", good, *bad))
    assert record.name == "Testitis"
    refused = {refusal.where: refusal.reason for refusal in delivery.unreadable}
    assert refused == {f"t.csv, line {number}": reason for number, reason in enumerate(bad.values(), start=3)}


def test_a_missing_column_is_named_with_those_found(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("orpha_code,name\nORPHA:1,Testitis\n")
    with pytest.raises(
        UnreadableSource, match=r"t.csv: has no column “level”, .*; its columns are “orpha_code”, “name”"
    ):
        orphanet.read_orphanet([path])

    workbook = write_workbook(tmp_path / "w.xlsx", names=[["ORPHAcode", "Label", "Type of label"]])
    with pytest.raises(
        UnreadableSource, match=r"w.xlsx, sheet names: has no column “Classification level”; its columns are"
    ):
        orphanet.read_orphanet([workbook])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "neither a workbook"),
        (b"\xd0\xcf\x11\xe0\0\0", "neither a workbook"),
        (b"PK\x03\x04 and no more", "zip file"),
        (gzip.compress(b"x" * 9999, mtime=0)[:-9], "damaged"),
        (b'{"a":\n1}', "no line holds an ORPHApacket"),
        (HEAD.encode(), "no ORPHA code in use"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path, content, message):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UnreadableSource, match=message) as raised:
        orphanet.read_orphanet([path])
    assert str(path) in str(raised.value)


def test_a_gzip_file_that_unpacks_without_an_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_TABLE_BYTES", 10_000_000)
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(b"{" + b" " * 50_000_000))
    with pytest.raises(UnreadableSource, match=r"bomb.jsonl.gz: is longer than 10,000,000 bytes"):
        orphanet.read_orphanet([path])


def repack(path: Path, change=lambda name, data: data, **parts: bytes) -> Path:
    """Changes the parts of a workbook and adds others. Returns its path."""
    content = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, data in parts.items():
            new.writestr(name, data)
    path.write_bytes(content.getvalue())
    return path


STRINGS = b"""<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>x</t></si></sst>"""
STRINGS_TYPE = b"""<Override PartName="/xl/sharedStrings.xml"
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>"""


@pytest.mark.parametrize(
    "part", ["[Content_Types].xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"]
)
@pytest.mark.parametrize("entity", ['<!ENTITY a "aaaa">', '<!ENTITY a SYSTEM "file:///etc/hostname">'])
def test_workbooks_with_entities_are_refused(tmp_path, part, entity):
    path = write_workbook(tmp_path / "bomb.xlsx", names=[["ORPHAcode"]])
    repack(path, lambda _, data: data.replace(b"</Types>", STRINGS_TYPE), **{"xl/sharedStrings.xml": STRINGS})

    def add_entity(name: str, data: bytes) -> bytes:
        return f"<!DOCTYPE x [{entity}]>".encode() + data if name == part else data

    with pytest.raises(
        UnreadableSource, match=r"bomb.xlsx: cannot be read as a workbook, since it declares XML entities"
    ):
        orphanet.read_orphanet([repack(path, add_entity)])


def test_workbooks_past_a_set_size_are_refused(tmp_path, monkeypatch):
    path = write_workbook(tmp_path / "long.xlsx", names=[["ORPHAcode", "Label"]])

    def far_down(name: str, data: bytes) -> bytes:
        return data.replace(b"</sheetData>", b'<row r="1048576"><c r="A1048576"/></row></sheetData>')

    def fat(name: str, data: bytes) -> bytes:
        return data + b" " * 20_000_000 if "sheet1" in name else data

    monkeypatch.setattr(workbooks, "MAX_ROWS", 1000)
    sheet = [["ORPHAcode", "PreferredTerm", "Synonyms", "ICDcodes"]]
    with pytest.raises(UnreadableSource, match=r"long.xlsx: sheet names has more than 1,000 rows"):
        orphanet.read_orphanet([repack(write_workbook(path, names=sheet), far_down)])
    with pytest.raises(UnreadableSource, match=r"long.xlsx: cannot be read as a workbook, since .* zip bomb"):
        orphanet.read_orphanet([repack(write_workbook(path, names=sheet), fat)])


def test_formulas_are_never_evaluated(tmp_path):
    rows = [["ORPHAcode", "PreferredTerm", "Synonyms", "ICDcodes"], ["1", "Testitis", '=CONCATENATE("a","b")', "=1+1"]]
    (record,), _ = read_all(write_workbook(tmp_path / "w.xlsx", ICD10=rows))
    assert (record.synonyms, record.codes) == ((), (CodeRecord(Scheme.ORPHA, "1"),))


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    names = {
        "table": "orphanet-nomenclature-2025-07.csv.gz",
        "names": "orphanet-List_of_rare_diseases_2025_en.xlsx",
        "codes": "orphanet-ORPHAnomenclature_MasterFile_en_2025.xlsx",
        "packets": "orphapackets-2025-12.jsonl.gz",
    }
    if missing := [name for name in names.values() if not (DATA / name).exists()]:
        pytest.skip(f"Orphanet's data are not in {DATA}: {missing}")
    return {key: DATA / name for key, name in names.items()}


def test_orphanet_data_of_2025(files):
    records, delivery = read_all(files["packets"], files["table"])

    assert len(records) == 9_784
    assert Counter(record.may_have_page for record in records) == {True: 6_527 + 1_084, False: 2_173}
    assert sum(len(record.synonyms) for record in records) == 13_737
    assert Counter(code.relation for record in records for code in record.former) == {"exact": 323, "unknown": 907}
    assert Counter((code.scheme, code.relation) for record in records for code in record.codes) == {
        ("ORPHA", "exact"): 9_784,
        ("ICD-10", "unknown"): 7_076,
        ("ICD-11", "unknown"): 4_855,
        # of 7,840 and 3,337 in the file: the others belong to codes that are not in this nomenclature
        ("OMIM", "exact"): 3_314,
        ("OMIM", "narrow"): 3_738,
        ("OMIM", "broad"): 710,
        ("OMIM", "unknown"): 28,
    }
    assert sum(len(record.symptoms) for record in records) == 105_443
    assert sum(bool(record.definition) for record in records) == 6_374
    excluded = [remark for record in records for remark in record.remarks if " excluded (0%)" in remark]
    assert sum(int(remark.split()[2]) for remark in excluded) == 665
    assert Counter((refusal.reason.split(maxsplit=1)[1], refusal.failed) for refusal in delivery.unreadable) == {
        ("is obsolete, and no code replaces it", False): 81,  # 1,311 inactive codes in all
        ("is not in the nomenclature: is one of the files older?", False): 206,
    }
    names = {record.name for record in records}
    assert {"T-B+ severe combined immunodeficiency", "T-B- severe combined immunodeficiency"} <= names


def test_orphanet_workbooks_say_the_same_as_the_joined_table(files):
    from_table, _ = read_all(files["table"])
    from_workbooks, _ = read_all(files["codes"], files["names"])
    assert without_places(from_table) == without_places(from_workbooks)


OMIM = {"Source": "OMIM", "Reference": "100200", "DisorderMappingRelation": EXACT}
FREQUENT = [
    {"HPOId": "HP:0000001", "HPOTerm": term, "HPOFrequency": "Frequent (79-30%)"} for term in ("Tremor", "Fever")
]


@pytest.fixture
def deliveries(tmp_path) -> dict[str, Path]:
    """Orphanet's files about four diseases and a group.

    A packet calls the first one by another name, and an OMIM code joins the second one to a page. The third one has no
    packet. The fourth one has only a packet, so its code is out of use.
    """
    names, codes = write_nomenclature(tmp_path)
    append_row(names, "names", ["ORPHA:12", "Untested disease", "Main name", "Disorder"])
    append_row(codes, "ICD10", ["12", "Untested disease", None, "E84"])
    about = {"Synonyms": ["Not in the nomenclature"], "ExternalReferences": [OMIM], "Phenotypes": FREQUENT}
    first = packet("2", Label="Testitis, common", TextSection=definition("Rare."), **about)
    second = packet("3", ExternalReferences=[OMIM | {"Reference": "300300"}], Phenotypes=FREQUENT[:1])
    packets = write_packets(tmp_path / "packets", first, second, packet("99"))
    return {"names": names, "codes": codes, "packets": packets}


def append_row(path: Path, sheet: str, row: list[str | None]) -> None:
    workbook = openpyxl.load_workbook(path)
    workbook[sheet].append(row)
    workbook.save(path)


def saved_tables() -> dict[str, list[object]]:
    """Returns everything that imports have saved, without numbers of rows, times, and digests of whole records."""
    of_row = ["disease__name", "position", "key", "source__name"]
    columns = {
        Disease: ["name", "slug", "summary"],
        Synonym: [*of_row, "text", "kind"],
        Identifier: [*of_row, "scheme", "value", "relation"],
        Symptom: [*of_row, "term", "frequency", "hpo_id"],
        Proposal: ["kind", "record", "part", "action", "new", "state"],
    }
    saved = {model.__name__: list(model.objects.order_by(*names).values(*names)) for model, names in columns.items()}
    provenance = ["record", "part", "target", "is_created", "content"]
    return saved | {"Provenance": list(Provenance.objects.exclude(part="").order_by(*provenance).values(*provenance))}


def in_turn(deliveries, orders, *options):
    """Yields what is saved after each order of deliveries, each on a site with the same diseases."""
    for order in orders:
        with transaction.atomic():
            for name, codes in {
                "Inflammation of tests": [("ORPHA", "2"), ("ORPHA", "4")],
                "Trembling of tests": [("OMIM", "300300")],
            }.items():
                disease = Disease.objects.create(name=name)
                for position, (scheme, value) in enumerate(codes, start=1):
                    key = UUID(int=int(value))
                    disease.identifiers.create(scheme=scheme, value=value, key=key, position=position)
            for paths in order:
                with suppress(CommandError):  # it names two codes that replace each other
                    call_command("import_orphanet", *(deliveries[name] for name in paths), *options)
            yield saved_tables()
            transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.database
@pytest.mark.parametrize("options", [(), ("--create",)])
def test_orphanets_files_give_the_same_in_any_order_one_by_one_or_together(deliveries, options, capsys):
    one_by_one = [[[name] for name in order] for order in permutations(deliveries)]
    pairs = [[["names", "packets"], ["codes"]], [["packets"], ["codes", "names"]], [["codes", "packets"], ["names"]]]
    again = [[["names"], ["packets"], ["codes"], ["packets"], ["names"], [*deliveries]]]

    together, *others = in_turn(deliveries, [[[*deliveries]], *one_by_one, *pairs, *again], *options)

    created = ["Untested disease"] if options else []
    assert [row["name"] for row in together["Disease"]] == ["Inflammation of tests", "Trembling of tests", *created]
    values = ["2", "4", "100200", "E83.1", "G05.1", "5C64.10", "3", "300300", *(["12", "E84"] if options else [])]
    assert [row["value"] for row in together["Identifier"]] == values
    assert [row["text"] for row in together["Synonym"]] == ["TT", "Testitis +", "Testitis -"]
    assert [row["term"] for row in together["Symptom"]] == ["Tremor", "Fever", "Tremor"]
    proposals = [("identifier:ORPHA:4", "remove"), ("summary", "change")]
    assert [(row["part"], row["action"]) for row in together["Proposal"]] == proposals
    assert others == [together] * 10


@pytest.mark.django_db
def test_a_disease_that_no_code_of_the_first_file_finds_waits_and_the_report_says_so(deliveries, capsys):
    with suppress(CommandError):
        call_command("import_orphanet", deliveries["names"], "--create")

    assert "4 records: wait for the other files of the data set" in capsys.readouterr().out
    assert (Disease.objects.count(), Proposal.objects.count(), Provenance.objects.count()) == (0, 0, 0)
    assert WaitingRecord.objects.count() == 4

    with suppress(CommandError):
        call_command("import_orphanet", deliveries["packets"], "--create")

    assert sorted(map(str, Disease.objects.all())) == ["Testitis +", "Testitis -", "Untested disease"]
    assert sorted(WaitingRecord.objects.values_list("record", flat=True)) == ["ORPHA:10", "ORPHA:99"]
