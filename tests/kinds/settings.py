"""The settings of the tests, with the app of leaflets."""

from config.test_settings import *  # noqa: F403 # as these replace those of the site

INSTALLED_APPS = [*INSTALLED_APPS, "tests.kinds"]  # noqa: F405 # from the star
ROOT_URLCONF = "tests.kinds.site_urls"
DATABASES["default"].setdefault("TEST", {"NAME": "test_kinds"})  # noqa: F405 # PostgreSQL keeps that of the other tests
