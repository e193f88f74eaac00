"""Profiles: what many items have in common is written once, and a mistake is still found where it stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doorstep.domains import studio
from doorstep.rulebook import pack
from doorstep.rulebook.pack.profile import read_pack

Lay = Callable[..., Any]
ITEM = "HZ-055"


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """Write profiles and an item, and return what the item is with them under it."""

    def laid(item: str, **profiles: str) -> Any:
        (tmp_path / "profiles").mkdir(exist_ok=True)
        for name, text in profiles.items():
            (tmp_path / "profiles" / f"{name}.yaml").write_text(text, encoding="utf-8")
        path = tmp_path / "item.yaml"
        path.write_text(item, encoding="utf-8")
        return read_pack(path, tmp_path).data

    return laid


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A copy of the packs that a test may spoil."""
    root = tmp_path / "packs"
    shutil.copytree(pack.ROOT, root)
    return root


def test_groups_are_laid_key_by_key_and_the_item_has_the_last_word(lay: Lay) -> None:
    got = lay("profile: [a, b]\nx: {two: 22}", a="x: {one: 1, two: 2, three: 3}", b="x: {three: 33}")
    assert got["x"] == {"one": 1, "two": 22, "three": 33}


def test_a_key_that_the_item_sets_to_null_is_taken_out(lay: Lay) -> None:
    got = lay("profile: [a]\nx: {one: null}", a="x: {one: 1, two: 2}")
    assert got["x"] == {"two": 2}


def test_steps_are_laid_by_name_and_new_ones_stand_where_they_are_written(lay: Lay) -> None:
    got = lay(
        "profile: [a]\nsteps: [{id: before}, {id: review, by: me}, {id: after}]",
        a="steps: [{id: intake}, {id: review, by: x, limit: y}, {id: finish}]",
    )
    assert [one["id"] for one in got["steps"]] == ["intake", "before", "review", "finish", "after"]
    assert got["steps"][2] == {"id": "review", "by": "me", "limit": "y"}


def test_required_answers_are_joined_and_other_lists_replaced(lay: Lay) -> None:
    got = lay(
        "profile: [a]\nrequired: [two]\nchannels: [online]", a="required: [one]\nchannels: [hall, room]"
    )
    assert (got["required"], got["channels"]) == (["one", "two"], ["online"])


def test_a_profile_speaks_of_the_item_by_its_title(lay: Lay) -> None:
    got = lay("profile: [a]\ntitle: {zh: 开锁, en: Locks}", a="note: {zh: '办“{title}”', en: 'For {title}'}")
    assert got["note"] == {"zh": "办“开锁”", "en": "For Locks"}


def test_a_profile_builds_on_another_and_each_is_laid_once(lay: Lay) -> None:
    got = lay("profile: [a, b]", base="required: [x]\nz: 0", a="profile: [base]\nz: 1", b="profile: [base]")
    assert (got["required"], got["z"]) == (["x"], 1)


def test_profiles_that_build_on_each_other_come_to_an_end(lay: Lay) -> None:
    assert lay("profile: [a]", a="profile: [b]\nx: 1", b="profile: [a]\ny: 2")["y"] == 2


def test_an_example_without_data_uses_the_sample_with_its_changes(lay: Lay) -> None:
    got = lay(
        "profile: [a]\nchannels: [room, online]\nsample: {b: {c: 2}}\n"
        "examples: [{change: {/b/c: 3, /a: null}}, {data: {}}, {channel: online}]",
        a="sample: {a: 1}",
    )
    assert [one["data"] for one in got["examples"]] == [{"b": {"c": 3}}, {}, {"a": 1, "b": {"c": 2}}]
    assert [one["channel"] for one in got["examples"]] == ["room", "room", "online"]


def test_a_profile_that_is_not_there_is_told_where_it_is_named(shelf: Path) -> None:
    path = next(shelf.rglob(f"{ITEM}.yaml"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("profile: [person, ", "profile: [persona, "), encoding="utf-8")
    (told,) = studio.check(shelf, [path])
    line = text.splitlines().index(next(one for one in text.splitlines() if one.startswith("profile:"))) + 1
    assert (told.rule, told.line, Path(told.file).name) == ("pack.profile", line, f"{ITEM}.yaml")


def test_a_mistake_in_a_profile_is_found_in_the_profile(shelf: Path) -> None:
    path = shelf / "profiles" / "immediate.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("limit: handle\n", "limit: forever\n", 1), encoding="utf-8")
    found = studio.check(shelf)
    line = next(n for n, one in enumerate(text.splitlines(), 1) if one.strip() == "limit: handle")
    assert [(one.rule, one.file, one.line) for one in found] == [
        ("flow.limit", "packs/profiles/immediate.yaml", line)
    ]


def test_a_change_of_a_profile_is_a_change_of_the_packs(shelf: Path) -> None:
    before = pack.fingerprints(shelf)
    path = shelf / "profiles" / "common.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    assert set(before.values()).isdisjoint(pack.fingerprints(shelf).values())


def test_a_pack_comes_back_from_its_content_without_its_profiles() -> None:
    one = pack.current(ITEM)
    again = pack.Pack.from_content(one.content)
    assert again.hash == one.hash and again.flow.order == one.flow.order


@pytest.mark.parametrize("path", sorted((pack.ROOT / "profiles").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_profile_is_formatted_explained_and_used(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert studio.fmt(text) == text and text.startswith("# ")
    named = [one.read_text(encoding="utf-8") for one in pack.ROOT.rglob("*.yaml") if one != path]
    assert any(path.stem in one.partition("profile: [")[2].partition("]")[0].split(", ") for one in named)
