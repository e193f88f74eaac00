"""Where staff pages find the devices of their table (docs/bridge.md)."""

from __future__ import annotations

from django.conf import settings


def bridge() -> dict[str, str] | None:
    """The address of the bridge, and in a demonstration the code and the page of the stand-ins; None if there is none."""
    if not settings.BRIDGE_URL:
        return None
    return {"url": settings.BRIDGE_URL, "code": settings.BRIDGE_CODE, "hands": settings.BRIDGE_HANDS}
