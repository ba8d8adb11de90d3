"""The content security policy of the admin, which unlike the public pages has scripts."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_Response = TypeVar("_Response", bound=HttpResponseBase)

_set_policy = csp(settings.ADMIN_CONTENT_SECURITY_POLICY["DIRECTIVES"])


def with_admin_policy(view: Callable[..., _Response]) -> Callable[..., _Response]:
    """Decorates a view of the admin: adds the admin's content security policy, and keeps search engines out.

    A header does the latter, because robots.txt would publish the address of the admin.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> _Response:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("X-Robots-Tag", "noindex")
        _set_policy(lambda _request: response)(request)
        return response

    return inner
