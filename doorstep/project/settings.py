"""Django's settings, from the environment. Every variable read here is described in docs/settings.md."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from psycopg_pool.base import AttemptWithBackoff

from doorstep.project.domains import DOMAINS
from doorstep.project.remembering import Remembering
from doorstep.rulebook.clock import shift_clock
from doorstep.rulebook.kept import keep_in
from doorstep.run.place import Place
from doorstep.run.roles import OWNER, dsn

# A pool whose server was gone looks again soon: the kit waits 1, 2, 4 … seconds, and nobody is served meanwhile.
AttemptWithBackoff.INITIAL_DELAY = 0.1
AttemptWithBackoff.DELAY_BACKOFF = 1.2

_place = Place.from_env()
_role = os.environ.get("DOORSTEP_DB_ROLE", "app")


def _flag(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


def _database() -> dict[str, Any]:
    """Django's DATABASES entry for the role of this process."""
    params = dsn(_role)
    options: dict[str, Any] = {
        "application_name": f"doorstep-db-{_role}",
        "connect_timeout": 10,
        "server_side_binding": True,  # parameters apart, so that a statement is parsed and planned once
        "prepare_threshold": 3,
        **{key: value for key, value in params.items() if key not in _OWN_KEYS},
    }
    if _role == "migrator":
        options["assume_role"] = OWNER
    else:
        size = int(os.environ.get("DOORSTEP_DB_POOL", "8"))
        options["pool"] = {"min_size": 1, "max_size": size, "timeout": 15}
    if _role == "town":
        options["pool"]["connection_class"] = Remembering
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{key.upper(): params.get(own, "") for own, key in _OWN_KEYS.items()},
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,  # a restarted PostgreSQL must not cost a request
    }


_OWN_KEYS = {"dbname": "name", "user": "user", "password": "password", "host": "host", "port": "port"}

DATA_DIR = _place.data
SECRETS_DIR = _place.secrets
FILES_DIR = _place.data / "files"
keep_in(_place.data / "cache")
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_keeps = _role != "nursery"
_secret_file = _place.secrets / "web.secret"
SECRET_KEY = (
    _secret_file.read_text().strip() if _keeps and _secret_file.exists() else secrets.token_urlsafe(48)
)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("DOORSTEP_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

_shift = float(os.environ.get("DOORSTEP_CLOCK_SHIFT", "0"))
if _shift:  # set by `doorstep demo` alone, so that all its processes share one clock
    shift_clock(_shift)

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    # The queue's tables; importing it takes a third of a second, which only those who queue or work should pay.
    *(["procrastinate.contrib.django"] if _role in ("worker", "migrator", "nursery") else []),
    "doorstep.kernel",
    "doorstep.web",
    *DOMAINS,
]
MIDDLEWARE = [
    "doorstep.project.packed.Packed",
    "django.middleware.security.SecurityMiddleware",
    "doorstep.project.headers.ContentPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "doorstep.web.middleware.Reader",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "doorstep.project.urls"
WSGI_APPLICATION = "doorstep.project.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "doorstep.web.frame.page"]
        },
    }
]

LANGUAGE_CODE = "zh-hans"
USE_I18N = False  # our words carry both languages themselves
USE_TZ = True
TIME_ZONE = "UTC"  # pages activate the region's zone

_root = Path(__file__).parents[2]
_statics = [_root / room.replace(".", "/") / "static" for room in ("doorstep.web", *DOMAINS)]
STATIC_URL = "/static/"
STATICFILES_DIRS = [folder for folder in _statics if folder.is_dir()]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
WHITENOISE_USE_FINDERS = True

# An upload is streamed by its own view; nothing else is larger than a long form.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_HANDLERS = [
    "doorstep.web.uploads.Arriving",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 2**10

HTTPS = _flag("DOORSTEP_HTTPS")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_COOKIE_NAME = "doorstep_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "doorstep.web.errors.csrf_failed"

# The seals over the log: their file, best on another disk or an append-only one, and who keeps a copy.
SEALS_DIR = Path(os.environ.get("DOORSTEP_SEALS") or _place.data / "seals").absolute()
WITNESS_URL = os.environ.get("DOORSTEP_WITNESS", "").rstrip("/")

# Other systems that items ask: "household=https://register.example,*=http://127.0.0.1:9000".
CONNECTORS = dict(
    one.split("=", 1) for one in os.environ.get("DOORSTEP_CONNECTORS", "").split(",") if "=" in one
)

# Where fees are paid online, and where the payer comes back to.
FISCAL_URL = os.environ.get("DOORSTEP_FISCAL", "").rstrip("/")
PAYMENTS_URL = os.environ.get("DOORSTEP_PAYMENTS", "").rstrip("/")

# The carrier that takes text messages (GSMA OneAPI), and the number they come from.
SMS_URL = os.environ.get("DOORSTEP_SMS", "").rstrip("/")
SMS_SENDER = os.environ.get("DOORSTEP_SMS_SENDER", "doorstep")

# The bridge to the devices of a counter's table, on the machine of whoever looks at the page; empty: there is none.
BRIDGE_URL = os.environ.get("DOORSTEP_BRIDGE", "http://127.0.0.1:17660").rstrip("/")
BRIDGE_CODE = os.environ.get("DOORSTEP_BRIDGE_CODE", "")
BRIDGE_HANDS = os.environ.get("DOORSTEP_BRIDGE_HANDS", "")

# Who answers where something is, where that map's files lie, and somebody else's base map, if one is wished (web/ground.py).
GROUND_URL = os.environ.get("DOORSTEP_GROUND", "").rstrip("/")
GROUND_FOLDER = _place.data / "geo"
BASEMAP = os.environ.get("DOORSTEP_BASEMAP", "").strip()

# What is printed on papers: where anybody can check them.
PUBLIC_URL = os.environ.get(
    "DOORSTEP_PUBLIC_URL", f"http://localhost:{os.environ.get('DOORSTEP_PORT', '8000')}"
)
# Where live updates come from: an address of its own, or the host of the page at this port.
STREAM_URL = os.environ.get("DOORSTEP_STREAM_URL", "")
STREAM_PORT = os.environ.get("DOORSTEP_STREAM_PORT", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("DOORSTEP_LOG_LEVEL", "WARNING")},
}
