"""Live portraits for lists: the newest first, each with its disease."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse

from community.models import Portrait
from community.values import PortraitPage
from diseases.models import Disease
from publishing.caching import cached_until_publish
from publishing.models import Edition, EditionQuerySet, Link

TEASER_SIZE = 3
"""How many portraits a page shows that is not about portraits."""


@dataclass(frozen=True)
class PortraitCard:
    """A portrait as a page shows it. `picture_url` is "" where there is no picture."""

    url: str
    page: PortraitPage
    picture_url: str
    disease: Edition | None = None


@dataclass(frozen=True)
class PortraitTeaser:
    """The first portraits, and whether there are more."""

    portraits: list[PortraitCard]
    more: bool


NO_PORTRAITS = PortraitTeaser([], more=False)


def live_portraits() -> EditionQuerySet:
    return Edition.objects.of(Portrait).live().order_by("-updated_at", "-pk")


@cached_until_publish
def diseases_with_portraits() -> frozenset[int]:
    """Returns the primary keys of the diseases whose pages show portraits."""
    links = Link.objects.filter(edition__kind=Portrait.KIND, kind=Disease.KIND)
    return frozenset(links.values_list("subject_id", flat=True))


def portraits_about(disease: Edition) -> EditionQuerySet:
    """Returns the live portraits of people with a disease."""
    return live_portraits().mentioning(Disease, disease.subject_id)


def teaser(editions: QuerySet[Edition]) -> PortraitTeaser:
    first = list(editions[: TEASER_SIZE + 1])
    return PortraitTeaser(cards(first[:TEASER_SIZE]), more=len(first) > TEASER_SIZE)


def cards(editions: Iterable[Edition]) -> list[PortraitCard]:
    """Returns the cards of portraits. The diseases of all portraits together take one query."""
    editions = list(editions)
    slugs = {edition.page.disease.slug for edition in editions if edition.page.disease}
    diseases = Edition.objects.live_by_reference(Disease, slugs)
    return [
        PortraitCard(
            url=edition.get_absolute_url(),
            page=edition.page,
            picture_url=picture_url(edition.page),
            disease=diseases.get(edition.page.disease.slug) if edition.page.disease else None,
        )
        for edition in editions
    ]


def picture_url(page: PortraitPage, view: str = "picture") -> str:
    """Returns the address of the portrait's picture, or "" where it has none."""
    return reverse(view, args=[page.picture.digest]) if page.picture else ""
