"""The release: a digest of everything besides the database from which pages are made."""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.utils.functional import Promise

SECRETS = {"SECRET_KEY", "SECRET_KEY_FALLBACKS", "EMAIL_HOST_PASSWORD", "CACHE_URL"}
"""The settings that are not read. No page prints them."""


@cache
def release() -> str:
    """Returns the same text in all processes, on all machines, that make the same pages of the same content.

    It is made of the list of packages, the code, the templates, the list of static files, and the settings. Settings
    that are no plain values are left out: no page prints them.
    """
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.name.encode() + path.read_bytes())
    for name in sorted(name for name in dir(settings) if name.isupper() and name not in SECRETS):
        value = getattr(settings, name)
        if isinstance(value, (str, int, float, list, tuple, Promise)):
            digest.update(f"{name}={json.dumps(value, default=str)};".encode())
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    """Returns the files of which pages are made. The list of static files is absent before `collectstatic`."""
    yield settings.BASE_DIR / "requirements.txt"
    folders = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]
    for folder in sorted([*folders, settings.BASE_DIR / "config", settings.BASE_DIR / "templates"]):
        yield from sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".html", ".txt", ".mo"})
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.exists():
        yield manifest
