"""One settings module for every environment; what differs is an environment variable (.env.example names them all).

A default is right in production. Where no default is, the variable is required, and an unsafe value stops the start.
"""

import logging
import re
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.http.request import split_domain_port, validate_host
from django.utils.translation import gettext_lazy as _

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

# How every whole address of the site begins: in canonical links, feeds and the sitemap. Empty: as it was asked for.
SITE_URL = env.str("SITE_URL", default="").strip().rstrip("/")
if SITE_URL:
    if not re.fullmatch(r"https?://[^\s/?#@]+" if DEBUG else r"https://[^\s/?#@]+", SITE_URL):
        raise ImproperlyConfigured("SITE_URL must be https:// and a host, and no more: https://rare.example.org.")
    if not validate_host(split_domain_port(SITE_URL.partition("://")[2])[0], ALLOWED_HOSTS):
        raise ImproperlyConfigured("The host in SITE_URL must be one of ALLOWED_HOSTS.")

ADMIN_PATH = env.str("ADMIN_PATH", default="admin/").strip("/") + "/"
if ADMIN_PATH == "/":
    raise ImproperlyConfigured("ADMIN_PATH must name a folder: the public pages stand at the root.")

INSTALLED_APPS = [
    "editorial.apps.EditorialAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",  # auth needs it; nothing of ours uses it
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
    "django.middleware.gzip.GZipMiddleware",  # outside ConditionalGet, or there is never a 304
    "django.middleware.http.ConditionalGetMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
    # Readers and a writer at once, and a writer that waits for its turn.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # the pages and the mail say three days

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
    "security.W005",  # whether all subdomains speak HTTPS is the operator's to know
    "security.W021",  # so is a place on the browsers' preload list, which is hard to leave again
]
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = [origin.strip() for origin in env.list("CSRF_TRUSTED_ORIGINS", default=[])]
CSRF_FAILURE_VIEW = "editorial.sessions.csrf_failure"
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=False)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
# The admin's cookies go to the admin alone: on the public pages even an editor is nobody.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"/{ADMIN_PATH}"

# The public pages: text, one stylesheet, pictures, and a script that asks this site alone; nothing from elsewhere.
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
# The admin: its own scripts, a nonce for the import map of the prose editor, and the one style sheet that this
# editor (django-prose-editor 0.28.0) writes into the page, by its hash.
PROSE_EDITOR_STYLE = "'sha256-PlumsSlvJ7vvWzjqibGAYKq92O3y/4JTxWWsWJvyUYA='"
ADMIN_CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": CONTENT_SECURITY_POLICY["DIRECTIVES"]
    | {
        "script-src": [SELF, NONCE],
        "style-src": [SELF, PROSE_EDITOR_STYLE],
        "img-src": [SELF, "data:"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in [
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    ]
}

# A disease with 100 questions posts over 1,000 fields, and Django's limit answers a bare 400.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# Mail: links for a new password, and errors. Without EMAIL_URL a developer reads it in the console, and in production
# nothing is sent: in a log such a link would be there for everyone who may read the log.
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
        raise ImproperlyConfigured("DEFAULT_FROM_EMAIL must name the sender of the mail that EMAIL_URL lets out.")
    DEFAULT_FROM_EMAIL = "webmaster@localhost"
SERVER_EMAIL = env.str("SERVER_EMAIL", default="") or DEFAULT_FROM_EMAIL
EMAIL_SUBJECT_PREFIX = f"[{ALLOWED_HOSTS[0] if ALLOWED_HOSTS else 'localhost'}] "
ADMINS = [(address.strip(), address.strip()) for address in env.list("ADMINS", default=[]) if address.strip()]


def without_request(record: logging.LogRecord) -> bool:
    """Takes the request off a record: its address, cookies and form are a reader's or an editor's, not a mailbox's."""
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
        "django": {"handlers": []},  # its own would say and mail everything a second time
        # Robots that knock with any host name are refused; that is no error of the site.
        "django.security.DisallowedHost": {"handlers": ["console"], "propagate": False},
    },
}

# Who takes reports of security faults: mailto:, https: or tel: addresses, in /.well-known/security.txt.
SECURITY_CONTACT = [contact.strip() for contact in env.list("SECURITY_CONTACT", default=[]) if contact.strip()]
if not all(re.fullmatch(r"(mailto:|https://|tel:)\S+", contact) for contact in SECURITY_CONTACT):
    raise ImproperlyConfigured("SECURITY_CONTACT must begin with mailto:, https:// or tel: (mailto:name@example.org).")

# What the pages say about the site itself.
SITE_NAME = env.str("SITE_NAME", default="Plainly Rare")
SITE_TAGLINE = env.str("SITE_TAGLINE", default="Plain answers about rare diseases")
MEDICAL_NOTICE = env.str("MEDICAL_NOTICE", default="")
if len(MEDICAL_NOTICE) > 500:
    raise ImproperlyConfigured(
        f"MEDICAL_NOTICE has {len(MEDICAL_NOTICE)} characters, and 500 fit the sheet for a hospital or school."
    )
MEDICAL_NOTICE = MEDICAL_NOTICE or _(
    "This page is information, not medical advice. Please talk to a doctor about your own situation. "
    "In an emergency, call your local emergency number."
)
# The community to which they invite readers; community/invitation.py says how.
COMMUNITY_NAME = env.str("COMMUNITY_NAME", default="").strip()
COMMUNITY_APP_URL, COMMUNITY_JOIN_URL = (
    web_address(name, env.str(name, default="").strip(), placeholders=("slug", "name"))
    for name in ["COMMUNITY_APP_URL", "COMMUNITY_JOIN_URL"]
)
COMMUNITY_TEXT = env.str("COMMUNITY_TEXT", default="").strip()
COMMUNITY_APP_TEXT = env.str("COMMUNITY_APP_TEXT", default="").strip()
COMMUNITY_JOIN_TEXT = env.str("COMMUNITY_JOIN_TEXT", default="").strip()

# What readers send us: how many suggestions are taken in an hour (from everybody, and from one address), how long what
# they wrote about themselves is kept, and a mailbox to turn to where the form takes no more.
SUGGESTIONS_PER_HOUR = env.int("SUGGESTIONS_PER_HOUR", default=60)
SUGGESTIONS_PER_ADDRESS = env.int("SUGGESTIONS_PER_ADDRESS", default=10)
SUGGESTION_DAYS = env.int("SUGGESTION_DAYS", default=180)
SUGGEST_EMAIL = env.str("SUGGEST_EMAIL", default="")
if min(SUGGESTIONS_PER_HOUR, SUGGESTIONS_PER_ADDRESS, SUGGESTION_DAYS) < 1:
    raise ImproperlyConfigured("SUGGESTIONS_PER_HOUR, SUGGESTIONS_PER_ADDRESS and SUGGESTION_DAYS must be at least 1.")
