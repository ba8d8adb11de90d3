"""Rows: diseases with their parts, and sources."""

from diseases.models.diseases import Disease, fold_name
from diseases.models.parts import Identifier, Question, Support, Symptom, Synonym
from diseases.models.sources import Source

__all__ = [
    "Disease",
    "Identifier",
    "Question",
    "Source",
    "Support",
    "Symptom",
    "Synonym",
    "fold_name",
]
