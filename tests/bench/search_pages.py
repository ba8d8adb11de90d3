"""The pages of `make bench-search`: every active name of Orphanet with synonyms and codes, as its page says it."""

import csv
import gzip
import io
import json
import re
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from diseases.codes import PATTERNS, Scheme
from diseases.values import DiseasePage, IdentifierValue, QuestionValue, SynonymValue, Topic
from search.documents import Document
from tests.bench.generate import paragraph, prose

DATA = Path(__file__).parents[3] / "shared" / "data"
NAMES = DATA / "orphanet-nomenclature-2025-07.csv.gz"
PACKETS = DATA / "orphapackets-2025-12.jsonl.gz"
MAPPINGS = DATA / "mondo-sssom-2026-08-04.zip"

WIDESPREAD = "physiotherapist"
"""A word that every second page has in an answer."""
QUESTIONS = ["What is it?", "What are the signs?", "What causes it?", "How might it be treated?"]


@dataclass(frozen=True)
class Subject:
    number: int
    name: str
    synonyms: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]
    definition: str

    @property
    def names(self) -> tuple[str, ...]:
        return self.name, *self.synonyms

    def renamed(self, rename: Callable[[str], str]) -> "Subject":
        return replace(self, name=rename(self.name), synonyms=tuple(map(rename, self.synonyms)))

    def document(self) -> Document:
        return self.page().document("disease", self.number, f"/diseases/orpha-{self.number}/")

    def page(self) -> DiseasePage:
        """Returns a page with four answers of about 120 words: as on the site, most of what is searched is text."""
        return DiseasePage(
            title=self.name[:250],
            slug=f"orpha-{self.number}",
            summary=self.definition,
            synonyms=tuple(SynonymValue(key=_key(self, name), text=name[:250]) for name in self.synonyms),
            identifiers=tuple(
                IdentifierValue(key=_key(self, *code), scheme=code[0], value=code[1]) for code in self.codes
            ),
            questions=tuple(self._answer(place, question) for place, question in enumerate(QUESTIONS)),
        )

    def _answer(self, place: int, question: str) -> QuestionValue:
        seed = self.number * 17 + place * 5
        text = f"{paragraph(seed)} {paragraph(seed + 1)}"
        if place == 3 and self.number % 2:
            text += f" A {WIDESPREAD} may help. {prose(seed, 20)}"
        # Not validated: sanitising so many answers would take longer than all the rest.
        return QuestionValue.model_construct(
            key=_key(self, question), topic=Topic.OTHER, question=question, html=f"<p>{text}</p>"
        )


def _key(subject: Subject, *parts: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{subject.number} {' '.join(parts)}")


def subjects() -> list[Subject]:
    packets = dict(_packets())
    gard = _gard()
    found = []
    with gzip.open(NAMES, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["status"] != "Active":
                continue
            number = row["orpha_code"].removeprefix("ORPHA:")
            omim, definition = packets.get(number, ([], ""))
            codes = [("ORPHA", number), *(("GARD", value) for value in gard[number]), *(("OMIM", o) for o in omim)]
            for scheme, column in [(Scheme.ICD10, "icd10"), (Scheme.ICD11, "icd11_mms")]:
                codes += [
                    (scheme.value, code) for code in row[column].split("|") if re.fullmatch(PATTERNS[scheme][0], code)
                ]
            synonyms = tuple(filter(None, row["synonyms"].split("|")))
            found.append(Subject(int(number), row["name"], synonyms, tuple(dict.fromkeys(codes)), definition))
    return found


def _packets() -> Iterator[tuple[str, tuple[list[str], str]]]:
    with gzip.open(PACKETS, "rt", encoding="utf-8") as file:
        for line in file:
            packet = json.loads(line)
            references = [row for row in packet.get("ExternalReferences") or [] if isinstance(row, dict)]
            omim = [row["Reference"] for row in references if row.get("Source") == "OMIM"]
            text = packet.get("TextSection") or {}
            yield packet["ORPHAcode"], (omim, text.get("Contents", "") if isinstance(text, dict) else "")


def _gard() -> dict[str, list[str]]:
    """The GARD numbers of each ORPHA number, by way of Mondo."""
    of_mondo = defaultdict(list)
    found = defaultdict(list)
    with zipfile.ZipFile(MAPPINGS) as archive:
        for row in _rows(archive, "mondo_hasdbxref_gard.sssom.tsv"):
            of_mondo[row["subject_id"]].append(row["object_id"].removeprefix("GARD:").lstrip("0"))
        for row in _rows(archive, "mondo_exactmatch_orphanet.sssom.tsv"):
            found[row["object_id"].removeprefix("Orphanet:")] += of_mondo[row["subject_id"]]
    return found


def _rows(archive: zipfile.ZipFile, name: str) -> Iterator[dict[str, str]]:
    with archive.open(name) as file:
        lines = (line for line in io.TextIOWrapper(file, "utf-8") if not line.startswith("#"))
        yield from csv.DictReader(lines, delimiter="\t")
