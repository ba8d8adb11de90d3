from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import to_locale

from community.invitation import invitation
from website.absolute import page_url, site_url


def site(request: HttpRequest) -> dict[str, object]:
    """Returns what all pages print about the site itself."""
    return {
        "site_name": settings.SITE_NAME,
        "site_tagline": settings.SITE_TAGLINE,
        "medical_notice": settings.MEDICAL_NOTICE,
        "locale": to_locale(settings.LANGUAGE_CODE),
        "site_url": site_url(request),
        "page_url": page_url(request),  # a list replaces it, with the query parameters that it knows
        "community": invitation(),
        "suggestion_days": settings.SUGGESTION_DAYS,
        "suggest_email": settings.SUGGEST_EMAIL,
    }
