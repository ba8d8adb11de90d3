"""What readers send us."""

from suggestions.models.suggestions import Suggestion, Tally

__all__ = ["Suggestion", "Tally"]
