"""Checks web addresses in the settings."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def web_address(name: str, address: str, placeholders: tuple[str, ...]) -> str:
    """Returns a web address from the settings, or "" if it is not set. Raises ImproperlyConfigured if it is wrong."""
    if not address:
        return ""
    allowed = ", ".join(f"{{{placeholder}}}" for placeholder in placeholders)
    for found in re.findall(r"\{[^{}]*\}|[{}]", address):
        if found[1:-1] not in placeholders:
            raise ImproperlyConfigured(f"{name} contains {found}. The allowed placeholders are {allowed}.")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not re.search(r"[\s<>\"\\]", address)
    except ValueError:
        usable = False
    if not usable:
        raise ImproperlyConfigured(f"{name} is not a web address: “{address}”. Write it with http:// or https://.")
    return address
