"""MedQuAD's files become one record a disease; each other file is named with its reason."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diseases.codes import Relation
from diseases.values import Aspect, SynonymKind, Topic
from imports.medquad import read_medquad
from imports.records import CodeRecord, QuestionRecord, SourceRecord, SymptomRecord, SynonymRecord, UnreadableRecord
from tests.imports.medquad_texts import CLOSING_TEXT, OPENING_TEXT

REAL = Path(__file__).parents[3] / "shared" / "data" / "medquad-gard.zip"
URL = "http://rarediseases.info.nih.gov/gard/7/testitis"


def document(*parts, url=URL, focus="<Focus>Testitis</Focus>"):
    return f'<?xml version="1.0"?><Document id="0000001" url="{url}">{focus}{"".join(parts)}</Document>'


def pair(question, answer, kind="causes", key="0000001-1"):
    return (
        f'<QAPairs><QAPair pid="1"><Question qid="{key}" qtype="{kind}">{question}</Question>'
        f"<Answer>{answer}</Answer></QAPair></QAPairs>"
    )


def synonyms(*texts):
    return f"<Synonyms>{''.join(f'<Synonym>{text}</Synonym>' for text in texts)}</Synonyms>"


@pytest.fixture
def deliver(tmp_path):
    """Returns the records of a folder with these files, and what could not be read."""

    def deliver(*files):
        for number, content in enumerate(files, start=1):
            (tmp_path / f"{number}.xml").write_bytes(content if isinstance(content, bytes) else content.encode())
        delivery = read_medquad(tmp_path)
        records = list(delivery.records)
        assert delivery.total == len(records)
        shorten = {f"{tmp_path.name}/{number}.xml": f"{number}.xml" for number in range(1, len(files) + 1)}
        return records, [refusal._replace(where=shorten[refusal.where]) for refusal in delivery.unreadable]

    return deliver


def test_a_file_is_read_in_every_field(deliver, tmp_path):
    (record,), unreadable = deliver(
        document(
            "<UMLS><CUIs><CUI>C0268059</CUI><CUI>C0268059</CUI><CUI>odd</CUI></CUIs></UMLS>",
            synonyms("testitis", "Old test (formerly)", "OLD TEST", "Tests"),
            pair("What causes Testitis ?", "What causes testitis? A gene &lt;x&gt;."),
            pair(
                "What are the symptoms of Testitis ?",
                f"What are the signs of testitis? {OPENING_TEXT} Fever 90% Adult onset - {CLOSING_TEXT}",
                "symptoms",
                "0000001-2",
            ),
        )
    )

    https = URL.replace("http:", "https:")
    assert unreadable == []
    assert record == SourceRecord(
        key="GARD:7",
        where=f"{tmp_path.name}/1.xml",
        name="Testitis",
        codes=(CodeRecord("GARD", "7"), CodeRecord("UMLS", "C0268059", Relation.UNKNOWN)),
        synonyms=(SynonymRecord("Old test", SynonymKind.FORMER), SynonymRecord("Tests")),
        questions=(
            QuestionRecord("0000001-1", Topic.CAUSES, "What causes testitis?", "<p>A gene &lt;x&gt;.</p>", https),
            QuestionRecord("0000001-2", Topic.SYMPTOMS, "What are the signs of testitis?", "", https),
        ),
        symptoms=(SymptomRecord("Fever", "90%"), SymptomRecord("Adult onset", "", Aspect.ONSET)),
        remarks=(
            "“odd” is not a valid UMLS code. Example: C0268059.",
            "0000001-2: a table of 2 symptoms was taken out, with the standard texts around it",
        ),
    )


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Old name ( formerly)", SynonymRecord("Old name", SynonymKind.FORMER)),
        ("TTS5, FORMERLY", SynonymRecord("TTS5", SynonymKind.FORMER)),
        ("Test, sporadic - (subtype)", SynonymRecord("Test, sporadic", SynonymKind.SUBTYPE)),
        ("Test tumor (PNET) (type)", SynonymRecord("Test tumor (PNET)", SynonymKind.SUBTYPE)),
        ("PTLAH", SynonymRecord("PTLAH", SynonymKind.ABBREVIATION)),
        ("AR-CMT1", SynonymRecord("AR-CMT1", SynonymKind.ABBREVIATION)),
        ("MPS IVB", SynonymRecord("MPS IVB", SynonymKind.ABBREVIATION)),
        ("R10", SynonymRecord("R10")),
        ("TEST SYNDROME, X-LINKED", SynonymRecord("TEST SYNDROME, X-LINKED")),
        ("48 XXXX", SynonymRecord("48 XXXX")),
        ("Test (autosomal)", SynonymRecord("Test (autosomal)")),
    ],
)
def test_notes_and_capitals_tell_the_kind_of_a_synonym(deliver, printed, expected):
    (record,), _ = deliver(document(synonyms(printed)))
    assert record.synonyms == (expected,)
    assert record.remarks == ()


def test_synonyms_that_are_none_are_left_out_and_named(deliver):
    (record,), _ = deliver(document(synonyms("x" * 150, "Fever (a symptom)", "Mild (subtype, also called Y)")))
    assert record.synonyms == (SynonymRecord("Mild", SynonymKind.SUBTYPE),)
    assert record.remarks == (
        f"this synonym was left out, because it was cut off or is too long: {'x' * 150}",
        "this synonym was left out, because its note says that it is not a name: Fever (a symptom)",
        "the synonym “Mild” has a note: subtype, also called Y",
    )


def test_files_of_one_gard_id_are_one_record(deliver, tmp_path):
    (record,), unreadable = deliver(
        document(pair("What causes Testitis ?", "This.")),
        document(pair("What causes Testitis ?", "That."), focus="<Focus>Test syndrome</Focus>", url=f"{URL}/2"),
        document(pair("Is Testitis inherited ?", "No.", "inheritance")),
    )
    assert unreadable == []
    assert (record.name, record.synonyms) == ("Testitis", (SynonymRecord("Test syndrome"),))
    assert record.where == ", ".join(f"{tmp_path.name}/{number}.xml" for number in (1, 2, 3))
    assert [(each.key, each.answer) for each in record.questions] == [
        ("0000001-1", "<p>This.</p>"),
        ("3:0000001-1", "<p>No.</p>"),
    ]
    assert record.remarks == (
        f"{tmp_path.name}/2.xml calls it “Test syndrome”",
        "2:0000001-1: asks the same as 0000001-1, with another answer: <p>That.</p>",
    )


def test_records_come_by_number_of_gard_whatever_the_files_are_called(deliver):
    records, _ = deliver(*(document(url=URL.replace("/7/", f"/{number}/")) for number in ("0100", "20", "3")))
    assert [record.key for record in records] == ["GARD:3", "GARD:20", "GARD:100"]


def test_other_deliveries_write_other_cases_and_leave_things_out(deliver):
    (record,), unreadable = deliver(
        f'<doc URL="{URL}" xmlns="urn:x"><focus> Testítis\n </focus><qapairs><pair/>'
        "<qapair><question qtype='Outlook'>What is the outlook for Testitis ?</question>"
        "<answer>It is\tgood.\n\n• rest\n• tea</answer></qapair>"
        "<qapair><question qtype='dose'>How is Testitis treated?</question></qapair><qapair/></qapairs></doc>"
    )
    assert unreadable == []
    assert record.name == "Testítis"
    assert [(each.key, each.topic, each.question, each.answer) for each in record.questions] == [
        ("1-1", "outlook", "What is the outlook for Testitis?", "<p>It is good.</p>\n<p>• rest • tea</p>"),
        ("1-2", "treatment", "How is Testitis treated?", ""),
    ]
    assert record.remarks == (
        "1-2: there is no answer",
        "1-3: there is no answer",
        "1-3: left out, because its question is missing or too long: ",
    )


def test_what_cannot_be_joined_or_read_is_named_with_its_reason(deliver):
    entities = '<!DOCTYPE x [<!ENTITY a "b">]>'
    records, unreadable = deliver(
        document("<CUI>C0000001</CUI>", url="https://other.example/1.htm"),
        document(focus=""),
        document(url="", focus=""),
        f"{entities}<Document/>",
        '<!DOCTYPE x SYSTEM "http://zorb.org/x.dtd"><Document/>',
        "<Document>",
        b"",
        b"\xff\xfe<",
        b'<?xml version="1.0" encoding="zorb"?><a/>',
    )
    assert records == []
    doctype = "declares a document type or entities, which can do harm: remove the DOCTYPE"
    assert unreadable[:5] == [
        UnreadableRecord(
            "1.xml",
            "it has no GARD id, so its disease is not known (Testitis; UMLS:C0000001; https://other.example/1.htm)",
            False,
        ),
        UnreadableRecord(
            "2.xml", "GARD:7 has no name (Focus) that fits: add the disease by hand, or correct the file", True
        ),
        UnreadableRecord("3.xml", "it has no GARD id, so its disease is not known (no name)", False),
        UnreadableRecord("4.xml", doctype, True),
        UnreadableRecord("5.xml", doctype, True),
    ]
    assert [(each.reason.partition(" (")[0], each.failed) for each in unreadable[5:]] == [
        ("is not XML that can be read", True)
    ] * 4


@settings(deadline=None)  # the machine may be busy
@given(
    content=st.binary() | st.text().map(lambda text: document(f"<Synonym>{text}</Synonym>").encode("utf-8", "replace"))
)
def test_no_file_stops_the_others(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp() / "delivery"
    folder.mkdir(exist_ok=True)
    (folder / "1.xml").write_bytes(content)
    (folder / "2.xml").write_text(document(url=URL.replace("/7/", "/8/")))
    delivery = read_medquad(folder)
    assert [record.key for record in delivery.records][-1:] == ["GARD:8"]


@pytest.fixture(scope="module")
def real() -> list[SourceRecord]:
    if not REAL.exists():
        pytest.skip(f"SKIPPED: the MedQuAD files are not at {REAL}")
    delivery = read_medquad(REAL)
    records = list(delivery.records)
    assert delivery.unreadable == []
    return records


def test_all_real_files_are_read(real):
    questions = [question for record in real for question in record.questions]
    assert len(real) == 2_435
    assert len(questions) == len({question.key for question in questions}) == 4_881
    assert sum(bool(question.answer) for question in questions) == 3_127
    assert Counter(question.topic for question in questions) == {
        Topic.SYMPTOMS: 2_150,
        Topic.OVERVIEW: 1_264,
        Topic.TREATMENT: 505,
        Topic.CAUSES: 393,
        Topic.INHERITANCE: 315,
        Topic.DIAGNOSIS: 254,
    }
    assert Counter(synonym.kind for record in real for synonym in record.synonyms) == {
        SynonymKind.EXACT: 5_848,
        SynonymKind.ABBREVIATION: 1_133,
        SynonymKind.FORMER: 48,
        SynonymKind.SUBTYPE: 43,
    }
    assert Counter(code.scheme for record in real for code in record.codes) == {"GARD": 2_435, "UMLS": 2_978}


def test_all_real_tables_are_read(real):
    assert sum("a table of" in remark for record in real for remark in record.remarks) == 2_038
    assert Counter(row.aspect for record in real for row in record.symptoms) == {
        Aspect.SYMPTOM: 42_377,
        Aspect.INHERITANCE: 1_987,
        Aspect.ONSET: 257,
        Aspect.COURSE: 267,
    }
    twice = [record for record in real if max(Counter(row.term for row in record.symptoms).values(), default=0) > 1]
    assert len(twice) == 12
    assert not any("could not be read" in remark for record in real for remark in record.remarks)


def test_real_answers_hold_no_debris(real):
    answers = [question.answer for record in real for question in record.questions]
    debris = ("Human Phenotype", "HPO", "Signs and Symptoms Approximate", "MedlinePlus Medical", "[1]", "  ")
    assert [answer for answer in answers if any(mark in answer for mark in debris)] == []
    questions = [question.question for record in real for question in record.questions]
    assert [question for question in questions if " ?" in question or "(are)" in question] == []
    assert sum("<h3>" in answer for answer in answers) == 33
    assert sum("<a href" in answer for answer in answers) == 45


def test_a_real_disease(real):
    record = next(record for record in real if record.key == "GARD:7172")
    assert record.name == "Neonatal hemochromatosis"
    assert [(code.scheme, code.value) for code in record.codes] == [("GARD", "7172"), ("UMLS", "C0268059")]
    assert [(each.key, each.question, bool(each.answer)) for each in record.questions] == [
        ("0004331-1", "What is Neonatal hemochromatosis?", True),
        ("0004331-2", "What are the signs and symptoms of Neonatal hemochromatosis?", False),
    ]
    assert len(record.symptoms) == 21
