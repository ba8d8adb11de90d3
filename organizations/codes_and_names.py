"""The names of languages and countries by their codes: BCP 47 and ISO 3166. Rows and pages hold codes."""

from collections.abc import Iterable
from functools import cache

import pycountry
from django.conf.locale import LANG_INFO
from django.utils.translation import gettext
from django_countries import countries


@cache
def languages() -> dict[str, str]:
    """Returns the living languages by their codes: with the names that Django can translate, or those of ISO 639."""
    living = {getattr(each, "alpha_2", each.alpha_3): each.name for each in pycountry.languages if each.type == "L"}
    return living | {code: info["name"] for code, info in LANG_INFO.items() if "name" in info}


def language_name(code: str) -> str:
    return gettext(languages().get(code, code))


def country_name(code: str) -> str:
    return str(countries.name(code)) or code


def names_of_languages(codes: Iterable[str]) -> str:
    """Returns the names of languages in one line."""
    return "; ".join(map(language_name, codes))


def names_of_countries(codes: Iterable[str]) -> str:
    """Returns the names of countries in one line. Some of them contain a comma."""
    return "; ".join(map(country_name, codes))
