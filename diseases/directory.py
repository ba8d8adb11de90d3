"""The live diseases as lists show them, and the letters that their names begin with."""

from collections.abc import Mapping

from django.db.models import Count, QuerySet

from diseases.models import Disease
from publishing.caching import cached_until_publish
from publishing.models import Edition

DISEASE_COLUMNS = ("kind", "slug", "title", "letter", "updated_at")
"""The columns that a list needs. The others are left out because `content` holds the whole page."""


def live_diseases() -> QuerySet[Edition]:
    """Returns the live editions of diseases with the columns of a list only."""
    return Edition.objects.of(Disease).live().only(*DISEASE_COLUMNS)


@cached_until_publish
def letters() -> Mapping[str, int]:
    """Returns how many live diseases begin with each letter, in the order of the letters."""
    diseases = Edition.objects.of(Disease).live()
    return dict(sorted(diseases.order_by().values_list("letter").annotate(Count("pk"))))
