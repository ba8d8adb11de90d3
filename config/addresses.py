"""Addresses that an operator sets, looked over before the site starts."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def web_address(name: str, address: str, placeholders: tuple[str, ...] = ()) -> str:
    """A web address, or "" where none is set. Raises ImproperlyConfigured, which says what to write instead."""
    if not address:
        return ""
    allowed = ", ".join(f"{{{placeholder}}}" for placeholder in placeholders)
    for found in re.findall(r"\{[^{}]*\}|[{}]", address):
        if found[1:-1] not in placeholders:
            raise ImproperlyConfigured(
                f"{name} has {found} in it. "
                + (f"It may hold {allowed}." if allowed else "It may hold no placeholder.")
            )
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not re.search(r"[\s<>\"\\]", address)
    except ValueError:
        usable = False
    if not usable:
        raise ImproperlyConfigured(f"{name} is no web address: “{address}”. Write it with http:// or https://.")
    return address
