"""What a region says is done where: lists of items by place and channel, and the figures of a report that they come to.

`regions/<name>/profiles.yaml`. Pure: a region may be read and checked beside the one that is running.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import FOLDER
from doorstep.rulebook.words import Words

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

    def unreachable(self, packs: Mapping[str, Pack]) -> Iterator[str]:
        """Items that cannot be brought through the profile's channel as their pack stands."""
        for code in self.items:
            channels = set(packs[code].channels) if code in packs else set(self.through + self.through_one)
            if not set(self.through) <= channels or (
                self.through_one and not channels & set(self.through_one)
            ):
                yield code


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a report, and what is counted for it. ``told`` is what the report prints."""

    id: str
    says: Words
    told: int
    profile: str
    what: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure beside what the lists come to. ``lacking``: items on the list that have no pack yet."""

    figure: Figure
    found: int
    lacking: int

    @property
    def holds(self) -> bool:
        return self.found == self.figure.told


@dataclass(frozen=True, slots=True)
class Profiles:
    """All lists of one region and the figures that go with them."""

    region: str
    profiles: Mapping[str, RegionProfile]
    figures: tuple[Figure, ...]

    def count(self, packs: Mapping[str, Pack]) -> Iterator[Counted]:
        """Each figure beside the answer of its query over lists and packs."""
        for figure in self.figures:
            profile = self.profiles[figure.profile]
            lacking = sum(code not in packs for code in profile.items)
            yield Counted(figure, _COUNTS[figure.what](profile, packs), lacking)


_COUNTS = {
    "items": lambda profile, packs: len(set(profile.items)),
    "groups": lambda profile, packs: len(profile.groups),
    "branches": lambda profile, packs: len({packs[code].branch for code in profile.items if code in packs}),
    "guides": lambda profile, packs: sum(code in packs and bool(packs[code].guide) for code in profile.items),
}


def regions(folder: Path = FOLDER) -> list[str]:
    """The regions that say what is done where."""
    return sorted(path.parent.name for path in folder.glob("*/profiles.yaml"))


@cache
def load_profiles(region: str, folder: Path = FOLDER) -> Profiles:
    """The lists of one region. ValueError with the file and what is wrong; LookupError for a region without any."""
    if region not in regions(folder):
        raise LookupError(region)
    path = folder / region / "profiles.yaml"
    raw = plain(compose(path.read_text(encoding="utf-8"), f"{region}/{path.name}"))
    try:
        found = {code: _profile(code, one) for code, one in raw["profiles"].items()}
        figures = tuple(_figure(one, found) for one in raw.get("figures", ()))
    except (KeyError, TypeError) as why:
        raise ValueError(f"{region}/profiles.yaml: {why!r}") from why
    return Profiles(region, found, figures)


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


def _figure(raw: Mapping[str, Any], profiles: Mapping[str, RegionProfile]) -> Figure:
    counts = raw["counts"]
    if counts["profile"] not in profiles or counts["what"] not in _COUNTS:
        raise ValueError(f"figure {raw['id']} counts nothing that is there: {counts}")
    return Figure(raw["id"], Words.of(raw["says"]), int(raw["number"]), counts["profile"], counts["what"])
