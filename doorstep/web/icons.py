"""Icons of the Tabler set (MIT, copied in at set-up), drawn inline to take the colour of the text."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from django.utils.safestring import SafeString, mark_safe

_VENDOR = Path(__file__).parent / "static" / "vendor" / "tabler"


@lru_cache(maxsize=2)
def _set(kind: str) -> str:
    """All icons of one kind as the file says them: five thousand of them as objects would take ten megabytes of each process.
    Without the vendor file there are none: pages then show their words only.
    """
    file = _VENDOR / f"tabler-nodes-{kind}.json"
    return file.read_text() if file.exists() else ""


def _nodes(name: str) -> list[Any]:
    """What an icon is drawn of; nothing if there is no such icon."""
    told = _set("filled" if name.endswith("!") else "outline")
    found = re.search(rf'^  "{re.escape(name.removesuffix("!"))}": ', told, re.MULTILINE)
    return list(json.JSONDecoder().raw_decode(told, found.end())[0]) if found else []


@lru_cache(maxsize=512)
def known(name: str) -> bool:
    """Whether ``{% icon name %}`` draws something. A name that ends in ``!`` is the filled form."""
    return bool(_nodes(name))


@lru_cache(maxsize=512)
def draw(name: str) -> SafeString:
    """The icon as inline SVG, hidden from screen readers: a word always stands beside it."""
    nodes = _nodes(name)
    inner = "".join(
        f"<{tag} " + " ".join(f'{key}="{escape(str(value))}"' for key, value in attrs.items()) + "/>"
        for tag, attrs in nodes
    )
    style = "ico ico-full" if name.endswith("!") else "ico"
    return mark_safe(f'<svg class="{style}" viewBox="0 0 24 24" aria-hidden="true">{inner}</svg>')  # noqa: S308
