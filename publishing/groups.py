"""Who may do what. Groups are made and corrected from this table after every `migrate`."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS

# The actions of each role on every model of the apps that hold publishable things, their rows included.
ROLES = {
    "Editors": {"view", "add", "change", "delete"},
    "Publishers": {"view", "add", "change", "delete", "publish"},
}


def apply_roles(app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Give each role exactly its permissions in one app, leaving what an operator granted in other apps alone.

    Runs on `post_migrate`, after auth has made the app's permissions.
    """
    if not any(hasattr(model, "KIND") for model in app_config.get_models()):
        return
    permission_model = apps.get_model("auth", "Permission")
    group_model = apps.get_model("auth", "Group")
    permissions = permission_model.objects.using(using).filter(content_type__app_label=app_config.label)
    for name, actions in ROLES.items():
        group, _ = group_model.objects.using(using).get_or_create(name=name)
        allowed = [permission for permission in permissions if permission.codename.split("_")[0] in actions]
        group.permissions.remove(*(set(permissions) - set(allowed)))
        group.permissions.add(*allowed)
