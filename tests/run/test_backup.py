"""Copies to come back from: taken while it runs, keys apart, what is erased stays erased, and restored it goes on."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.people import sign_in
from tests.journeys.examples import Hand, person_of
from tests.running import Doorstep

pytestmark = pytest.mark.slow


@pytest.fixture
def town(live_town: Doorstep) -> Doorstep:
    return live_town


def _hand(town: Doorstep) -> Hand:
    logins = {one["role"]: one for one in json.loads((town.data / "demo.json").read_text())}
    wanted = ("resident", "clerk", "approver", "supervisor")
    tokens = {role: sign_in(town.url, logins[role]["login"], logins[role]["password"]) for role in wanted}
    return Hand(town.url, tokens)


def _copy(town: Doorstep, *more: str) -> Path:
    done = town.command("backup", "make", str(town.root / "copies"), "--keys", str(town.root / "keys"), *more)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[0])


def _keys(town: Doorstep, copy: Path, table: str) -> set[str]:
    with gzip.open(town.root / "keys" / copy.name / f"{table}.keys.gz", "rt") as rows:
        return {row.split("\t")[0] for row in rows}


def test_a_copy_comes_back_and_goes_on_and_what_was_erased_stays_erased(town: Doorstep) -> None:
    hand, person = _hand(town), person_of(town)
    way = (("clerk", "intake", "done"), ("approver", "review", "refuse"))
    kept = hand.card(person, "AL-LJ-LX", "HW-1", way[0])
    gone = hand.card(person, "AL-LJ-LX", "HW-1", way[0])
    hand.ask(
        "approver",
        "POST",
        f"/matters/{gone}/act",
        {"step": "review", "outcome": "refuse", "reason": "no_application"},
    )
    copy = _copy(town)
    assert {kept, gone} <= _keys(town, copy, "matter")
    assert not [
        p for p in copy.rglob("*") if p.is_file() and p.parent.name != "seals" and p.stat().st_mode & 0o077
    ]
    for who in ("supervisor", "approver"):
        hand.ask(who, "POST", f"/matters/{gone}/erase", {"reason": "order", "document": "公字 1 号"})
    done = town.command("backup", "forget", "--keys", str(town.root / "keys"))
    assert done.returncode == 0, done.stderr
    assert kept in _keys(town, copy, "matter") and gone not in _keys(town, copy, "matter")
    assert town.command("backup", "check", str(copy)).returncode == 0
    other = _restored(town, copy)
    try:
        _goes_on(other, kept, gone)
    finally:
        other.remove()


def _restored(town: Doorstep, copy: Path) -> Doorstep:
    secrets = town.root / "secrets-kept"
    shutil.copytree(town.data / "secrets", secrets, dirs_exist_ok=True)
    other = Doorstep("demo")
    done = other.command("restore", str(copy), "--keys", str(town.root / "keys"), "--secrets", str(secrets))
    assert done.returncode == 0, done.stderr
    assert " 1 件的内容已经打不开" in done.stdout
    shutil.copy2(town.data / "demo.json", other.data / "demo.json")
    return other.start(300)


def _goes_on(other: Doorstep, kept: str, gone: str) -> None:
    hand = _hand(other)
    seen: dict[str, Any] = hand.ask("resident", "GET", f"/matters/{kept}")
    assert seen["data"]["reason"] == "lost" and seen["files"]
    hand.ask("approver", "POST", f"/matters/{kept}/act", {"step": "review", "outcome": "approve"})
    with pytest.raises(AssertionError, match=": 410 "):
        hand.ask("resident", "GET", f"/matters/{gone}")
    proved = other.command("log", "verify")
    faults = [line for line in proved.stdout.splitlines()[:-1] if "not proved" not in line]
    assert (proved.returncode, faults) == (0, []) and " 1 件已销毁" in proved.stdout, proved.stdout


def test_keys_beside_the_data_are_refused(town: Doorstep) -> None:
    at = town.root / "both"
    done = town.command("backup", "make", str(at), "--keys", str(at / "keys"))
    assert done.returncode == 2 and "The keys must not lie with the data" in done.stderr


def test_an_altered_copy_is_found_and_not_restored(town: Doorstep) -> None:
    copy = _copy(town)
    rows = copy / "matter.rows.gz"
    rows.write_bytes(rows.read_bytes()[:-9] + b"changed!!")
    done = town.command("backup", "check", str(copy))
    assert done.returncode == 1 and "matter.rows.gz" in done.stdout
    other = Doorstep("demo")
    try:
        asked = other.command(
            "restore", str(copy), "--keys", str(town.root / "keys"), "--secrets", str(town.data / "secrets")
        )
        assert asked.returncode == 1 and "was not restored" in asked.stderr
        assert not other.data.exists() or not any(other.data.iterdir())
    finally:
        other.remove()
        shutil.rmtree(copy)


def test_copies_of_keys_older_than_35_days_go(town: Doorstep) -> None:
    old = town.root / "keys" / "20200101T000000Z"
    old.mkdir(parents=True)
    assert town.command("backup", "forget", "--keys", str(town.root / "keys")).returncode == 0
    assert not old.exists()
