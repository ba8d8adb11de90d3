"""Fields of several languages or countries. A form has their names in one line, since a browser posts one value."""

from collections.abc import Callable, Iterable
from functools import cache

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_countries import countries
from django_countries.fields import CountryField

from organizations.codes_and_names import languages, names_of_countries, names_of_languages

NamesOf = Callable[[Iterable[str]], str]
"""Returns the names of several codes in one line."""


class NamesField(forms.Field):
    """A line of names with semicolons or commas between them. The value is the list of their codes."""

    widget = forms.TextInput(attrs={"class": "vLargeTextField"})

    def __init__(self, field: models.Field, codes: Iterable[str], names: NamesOf) -> None:
        super().__init__(required=not field.blank, label=capfirst(field.verbose_name), help_text=field.help_text)
        self.codes, self.names = tuple(codes), names

    def prepare_value(self, value: str | Iterable[object] | None) -> str:
        return value if isinstance(value, str) else self.names(str(code) for code in value or ())

    def to_python(self, value: str | None) -> list[str]:
        if not value:
            return []
        by_name = _codes_by_name(self.names, self.codes, get_language())
        parts = [" ".join(part.split()) for part in value.split(";")]
        # A name may contain a comma, so a part is divided only where it is no name as a whole.
        names = [name.strip() for part in parts for name in ([part] if part.casefold() in by_name else part.split(","))]
        if unknown := [name for name in names if name and name.casefold() not in by_name]:
            raise ValidationError(_("We do not know this name: %(names)s.") % {"names": "; ".join(unknown)})
        return sorted({by_name[name.casefold()] for name in names if name})


@cache
def _codes_by_name(names: NamesOf, codes: tuple[str, ...], language: str | None) -> dict[str, str]:
    """Returns the codes by their names in a language, in lower case. Naming all languages takes a tenth of a second."""
    return {names([code]).casefold(): code for code in codes}


class LanguagesField(models.JSONField):
    """The codes of several languages (BCP 47), in alphabetical order."""

    def formfield(self, **options: object) -> NamesField:
        return NamesField(self, languages(), names_of_languages)

    def validate(self, value: object, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if not isinstance(value, list) or not all(str(code) in languages() for code in value):
            raise ValidationError(_("This is not a list of codes of languages."))


class CountriesField(CountryField):
    """The codes of several countries, in alphabetical order."""

    def formfield(self, **options: object) -> NamesField:
        return NamesField(self, [code for code, _name in countries], names_of_countries)
