"""The live stream over the wire: who hears what, and who is cut off."""

from __future__ import annotations

import hashlib
import http.client
import json
import secrets
import time
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from doorstep.run.place import Place
from doorstep.run.roles import SUPERUSER, dsn
from tests.run.test_relay import _bare_row
from tests.running import Doorstep

Conn = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def running() -> Iterator[Doorstep]:
    found = Doorstep()
    yield found.start()
    found.remove()


@pytest.fixture(scope="module")
def root(running: Doorstep) -> Iterator[Conn]:
    place = Place(running.data, running.root / "state")
    params = dsn("migrator", place) | {"user": SUPERUSER, "password": place.secret(SUPERUSER)}
    with psycopg.connect(**params, autocommit=True) as conn:  # type: ignore[arg-type]
        conn.execute("set session_replication_role = replica")
        yield conn


def _officer(root: Conn, running: Doorstep, station: int, verb: str = "read") -> str:
    """A session token of an officer of ``station``."""
    account, login, token = str(uuid.uuid4()), f"u{secrets.token_hex(6)}", secrets.token_hex(16)
    unit = secrets.randbelow(10**6)
    _bare_row(root, "unit", id=unit, code=f"u{unit}", station=station, county=3, city=1)
    row: dict[str, Any] = {
        "id": account,
        "login": login,
        "kind": "officer",
        "role": "clerk",
        "rights": [],
        "branches": [],
    }
    row |= {"rights": [f"{verb}:*:unit:personal"], "zh": "甲", "en": "A", "assurance": 2, "unit_id": unit}
    proof = hashlib.sha256(b"p" * 32).digest()
    root.execute("select trust.create_account(%s, %s, %s)", [Jsonb(row), b"s" * 16, proof])
    token_hash = hashlib.sha256(token.encode()).digest()
    assert root.execute("select trust.login(%s, %s, %s, 60)", [login, b"p" * 32, token_hash]).fetchone() == (
        "ok",
    )
    return token


def _listen(
    running: Doorstep, token: str, seconds: float = 30, more: str = ""
) -> tuple[http.client.HTTPResponse, http.client.HTTPConnection]:
    port = json.loads((running.data / "running.json").read_text())["stream_port"]
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    asking.request(
        "GET", f"/stream{more}", headers={"Cookie": f"doorstep_session={token}", "Origin": running.url}
    )
    return asking.getresponse(), asking


def test_only_a_session_opens_the_stream(running: Doorstep) -> None:
    assert _listen(running, "")[0].status == 401
    assert _listen(running, "made-up")[0].status == 401


def test_an_officer_hears_of_the_own_station_alone(running: Doorstep, root: Conn) -> None:
    mine, other = _officer(root, running, 7), _officer(root, running, 8)
    answer, _keep = _listen(running, mine)
    assert answer.headers["Access-Control-Allow-Origin"] == running.url
    strange, _keep_too = _listen(running, other, 2)
    matter = _bare_row(root, "matter", station=7, county=3, city=1, branch=1)
    root.execute(
        "insert into outbox (event_id, matter_id, kind, state, at) values (%s, %s, 'note', 'open', now())",
        [uuid.uuid4(), matter],
    )
    assert json.loads(_event(answer)["data"]) == {"matter": str(matter), "kind": "note", "state": "open"}
    with pytest.raises(TimeoutError):
        _event(strange)


def test_E02_the_command_map_is_told_what_moves_on_the_own_ground_alone(
    running: Doorstep, root: Conn
) -> None:
    nobody, station, centre = (_officer(root, running, 7, verb) for verb in ("read", "duty", "dispatch"))
    assert _listen(running, nobody, more="?command")[0].status == 403
    (unit,) = root.execute("select a.unit_id from trust.session s join account a on a.id = s.account_id where s.token = %s",
                           [hashlib.sha256(station.encode()).digest()]).fetchone() or (0,)  # fmt: skip
    own, other = 990_001, 990_002
    for car, of in ((own, unit), (other, unit + 1)):
        _bare_row(
            root,
            "duty_unit",
            id=car,
            callsign=f"T{car}",
            unit_id=of,
            state="available",
            active=True,
            lon=118.0,
            lat=36.8,
        )
    heard = [
        json.loads(_event(_listen(running, token, more="?command")[0])["data"]) for token in (station, centre)
    ]
    seen = [{one["id"] for one in told["units"]} & {own, other} for told in heard]
    assert seen == [{own}, {own}] and all(told["whole"] for told in heard), (
        "units of no organisation are nobody's"
    )
    root.execute("delete from duty_unit where id in (%s, %s)", [own, other])


def test_a_revoked_session_is_cut_off_within_five_seconds(running: Doorstep, root: Conn) -> None:
    token = _officer(root, running, 7)
    answer, _keep = _listen(running, token)
    root.execute("select trust.logout(%s)", [hashlib.sha256(token.encode()).digest()])
    began = time.monotonic()
    while answer.read(1):
        pass
    assert time.monotonic() - began < 5
    assert _listen(running, token)[0].status == 401


def _event(answer: http.client.HTTPResponse) -> dict[str, str]:
    found: dict[str, str] = {}
    while "data" not in found:
        line = answer.readline().decode().rstrip("\n")
        assert answer.fp, "cut off"
        key, _, value = line.partition(": ")
        if key in ("id", "event", "data"):
            found[key] = value
    return found
