"""Open call steps are asked over the wire, of a program that is not ours to trust; whatever it does, the matter goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.journeys.visit import Visit
from tests.kernel import parts

T = parts.T
CALL: dict[str, Any] = {
    "id": "ask", "kind": "call", "title": {"zh": "查户籍", "en": "Ask the register"}, "connector": "household",
    "sends": {"id_no": "/landlord/id_no", "name": "/landlord/name"},
    "answers": {"found": T, "none": T}, "shows": {"address": {"zh": "户口所在地址", "en": "Registered address"}},
    "tries": 2, "fallback": {"by": "received"},
}  # fmt: skip
END: dict[str, Any] = {"id": "end", "kind": "task", "by": "received", "title": T}


def item(cast: Cast, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    parts.shelf(monkeypatch, parts.made(form=parts.ALONE, flow={"steps": [CALL | changed, END]}))


def opened(cast: Cast) -> UUID:
    from doorstep.kernel import matter

    me = cast.person("resident")
    data = {"landlord": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("resident") as viewer:
        return matter.open_matter(
            viewer, item=parts.PARENT, point="HW-1", channel="online", data=data, request_id=fresh()
        ).matter_id


def standin(folder: Path, fault: str = "") -> Iterator[str]:
    """The registers as a program of their own, and their address."""
    command = [sys.executable, "-m", "doorstep.standin.registers", "--db", str(folder / "registers.sqlite3")]
    program = subprocess.Popen(
        [*command, *(["--fault", fault] if fault else [])], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout
    try:
        yield program.stdout.readline().split()[1]
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from standin(tmp_path_factory.mktemp("registers"))


def tend(address: str, ahead: timedelta = timedelta(), times: int = 1) -> None:
    """As the worker does it, at a time to come."""
    from doorstep.kernel import chore
    from doorstep.rulebook import clock
    from doorstep.run.ask import Asker

    for _ in as_role("worker", Place.from_env()):
        asker = Asker({"*": address})
        for _ in range(times):
            with clock.clock_at(clock.now() + ahead):
                asker.pauses.clear()
                asker.tend(500)
                chore.mark_due()


def seen(cast: Cast, matter_id: UUID) -> Any:
    from doorstep.kernel import read

    with cast.enter("resident") as viewer:
        return read.read_matter(viewer, matter_id)


def open_steps(cast: Cast, matter_id: UUID) -> list[str]:
    return [step.name for step in seen(cast, matter_id).open_steps]


def test_the_answer_moves_the_matter_and_only_what_is_kept_stays(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, registers: str
) -> None:
    item(cast, monkeypatch)
    matter_id = opened(cast)
    page = Visit(cast["resident"].token).get(f"/matter/{matter_id}")
    assert "正在查" in page.text and "户籍登记（替身）" in page.text
    tend(registers)
    found = seen(cast, matter_id)
    assert open_steps(cast, matter_id) == ["end"]
    assert set(found.data["heard"]["ask"]) == {"address"}
    page = Visit(cast["resident"].token).get(f"/matter/{matter_id}")
    assert found.data["heard"]["ask"]["address"] in page.text and "不该外传的人" not in page.html
    assert "向登记系统查询了" in page.text


def test_the_same_question_gets_the_same_answer_and_is_kept_once(registers: str) -> None:
    from doorstep.kernel.call import Question
    from doorstep.run.ask import post

    asked = Question("driving", "m:step:1", {"id_no": "1"}, ("found",), (), False, "p", None)
    assert post(registers, asked) == post(registers, asked)
    unknown = Question("driving", "m:step:2", {"id_no": "10"}, ("found", "none"), (), False, "p", None)
    assert post(registers, unknown) == ("none", {})


@pytest.mark.parametrize("fault", ["strange", "error"])
def test_an_answer_that_makes_no_sense_is_a_failure_and_after_the_last_a_person_does_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str
) -> None:
    item(cast, monkeypatch)
    matter_id = opened(cast)
    for address in standin(tmp_path, fault):
        tend(address, times=2)
    assert open_steps(cast, matter_id) == ["hand:ask"]
    cast.act("clerk", matter_id, "hand:ask", "found")
    assert open_steps(cast, matter_id) == ["end"]


@pytest.mark.parametrize("fault", ["down", "garble"])
def test_a_system_that_is_down_is_waited_for_until_the_limit(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, registers: str, fault: str
) -> None:
    item(cast, monkeypatch, limit="5 day")
    matter_id = opened(cast)
    for address in standin(tmp_path, fault):
        tend(address, timedelta(days=3), times=3)
    assert open_steps(cast, matter_id) == ["ask"]
    tend(registers)
    assert open_steps(cast, matter_id) == ["end"]


def test_three_days_of_silence_end_with_a_person(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    item(cast, monkeypatch, limit="1 day")
    matter_id = opened(cast)
    for days in (0, 2, 4):
        tend("http://127.0.0.1:9", timedelta(days=days))
    assert open_steps(cast, matter_id) == ["hand:ask"]


def test_without_a_limit_a_minute_of_silence_is_a_try(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    item(cast, monkeypatch)
    matter_id = opened(cast)
    tend("", times=3)
    assert open_steps(cast, matter_id) == ["ask"]
    tend("", timedelta(minutes=2))
    tend("", timedelta(minutes=5))
    assert open_steps(cast, matter_id) == ["hand:ask"]


def test_a_silent_system_is_left_alone_for_a_while(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from doorstep.run.ask import Asker, Silent

    item(cast, monkeypatch)
    opened(cast)
    asked = []

    def silent(address: str, question: Any) -> tuple[str, dict[str, Any]]:
        asked.append(question)
        raise Silent("no")

    for _ in as_role("worker", Place.from_env()):
        asker = Asker({"*": "http://127.0.0.1:9"}, silent)
        assert [asker.tend(500) for _ in range(3)] == [0, 0, 0]
    assert len(asked) == 1
