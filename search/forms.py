"""What a reader asks for. It is never refused: what no name can hold is left out, and too much is cut off."""

import unicodedata
from typing import Any

from django import forms

MAX_QUERY_LENGTH = 200
"""Signs of a query: no name is longer."""


class QueryField(forms.CharField):
    """Words as somebody typed, heard or pasted them, in one line."""

    def to_python(self, value: Any) -> str:
        kept = []
        for sign in str(value or ""):
            category = unicodedata.category(sign)
            if not category.startswith("C"):
                kept.append(sign)
            elif category != "Cf":  # soft hyphens and marks of direction part no words; NUL, tabs and the like do
                kept.append(" ")
        return " ".join("".join(kept).split())[:MAX_QUERY_LENGTH].rstrip()


class SearchForm(forms.Form):
    q = QueryField(required=False)
    page = forms.IntegerField(required=False, min_value=1)
    exact = forms.BooleanField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.is_valid()  # a page that is no number is the first one

    @property
    def query(self) -> str:
        return self.cleaned_data["q"]

    @property
    def number(self) -> int:
        return self.cleaned_data.get("page") or 1

    @property
    def is_exact(self) -> bool:
        return self.cleaned_data["exact"]
