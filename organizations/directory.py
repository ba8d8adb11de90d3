"""How many organizations the directory has, and where."""

from collections import Counter
from collections.abc import Mapping

from django.db.models.fields.json import KT

from organizations.models import Organization
from publishing.models import Edition
from publishing.remembered import once_a_release


@once_a_release
def places() -> Mapping[tuple[str, str], int]:
    """The number of live organizations in each country under each letter; the country is "" where it is not known."""
    live = Edition.objects.of(Organization).live().annotate(country=KT("content__country"))
    return Counter((country or "", letter) for country, letter in live.order_by().values_list("country", "letter"))
