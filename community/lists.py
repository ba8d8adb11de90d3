"""Live portraits as pages list them: the newest first, each with the disease that it is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from community.models import Portrait
from community.values import PortraitPage
from diseases.models import Disease
from publishing.models import Edition

TEASER_SIZE = 3
"""How many stand on a page that is about something else."""


@dataclass(frozen=True)
class PortraitCard:
    """A portrait as a page shows it. Without a picture its address is empty; the disease is its live edition."""

    url: str
    page: PortraitPage
    picture_url: str
    disease: Edition | None = None


@dataclass(frozen=True)
class PortraitTeaser:
    """Some portraits, and whether there are more than these."""

    portraits: list[PortraitCard]
    more: bool


def live_portraits() -> Any:
    return Edition.objects.of(Portrait).live().order_by("-updated_at", "-pk")


def portraits_about(disease: Edition) -> Any:
    """The live portraits of people with a disease."""
    return live_portraits().mentioning(Disease, disease.subject_id)


def teaser(editions: Any) -> PortraitTeaser:
    found = list(editions[: TEASER_SIZE + 1])
    return PortraitTeaser(cards(found[:TEASER_SIZE]), more=len(found) > TEASER_SIZE)


def cards(editions: Iterable[Edition]) -> list[PortraitCard]:
    """Editions of portraits with their diseases, which take one query together."""
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
    return reverse(view, args=[page.picture.digest]) if page.picture else ""
