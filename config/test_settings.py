"""Settings for the tests. They set every variable themselves and read no .env file."""

import os
from pathlib import Path

os.environ.update(
    ENV_FILE="",
    DEBUG="false",
    SECRET_KEY="only-for-the-tests-and-therefore-in-the-repository-0123456789",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{Path(__file__).parent.parent}/test.sqlite3",
    SITE_NAME="Plainly Rare",
    COMMUNITY_NAME="RareGuru",
    COMMUNITY_APP_URL="https://app.example.org/{slug}",
    COMMUNITY_JOIN_URL="https://community.example.org/",
    ADMIN_PATH="admin/",
)

from config.settings import *

# The test client and the browser use plain HTTP.
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True  # there is no folder of collected files
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because SQLite ignores the busy timeout in a shared in-memory database. Each test run has its own.
    DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / f"test-{os.getpid()}.sqlite3"}
