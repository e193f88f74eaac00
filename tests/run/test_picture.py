"""What the command map is told: everything once, then what changed, each scope its own and nobody else's."""

from __future__ import annotations

import json
from typing import Any

from doorstep.run.picture import Picture

ALL, NORTH, SOUTH = frozenset({1, 2}), frozenset({1}), frozenset({2})


def _told(frame: bytes | None) -> dict[str, Any]:
    assert frame and frame.startswith(b"event: command\ndata: ") and frame.endswith(b"\n\n")
    return json.loads(frame.split(b"data: ", 1)[1])  # type: ignore[no-any-return]


def _car(number: int, of: int, lon: float = 118.0) -> tuple[int, dict[str, Any]]:
    return of, {"id": number, "name": f"车{number}", "lon": lon}


def test_E02_a_scope_is_told_its_own_ground_once_whole_and_then_what_changed() -> None:
    picture = Picture()
    picture.turn(1.0, [_car(7, 1), _car(8, 2)], [])
    assert [one["id"] for one in _told(picture.frame(ALL, True))["units"]] == [7, 8]
    assert [one["id"] for one in _told(picture.frame(SOUTH, True))["units"]] == [8]
    assert picture.frame(NORTH, True) is picture.frame(NORTH, True), "serialised once for a scope"
    picture.turn(2.0, [_car(7, 1, 118.1), _car(8, 2)], [])
    assert [one["lon"] for one in _told(picture.frame(NORTH, False))["units"]] == [118.1]
    assert picture.frame(SOUTH, False) is None, "nothing moved there"
    picture.turn(3.0, [_car(7, 2, 118.1)], [])
    assert _told(picture.frame(NORTH, False))["units_gone"] == ["7"]
    south = _told(picture.frame(SOUTH, False))
    assert south["units"][0]["id"] == 7 and south["units_gone"] == ["8"]


def test_E02_a_quiet_line_says_every_few_seconds_that_it_holds() -> None:
    picture, told = Picture(), 0
    for second in range(10):
        picture.turn(float(second), [], [])
        told += picture.frame(ALL, False) is not None
    assert told == 2
