from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """What every page says about the site itself."""
    return {
        "site_name": settings.SITE_NAME,
        "site_tagline": settings.SITE_TAGLINE,
        "medical_notice": settings.MEDICAL_NOTICE,
        "suggestion_days": settings.SUGGESTION_DAYS,
        "suggest_email": settings.SUGGEST_EMAIL,
    }
