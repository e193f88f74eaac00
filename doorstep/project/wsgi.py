"""The door for the web server: one WSGI application, run by granian with threads."""

from __future__ import annotations

import os
from wsgiref.util import setup_testing_defaults

from django.core.wsgi import get_wsgi_application

from doorstep.run.leash import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
if os.environ.get("DOORSTEP_CHILD") == "web":
    die_with_parent()  # a worker whose master was killed would keep the port
application = get_wsgi_application()


def warm_up() -> None:
    """Open the first page once, so that no visitor waits while addresses, packs and templates are read."""
    environ: dict[str, object] = {"HTTP_HOST": "localhost", "PATH_INFO": "/"}
    setup_testing_defaults(environ)
    application(environ, lambda *_: lambda _: None)


if os.environ.get("DOORSTEP_CHILD") == "web":
    warm_up()
