from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate

from publishing.files import check_security_contact
from publishing.groups import apply_roles


class EditorialAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "publishing.site.EditorialSite"


class PublishingConfig(AppConfig):
    default = True
    name = "publishing"

    def ready(self) -> None:
        post_migrate.connect(apply_roles, dispatch_uid="publishing.roles")
        register(check_security_contact, Tags.security, deploy=True)
