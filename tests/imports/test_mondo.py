"""Reading Mondo's mapping tables and synonyms into records. The diseases are made up."""

import gzip
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from diseases.codes import Relation, Scheme
from diseases.values import SynonymKind
from imports import mondo
from imports.records import CodeRecord, Delivery, SourceRecord, SynonymRecord, UnreadableRecord, UnreadableSource

DATA = Path(__file__).parents[3] / "shared" / "data"
HEADER = "# curie_map:\n#   MONDO: http://purl.obolibrary.org/obo/MONDO_\n"
COLUMNS = "subject_label\tsubject_id\tpredicate_id\tobject_id\tmapping_justification\n"


def mapping(number: int, label: str, code: str, predicate: str = "skos:exactMatch") -> str:
    return f"{label}\tMONDO:{number:07}\t{predicate}\t{code}\tsemapv:ManualMappingCuration\n"


def gard(number: int, label: str, code: int) -> str:
    return mapping(number, label, f"GARD:{code:07}", "oboInOwl:hasDbXref")


def write_tables(folder: Path, **tables: str) -> Path:
    path = folder / "mondo.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, rows in tables.items():
            archive.writestr(f"{name}.sssom.tsv", HEADER + COLUMNS + rows)
    return path


def read_all(path: Path, synonyms: Path | None = None) -> tuple[list[SourceRecord], Delivery]:
    delivery = mondo.read_mondo(path, synonyms)
    records = list(delivery.records)
    assert len(records) == delivery.total
    return records, delivery


def test_one_record_a_disease_that_has_a_gard_id(tmp_path):
    xref = "oboInOwl:hasDbXref"
    path = write_tables(
        tmp_path,
        gard=gard(20, "testitis", 7172) + gard(3, "obsolete oldness", 5) + gard(10, "other testitis", 12),
        others=(
            mapping(20, "testitis", "Orphanet:446")
            + mapping(20, "testitis", "OMIM:231100")
            + mapping(20, "testitis", "OMIM:231100")
            + mapping(20, "testitis", "UMLS:C0268059")
            + mapping(20, "testitis", "ICD10CM:E83.110", xref)
            + mapping(20, "testitis", "ICD10CM:E80-E90", xref)
            + mapping(20, "testitis", "icd11.foundation:123")
            + mapping(10, "other testitis", "OMIM:100100", "skos:broadMatch")
            + mapping(99, "not in GARD", "OMIM:100200")
        ),
    )
    records, delivery = read_all(path)
    assert records == [
        SourceRecord(
            key="MONDO:0000010",
            where="gard.sssom.tsv, line 6",
            name="other testitis",
            codes=(
                CodeRecord(Scheme.MONDO, "0000010"),
                CodeRecord(Scheme.GARD, "12"),
                CodeRecord(Scheme.OMIM, "100100", Relation.BROAD),
            ),
            key_prefixes=("name", "identifier:"),
        ),
        SourceRecord(
            key="MONDO:0000020",
            where="gard.sssom.tsv, line 4",
            name="testitis",
            codes=(
                CodeRecord(Scheme.MONDO, "0000020"),
                CodeRecord(Scheme.GARD, "7172"),
                CodeRecord(Scheme.ORPHA, "446"),
                CodeRecord(Scheme.OMIM, "231100"),
                CodeRecord(Scheme.UMLS, "C0268059"),
                CodeRecord(Scheme.ICD10CM, "E83.110", Relation.UNKNOWN),
            ),
            key_prefixes=("name", "identifier:"),
        ),
    ]
    assert delivery.unreadable == [
        UnreadableRecord("mondo.zip", "1 mappings left out: ranges of ICD-10-CM are not codes"),
        UnreadableRecord("mondo.zip", "1 mappings left out: concepts of ICD-11's foundation are not codes"),
        UnreadableRecord("gard.sssom.tsv, line 5", "MONDO:0000003 is obsolete: oldness"),
    ]


def test_a_gard_id_that_is_not_one_to_one_is_not_sure(tmp_path):
    rows = gard(1, "one", 1) + gard(2, "two", 2) + gard(2, "two", 3) + gard(4, "four", 3)
    (one, two, four), _ = read_all(write_tables(tmp_path, gard=rows))
    assert (one.codes[1:], one.remarks) == ((CodeRecord(Scheme.GARD, "1"),), ())
    assert two.codes[1:] == tuple(CodeRecord(Scheme.GARD, value, Relation.UNKNOWN) for value in "23")
    assert two.remarks == ("Mondo gives it several GARD ids: 2, 3", "Mondo gives another disease the same GARD id: 3")
    assert four.codes[1:] == (CodeRecord(Scheme.GARD, "3", Relation.UNKNOWN),)
    assert four.remarks == ("Mondo gives another disease the same GARD id: 3",)


def test_several_exact_codes_of_a_scheme_are_kept_with_a_remark(tmp_path):
    rows = gard(1, "one", 1) + mapping(1, "one", "OMIM:100100") + mapping(1, "one", "OMIM:100200")
    (record,), _ = read_all(write_tables(tmp_path, all=rows))
    assert record.codes[2:] == (CodeRecord(Scheme.OMIM, "100100"), CodeRecord(Scheme.OMIM, "100200"))
    assert record.remarks == ("Mondo calls 2 codes of OMIM exact",)


def test_synonyms_are_kept_once_each_with_their_kinds(tmp_path):
    names = [
        "Hereditary testitis",
        "hereditary Testitis",
        "TESTITIS",
        "testitis (disease)",
        "testis disease",
        "TT-2b",
        "old testitis",
        "old testitis, formerly",
        "odd testitis (former name)",
        "small testitis (subtype)",
        'so ""called"" testitis',
        "x" * 251,
        " ",
    ]
    synonyms = tmp_path / "names"
    synonyms.write_bytes(
        gzip.compress(
            f'ID\tLABEL\tSYNONYMS\nMONDO:0000001\tTestitis\t"{"|".join(names)}"\nMONDO:0000002\tb\tc\n'.encode()
        )
    )
    (record,), delivery = read_all(write_tables(tmp_path, gard=gard(1, "testitis", 1)), synonyms)
    assert record.synonyms == (
        SynonymRecord("Hereditary testitis"),
        SynonymRecord("TT-2b", SynonymKind.ABBREVIATION),
        SynonymRecord("odd testitis", SynonymKind.FORMER),
        SynonymRecord("old testitis", SynonymKind.FORMER),
        SynonymRecord("small testitis", SynonymKind.SUBTYPE),
        SynonymRecord('so "called" testitis'),
        SynonymRecord("testis disease"),
    )
    assert record.remarks == (f"Left out, because it has more than 250 characters: the name “{'x' * 80}…”",)
    assert delivery.unreadable == []


def test_synonyms_of_a_disease_renamed_since_are_remarked(tmp_path):
    synonyms = tmp_path / "names.tsv"
    synonyms.write_text("ID\tLABEL\tSYNONYMS\nMONDO:0000001\tbroad testitis\ttestitis of any sort\n")
    (record,), _ = read_all(write_tables(tmp_path, gard=gard(1, "testitis", 1)), synonyms)
    assert record.synonyms == (SynonymRecord("testitis of any sort"),)
    assert record.remarks == ("Its synonyms come from a table that calls it “broad testitis”",)


def test_damaged_rows_are_named_and_the_others_go_on(tmp_path):
    bad = {
        mapping(1, "testitis", "OMIM:12"): "“12” is not a valid OMIM code. Example: 231100.",
        mapping(1, "testosis", "OMIM:100100"): "calls MONDO:0000001 “testosis”, where another table has “testitis”",
        mapping(1, "", "OMIM:100100"): "has no label of 1 to 250 characters",
        "testitis\tMONDO:0000001\n": "has 2 cells where the table has 5 columns",
        mapping(1, "testi\x00tis", "OMIM:100100"): "holds characters that are not text",
    }
    rows = gard(1, "testitis", 1) + "".join(bad) + mapping(1, "testitis", "OMIM:100200")
    (record,), delivery = read_all(write_tables(tmp_path, all=rows))
    assert [code.value for code in record.codes] == ["0000001", "1", "100200"]
    assert delivery.unreadable == [
        UnreadableRecord(f"all.sssom.tsv, line {number}", reason, failed=True)
        for number, reason in enumerate(bad.values(), 5)
    ]


def test_other_files_are_refused_by_name(tmp_path):
    with pytest.raises(UnreadableSource, match=r"mondo.zip: no table in it gives a GARD id"):
        mondo.read_mondo(write_tables(tmp_path, omim=mapping(1, "testitis", "OMIM:100100")))
    with zipfile.ZipFile(tmp_path / "mondo.zip", "w") as archive:
        archive.writestr("a.sssom.tsv", f"{HEADER}subject_id\tobject_id\nMONDO:0000001\tGARD:1\n")
    with pytest.raises(
        UnreadableSource, match=r"a.sssom.tsv: has no column “subject_label”, “predicate_id”; its columns are"
    ):
        mondo.read_mondo(tmp_path / "mondo.zip")
    synonyms = tmp_path / "names.tsv"
    synonyms.write_text("ID,LABEL\n")
    with pytest.raises(
        UnreadableSource, match=r"names.tsv: has no column “ID”, “LABEL”, “SYNONYMS”; its columns are “ID,LABEL”"
    ):
        mondo.read_mondo(write_tables(tmp_path, gard=gard(1, "testitis", 1)), synonyms)


def test_mondo_data_of_2026():
    tables, synonyms = DATA / "mondo-sssom-2026-08-04.zip", DATA / "mondo-rare-labels-synonyms-2023-08.tsv.gz"
    if not (tables.exists() and synonyms.exists()):
        pytest.skip(f"Mondo's data are not in {DATA}")
    records, delivery = read_all(tables, synonyms)

    assert len(records) == 15_930
    assert Counter((code.scheme, code.relation) for record in records for code in record.codes) == {
        ("MONDO", "exact"): 15_930,
        ("GARD", "exact"): 15_930,  # no id twice, and none with two
        ("UMLS", "exact"): 14_840,
        ("ORPHA", "exact"): 8_107,
        ("OMIM", "exact"): 7_550,
        ("ICD-10-CM", "unknown"): 978,
    }
    assert Counter(name.kind for record in records for name in record.synonyms) == {
        "exact": 56_109,
        "abbreviation": 8_563,
        "former": 319,
        "subtype": 51,
    }
    remarks = Counter(remark.split("“")[0].strip() for record in records for remark in record.remarks)
    assert remarks == {
        "Mondo calls 2 codes of ORPHA exact": 39,
        "Mondo calls 3 codes of ORPHA exact": 2,
        "Mondo calls 2 codes of OMIM exact": 5,
        "Its synonyms come from a table that calls it": 233,
        "Left out, because it has more than 250 characters: the name": 3,
    }
    assert [refusal for refusal in delivery.unreadable if "is obsolete" not in refusal.reason] == [
        UnreadableRecord(tables.name, "4,633 mappings left out: concepts of ICD-11's foundation are not codes"),
        UnreadableRecord(tables.name, "88 mappings left out: ranges of ICD-10-CM are not codes"),
    ]
    assert len(delivery.unreadable) == 2 + 17
