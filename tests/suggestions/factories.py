"""Makes suggestions for tests."""

from diseases.models import Question
from publishing.models import Edition, Publishable
from suggestions.models import Suggestion
from suggestions.target import SuggestionTarget
from tests.factories import FieldValue


def make_suggestion(
    about: Publishable | None = None, question: Question | None = None, **fields: FieldValue | list[str]
) -> Suggestion:
    """Makes a suggestion as a reader sends it from the live page."""
    found = SuggestionTarget()
    if about:
        edition = Edition.objects.about(about).live().get()
        found = SuggestionTarget.of_edition(edition, question.key if question else None)
    return Suggestion.objects.create(**{"kind": "other", "message": "Some words."} | found.fields() | fields)
