from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, to_locale

from community.invitation import invitation
from website.absolute import page_url, path_of, site_url


@cache
def main_urls() -> dict[str, str]:
    """Returns the URLs that all pages link to, by the names that templates use. They are the same for every request."""
    return {
        "home_url": path_of("home"),
        "diseases_url": path_of("diseases:list"),
        "organizations_url": path_of("organizations:list"),
        "community_url": path_of("community:list"),
        "about_url": path_of("about"),
        "suggest_url": path_of("suggest"),
    }


def site(request: HttpRequest) -> dict[str, object]:
    """Returns what all pages print about the site itself."""
    community = invitation()
    current_url = request.path if request.path in main_urls().values() else ""
    app_name = request.resolver_match.app_name if request.resolver_match else ""
    return {
        **main_urls(),
        "current_url": current_url,  # of the link in the header that leads to the page itself, or ""
        "current_app_name": app_name,
        "site_name": settings.SITE_NAME,
        "site_tagline": settings.SITE_TAGLINE,
        "medical_notice": settings.MEDICAL_NOTICE,
        "locale": to_locale(settings.LANGUAGE_CODE),
        "site_url": site_url(request),
        "page_url": page_url(request),  # a list replaces it, with the query parameters that it knows
        "community": community,
        "suggestion_days": settings.SUGGESTION_DAYS,
        "suggest_email": settings.SUGGEST_EMAIL,
        # The key of the header as a fragment: all that it prints.
        "header_key": (
            get_language(),
            settings.SITE_NAME,
            settings.SITE_TAGLINE,
            bool(community),
            current_url,
            app_name,
        ),
    }
