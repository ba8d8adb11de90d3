"""Takes the table of symptoms out of an answer of MedQuAD.

GARD's pages had a table from the Human Phenotype Ontology (HPO) between two standard texts. In MedQuAD, all of it is
one line: "… Low-set ears 90% Seizures - Short stature 7/12 …".
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from diseases.values import FREQUENCY_LENGTH, Aspect
from imports.records import SymptomRecord
from publishing.values import LINE_LENGTH

OPENING = re.compile(
    r"The Human Phenotype Ontology provides the following list of signs and symptoms for .{0,300}?\. ?"
    r"If the information is available, the table below includes how often the symptom is seen in people with this "
    r"condition\. You can use the MedlinePlus Medical Dictionary to look up the definitions for these medical terms\. "
    r"Signs and Symptoms Approximate number of patients \(when available\)".replace(" ", r"\s+"),
    re.DOTALL,
)
CLOSING = re.compile(
    r"The Human Phenotype Ontology \(HPO\) has collected information on how often a sign or symptom occurs in a "
    r"condition\. Much of this information comes from Orphanet, a European rare disease database\. The frequency of a "
    r"sign or symptom is usually listed as a rough estimate of the percentage of patients who have that feature\. The "
    r"frequency may also be listed as a fraction\. The first number of the fraction is how many people had the "
    r"symptom, and the second number is the total number of people who were examined in one study\. For example, a "
    r"frequency of 25/25 means that in a study of 25 people all patients were found to have that symptom\. Because "
    r"these frequencies are based on a specific study, the fractions may be different if another group of patients "
    r"are examined\. Sometimes, no information on frequency is available\. In these cases, the sign or symptom may be "
    r"rare or common\.".replace(" ", r"\s+")
)
# A "%" alone has lost its number. Terms hold hyphens, slashes and numbers, but never such a mark as a separate word.
ROW_PATTERN = re.compile(r" ?(?P<term>\S.*?) (?P<mark>-|(?:\d{1,3}(?:\.\d+)?)?%|\d+/\d+|\d+ of \d+)(?= |$)")
UNKNOWN_FREQUENCY = ("-", "%")
COMMENT = re.compile(r"\s*\{comment=.*?\}")  # HPO's editors wrote these for each other

# The terms of HPO that are not symptoms, with their present and former names.
ASPECT_TERMS = {
    Aspect.INHERITANCE: """
    Autosomal dominant inheritance|Autosomal dominant contiguous gene syndrome|Autosomal dominant somatic cell mutation
    Sex-limited autosomal dominant|Male-limited autosomal dominant|Sex-limited autosomal recessive inheritance
    Autosomal dominant inheritance with paternal imprinting|Autosomal dominant inheritance with maternal imprinting
    Autosomal recessive inheritance|Heterogeneous|Genetic heterogeneity|Multifactorial inheritance
    Polygenic inheritance|Oligogenic inheritance|Digenic inheritance|Mitochondrial inheritance|Somatic mutation
    Somatic mosaicism|Contiguous gene syndrome|Familial predisposition|Genetic anticipation
    Genetic anticipation with paternal anticipation bias|Sporadic|Gonosomal inheritance|X-linked inheritance
    X-linked recessive inheritance|X-linked dominant inheritance|Y-linked inheritance|Semidominant inheritance
    Variable expressivity|Incomplete penetrance|Age-dependent penetrance
""",
    Aspect.ONSET: """
    Onset|Congenital onset|Antenatal onset|Embryonal onset|Fetal onset|Neonatal onset|Infantile onset|Childhood onset
    Juvenile onset|Adult onset|Young adult onset|Early young adult onset|Intermediate young adult onset
    Late young adult onset|Middle age onset|Late onset|Puerpural onset
""",
    Aspect.COURSE: """
    Progressive|Progressive disorder|Slow progression|Slowly progressive|Rapidly progressive|Nonprogressive
    Nonprogressive disorder|Variable progression rate|Phenotypic variability|Insidious onset|Acute|Subacute|Chronic
    Death in infancy|Sudden death|Neonatal death|Death in childhood|Stillbirth|Death in adolescence|Death in adulthood
    Death in early adulthood|Death in middle age|Death in late adulthood
""",
}
ASPECTS = {
    term.strip().casefold(): aspect
    for aspect, terms in ASPECT_TERMS.items()
    for term in re.split(r"[|\n]", terms)
    if term.strip()
}


class TableRow(NamedTuple):
    """A row of the table as printed."""

    term: str
    mark: str


@dataclass(frozen=True)
class AnswerSymptomTable:
    """An answer, divided into the text before, in and after its table. Without a table, `before` is all of it."""

    before: str
    opening: str = ""  # a standard text, like `closing`
    rows: tuple[TableRow, ...] = ()
    unread: str = ""  # the end of the table, where it cannot be read as rows
    closing: str = ""
    after: str = ""


def split(answer: str) -> AnswerSymptomTable:
    """Finds the table in an answer, and divides the answer there."""
    opening = OPENING.search(answer)
    if not opening:
        return AnswerSymptomTable(answer)
    closing = CLOSING.search(answer, opening.end())
    end = closing.start() if closing else len(answer)
    cells = " ".join(answer[opening.end() : end].split())
    rows: list[TableRow] = []
    at = 0
    while row := ROW_PATTERN.match(cells, at):
        rows.append(TableRow(row["term"], row["mark"]))
        at = row.end()
    return AnswerSymptomTable(
        before=answer[: opening.start()],
        opening=opening[0],
        rows=tuple(rows),
        unread=cells[at:].strip(),
        closing=closing[0] if closing else "",
        after=answer[closing.end() :] if closing else "",
    )


def aspect(term: str) -> Aspect:
    """Returns what a term of HPO is about: inheritance, onset, course or, for all others, a symptom."""
    return ASPECTS.get(term.casefold(), Aspect.SYMPTOM)


def symptoms(table: AnswerSymptomTable) -> tuple[tuple[SymptomRecord, ...], list[str]]:
    """Returns each row of a table once, in its order, and remarks for an editor."""
    remarks = [f"of the table of symptoms this could not be read: {table.unread}"] if table.unread else []
    found: Counter[SymptomRecord] = Counter()
    for row in table.rows:
        term = row.term
        if comment := COMMENT.search(term):
            term = COMMENT.sub("", term)
            remarks.append(f"the symptom “{term}” was printed with {comment[0].strip()}")
        if row.mark == "%":
            remarks.append(f"the symptom “{term}” has a percent sign without a number")
        frequency = "" if row.mark in UNKNOWN_FREQUENCY else row.mark
        if not term or len(term) > LINE_LENGTH or len(frequency) > FREQUENCY_LENGTH:
            remarks.append(f"this row of the table of symptoms is not a term with a frequency: {row.term} {row.mark}")
            continue
        found[SymptomRecord(term, frequency, aspect(term))] += 1
    for each, times in found.items():
        if times > 1:
            remarks.append(f"the symptom “{each.term}” {each.frequency or '-'} is listed {times} times")
    return tuple(found), remarks
