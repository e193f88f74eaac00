"""The door for the web server: one WSGI application, run by granian with threads.

The application is read once, in the process that watches over the workers, which are forked from it: a worker that died is
back within a tenth of a second, and what was read lies in memory once.
"""

from __future__ import annotations

import ctypes
import gc
import os
import threading
import time
from contextlib import suppress
from wsgiref.util import setup_testing_defaults

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.urls import get_resolver
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from doorstep.rulebook import pack
from doorstep.run.leash import die_with_parent
from doorstep.web import finding

_TIDY = 10.0
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
application = get_wsgi_application()


def serve(host: str, port: int) -> None:
    """Answers on a port, with DOORSTEP_WEB_WORKERS processes of DOORSTEP_WEB_THREADS threads, until SIGTERM."""
    from doorstep.web.places import offered  # its models are there once the application is

    gc.disable()  # what is read now stays
    list(get_resolver().url_patterns)
    list(pack.every())
    finding.find("身份证", offered())  # the index, read once for all workers
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # workers would inherit its sockets, and talk at once on one
    give_back()
    gc.enable()
    gc.freeze()  # what was read is looked at by no worker's collector, and so stays shared between them
    Granian(
        "doorstep.project.wsgi:worker", host, port, interface=Interfaces.WSGI, factory=True, websockets=False,
        workers=int(os.environ.get("DOORSTEP_WEB_WORKERS") or min(2, os.cpu_count() or 1)),
        blocking_threads=int(os.environ.get("DOORSTEP_WEB_THREADS", "8")),
        respawn_failed_workers=True, respawn_interval=0.1, workers_kill_timeout=15, log_level=LogLevels.warning,
    ).serve()  # fmt: skip


def give_back() -> None:
    """What reading the packs took and needs no more goes back to the machine: otherwise each worker carries it along."""
    with suppress(OSError, AttributeError):  # where the C library is another, it keeps it
        ctypes.CDLL(None).malloc_trim(0)


def _now_and_then() -> None:
    """What a large page took and needs no more is given back within seconds."""
    while True:
        time.sleep(_TIDY)
        give_back()


def worker() -> WSGIHandler:
    """The application in a worker: leashed, and with its first page opened, so that no visitor waits for templates."""
    die_with_parent()  # a worker whose master was killed would keep the port
    threading.Thread(target=_now_and_then, daemon=True).start()
    environ: dict[str, object] = {"HTTP_HOST": "localhost", "PATH_INFO": "/"}
    setup_testing_defaults(environ)
    application(environ, lambda *_: lambda _: None)
    return application
