"""Makes suggestions for tests."""

from typing import Any

from publishing.models import Edition
from suggestions.models import Suggestion
from suggestions.topic import SuggestionTopic


def make_suggestion(about: Any = None, question: Any = None, **fields: Any) -> Suggestion:
    """Makes a suggestion as a reader sends it from the live page."""
    found = SuggestionTopic()
    if about:
        edition = Edition.objects.about(about).live().get()
        found = SuggestionTopic.of_edition(edition, question.key if question else None)
    return Suggestion.objects.create(**{"kind": "other", "message": "Some words."} | found.fields() | fields)
