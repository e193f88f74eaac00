"""What a region says is done where: lists of items by place and channel.

`regions/<name>/profiles.yaml`. Pure: a region may be read and checked beside the one that is running.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.words import Words

FOLDER = Path(__file__).resolve().parents[2] / "regions"

EXTENTS = ("do_whole", "do_apply", "look_answer", "look_guide")
"""Done whole without coming; applied for and come once; looked up; or guide, forms and progress only."""


@dataclass(frozen=True, slots=True)
class Group:
    """Items shown together."""

    title: Words
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegionProfile:
    """The items that a place or a platform offers.

    ``through``: each item through all of these channels; ``through_one``: through one of them; both empty: no single channel.
    ``extent``: for an online platform, how far each goes (`EXTENTS`).
    """

    code: str
    title: Words
    items: tuple[str, ...]
    groups: tuple[Group, ...]
    through: tuple[str, ...]
    through_one: tuple[str, ...]
    extent: Mapping[str, tuple[str, ...]]

    @property
    def begun(self) -> tuple[str, ...]:
        """The items that can be begun there: all but those of which it only has guide, forms and progress."""
        return tuple(code for code in self.items if code not in self.extent["look_guide"])

    def goes(self, channel: str) -> bool:
        """Are its items brought through this channel, all or some of them?"""
        named = self.through + self.through_one
        return channel in named if named else True


def regions(folder: Path = FOLDER) -> list[str]:
    """The regions that say what is done where."""
    return sorted(path.parent.name for path in folder.glob("*/profiles.yaml"))


@cache
def load_profiles(region: str, folder: Path = FOLDER) -> Mapping[str, RegionProfile]:
    """The lists of one region by name. ValueError with the file and what is wrong; LookupError for a region without any."""
    if region not in regions(folder):
        raise LookupError(region)
    path = folder / region / "profiles.yaml"
    raw = plain(compose(path.read_text(encoding="utf-8"), f"{region}/{path.name}"))
    try:
        return {code: _profile(code, one) for code, one in raw["profiles"].items()}
    except (KeyError, TypeError) as why:
        raise ValueError(f"{region}/profiles.yaml: {why!r}") from why


def _profile(code: str, raw: Mapping[str, Any]) -> RegionProfile:
    groups = tuple(Group(Words.of(one["title"]), tuple(one["items"])) for one in raw.get("groups", ()))
    extent = {kind: tuple(raw.get("extent", {}).get(kind, ())) for kind in EXTENTS}
    grouped = [code for group in groups for code in group.items]
    items = tuple(raw.get("items") or grouped or sorted(code for codes in extent.values() for code in codes))
    if len(items) != len(set(items)) or (grouped and sorted(grouped) != sorted(items)):
        raise ValueError(f"{code}: an item is there twice, or its groups are not its items")
    return RegionProfile(
        code, Words.of(raw["title"]), items, groups, tuple(raw.get("through", ())), tuple(raw.get("through_one", ())), extent
    )  # fmt: skip
