"""The permissions of each role, per app. Every `migrate` creates the groups and corrects them.

The apps are read from Django's registry: they may import this app, so this app cannot import them.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS

EDITORS = "Editors"
PUBLISHERS = "Publishers"
WRITE = {"view", "add", "change", "delete"}
"""The actions on every model of an app, including the child rows of its pages."""

WORK_APPS = {"imports", "suggestions"}
"""The apps beside those of the kinds of pages in which both roles may write."""


def actions_of(app_config: AppConfig) -> dict[str, set[str]]:
    """Returns what each role may do in an app. Only publishers may publish pages."""
    if any(hasattr(model, "KIND") for model in app_config.get_models()):  # a kind, which has pages
        return {EDITORS: WRITE, PUBLISHERS: WRITE | {"publish"}}
    return dict.fromkeys([EDITORS, PUBLISHERS], WRITE) if app_config.label in WORK_APPS else {}


def apply_roles(app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Gives each role exactly its permissions in one app. In an app for which
    `actions_of` returns nothing, permissions stay as the operator set them.

    It runs on `post_migrate`, after `auth` has created the app's permissions.
    """
    if not (actions := actions_of(app_config)):
        return
    permission_model = apps.get_model("auth", "Permission")
    group_model = apps.get_model("auth", "Group")
    permissions = permission_model.objects.using(using).filter(content_type__app_label=app_config.label)
    for name, allowed_actions in actions.items():
        group, _ = group_model.objects.using(using).get_or_create(name=name)
        allowed = [permission for permission in permissions if permission.codename.split("_")[0] in allowed_actions]
        group.permissions.remove(*(set(permissions) - set(allowed)))
        group.permissions.add(*allowed)
