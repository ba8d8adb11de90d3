"""The search form. It accepts every query: it drops characters that no name has, and cuts what is too long."""

import unicodedata
from typing import Any

from django import forms
from django.http import QueryDict

MAX_QUERY_LENGTH = 200
"""The characters of a query that are read. No name is longer."""


class QueryField(forms.CharField):
    """A field that cleans typed or pasted text and puts it on one line."""

    def to_python(self, value: Any) -> str:
        kept = []
        for character in str(value or ""):
            category = unicodedata.category(character)
            if not category.startswith("C"):
                kept.append(character)
            elif category != "Cf":  # Soft hyphens and direction marks do not separate words; NUL and tabs do.
                kept.append(" ")
        return " ".join("".join(kept).split())[:MAX_QUERY_LENGTH].rstrip()


class SearchForm(forms.Form):
    q = QueryField(required=False)
    page = forms.IntegerField(required=False, min_value=1)
    exact = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.is_valid()  # A page that is not a number has no cleaned value, and `number` then says 1.

    @property
    def query(self) -> str:
        return self.cleaned_data["q"]

    @property
    def number(self) -> int:
        return self.cleaned_data.get("page") or 1

    @property
    def is_exact(self) -> bool:
        return self.cleaned_data["exact"]
