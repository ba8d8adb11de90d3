"""The invitation to the community of people with rare diseases, as the operator's settings word it."""

from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from diseases.values import DiseasePage


@dataclass(frozen=True)
class InvitationLink:
    """A link into the community."""

    url: str
    text: str


@dataclass(frozen=True)
class Invitation:
    """To a community, by at least one way. A way for which the operator set no address is None."""

    name: str
    text: str
    app: InvitationLink | None
    join: InvitationLink | None


def invitation(disease: DiseasePage | None = None) -> Invitation | None:
    """The invitation on the page of a disease, or on all others; None where the operator set none that fits there."""
    name = settings.COMMUNITY_NAME
    if not name:
        return None
    with_disease = _("Connect with other people with {name} on the %s app") if disease else _("Get the %s app")
    app = _invitation_link(settings.COMMUNITY_APP_URL, settings.COMMUNITY_APP_TEXT, with_disease % name, disease)
    join = _invitation_link(
        settings.COMMUNITY_JOIN_URL, settings.COMMUNITY_JOIN_TEXT, _("Join the %s community") % name, disease
    )
    if not (app or join):
        return None
    text = settings.COMMUNITY_TEXT or _(
        "Other families know what a day with a rare disease is like. You can meet them."
    )
    return Invitation(name, text, app, join)


def people() -> str:
    """What the people in the portraits have in common, as a heading."""
    if not settings.COMMUNITY_NAME:
        return _("People with rare diseases")
    if settings.COMMUNITY_APP_URL:
        return _("People using the %s app") % settings.COMMUNITY_NAME
    return _("People in the %s community") % settings.COMMUNITY_NAME


def fill_in(address: str, disease: DiseasePage) -> str:
    """An operator's address with the disease put in for {slug} and {name}, quoted for use anywhere in a URL."""
    return address.replace("{slug}", quote(disease.slug, safe="")).replace("{name}", quote(disease.title, safe=""))


def _invitation_link(address: str, text: str, built_in: str, disease: DiseasePage | None) -> InvitationLink | None:
    if disease:
        return (
            InvitationLink(fill_in(address, disease), (text or built_in).replace("{name}", disease.title))
            if address
            else None
        )
    if not address or _has_placeholder(address):
        return None
    return InvitationLink(address, built_in if _has_placeholder(text) or not text else text)


def _has_placeholder(text: str) -> bool:
    return "{slug}" in text or "{name}" in text
