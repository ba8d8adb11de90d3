"""Who sends, as far as we want to know it: enough to count what comes from one address within an hour."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

PREFIX = 56
"""The bits of an IPv6 address that tell customers apart, as most providers deal them out. Longer ones a customer may
choose, and so fill the hour for everybody; shorter ones the telephones of a whole town may share."""


def sender_of(request: HttpRequest, hour: int) -> str:
    """A keyed hash of the address, another one every hour. The address itself is kept nowhere."""
    return salted_hmac(
        "suggestions.sender", f"{hour} {_network(_client_address(request))}", algorithm="sha256"
    ).hexdigest()


def _client_address(request: HttpRequest) -> str:
    """As our own proxy saw it, where there is one: what stands before that in the header anybody can write."""
    if settings.BEHIND_TLS_PROXY and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _network(text: str) -> str:
    """The one address, or the customer's network. All that cannot be read counts as one sender."""
    found = re.fullmatch(r"\[(.+)\](?::\d+)?|([\d.]+):\d+", text)
    text = (found[1] or found[2]) if found else text
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), PREFIX), strict=False))
    return str(address)
