"""Papers of an item as they would come out, made out to invented people: the people of its own examples."""

from __future__ import annotations

import copy
import io
from functools import lru_cache
from typing import Any

from django.conf import settings

from doorstep.rulebook import clock
from doorstep.rulebook.pack import Give, Pack
from doorstep.rulebook.region import calendar, region
from doorstep.web import drawing

_SIZE = (358, 441)  # a portrait photograph of 26 x 32 mm


def data_of(found: Pack, template: str = "") -> dict[str, Any]:
    """The answers of an example that ends well; of one that gives this paper, if a paper is named."""
    listed = found.raw["examples"]
    fits = [one for one in listed if template in (one["expect"].get("papers") or ())] if template else []
    good = [one for one in listed if one["course"] == "granted"]
    raw = (*fits, *good, *listed)[0]
    return copy.deepcopy(dict(raw["data"]))


def drawn(found: Pack, give: Give, *, lang: str, picture: bool = False) -> bytes:
    """A sample of a paper, as PDF or as a picture of its first page. It is marked as one and its code opens nothing."""
    today = clock.now().astimezone(calendar().zone).date()
    data = {**data_of(found, give.template), **_heard(found)}
    shared = {
        "number": f"{give.prefix}-000000",
        "unit": region().force,
        "issued_on": today,
        "valid_until": give.valid_until(today, data),
        "matter_number": "000000",
    }
    shown = {
        **shared,
        "check_url": f"{settings.PUBLIC_URL}/v/sample",
        "demo": True,
        **found.paper_data(give.template, data, shared),
        **({"photo": portrait()} if give.photo else {}),
    }
    return drawing.render(give.template, shown, lang=lang, picture=picture)


def _heard(found: Pack) -> dict[str, Any]:
    """What other systems would answer: the name of each value in place of the value. What an officer writes is that of an
    example.
    """
    heard: dict[str, dict[str, Any]] = {}
    for pointer, title in found.heard.items():
        *_, step, name = pointer.split("/")
        heard.setdefault(step, {})[name] = f"〔{title.zh}〕"
    for step in found.fills:
        heard[step] = dict(found.writes(step, {})) or heard[step]
    return {"heard": heard} if heard else {}


@lru_cache(maxsize=1)
def portrait() -> bytes:
    """Nobody's photograph: a head and shoulders in grey."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", _SIZE, (246, 247, 249))
    pen, grey = ImageDraw.Draw(image), (160, 172, 186)
    width, height = _SIZE
    pen.ellipse((width * 0.30, height * 0.16, width * 0.70, height * 0.58), fill=grey)
    pen.ellipse((width * 0.10, height * 0.64, width * 0.90, height * 1.45), fill=grey)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
