"""The inbox of what readers send us, and portraits."""

from suggestions.admin.portraits import PortraitAdmin
from suggestions.admin.suggestions import SuggestionAdmin

__all__ = ["PortraitAdmin", "SuggestionAdmin"]
