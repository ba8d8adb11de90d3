"""The content security policy of the admin, which unlike the public pages has scripts."""

from functools import wraps
from typing import Any

from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse

_with_scripts: Any = csp(settings.ADMIN_CONTENT_SECURITY_POLICY["DIRECTIVES"])


def with_admin_policy(view: Any) -> Any:
    """Decorates views of the admin, which unlike the public pages have scripts.

    Search engines keep out of it by this header: robots.txt would tell everyone where it is.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        response.headers.setdefault("X-Robots-Tag", "noindex")
        return response

    return _with_scripts(inner)
