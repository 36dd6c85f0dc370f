"""One settings file; everything that differs between places comes from the environment (see docs/operations.md)."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from companyos import logs

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
RUNTIME_ROLE = "companyos_runtime"

# ── Safety ───────────────────────────────────────────────────────────────────
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="insecure-only-for-debug" if DEBUG else environ.Env.NOTSET)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Keys for fields encrypted at rest; the first encrypts, all decrypt, so a new one in front rotates.
SALT_KEY = env.list("FIELD_KEYS", default=["debug-field-key"] if DEBUG else environ.Env.NOTSET)
# Keys that seal the audit log; the first seals, all prove. Keep old ones for as long as their seals are to be proven.
AUDIT_KEYS = env.list("AUDIT_KEYS", default=["debug-audit-key"] if DEBUG else environ.Env.NOTSET)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SECURE = env.bool("SECURE", default=not DEBUG)
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^api/"]  # the API refuses what comes without TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# The browser takes a cookie of this name only from this very host, by TLS, for all paths.
SESSION_COOKIE_NAME = "__Host-sessionid" if SECURE else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if SECURE else "csrftoken"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# ── Applications ─────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "corsheaders",
    "django_htmx",
    "csp",
    "auditlog",
    "django_fsm",
    "django_structlog",
    "lucide",
    "companyos",
    "companyos.events",
    "companyos.web",
    "tenants",
    "tenants.sign_in",
    "sla",
    "cases",
    "escalations",
    "integrations",
    "reporting",
]
MIDDLEWARE = [
    "companyos.web.headers.HeadersMiddleware",
    "companyos.web.headers.ContentPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.sign_in.sessions.SessionLimitsMiddleware",
    "tenants.sign_in.wall.SecondFactorMiddleware",
    "tenants.middleware.ScopeMiddleware",
    "tenants.middleware.AdminLooksMiddleware",
    "companyos.web.middleware.DomainErrorMiddleware",
    "tenants.reauthentication.ReauthenticationMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "companyos.urls"
WSGI_APPLICATION = "companyos.wsgi.application"
ASGI_APPLICATION = "companyos.asgi.application"
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
                "companyos.web.context.shell",
            ],
        },
    },
]


# ── Database: the app runs as a role that owns nothing and cannot pass by row-level security ──
def _database() -> dict:
    """The runtime connection. `migrate` and `flush` alone switch to the owner (companyos.owner)."""
    runtime_url, pooled = env.str("RUNTIME_DATABASE_URL", default=""), env.bool("BEHIND_PGBOUNCER", default=False)
    if pooled and not runtime_url:
        raise ImproperlyConfigured(
            "BEHIND_PGBOUNCER needs RUNTIME_DATABASE_URL: a pooler drops the option that takes the runtime role."
        )
    config = env.db_url("RUNTIME_DATABASE_URL" if runtime_url else "DATABASE_URL", default="postgres:///companyos")
    config["ENGINE"] = "django.db.backends.postgresql"
    config["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    config["CONN_HEALTH_CHECKS"] = True
    config["DISABLE_SERVER_SIDE_CURSORS"] = pooled
    config.setdefault("OPTIONS", {})
    config["OPTIONS"].setdefault("connect_timeout", 5)
    if not runtime_url:
        config["OPTIONS"]["options"] = f"-c role={RUNTIME_ROLE}"
    if test_name := env.str("TEST_DATABASE_NAME", default=""):
        config["TEST"] = {"NAME": test_name}
    return config


DATABASES = {"default": _database()}
OWNER_DATABASE_URL = env.str("DATABASE_URL", default="postgres:///companyos")
RUNTIME_DATABASE_URL = env.str("RUNTIME_DATABASE_URL", default="")
# Where the live process listens: LISTEN needs a session of its own, which a pooler in transaction mode has not.
LIVE_DATABASE_URL = env.str("LIVE_DATABASE_URL", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "tenants.User"
AUDITLOG_LOGENTRY_MODEL = "tenants.AuditEntry"
AUDITLOG_CID_GETTER = "companyos.events.log.request_id"
AUDITLOG_STORE_JSON_CHANGES = False

# ── Redis / Valkey: cache and broker only; it may be flushed or away at any moment ──
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
_CACHE_PATIENCE = env.float("CACHE_PATIENCE", default=0.5)
CACHES = {
    "default": {
        "BACKEND": "companyos.web.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": env.str("CACHE_PREFIX", default=""),
        # A cache that is slower than this is passed over: pages wait for nobody.
        "OPTIONS": {"socket_connect_timeout": _CACHE_PATIENCE, "socket_timeout": _CACHE_PATIENCE},
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "retry_on_timeout": False,
    "visibility_timeout": 600,
    # A publisher waits for nobody: the hint is lost, beat drains. (Workers wait for their broker by other settings.)
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TASK_PUBLISH_RETRY = False

# ── Sign-in (docs/operations.md tells each setting) ──────────────────────────
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "tenants.sign_in.passwords.FrugalArgon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": env.int("PASSWORD_MIN_LENGTH", default=8 if DEBUG else 12)},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1 if env.bool("BEHIND_PROXY", default=False) else 0)
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_ADAPTER = "tenants.sign_in.accounts.ClosedSignUp"
ACCOUNT_FORMS = {"reset_password": "tenants.sign_in.accounts.OwnPasswordReset"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.int("REAUTHENTICATION_SECONDS", default=300)
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=8 * 3600)
SESSION_LONGEST_SECONDS = SESSION_COOKIE_AGE = env.int("SESSION_LONGEST_SECONDS", default=7 * 86_400)

MFA_REQUIRED = env.bool("MFA_REQUIRED", default=not DEBUG)
MFA_ADAPTER = "tenants.sign_in.factors.SealedSecrets"
MFA_FORMS = {
    "authenticate": "tenants.sign_in.factors.CodeForm",
    "reauthenticate": "tenants.sign_in.factors.CodeAgainForm",
    "add_webauthn": "tenants.sign_in.factors.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG  # a demo on loopback has no TLS

# Guessing: the truth is in PostgreSQL; the rate limits above are a second net that a flushed cache loses.
AXES_HANDLER = "tenants.sign_in.lockout.Guesses"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.int("LOCKOUT_FAILURES", default=5)
LOCKOUT_FAILURES_ANYWHERE = env.int("LOCKOUT_FAILURES_ANYWHERE", default=50)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOCKOUT_MINUTES", default=15))
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "tenants.sign_in.lockout.account_of"
AXES_CLIENT_IP_CALLABLE = "tenants.sign_in.lockout.address_of"
AXES_LOCKOUT_CALLABLE = "tenants.sign_in.lockout.locked"
AXES_SENSITIVE_PARAMETERS = ["login", "password", "code", "credential", "csrfmiddlewaretoken", "next"]
AXES_DISABLE_ACCESS_LOG = True  # the audit log tells it
AXES_ENABLE_ADMIN = False  # tenants.sign_in.admin
AXES_VERBOSE = False

# Single sign-on by OpenID Connect, on when SSO_SERVER_URL is set.
SSO_SERVER_URL = env.str("SSO_SERVER_URL", default="")
SSO_MATCH_BY_EMAIL = env.bool("SSO_MATCH_BY_EMAIL", default=True)
SSO_TRUST_MFA = env.bool("SSO_TRUST_MFA", default=False)
SSO_MFA_METHODS = env.list("SSO_MFA_METHODS", default=["mfa", "otp", "hwk"])
SSO_ROLE_CLAIM = env.str("SSO_ROLE_CLAIM", default="groups")
SSO_ROLES = env.dict("SSO_ROLES", default={})
SOCIALACCOUNT_ADAPTER = "tenants.sign_in.sso.KnownPeople"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": env.str("SSO_NAME", default="single sign-on"),
                "client_id": env.str("SSO_CLIENT_ID", default=""),
                "secret": env.str("SSO_CLIENT_SECRET", default=""),
                "settings": {
                    "server_url": SSO_SERVER_URL,
                    "verified_email": env.bool("SSO_TRUST_EMAIL", default=False),
                },
            }
        ]
        if SSO_SERVER_URL
        else [],
    }
}
# The browser follows the sign-in form to the provider, which the content policy must allow.
SSO_ORIGINS = (
    env.list("SSO_ORIGINS", default=["{0.scheme}://{0.netloc}".format(urlsplit(SSO_SERVER_URL))])
    if SSO_SERVER_URL
    else []
)

# ── Language, time, files ────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / ".local" / "static"))()
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.str("MEDIA_ROOT", default=str(BASE_DIR / ".local" / "media"))},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=10 * 1024 * 1024)
ATTACHMENT_MAX_FILES = 10
# Another host name of the same web process for what people uploaded, as https://files.example.com; empty is this one.
FILES_ORIGIN = env.str("FILES_ORIGIN", default="").rstrip("/")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="support@companyos.example")
# Where people find the console, for links in messages, as https://support.example.com; empty sends none.
CONSOLE_URL = env.str("CONSOLE_URL", default="").rstrip("/")

# ── Content security ─────────────────────────────────────────────────────────
# The live process answers on a path of the same origin behind a proxy, or on LIVE_PORT of the same host (demo).
LIVE_PORT = env.int("LIVE_PORT", default=0)
_live_sources = [f"http://{host}:{LIVE_PORT}" for host in ("127.0.0.1", "localhost")] if LIVE_PORT else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", *_live_sources],
        "object-src": ["'none'"],
        "frame-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'", *SSO_ORIGINS],
        "frame-ancestors": ["'none'"],
        "upgrade-insecure-requests": SECURE,
    },
}
# Its expressions in attributes are compiled in the browser, and its colours are a style element (docs/security.md).
ADMIN_CONTENT_SECURITY = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}

# ── API ──────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "companyos.web.parsers.BoundedJSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "companyos.web.schema.DescribedSchema",
    "EXCEPTION_HANDLER": "companyos.web.problems.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.ScopedRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "api": env.str("THROTTLE_API", default="600/min"),
        "widget": env.str("THROTTLE_WIDGET", default="120/min"),
    },
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {"EXCEPTION_FORMATTER_CLASS": "companyos.web.problems.Formatter"}
SPECTACULAR_SETTINGS = {
    "TITLE": "CompanyOS Case & Escalation",
    "DESCRIPTION": "Cases, their conversation, their lifecycle and their SLA clocks.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "CaseStatus": "cases.models.case.Status",
        "CasePriority": "cases.models.case.Priority",
        "CaseSeverity": "cases.models.case.Severity",
        "CaseChannel": "cases.models.case.Channel",
        "NoteKind": "cases.models.conversation.Note.Kind",
        "DismissalKind": ["spam", "duplicate"],
        "TimelineKind": "cases.timeline.KINDS",
        "ClockState": "cases.serializers.CLOCK_STATES",
        "ClockEffectKind": "cases.serializers.EFFECTS",
        "ClockStretchKind": "cases.api.explanations.STRETCH_KINDS",
        "ClockMarkKind": "cases.api.explanations.MARK_KINDS",
        "RunState": "cases.serializers.RUN_STATES",
        "ResourceHealth": "tenants.models.tenant.HEALTH",
        "ResourceHealthKey": ["ok", "degraded", "red", "unknown"],
        "IncidentStatus": "escalations.models.Incident.Status",
        "IncidentSeverity": "escalations.models.Incident.Severity",
        "IncidentLinkState": "escalations.api.LINK_STATES",
        "IncidentDecision": ["linked", "declined"],
        "ActorKind": "cases.serializers.ACTOR_KINDS",
    },
}
# The widget's origins are per tenant and checked in tenants.cors; nothing else is cross-origin.
CORS_URLS_REGEX = r"^/api/v1/widget/.*$"
CORS_ALLOWED_ORIGINS: list[str] = []
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = ["authorization", "content-type", "idempotency-key", "accept", "if-match"]
CORS_EXPOSE_HEADERS = ["retry-after", "etag", "idempotent-replayed"]

# ── Events ───────────────────────────────────────────────────────────────────
EVENT_SUBSCRIBERS = "companyos.subscribers.SUBSCRIBERS"
EVENT_CHANNEL = "companyos_events"

# ── Retention and privacy: which app brings which part ──
DATA_RULES = "companyos.retention"

# ── Diagnostics and telemetry: where outbound requests may go, besides public addresses ──
OUTBOUND_ALLOWED_HOSTS = env.list("OUTBOUND_ALLOWED_HOSTS", default=["127.0.0.1", "localhost"] if DEBUG else [])

# ── The demo: how much of its history is written, besides the cases of the last days ──
DEMO_OLD_CASES = env.int("DEMO_OLD_CASES", default=150)

# ── Admin ────────────────────────────────────────────────────────────────────
UNFOLD = {
    "SITE_TITLE": "CompanyOS operations",
    "SITE_HEADER": "CompanyOS",
    "SITE_SUBHEADER": "Operations",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
}

# ── Logs: one JSON object a line, with the request id that goes on into tasks ──
LOG_FORMAT = env.str("LOG_FORMAT", default="console" if DEBUG else "json")
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = True
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
LOGGING = logs.configured(json=LOG_FORMAT == "json", level=env.str("LOG_LEVEL", default="INFO"), debug=DEBUG)
