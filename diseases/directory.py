"""What the lists of live diseases are made of."""

from collections.abc import Mapping

from django.db.models import Count, QuerySet

from diseases.models import Disease
from publishing.caching import cached_until_publish
from publishing.models import Edition

DISEASE_COLUMNS = ("kind", "slug", "title", "letter", "updated_at")
"""The columns that a list shows: an edition's others hold the text of its whole page."""


def live_diseases() -> QuerySet[Edition]:
    return Edition.objects.of(Disease).live().only(*DISEASE_COLUMNS)


@cached_until_publish
def letters() -> Mapping[str, int]:
    """The letters that live diseases begin with, in order, and how many begin with each."""
    diseases = Edition.objects.of(Disease).live()
    return dict(sorted(diseases.order_by().values_list("letter").annotate(Count("pk"))))
