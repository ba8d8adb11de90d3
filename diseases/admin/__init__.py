"""The admin of diseases and sources, and of symptoms one by one."""

from diseases.admin.diseases import DiseaseAdmin, SourceAdmin
from diseases.admin.symptoms import SymptomAdmin

__all__ = ["DiseaseAdmin", "SourceAdmin", "SymptomAdmin"]
