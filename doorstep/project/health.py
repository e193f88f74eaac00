"""Is it well? `/healthz` tells what is, `/readyz` answers 200 only when everything a visitor needs is
there.
"""

from __future__ import annotations

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse

from doorstep import __version__
from doorstep.run.place import Place

_PRESENT = "select distinct application_name from pg_stat_activity where application_name = any(%s)"
_COMPANIONS = {"worker": "doorstep-worker", "live": "doorstep-stream", "relay": "doorstep-relay"}


def state() -> dict[str, object]:
    """{"db","worker","live","relay","version","demo"}.

    Each companion process keeps a database connection under its name; PostgreSQL knows at once when it is
    gone.
    """
    found: dict[str, object] = {"db": False, **dict.fromkeys(_COMPANIONS, False)}
    try:
        with connection.cursor() as cursor:
            cursor.execute(_PRESENT, [list(_COMPANIONS.values())])
            present = {row[0] for row in cursor.fetchall()}
        found |= {"db": True} | {key: name in present for key, name in _COMPANIONS.items()}
    except Error:
        pass
    return found | {"version": __version__, "demo": bool(Place.from_env().instance.get("demo"))}


def healthz(_request: HttpRequest) -> JsonResponse:
    """200 always while the web process answers; the body says what is missing."""
    return JsonResponse(state())


def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when database, worker, relay and stream are all there, else 503."""
    found = state()
    ready = all(found[key] for key in ("db", *_COMPANIONS))
    response = JsonResponse(found, status=200 if ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined] # not yet ready is an answer, not an error
    return response
