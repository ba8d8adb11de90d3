"""The settings for every environment. What differs is an environment variable; .env.example lists them all.

Every default is right in production. A variable without a default is required. An unsafe value stops the start.
"""

import logging
import re
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.http.request import split_domain_port, validate_host
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.addresses import web_address

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if env_file := env.str("ENV_FILE", default=str(BASE_DIR / ".env")):  # may be absent; real environment variables win
    env.read_env(env_file)

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = [host.strip() for host in env.list("ALLOWED_HOSTS")]
if not DEBUG and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must have at least 50 random characters in production.")
if not DEBUG and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured('ALLOWED_HOSTS must name the site\'s hosts; "*" lets anyone forge links to it.')

# The scheme and host of absolute addresses, in canonical links, feeds and the sitemap. Empty: those of the request.
SITE_URL = env.str("SITE_URL", default="").strip().rstrip("/")
if SITE_URL:
    if not re.fullmatch(r"https?://[^\s/?#@]+" if DEBUG else r"https://[^\s/?#@]+", SITE_URL):
        raise ImproperlyConfigured("SITE_URL must be https:// and a host, and nothing else: https://rare.example.org.")
    if not validate_host(split_domain_port(SITE_URL.partition("://")[2])[0], ALLOWED_HOSTS):
        raise ImproperlyConfigured("The host in SITE_URL must be one of ALLOWED_HOSTS.")

ADMIN_PATH = env.str("ADMIN_PATH", default="admin/").strip("/") + "/"
if ADMIN_PATH == "/":
    raise ImproperlyConfigured("ADMIN_PATH must not be empty: the public pages are at the root of the site.")

INSTALLED_APPS = [
    "editorial.apps.EditorialAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",  # only auth needs it
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "adminsortable2",
    "django_prose_editor",
    "django_countries",
    "csp",
    "accounts",
    "search",
    "publishing",
    "transfer",
    "website",
    "editorial",
    "organizations",
    "diseases",
    "imports",
    "community",
    "suggestions",
    "home",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # before ConditionalGet, which otherwise never answers 304
    "django.middleware.http.ConditionalGetMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "website.outage.OutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "editorial.busy.BusyMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

FORM_RENDERER = "editorial.rendering.FormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context_processors.site",
            ],
        },
    }
]

DATABASES = {"default": env.db_url("DATABASE_URL")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Readers do not block a writer, and a second writer waits for the first.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
else:
    # No statement waits for a lock longer than this: an editor then gets the form back, as with SQLite.
    options = DATABASES["default"].setdefault("OPTIONS", {})
    options["options"] = f"{options.get('options', '')} -c lock_timeout=20s".strip()
    # A machine that is gone answers nothing: after these seconds, in the last milliseconds, the site stops waiting.
    limits = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
    DATABASES["default"]["OPTIONS"] = limits | {"tcp_user_timeout": 10_000} | options
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# The page cache in front of Django: see website/page_cache.py. With 0 megabytes there is none: a developer sees at once
# what they changed in a template.
PAGE_CACHE_BYTES = env.int("PAGE_CACHE_MB", default=0 if DEBUG else 64) * 1024 * 1024
PAGE_CACHE_STALE_SECONDS = env.int("PAGE_CACHE_STALE_HOURS", default=24) * 3600
PAGE_MAX_AGE, CDN_MAX_AGE = env.int("PAGE_MAX_AGE", default=0), env.int("CDN_MAX_AGE", default=0)
if min(PAGE_CACHE_BYTES, PAGE_CACHE_STALE_SECONDS, PAGE_MAX_AGE, CDN_MAX_AGE) < 0:
    raise ImproperlyConfigured(
        "PAGE_CACHE_MB, PAGE_CACHE_STALE_HOURS, PAGE_MAX_AGE and CDN_MAX_AGE must not be less than 0."
    )
# Only where the operator accepts that a correction takes some time may others keep a page without asking.
PAGE_CACHE_CONTROL = "public, max-age=0, must-revalidate"
if PAGE_MAX_AGE or CDN_MAX_AGE:
    PAGE_CACHE_CONTROL = (
        f"public, max-age={PAGE_MAX_AGE}, s-maxage={CDN_MAX_AGE or PAGE_MAX_AGE}, stale-while-revalidate=60, "
        f"stale-if-error={PAGE_CACHE_STALE_SECONDS}"
    )
CACHES: dict[str, dict[str, Any]] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if CACHE_URL := env.str("CACHE_URL", default="").strip():
    if not CACHE_URL.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured("CACHE_URL must be the address of Redis: redis://127.0.0.1:6379/0.")
    # Redis is worth asking only if it is quick. What it keeps is out of reach after a publication, and goes in an hour.
    CACHES["pages"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "TIMEOUT": 3600,
        "OPTIONS": {"socket_timeout": 0.05, "socket_connect_timeout": 0.05, "retry": Retry(NoBackoff(), 0)},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # the pages and the e-mail say three days

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
DATE_FORMAT = "j F Y"
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# HTTPS everywhere except on a developer's machine; behind a proxy this needs BEHIND_TLS_PROXY too.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEBUG
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # only the operator knows whether all subdomains have HTTPS
    "security.W021",  # only the operator can decide on the browsers' preload list, which is hard to leave
]
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = [origin.strip() for origin in env.list("CSRF_TRUSTED_ORIGINS", default=[])]
CSRF_FAILURE_VIEW = "editorial.sessions.csrf_failure"
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=False)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
# Browsers send the admin's cookies only to the admin. The public pages do not know who is signed in.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"/{ADMIN_PATH}"

# The public pages load their stylesheet, pictures and script from this site only.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "connect-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# The admin also has scripts. The import map of the prose editor needs a nonce, and the stylesheet that this editor
# (django-prose-editor 0.28.0) writes into the page is allowed by its hash.
PROSE_EDITOR_STYLE = "'sha256-PlumsSlvJ7vvWzjqibGAYKq92O3y/4JTxWWsWJvyUYA='"
ADMIN_CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": CONTENT_SECURITY_POLICY["DIRECTIVES"]
    | {
        "script-src": [SELF, NONCE],
        "style-src": [SELF, PROSE_EDITOR_STYLE],
        "img-src": [SELF, "data:"],
    }
}
FORBIDDEN_FEATURES = """
    accelerometer autoplay browsing-topics camera display-capture geolocation gyroscope magnetometer microphone midi
    payment usb
"""
PERMISSIONS_POLICY: dict[str, list[str]] = {feature: [] for feature in FORBIDDEN_FEATURES.split()}

# The form of a disease with 100 questions has over 1,000 fields, which is the limit in Django.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# E-mail: links to set a new password, and errors. Without EMAIL_URL, e-mail goes to the console in development. In
# production it is not sent: everyone who may read the log could use such a link.
mail = env.email_url("EMAIL_URL", default="consolemail://" if DEBUG else "dummymail://")
EMAIL_BACKEND = mail["EMAIL_BACKEND"]
EMAIL_HOST = mail["EMAIL_HOST"] or "localhost"
EMAIL_USE_TLS = mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = mail.get("EMAIL_USE_SSL", False)
EMAIL_PORT = mail["EMAIL_PORT"] or (587 if EMAIL_USE_TLS else 465 if EMAIL_USE_SSL else 25)
EMAIL_HOST_USER = mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="")
if not DEFAULT_FROM_EMAIL:
    if EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        raise ImproperlyConfigured("DEFAULT_FROM_EMAIL must be set: the sender of the e-mail that EMAIL_URL sends.")
    DEFAULT_FROM_EMAIL = "webmaster@localhost"
SERVER_EMAIL = env.str("SERVER_EMAIL", default="") or DEFAULT_FROM_EMAIL
EMAIL_SUBJECT_PREFIX = f"[{ALLOWED_HOSTS[0] if ALLOWED_HOSTS else 'localhost'}] "
ADMINS = [(address.strip(), address.strip()) for address in env.list("ADMINS", default=[]) if address.strip()]


def without_request(record: logging.LogRecord) -> bool:
    """Removes the request from a log record, so that no address, cookie or form data of a person is e-mailed."""
    record.__dict__.pop("request", None)
    return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "require_debug_false": {"()": "django.utils.log.RequireDebugFalse"},
        "without_request": {"()": "django.utils.log.CallbackFilter", "callback": without_request},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler"},
        "mail_admins": {
            "class": "django.utils.log.AdminEmailHandler",
            "level": "ERROR",
            "filters": ["require_debug_false", "without_request"],
        },
    },
    "root": {"handlers": ["console", "mail_admins"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": []},  # its own handlers would log and e-mail everything twice
        # Robots send requests with any host name. Django refuses them; this is not an error of the site.
        "django.security.DisallowedHost": {"handlers": ["console"], "propagate": False},
    },
}

# The contacts for reports of security faults, in /.well-known/security.txt: mailto:, https: or tel: addresses.
SECURITY_CONTACT = [contact.strip() for contact in env.list("SECURITY_CONTACT", default=[]) if contact.strip()]
if not all(re.fullmatch(r"(mailto:|https://|tel:)\S+", contact) for contact in SECURITY_CONTACT):
    raise ImproperlyConfigured("SECURITY_CONTACT must begin with mailto:, https:// or tel: (mailto:name@example.org).")

# What all pages print about the site itself.
SITE_NAME = env.str("SITE_NAME", default="Plainly Rare")
SITE_TAGLINE = env.str("SITE_TAGLINE", default="Plain answers about rare diseases")
MEDICAL_NOTICE = env.str("MEDICAL_NOTICE", default="")
if len(MEDICAL_NOTICE) > 500:
    raise ImproperlyConfigured(
        f"MEDICAL_NOTICE has {len(MEDICAL_NOTICE)} characters, but only 500 fit on the sheet for a hospital or school."
    )
MEDICAL_NOTICE = MEDICAL_NOTICE or _(
    "This page is information, not medical advice. Please talk to a doctor about your own situation. "
    "In an emergency, call your local emergency number."
)
# The community that pages invite readers to join; see community/invitation.py.
COMMUNITY_NAME = env.str("COMMUNITY_NAME", default="").strip()
COMMUNITY_APP_URL, COMMUNITY_JOIN_URL = (
    web_address(name, env.str(name, default="").strip(), placeholders=("slug", "name"))
    for name in ["COMMUNITY_APP_URL", "COMMUNITY_JOIN_URL"]
)
COMMUNITY_TEXT = env.str("COMMUNITY_TEXT", default="").strip()
COMMUNITY_APP_TEXT = env.str("COMMUNITY_APP_TEXT", default="").strip()
COMMUNITY_JOIN_TEXT = env.str("COMMUNITY_JOIN_TEXT", default="").strip()

# Suggestions from readers: how many the site accepts in an hour (from all readers, and from one address), after how
# many days it deletes what they wrote, and an e-mail address for readers when it accepts no more.
SUGGESTIONS_PER_HOUR = env.int("SUGGESTIONS_PER_HOUR", default=60)
SUGGESTIONS_PER_ADDRESS = env.int("SUGGESTIONS_PER_ADDRESS", default=10)
SUGGESTION_DAYS = env.int("SUGGESTION_DAYS", default=180)
SUGGEST_EMAIL = env.str("SUGGEST_EMAIL", default="")
if min(SUGGESTIONS_PER_HOUR, SUGGESTIONS_PER_ADDRESS, SUGGESTION_DAYS) < 1:
    raise ImproperlyConfigured("SUGGESTIONS_PER_HOUR, SUGGESTIONS_PER_ADDRESS and SUGGESTION_DAYS must be at least 1.")
