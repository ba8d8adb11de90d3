"""The admin of suggestions: the inbox of what readers send us."""

from suggestions.admin.suggestions import SuggestionAdmin

__all__ = ["SuggestionAdmin"]
