"""Every address of the pages with its right, as JSON: a process of its own, so that no test run needs a town's settings.

`python -m tests.journeys.routes` prints [{"path","name","right","surface","methods","kinds","tier"}].
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
    import django

    django.setup()
    from django.urls import get_resolver

    sys.stdout.write(json.dumps([_told(p) for p in _patterns(get_resolver().url_patterns, "")]))


def _patterns(found: Any, prefix: str) -> list[tuple[str, Any]]:
    from django.urls import URLResolver

    rows: list[tuple[str, Any]] = []
    for one in found:
        here = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            rows += _patterns(one.url_patterns, here)
        elif getattr(one.callback, "route", None) is not None:
            rows.append((here, one.callback.route))
    return rows


def _told(row: tuple[str, Any]) -> dict[str, Any]:
    address, route = row
    return {
        "path": address, "name": route.name, "right": route.right, "surface": route.surface,
        "methods": list(route.methods), "kinds": list(route.kinds), "tier": route.tier,
    }  # fmt: skip


if __name__ == "__main__":
    main()
