"""`doorstep nursery`: reads the program once for all processes of ours that `up` starts; see doorstep/run/nursery.py."""

from __future__ import annotations

import gc
import importlib
import runpy
import sys
from contextlib import suppress

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.template.loader import get_template

from doorstep.project import settings as told
from doorstep.run import nursery
from doorstep.web import finding

_READ = (
    "doorstep.project.wsgi", "doorstep.project.urls", "doorstep.run.worker", "doorstep.run.relay",
    "doorstep.run.ask", "doorstep.run.seal", "procrastinate.contrib.django", "procrastinate.worker",
)  # fmt: skip
"""What the processes are made of. Nothing of it asks the database when it is read."""
_FIRST = ("web/page.html", "web/resident.html", "web/portal/home.html", "web/portal/_find_list.html")
"""Pages that are asked for first."""


def run(number: int) -> int:
    """Reads, then bears copies until the supervisor is gone; a copy becomes what it was asked to be, and returns its exit code."""
    gc.disable()  # what is read stays
    for name in _READ:
        importlib.import_module(name)
    finding.signpost("身份证")  # the lexicon, and how characters sound
    for page in _FIRST:
        get_template(page)
    gc.collect()
    gc.enable()
    gc.freeze()
    words = nursery.wait(number)
    if not words:
        return 0
    settle()
    sys.argv = list(words)
    try:
        runpy.run_module(words[0], run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


def settle() -> None:
    """The settings of this process, by its own environment: role, addresses, secrets."""
    importlib.reload(told)
    for name in filter(str.isupper, dir(told)):
        setattr(settings, name, getattr(told, name))
    vars(connections).pop("settings", None)
    with suppress(AttributeError):
        del connections[DEFAULT_DB_ALIAS]
