"""The door for the web server: one WSGI application, run by granian with threads."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from doorstep.run.leash import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
if os.environ.get("DOORSTEP_CHILD") == "web":
    die_with_parent()  # a worker whose master was killed would keep the port
application = get_wsgi_application()
