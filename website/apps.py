from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.module_loading import autodiscover_modules

from website.files import check_security_contact


class WebsiteConfig(AppConfig):
    name = "website"

    def ready(self) -> None:
        register(check_security_contact, Tags.security, deploy=True)
        # An app adds to the pages of another in its own sections.py, as it adds to the admin in its admin.py.
        autodiscover_modules("sections")
