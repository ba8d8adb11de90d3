from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate

from editorial.roles import apply_roles


class EditorialAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "editorial.site.EditorialSite"


class EditorialConfig(AppConfig):
    default = True
    name = "editorial"

    def ready(self) -> None:
        post_migrate.connect(apply_roles, dispatch_uid="editorial.roles")
