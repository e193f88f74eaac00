"""The address of a cordon."""

from __future__ import annotations

from doorstep.domains.command.net import pages
from doorstep.web.routes import Route

ROUTES = (
    Route(
        "command/net/<uuid:matter_id>",
        pages.net,
        "command.net",
        "dispatch",
        "staff",
        ("GET", "POST"),
        ("officer",),
    ),
)
