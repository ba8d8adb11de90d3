from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from publishing.sorting import sort_key


class CountryForm(forms.Form):
    """Which country's organizations to list, of the countries that there are."""

    country = forms.ChoiceField(label=_("Country"), required=False)

    def __init__(self, data: Any, codes: list[str]) -> None:
        super().__init__(data, label_suffix="")
        names = sorted(
            ((code, str(countries.name(code)) or code) for code in codes), key=lambda pair: sort_key(pair[1])
        )
        self.fields["country"].choices = [("", _("All countries")), *names]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> str:
        """The code of the chosen country, "" for all of them."""
        return self.cleaned_data["country"] if self.is_valid() else ""
