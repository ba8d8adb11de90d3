"""The section "Together" of a disease's page: the invitation, portraits of people with the disease, and the link by
which readers send a suggestion about the page.
"""

from functools import partial
from typing import Any

from community.invitation import invitation, people_heading
from community.lists import NO_PORTRAITS, diseases_with_portraits, portraits_about, teaser
from diseases.models import Disease
from publishing.models import Edition
from website.sections import register_section


def together_context(edition: Edition, is_preview: bool) -> dict[str, Any] | None:
    """Returns the context of the section "Together", or None where the section would be empty."""
    has_portraits = edition.subject_id in diseases_with_portraits()
    portraits = teaser(portraits_about(edition)) if has_portraits else NO_PORTRAITS
    live_slug = "" if is_preview else edition.slug  # for the link "Send us a suggestion", which a preview lacks
    if not (portraits.portraits or live_slug or invitation(edition)):
        return None
    return {
        "invitation": partial(invitation, edition),
        "teaser": portraits,
        "people_heading": people_heading,
        "live_slug": live_slug,
        "together_key": None if portraits.portraits else (),  # portraits are not kept in memory
    }


register_section(Disease.KIND, "community/_together.html", together_context)
