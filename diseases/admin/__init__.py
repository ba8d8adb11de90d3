"""The admin of diseases, sources and symptoms."""

from diseases.admin.diseases import DiseaseAdmin, SourceAdmin
from diseases.admin.symptoms import SymptomAdmin

__all__ = ["DiseaseAdmin", "SourceAdmin", "SymptomAdmin"]
