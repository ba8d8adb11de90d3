"""What the pages of diseases show of the community: the invitation, and portraits of people with the disease."""

from typing import Any

from community.invitation import invitation, people
from community.lists import portraits_about, teaser
from diseases.models import Disease
from publishing.models import Edition
from website.sections import register_section


def together(edition: Edition, is_preview: bool) -> dict[str, Any] | None:
    """What the section "Together" of a disease's page shows; None where it would be empty."""
    invited, portraits = invitation(edition.page), teaser(portraits_about(edition))
    live_slug = "" if is_preview else edition.slug  # for the link by which readers tell us of the page
    if not (invited or portraits.portraits or live_slug):
        return None
    return {"invitation": invited, "few": portraits, "people": people(), "live_slug": live_slug}


register_section(Disease.KIND, "community/_together.html", together)
