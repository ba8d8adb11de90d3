"""Small files at fixed addresses, for browsers and other programs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from website.absolute import absolute
from website.cacheable import cacheable
from website.json_ld import language

VALIDITY = timedelta(days=180)
"""How long security.txt is valid from the day on which it is read. RFC 9116 asks for less than a year."""

# Two colours of site.css, in its light version.
BACKGROUND_COLOR, THEME_COLOR = "#faf6ec", "#0e5358"


@cacheable()
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirects to the icon, for programs that ask for this address without reading a page."""
    return redirect(static("icons/favicon.ico"), permanent=True)


@cacheable()
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Returns the web app manifest, which a telephone needs to put the site on its home screen.

    There is no service worker, so the telephone stores no pages.
    """
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
    content = {
        "id": start,
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME,
        "description": settings.SITE_TAGLINE,
        "lang": language(),
        "start_url": start,
        "scope": start,
        "display": "minimal-ui",
        "background_color": BACKGROUND_COLOR,
        "theme_color": THEME_COLOR,
        "icons": icons,
    }
    return JsonResponse(content, content_type="application/manifest+json")


@cacheable()
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Returns the contacts for reports of security faults (RFC 9116)."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACT]
    lines += [
        f"Expires: {midnight + VALIDITY:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {language().partition('-')[0]}",
        f"Canonical: {absolute(request, request.path)}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def check_security_contact(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Notes that SECURITY_CONTACT is not set. A site works without it; then /.well-known/security.txt answers 404."""
    if settings.SECURITY_CONTACT:
        return []
    return [
        checks.Info(
            "There is no contact for reports of faults in the security of this site.",
            hint="Set SECURITY_CONTACT; docs/operators.md explains it.",
            id="website.I001",
        )
    ]
