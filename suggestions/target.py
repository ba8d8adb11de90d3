"""What a suggestion is about: a live page, one of its questions, or the site in general. It is never a draft."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms

from diseases.values import QuestionValue
from publishing.addresses import look_up
from publishing.models import SLUG_LENGTH, Edition
from suggestions.models import Suggestion, suggestion_kinds
from suggestions.plain_text import to_text


class SuggestionTargetForm(forms.Form):
    """The parameters in the address of the form. Unknown ones are ignored."""

    about = forms.ChoiceField(choices=lambda: [(kind, kind) for kind in suggestion_kinds()], required=False)
    slug = forms.SlugField(max_length=SLUG_LENGTH, required=False)
    question = forms.UUIDField(required=False)
    kind = forms.ChoiceField(choices=Suggestion.Kind.choices, required=False)


@dataclass(frozen=True)
class SuggestionTarget:
    edition: Edition | None = None
    question: QuestionValue | None = None

    @classmethod
    def of_page(cls, kind: str, slug: str, question: UUID | None = None) -> "SuggestionTarget":
        """Returns the live page at a present or former address, or the site in general where no page is live there."""
        model = suggestion_kinds().get(kind)
        found = look_up(model, slug) if model and slug else None
        return cls.of_edition(found, question) if isinstance(found, Edition) else cls()

    @classmethod
    def of_edition(cls, edition: Edition, question: UUID | None = None) -> "SuggestionTarget":
        questions = getattr(edition.page, "questions", ())
        return cls(edition, next((each for each in questions if each.key == question), None))

    @cached_property
    def words(self) -> str:
        """Returns the answer as plain text, which the reader corrects."""
        return to_text(self.question.html) if self.question else ""

    @property
    def url(self) -> str:
        """Returns the address of the page or question, "" for the site in general."""
        if not self.edition:
            return ""
        return self.edition.get_absolute_url() + (f"#{self.question.anchor}" if self.question else "")

    @property
    def query(self) -> str:
        """Returns the query string for this page, with its question mark."""
        return "?" + urlencode({"about": self.edition.kind, "slug": self.edition.slug}) if self.edition else ""

    def fields(self) -> dict[str, Any]:
        """Returns the values of the suggestion's fields that say what it is about."""
        if not self.edition:
            return {}
        found: dict[str, Any] = {
            "about_kind": self.edition.kind,
            "about_slug": self.edition.slug,
            "about_title": self.edition.title,
            "edition": self.edition.number,
        }
        if self.question:
            found |= {
                "question_key": self.question.key,
                "question": self.question.question,
                "current_words": self.words,
            }
        return found
