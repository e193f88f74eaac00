"""Icons of the Tabler set (MIT, copied in at set-up), drawn inline to take the colour of the text."""

from __future__ import annotations

import json
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from django.utils.safestring import SafeString, mark_safe

_VENDOR = Path(__file__).parent / "static" / "vendor" / "tabler"


@lru_cache(maxsize=2)
def _set(kind: str) -> dict[str, Any]:
    """All icons of one kind. Without the vendor file there are none: pages then show their words only."""
    file = _VENDOR / f"tabler-nodes-{kind}.json"
    return dict(json.loads(file.read_bytes())) if file.exists() else {}


def known(name: str) -> bool:
    """Whether ``{% icon name %}`` draws something. A name that ends in ``!`` is the filled form."""
    return name.removesuffix("!") in _set("filled" if name.endswith("!") else "outline")


@lru_cache(maxsize=512)
def draw(name: str) -> SafeString:
    """The icon as inline SVG, hidden from screen readers: a word always stands beside it."""
    full = name.endswith("!")
    nodes = _set("filled" if full else "outline").get(name.removesuffix("!"), [])
    inner = "".join(
        f"<{tag} " + " ".join(f'{key}="{escape(str(value))}"' for key, value in attrs.items()) + "/>"
        for tag, attrs in nodes
    )
    style = "ico ico-full" if full else "ico"
    return mark_safe(f'<svg class="{style}" viewBox="0 0 24 24" aria-hidden="true">{inner}</svg>')  # noqa: S308
