"""Rows: diseases with their parts, sources, and what imports remember."""

from diseases.models.diseases import Disease, fold_name
from diseases.models.imports import Dataset, ImportRun, Proposal, Provenance
from diseases.models.parts import Identifier, Question, Support, Symptom, Synonym
from diseases.models.sources import Source

__all__ = [
    "Dataset",
    "Disease",
    "Identifier",
    "ImportRun",
    "Proposal",
    "Provenance",
    "Question",
    "Source",
    "Support",
    "Symptom",
    "Synonym",
    "fold_name",
]
