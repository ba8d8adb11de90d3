"""The admin of diseases and sources, of symptoms one by one, and of what imports did and propose."""

from diseases.admin.diseases import DiseaseAdmin, SourceAdmin
from diseases.admin.imports import ImportRunAdmin, ProposalAdmin
from diseases.admin.symptoms import SymptomAdmin

__all__ = ["DiseaseAdmin", "ImportRunAdmin", "ProposalAdmin", "SourceAdmin", "SymptomAdmin"]
