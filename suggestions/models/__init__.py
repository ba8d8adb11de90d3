"""What readers send us, and the portraits of those who let us show them."""

from suggestions.models.portraits import Picture, Portrait
from suggestions.models.suggestions import Suggestion, Tally

__all__ = ["Picture", "Portrait", "Suggestion", "Tally"]
