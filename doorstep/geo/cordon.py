"""What is told of a chase: posts to close, by whom, whether in time, and what stays open. Light, so that pages can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from doorstep.geo.crs import Degrees
from doorstep.geo.router import Ring


@dataclass(frozen=True, slots=True)
class Post:
    """A place to close: on ``street``, where it meets ``crossing``. ``unit`` None: nobody can be there in time."""

    lon: float
    lat: float
    street: str
    crossing: str
    unit: str | None
    there_s: float | None
    """From now until it stands."""
    slack_s: float | None
    """How much sooner than whoever flees; negative is too late."""
    source: str


@dataclass(frozen=True, slots=True)
class Chase:
    """What to do now. ``by_now``: where they can be at this moment; ``inside``: where they are held if every post stands."""

    holds: bool
    horizon_s: float
    posts: tuple[Post, ...]
    by_now: tuple[Ring, ...]
    inside: tuple[Degrees, ...]


def told(one: Chase) -> dict[str, Any]:
    """As it travels."""
    posts = [{name: getattr(post, name) for name in Post.__slots__} for post in one.posts]
    return {
        "holds": one.holds,
        "horizon_s": one.horizon_s,
        "posts": posts,
        "by_now": one.by_now,
        "inside": one.inside,
    }


def heard(raw: Mapping[str, Any]) -> Chase:
    """What `told` sent."""
    return Chase(
        bool(raw["holds"]), float(raw["horizon_s"]), tuple(Post(**one) for one in raw["posts"]),
        tuple(tuple((x, y) for x, y in ring) for ring in raw["by_now"]), tuple((x, y) for x, y in raw["inside"]),
    )  # fmt: skip
