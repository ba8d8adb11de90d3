"""The invitation to the community of people with rare diseases, made from the operator's settings."""

from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from publishing.models import Edition


@dataclass(frozen=True)
class InvitationLink:
    """A link into the community."""

    url: str
    text: str


@dataclass(frozen=True)
class Invitation:
    """An invitation with at least one link. A link for which the operator set no address is None."""

    name: str
    text: str
    app: InvitationLink | None
    join: InvitationLink | None


def invitation(disease: Edition | None = None) -> Invitation | None:
    """Returns the invitation for the page of a disease, or for any other page; None where no link fits the page."""
    name = settings.COMMUNITY_NAME
    if not name:
        return None
    app_text = _("Connect with other people with {name} on the %s app") if disease else _("Get the %s app")
    app = _invitation_link(settings.COMMUNITY_APP_URL, settings.COMMUNITY_APP_TEXT, app_text % name, disease)
    join = _invitation_link(
        settings.COMMUNITY_JOIN_URL, settings.COMMUNITY_JOIN_TEXT, _("Join the %s community") % name, disease
    )
    if not (app or join):
        return None
    text = settings.COMMUNITY_TEXT or _(
        "Other families know what daily life with a rare disease is like. You can get to know them."
    )
    return Invitation(name, text, app, join)


def people_heading() -> str:
    """Returns the heading above portraits, which says what the people have in common."""
    if not settings.COMMUNITY_NAME:
        return _("People with rare diseases")
    if settings.COMMUNITY_APP_URL:
        return _("People using the %s app") % settings.COMMUNITY_NAME
    return _("People in the %s community") % settings.COMMUNITY_NAME


def fill_in(address: str, disease: Edition) -> str:
    """Replaces {slug} and {name} in an address with those of a disease, quoted for any part of a URL."""
    return address.replace("{slug}", quote(disease.slug, safe="")).replace("{name}", quote(disease.title, safe=""))


def _invitation_link(address: str, text: str, default: str, disease: Edition | None) -> InvitationLink | None:
    if not address or (not disease and _has_placeholder(address)):
        return None
    if disease:
        return InvitationLink(fill_in(address, disease), (text or default).replace("{name}", disease.title))
    return InvitationLink(address, default if _has_placeholder(text) or not text else text)


def _has_placeholder(text: str) -> bool:
    return "{slug}" in text or "{name}" in text
