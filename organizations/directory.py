"""Counts the organizations of the directory."""

from collections import Counter
from collections.abc import Mapping

from django.db.models.fields.json import KT

from organizations.models import Organization
from publishing.caching import cached_until_publish
from publishing.models import Edition


@cached_until_publish
def counts_by_country_and_letter() -> Mapping[tuple[str, str], int]:
    """Returns the number of live organizations for each country and first letter; "" is an unknown country."""
    live = Edition.objects.of(Organization).live().annotate(country=KT("content__country"))
    return Counter((country or "", letter) for country, letter in live.order_by().values_list("country", "letter"))
