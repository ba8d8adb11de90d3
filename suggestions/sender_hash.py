"""Identifies a sender for an hour, to limit how many suggestions come from one address, and stores no address."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

PREFIX = 56
"""The bits of an IPv6 address that identify one customer of most providers.

With more bits, one customer could appear as many senders and use up the limit of all. With fewer, the telephones of a
whole town could share one limit.
"""


def sender_of(request: HttpRequest, hour: int) -> str:
    """Returns a keyed hash of the sender's address, which changes every hour. The address itself is not stored."""
    return salted_hmac(
        "suggestions.sender", f"{hour} {_network(_client_address(request))}", algorithm="sha256"
    ).hexdigest()


def _client_address(request: HttpRequest) -> str:
    """Returns the address that our own proxy saw. A reader can forge everything before it in the header."""
    if settings.BEHIND_TLS_PROXY and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _network(text: str) -> str:
    """Returns an IPv4 address, or the network of an IPv6 address. All unreadable addresses are one sender."""
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
