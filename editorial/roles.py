"""The permissions of each role, per app. Every `migrate` creates the groups and corrects them from this table.

The apps are named as text: they may import this app, so this app cannot import them.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS

from accounts.roles import EDITORS, PUBLISHERS

WRITE = {"view", "add", "change", "delete"}
"""The actions on every model of an app, including the child rows of its pages."""

PERMISSIONS: dict[str, dict[str, set[str]]] = {
    EDITORS: {
        "organizations": WRITE,
        "diseases": WRITE,
        "imports": WRITE,
        "community": WRITE,
        "suggestions": WRITE,
    },
    PUBLISHERS: {
        "organizations": WRITE | {"publish"},
        "diseases": WRITE | {"publish"},
        "imports": WRITE,
        "community": WRITE | {"publish"},
        "suggestions": WRITE,
    },
}


def apply_roles(app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Gives each role exactly its permissions in one app. Permissions in other apps stay as the operator set them.

    It runs on `post_migrate`, after `auth` has created the app's permissions.
    """
    if not any(app_config.label in by_app for by_app in PERMISSIONS.values()):
        return
    permission_model = apps.get_model("auth", "Permission")
    group_model = apps.get_model("auth", "Group")
    permissions = permission_model.objects.using(using).filter(content_type__app_label=app_config.label)
    for name, by_app in PERMISSIONS.items():
        group, _ = group_model.objects.using(using).get_or_create(name=name)
        actions = by_app.get(app_config.label, set())
        allowed = [permission for permission in permissions if permission.codename.split("_")[0] in actions]
        group.permissions.remove(*(set(permissions) - set(allowed)))
        group.permissions.add(*allowed)
