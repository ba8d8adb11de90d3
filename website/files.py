"""Small files at the addresses where browsers and other programs look for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import checks
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from website.absolute import absolute
from website.json_ld import language

GOOD_FOR = timedelta(days=180)
"""How long security.txt is good for from the day on which it is read. The standard asks for less than a year."""

# Of the style sheet, in the light.
PAPER, TEAL = "#faf6ec", "#0e5358"


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For programs that look for this address without having read the page."""
    return redirect(static("icons/favicon.ico"))


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a telephone needs to put the site on its first screen. There is no service worker: nothing is kept."""
    start = reverse("home")
    icons = [{"src": static("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}]
    icons += [
        {"src": static(f"icons/{name}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in [
            ("icon-192", 192, "any"),
            ("icon-512", 512, "any"),
            ("maskable-512", 512, "maskable"),
        ]
    ]
    told = {
        "id": start,
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME,
        "description": settings.SITE_TAGLINE,
        "lang": language(),
        "start_url": start,
        "scope": start,
        "display": "minimal-ui",
        "background_color": PAPER,
        "theme_color": TEAL,
        "icons": icons,
    }
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Who takes reports of security faults (RFC 9116)."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACT]
    lines += [
        f"Expires: {midnight + GOOD_FOR:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {language().partition('-')[0]}",
        f"Canonical: {absolute(request, request.path)}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def check_security_contact(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A notice, as for mail: a site may do without, and then its address for such reports answers 404."""
    if settings.SECURITY_CONTACT:
        return []
    return [
        checks.Info(
            "Nobody is named to whom a fault in the site's security could be reported.",
            hint="Set SECURITY_CONTACT; docs/operators.md explains it.",
            id="website.I001",
        )
    ]
