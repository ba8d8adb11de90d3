"""The section "Together" of a disease's page: the invitation, portraits of people with the disease, and the link by
which readers send a suggestion about the page.
"""

from typing import Any

from community.invitation import invitation, people_heading
from community.lists import portraits_about, teaser
from diseases.models import Disease
from publishing.models import Edition
from website.sections import register_section


def together_context(edition: Edition, is_preview: bool) -> dict[str, Any] | None:
    """Returns the context of the section "Together", or None where the section would be empty."""
    disease_invitation, portraits = invitation(edition), teaser(portraits_about(edition))
    live_slug = "" if is_preview else edition.slug  # for the link "Send us a suggestion", which a preview lacks
    if not (disease_invitation or portraits.portraits or live_slug):
        return None
    return {
        "invitation": disease_invitation,
        "teaser": portraits,
        "people_heading": people_heading(),
        "live_slug": live_slug,
    }


register_section(Disease.KIND, "community/_together.html", together_context)
