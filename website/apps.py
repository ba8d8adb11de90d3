from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.module_loading import autodiscover_modules

from website.files import check_security_contact


class WebsiteConfig(AppConfig):
    name = "website"

    def ready(self) -> None:
        register(check_security_contact, Tags.security, deploy=True)
        # Imports the sections.py of every app, where it registers sections for the pages of other apps.
        autodiscover_modules("sections")
