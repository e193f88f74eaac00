"""Which region an installation is of: as it is told at its first start, and from then on as its data say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from doorstep.run.halt import USAGE, WRONG_DATA, Halt
from doorstep.run.place import Place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("DOORSTEP_REGION", "")
    return Place(tmp_path / "data", tmp_path / "state")


def made(place: Place, region: str) -> Place:
    place.choose_region(region)
    place.prepare()
    os.environ["DOORSTEP_REGION"] = ""
    return place


def test_E06_a_region_named_at_the_first_start_holds_for_every_command_after_it(place: Place) -> None:
    assert json.loads((made(place, "zibo").data / "instance.json").read_text())["region"] == "zibo"
    place.choose_region()
    assert os.environ["DOORSTEP_REGION"] == "zibo"


def test_a_region_that_is_not_there_is_refused_with_those_that_are(place: Place) -> None:
    with pytest.raises(Halt, match="zibo") as no:
        place.choose_region("atlantis")
    assert no.value.code == USAGE and not place.data.exists()


def test_data_of_one_region_are_not_started_as_another(place: Place) -> None:
    with pytest.raises(Halt, match="nanhu") as no:
        made(place, "nanhu").choose_region("ordos")
    assert no.value.code == WRONG_DATA
