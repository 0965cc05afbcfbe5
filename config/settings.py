"""Every setting of Patchbay, read from the environment; an invalid value stops the start and is named.

Without any, the embedded default applies: SQLite, a broker in a folder, secrets created on first start. `DEBUG=0` is
production: every secret must be given, cookies are secure, HTTPS is assumed. `DEBUG=1` adds Django's debug pages.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from accounts.key_pairs import keys_by_id
from config import environment as env
from config.addresses.database import database_settings
from config.addresses.database_parts import DatabaseLimits
from config.addresses.mail import mail_settings
from config.addresses.public_url import public_url
from config.admin_site.theme import THEME
from config.background_work.schedule import beat_schedule
from config.left_out import (
    ENCRYPTED_MESSAGES,
    POSTGRESQL_FIELDS,
    REDIS_METRICS,
    TOOLKIT_ADMIN,
    WEB_KEYS,
    import_later,
    leave_out,
)
from config.monitoring.logs import logging_settings
from config.rest_api import DESCRIPTION, REST
from config.signing_in.authorization_server import MODELS, authorization_server
from config.signing_in.identity_providers import break_glass_user, identity_providers

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Locations --------------------------------------------------------------------------------------------------------
# Three modes: DEBUG unset is local without debug pages.
LOCAL = env.flag("DEBUG", default=True)
DEBUG = env.flag("DEBUG", default=False)
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var"))).resolve()
PORT = env.integer("PORT", 8000, least=1, most=65535)
HOST = env.text("HOST", "127.0.0.1")
SIMULATOR_PORT = env.integer("SIMULATOR_PORT", 8001, least=1, most=65535)
_public = public_url(env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}"))
PUBLIC_URL = _public.text
PUBLIC_ORIGIN = _public.origin
# The path of PUBLIC_URL, which every link begins with; empty at the root of a host. config/asgi.py adds and removes it.
PUBLIC_PATH = _public.path
FORCE_SCRIPT_NAME = PUBLIC_PATH or None

# --- Secrets ----------------------------------------------------------------------------------------------------------
# Beside a database that has been in use, missing secrets are not created, because others would not fit it.
_embedded_database = None if env.text("DATABASE_URL") else DATA_DIR / "patchbay.sqlite3"
_secrets = env.Secrets(DATA_DIR if LOCAL else None, _embedded_database)
SECRET_KEY = _secrets.get("SECRET_KEY")
# Previous keys, with which sessions and signed links are still accepted during a rotation.
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")
TOKEN_KEY = _secrets.get("TOKEN_KEY")
# Key ring: `id:base64 key` pairs, comma-separated; the first encrypts, all decrypt.
CREDENTIAL_KEYS = [pair.strip() for pair in _secrets.get("CREDENTIAL_KEYS", prefix="k1:").split(",") if pair.strip()]
# The bearer token for /metrics, which does not exist without it.
METRICS_TOKEN = env.text("METRICS_TOKEN")
_recipe = "python3 -c 'import secrets; print(secrets.token_urlsafe({}))'."
_secrets.check("SECRET_KEY", SECRET_KEY, _recipe.format(64))
_secrets.check("TOKEN_KEY", TOKEN_KEY, _recipe.format(32))
_secrets.check("METRICS_TOKEN", METRICS_TOKEN, _recipe.format(32), least=20)
for _pair in CREDENTIAL_KEYS:
    _secrets.check_key(_pair)
_secrets.refuse()
keys_by_id(CREDENTIAL_KEYS)

# --- Hosts and origins ------------------------------------------------------------------------------------------------
_local_hosts = ["localhost", "127.0.0.1", "[::1]"] if LOCAL else []
ALLOWED_HOSTS = [*env.names("ALLOWED_HOSTS"), _public.host, *_local_hosts]
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]
MCP_ALLOWED_ORIGINS = frozenset([*CSRF_TRUSTED_ORIGINS, *env.names("MCP_ALLOWED_ORIGINS")])
# Private `host:port` pairs that upstream calls may reach; `host` alone means any port.
UPSTREAM_PRIVATE_HOSTS = frozenset(env.names("UPSTREAM_PRIVATE_HOSTS", f"127.0.0.1:{SIMULATOR_PORT}" if LOCAL else ""))

# --- Limits -----------------------------------------------------------------------------------------------------------
MAX_BODY_BYTES = env.integer("MAX_BODY_BYTES", 1024 * 1024, least=1024)
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_BYTES", 16 * 1024 * 1024, least=1024)
MAX_HEAD_BYTES = env.integer("MAX_HEAD_BYTES", 64 * 1024, least=1024)
# Limits on slow clients, see config/clients/connections.py.
HEAD_SECONDS: float = env.integer("HEAD_SECONDS", 30, least=1, most=600)
BODY_SECONDS: float = env.integer("BODY_SECONDS", 30, least=1, most=600)
WRITE_SECONDS: float = env.integer("WRITE_SECONDS", 30, least=1, most=600)
MAX_CONNECTIONS = env.integer("MAX_CONNECTIONS", 10_000, least=16)
# Unsent bytes of a stream at which it is dropped.
STREAM_WAITING_BYTES = env.integer("STREAM_WAITING_BYTES", 1024 * 1024, least=1024)
# Limits of one MCP server, API token or person: open streams, calls in progress, requests a minute (0: no limit).
MCP_SERVER_STREAMS = env.integer("MCP_SERVER_STREAMS", 32, least=1)
MCP_SERVER_CALLS = env.integer("MCP_SERVER_CALLS", 128, least=1)
MCP_SERVER_REQUESTS_PER_MINUTE = env.integer("MCP_SERVER_REQUESTS_PER_MINUTE", 0)
API_TOKEN_STREAMS = env.integer("API_TOKEN_STREAMS", 64, least=1)
API_TOKEN_CALLS = env.integer("API_TOKEN_CALLS", 256, least=1)
API_TOKEN_REQUESTS_PER_MINUTE = env.integer("API_TOKEN_REQUESTS_PER_MINUTE", 0)
CONNECTED_PERSON_STREAMS = env.integer("CONNECTED_PERSON_STREAMS", 64, least=1)
CONNECTED_PERSON_CALLS = env.integer("CONNECTED_PERSON_CALLS", 256, least=1)
CONNECTED_PERSON_REQUESTS_PER_MINUTE = env.integer("CONNECTED_PERSON_REQUESTS_PER_MINUTE", 0)
PERSON_STREAMS = env.integer("PERSON_STREAMS", 8, least=1)
MAX_JSON_DEPTH = env.integer("MAX_JSON_DEPTH", 64, least=4, most=512)
MAX_JSON_VALUES = env.integer("MAX_JSON_VALUES", 20_000, least=1000, most=1_000_000)
# Limits of a batch (MCP 2025-03-26): messages, and bytes of the answer, beyond which the rest is refused.
MCP_BATCH_MESSAGES = env.integer("MCP_BATCH_MESSAGES", 20, least=1, most=1000)
MCP_BATCH_BYTES = env.integer("MCP_BATCH_BYTES", 4 * 1024 * 1024, least=1024)
# A longer call is answered as an event stream, if the client accepts one.
LONG_CALL_SECONDS = env.integer("LONG_CALL_SECONDS", 5, least=1, most=60)
# How long the names of departments, reps and the like are kept; 0 shows and takes ids alone.
NAMES_SECONDS = env.integer("NAMES_SECONDS", 300, least=0, most=86_400)
# The strictest known client cuts results at 25,000 tokens, everything around them included.
RESULT_TOKENS = env.integer("RESULT_TOKENS", 20_000, least=1_000)
# The largest image, sound or other file that is passed on.
RESULT_BINARY_BYTES = env.integer("RESULT_BINARY_BYTES", 1024 * 1024, least=1024)
# The largest file of a record that is downloaded, and how much of a PDF is read: pages in one call, and for how long.
ATTACHMENT_BYTES = env.integer("ATTACHMENT_BYTES", 10 * 1024 * 1024, least=1024, most=100 * 1024 * 1024)
ATTACHMENT_PAGES = env.integer("ATTACHMENT_PAGES", 100, least=1, most=10_000)
ATTACHMENT_SECONDS = env.integer("ATTACHMENT_SECONDS", 10, least=1, most=60)
UPSTREAM_CONNECT_SECONDS = env.integer("UPSTREAM_CONNECT_SECONDS", 5, least=1, most=60)
UPSTREAM_READ_SECONDS = env.integer("UPSTREAM_READ_SECONDS", 20, least=1, most=280)
UPSTREAM_TOTAL_SECONDS = env.integer("UPSTREAM_TOTAL_SECONDS", 30, least=1, most=280)
UPSTREAM_MAX_BYTES = env.integer("UPSTREAM_MAX_BYTES", 2 * 1024 * 1024, least=1024)
# Calls of one account in one process: how many at once, how many waiting, and for how long.
UPSTREAM_ACCOUNT_CONCURRENCY = env.integer("UPSTREAM_ACCOUNT_CONCURRENCY", 16, least=1, most=1000)
UPSTREAM_ACCOUNT_WAITING = env.integer("UPSTREAM_ACCOUNT_WAITING", 128, least=0, most=10_000)
UPSTREAM_WAIT_SECONDS = env.integer("UPSTREAM_WAIT_SECONDS", 10, least=1, most=60)
# A vendor is told to be slow when more than one in twenty of an account's calls take longer; 0 for never.
UPSTREAM_SLOW_SECONDS = env.integer("UPSTREAM_SLOW_SECONDS", 10, least=0, most=280)
# After so many consecutive failures within the window, a vendor is not called for a while.
UPSTREAM_CIRCUIT_FAILURES = env.integer("UPSTREAM_CIRCUIT_FAILURES", 5, least=0, most=1000)
UPSTREAM_CIRCUIT_WINDOW_SECONDS = env.integer("UPSTREAM_CIRCUIT_WINDOW_SECONDS", 60, least=1, most=3600)
UPSTREAM_CIRCUIT_OPEN_SECONDS = env.integer("UPSTREAM_CIRCUIT_OPEN_SECONDS", 15, least=1, most=600)
# What the caches of one process may hold: compiled catalogues, servers, toolboxes, tokens.
CACHE_BYTES = env.integer("CACHE_BYTES", 128 * 1024 * 1024, least=1024 * 1024)
# Longer than any call: the wait for a turn, a request of its own for a token before and after a refusal (401), the call
# twice, and the record's writing. A write that is pending for longer has lost its process.
CALL_UNKNOWN_AFTER = timedelta(seconds=UPSTREAM_WAIT_SECONDS + 4 * UPSTREAM_TOTAL_SECONDS + 60)
CALL_RETENTION = timedelta(days=env.integer("CALL_RETENTION_DAYS", 30, least=1))
CALL_FIGURES_RETENTION = timedelta(days=env.integer("CALL_FIGURES_RETENTION_DAYS", 365, least=1))
AUDIT_RETENTION = timedelta(days=env.integer("AUDIT_RETENTION_DAYS", 365, least=1))
# What /readyz calls degraded, and how long the result of a round of its checks is good.
READY_ROUND_SECONDS = env.integer("READY_ROUND_SECONDS", 1, least=1, most=60)
DISK_LOW_MEGABYTES = env.integer("DISK_LOW_MEGABYTES", 256, least=1)
RECORD_WAIT_SECONDS = env.integer("RECORD_WAIT_SECONDS", 30, least=1, most=3600)
CLOCK_OFFSET_SECONDS = env.integer("CLOCK_OFFSET_SECONDS", 5, least=1, most=3600)
INVITATION_LIFETIME = timedelta(days=env.integer("INVITATION_DAYS", 7, least=1, most=90))
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

# --- Applications -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it overrides
    "django.contrib.admin.apps.SimpleAdminConfig",  # config/urls.py has the admin's modules imported
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_htmx",
    "csp",
    "channels",
    "oauth2_provider",
    "accounts",
    "tools",
    "mcpservers",
    "portal",
    "config",
]
leave_out(POSTGRESQL_FIELDS, TOOLKIT_ADMIN)
import_later(WEB_KEYS)
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.signing_in.backend.LimitedBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "accounts"
LOGOUT_REDIRECT_URL = "sign-in"

MIDDLEWARE = [
    "config.middleware.caching.no_store",  # first, to cover the responses of all others
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "config.middleware.csp.PortalCSPMiddleware",
    "accounts.people.session_middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False  # every path answers with and without a trailing slash, with no redirect
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
            ],
        },
    }
]

# --- Database ---------------------------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'patchbay.sqlite3'}")
# Connections of one process, those of look-ups and intents included (accounts/database/lanes.py).
DATABASE_CONNECTIONS = env.integer("DATABASE_CONNECTIONS", 16, least=8, most=1000)
# Limits of one statement, of its waits for locks, and of a transaction in which nothing happens.
DATABASE_STATEMENT_SECONDS = env.integer("DATABASE_STATEMENT_SECONDS", 20, least=1, most=600)
DATABASE_LOCK_SECONDS = env.integer("DATABASE_LOCK_SECONDS", 5, least=1, most=600)
DATABASE_IDLE_SECONDS = env.integer("DATABASE_IDLE_SECONDS", 60, least=1, most=3600)
DATABASE_SESSION_LIMITS = env.flag("DATABASE_SESSION_LIMITS", default=True)
# How long a request may wait to be recognised, and a write to be noted before it is sent.
LOOKUP_SECONDS = env.integer("LOOKUP_SECONDS", 5, least=1, most=60)
INTENT_SECONDS = env.integer("INTENT_SECONDS", 5, least=1, most=60)
INTENT_WAITING = env.integer("INTENT_WAITING", 256, least=1, most=10_000)
_database = database_settings(
    DATABASE_URL,
    DatabaseLimits(
        connect=env.integer("DATABASE_CONNECT_SECONDS", 3, least=2, most=60),
        silence=env.integer("DATABASE_SILENCE_SECONDS", 10, least=3, most=300),
    ),
)
# Poolers that need this setting hand out another connection for each transaction.
_database["DISABLE_SERVER_SIDE_CURSORS"] = not DATABASE_SESSION_LIMITS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if _database["ENGINE"].endswith("sqlite"):
    _database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
DATABASES = {"default": _database}

# --- Traces -----------------------------------------------------------------------------------------------------------
# The collector that traces are sent to, and what to call this installation there; no traces without one.
OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
OTEL_SERVICE_NAME = env.text("OTEL_SERVICE_NAME", "patchbay")
# Whether vendors are told the trace that a request belongs to.
TRACEPARENT_TO_VENDORS = env.flag("TRACEPARENT_TO_VENDORS", default=False)

# --- Broker, cache ----------------------------------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL")
if REDIS_URL:
    leave_out(ENCRYPTED_MESSAGES, *([] if OTEL_EXPORTER_OTLP_ENDPOINT else [REDIS_METRICS]))
    # Redis's client takes 8 MB of a process, which the embedded default does not spend.
    from config.addresses.redis_url import redis_url

    _redis = redis_url(REDIS_URL)
    CACHES = {"default": _redis.cache()}
    CHANNEL_LAYERS: dict[str, Any] = {"default": _redis.layer()}
    CELERY_BROKER_URL = _redis.address
    CELERY_BROKER_USE_SSL = _redis.broker_tls()
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = _redis.of_broker()
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CELERY_BROKER_URL = "filesystem://localhost//"
    _broker = DATA_DIR / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "queue"),
        "data_folder_out": str(_broker / "queue"),
        "control_folder": str(_broker / "control"),
        "store_processed": False,
    }
# There is no result backend.
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "config.background_work.beat:Scheduler"
CELERY_BEAT_SCHEDULE = beat_schedule(
    purge=timedelta(seconds=env.integer("PURGE_INTERVAL_SECONDS", 60, least=1)),
    prune=timedelta(seconds=env.integer("PRUNE_INTERVAL_SECONDS", 3600, least=1)),
)

# --- Mail -------------------------------------------------------------------------------------------------------------
_mail = mail_settings(env.text("EMAIL_URL"), env.text("EMAIL_FROM"))
# Without mail, invitations are links to hand over, and the pages say so.
MAIL_ENABLED = _mail is not None
if _mail is not None:
    EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.starttls, _mail.tls
    DEFAULT_FROM_EMAIL = _mail.sender
EMAIL_TIMEOUT = 15

# --- APIs -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = REST
SPECTACULAR_SETTINGS = DESCRIPTION

# --- Browser ----------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if not LOCAL:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

# --- Sessions, signing in ---------------------------------------------------------------------------------------------
SESSION_ENGINE = "accounts.people.sessions"
# An idle session ends after the first, every session after the second.
SESSION_IDLE = timedelta(minutes=env.integer("SESSION_IDLE_MINUTES", 720, most=525_600))
SESSION_COOKIE_AGE = 3600 * env.integer("SESSION_HOURS", 168, least=1, most=8760)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not LOCAL or _public.is_https
# Under a path, other applications of the host get no cookie of Patchbay's.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = PUBLIC_PATH or "/"
# With __Secure-, browsers accept a cookie only over HTTPS; with __Host-, also for this host and its root alone
# (RFC 6265bis, section 4.1.3).
_prefix = ("__Secure-" if PUBLIC_PATH else "__Host-") if SESSION_COOKIE_SECURE else ""
SESSION_COOKIE_NAME = f"{_prefix}sessionid"
CSRF_COOKIE_NAME = f"{_prefix}csrftoken"
DEVICE_COOKIE_NAME = f"{_prefix}device"
SIGN_ON_COOKIE_NAME = f"{_prefix}signon"
if PUBLIC_PATH:
    # Django's usual storage has a cookie for the whole host.
    MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# Where people may sign in; a secret, since the clients' secrets are in it.
OIDC_PROVIDERS = identity_providers(env.text("OIDC_PROVIDERS"), UPSTREAM_PRIVATE_HOSTS)
PASSWORD_SIGN_IN = env.flag("PASSWORD_SIGN_IN", default=True)
BREAK_GLASS_USER = break_glass_user(env.text("BREAK_GLASS_USER"), passwords=PASSWORD_SIGN_IN, providers=OIDC_PROVIDERS)
SIGN_IN_FAILURE_LIMIT = env.integer("SIGN_IN_FAILURE_LIMIT", 8, least=1)
SIGN_IN_ADDRESS_FAILURE_LIMIT = env.integer("SIGN_IN_ADDRESS_FAILURE_LIMIT", 50, least=1)

# --- Sign-in to MCP servers -------------------------------------------------------------------------------------------
OAUTH2_PROVIDER = authorization_server(PUBLIC_URL)
OAUTH2_PROVIDER_APPLICATION_MODEL = MODELS["application"]
OAUTH2_PROVIDER_GRANT_MODEL = MODELS["grant"]
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = MODELS["access_token"]
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = MODELS["refresh_token"]
OAUTH2_PROVIDER_ID_TOKEN_MODEL = OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = MODELS["unused"]
# It warns of http in redirect addresses, which programs on a person's own machine need; others are refused.
SILENCED_SYSTEM_CHECKS = ["oauth2_provider.W008"]
# All of its models are ours, and so are their migrations.
MIGRATION_MODULES = {"oauth2_provider": None}

# --- Language, static files, logs -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = f"{PUBLIC_PATH}/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Locally, static files are served from their sources, without collectstatic.
SERVESTATIC_USE_FINDERS = LOCAL
SERVESTATIC_AUTOREFRESH = False
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "servestatic.storage.CompressedManifestStaticFilesStorage"
    }
}

UNFOLD = THEME

ACCESS_LOG = env.flag("ACCESS_LOG", default=False)
# How much of clients' addresses logs and the record of calls keep.
CLIENT_ADDRESSES = env.choice("CLIENT_ADDRESSES", "truncated", ("full", "truncated", "none"))
# Peers whose X-Forwarded-* headers are trusted: addresses or networks of reverse proxies; none by default.
FORWARDED_ALLOW_IPS = env.networks("FORWARDED_ALLOW_IPS")
SHUTDOWN_SECONDS = env.integer("SHUTDOWN_SECONDS", 10, least=1, most=300)
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "text" if LOCAL else "json", ("text", "json"))
LOGGING = logging_settings(level=LOG_LEVEL, style=LOG_FORMAT)
