"""The user behind a request to the admin."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User


def staff_user(request: HttpRequest) -> User:
    """Returns the signed-in user. Raises PermissionDenied for others, whom `AdminSite.admin_view` keeps out anyway."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
