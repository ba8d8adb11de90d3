"""Makes suggestions for tests."""

from diseases.models import Question
from publishing.models import Edition, Publishable
from suggestions.models import Suggestion
from suggestions.topic import SuggestionTopic
from tests.factories import FieldValue


def make_suggestion(
    about: Publishable | None = None, question: Question | None = None, **fields: FieldValue | list[str]
) -> Suggestion:
    """Makes a suggestion as a reader sends it from the live page."""
    found = SuggestionTopic()
    if about:
        edition = Edition.objects.about(about).live().get()
        found = SuggestionTopic.of_edition(edition, question.key if question else None)
    return Suggestion.objects.create(**{"kind": "other", "message": "Some words."} | found.fields() | fields)
