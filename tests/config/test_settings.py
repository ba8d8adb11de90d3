"""The site refuses to start on an unsafe configuration."""

import os
import subprocess
import sys

import pytest

SAFE = {
    "ENV_FILE": "",
    "SECRET_KEY": "x" * 49 + "y",
    "ALLOWED_HOSTS": "rare.example.org",
    "DATABASE_URL": "sqlite://:memory:",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}


def start(**variables):
    """Loads the settings in a new process. Returns its exit status and its output."""
    environment = {"PATH": os.environ["PATH"]} | {name: value for name, value in variables.items() if value is not None}
    code = "from django.conf import settings; print(settings.DEBUG, settings.SECURE_SSL_REDIRECT)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    return done.returncode, done.stdout + done.stderr


def test_a_safe_configuration_starts_in_production_mode():
    assert start(**SAFE) == (0, "False True\n")


def test_a_site_with_addresses_of_the_community_starts():
    community = {"COMMUNITY_APP_URL": "https://app.example.org/{slug}?q={name}", "COMMUNITY_JOIN_URL": "http://x.org"}

    assert start(**SAFE | community)[0] == 0


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SECRET_KEY", None, "SECRET_KEY"),
        ("SECRET_KEY", "short", "at least 50"),
        ("ALLOWED_HOSTS", None, "ALLOWED_HOSTS"),
        ("ALLOWED_HOSTS", "rare.example.org, *", "must name the site's hosts"),
        ("DATABASE_URL", None, "DATABASE_URL"),
        ("COMMUNITY_APP_URL", "javascript:alert(1)", "COMMUNITY_APP_URL is not a web address"),
        ("COMMUNITY_APP_URL", "app.example.org/{slug}", "COMMUNITY_APP_URL is not a web address"),
        ("COMMUNITY_JOIN_URL", "https:///join", "COMMUNITY_JOIN_URL is not a web address"),
        ("COMMUNITY_JOIN_URL", "https://join.example.org/a b", "COMMUNITY_JOIN_URL is not a web address"),
        ("COMMUNITY_JOIN_URL", "https://[join/", "COMMUNITY_JOIN_URL is not a web address"),
        (
            "COMMUNITY_APP_URL",
            "https://app.example.org/{id}",
            "COMMUNITY_APP_URL contains {id}. The allowed placeholders are {slug}",
        ),
        ("COMMUNITY_APP_URL", "https://app.example.org/{slug", "COMMUNITY_APP_URL contains {"),
        ("MEDICAL_NOTICE", "x" * 501, "MEDICAL_NOTICE has 501 characters"),
    ],
)
def test_an_unsafe_configuration_does_not_start(name, value, message):
    status, said = start(**SAFE | {name: value})

    assert status != 0
    assert message in said


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SITE_URL", "http://rare.example.org", "SITE_URL must be https://"),
        ("SITE_URL", "rare.example.org", "SITE_URL must be https://"),
        ("SITE_URL", "https://rare.example.org/site", "SITE_URL must be https://"),
        ("SITE_URL", "https://me@rare.example.org", "SITE_URL must be https://"),
        ("SITE_URL", "https://elsewhere.example.org", "one of ALLOWED_HOSTS"),
        ("SECURITY_CONTACT", "security@example.org", "mailto:name@example.org"),
        ("SECURITY_CONTACT", "mailto:a@example.org, http://example.org", "mailto:name@example.org"),
    ],
)
def test_an_invalid_address_does_not_start(name, value, message):
    status, said = start(**SAFE | {name: value})

    assert status != 0
    assert message in said


def test_valid_addresses_start():
    good = {"SITE_URL": "https://rare.example.org/", "SECURITY_CONTACT": "mailto:a@example.org, https://example.org/s"}
    assert start(**SAFE | good)[0] == 0
    assert start(**SAFE | {"DEBUG": "true", "SITE_URL": "http://rare.example.org:8000"})[0] == 0
