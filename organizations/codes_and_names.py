"""The names of languages and countries by their codes: BCP 47 and ISO 3166. Rows and pages hold codes."""

from collections.abc import Iterable

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext
from django_countries import countries

LANGUAGES: dict[str, str] = {code: info["name"] for code, info in LANG_INFO.items() if "name" in info}
"""The languages that Django can name in the language of the site, by their codes."""


def language_name(code: str) -> str:
    return gettext(LANGUAGES.get(code, code))


def country_name(code: str) -> str:
    return str(countries.name(code)) or code


def names_of_languages(codes: Iterable[str]) -> str:
    """Returns the names of languages in one line."""
    return "; ".join(map(language_name, codes))


def names_of_countries(codes: Iterable[str]) -> str:
    """Returns the names of countries in one line. Some of them contain a comma."""
    return "; ".join(map(country_name, codes))
