"""Who gets in at the bridge: the counter's page that was told the code, and nobody else on this machine."""

from __future__ import annotations

import json
import socket
import stat
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from doorstep.bridge.pairing import Pairing, Stranger
from doorstep.standin.device.hands import CARDS, Hands
from tests.bridge import table
from tests.bridge.table import COUNTER, Page

READ = {"for": "visit-1", "want": ["name", "id_no"]}


@pytest.fixture(scope="module")
def hands() -> Hands:
    return table.quick()


@pytest.fixture
def page(hands: Hands, tmp_path: Path) -> Iterator[Page]:
    hands.faults.clear()
    hands.card = CARDS[0]
    with table.bridge(table.devices(hands), tmp_path) as page:
        yield page


def test_a_paired_page_reads_the_card_of_the_person_it_names(page: Page) -> None:
    status, said = page.ready().ask("/v1/card", **READ)
    assert (status, said) == (
        200,
        {"for": "visit-1", "card": {"name": "宋知意", "id_no": "990103198805214023"}},
    )
    assert page.ask("/v1/card", want=["name"])[0] == 400, "for nobody in particular no card is read"
    assert page.ask("/v1/card", **{"for": "visit-1", "want": ["photo", "nation"]})[0] == 400


def test_a_wrong_code_pairs_nobody_and_five_void_it(page: Page) -> None:
    for _ in range(5):
        assert page.pair("2222-2222-2222") == (401, {"code": "wrong-code"})
    assert page.pair() == (401, {"code": "no-code"})
    assert not page.pairing.paired


def test_a_code_works_once(page: Page) -> None:
    assert page.pair()[0] == 200
    assert page.pair() == (401, {"code": "no-code"})


def test_a_code_that_nobody_used_in_time_is_void(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairing, then = Pairing(tmp_path / "keys.json", table.CODE), time.monotonic()
    monkeypatch.setattr("doorstep.bridge.pairing.time.monotonic", lambda: then + 601)
    with pytest.raises(Stranger, match="no-code"):
        pairing.begin(COUNTER, "00")


def test_another_page_cannot_even_ask(page: Page) -> None:
    page.ready()
    body = json.dumps(READ).encode()
    for wrong in (
        {"Origin": "https://evil.example"}, {"Origin": ""}, {"Origin": "null"}, {"Host": f"evil.example:{page.port}"},
        {"Host": "127.0.0.1:1"}, {"Content-Type": "text/plain"},
    ):  # fmt: skip
        page.number += 1
        status, said = page.post("/v1/card", body, **{**page.signed("/v1/card", body, page.number), **wrong})
        assert (status, said) == (403, {"code": "origin"}), wrong
        if "Content-Type" not in wrong:
            assert "Access-Control-Allow-Origin" not in page.told


def test_another_user_of_this_machine_who_says_the_right_origin_gets_nothing(page: Page) -> None:
    page.ready()
    body = json.dumps(READ).encode()
    for path in ("/v1/card", "/v1/devices", "/v1/events", "/v1/printer"):
        assert page.post(path, body) == (401, {"code": "session"})
        forged = {"Bridge-Session": page.session, "Bridge-Number": "9", "Bridge-Proof": "0" * 64}
        assert page.post(path, body, **forged) == (401, {"code": "proof"})
    assert page.post("/v1/hello", {"id": "guessed", "nonce": "0"}) == (401, {"code": "unpaired"})


def test_a_request_that_was_overheard_works_neither_again_nor_elsewhere(page: Page) -> None:
    page.ready()
    body = json.dumps(READ).encode()
    said = page.signed("/v1/card", body, 1)
    assert page.post("/v1/card", body, **said)[0] == 200
    assert page.post("/v1/card", body, **said) == (401, {"code": "again"})
    assert page.post("/v1/camera", body, **page.signed("/v1/card", body, 2)) == (401, {"code": "proof"})
    other = json.dumps({**READ, "for": "visit-2"}).encode()
    assert page.post("/v1/card", other, **page.signed("/v1/card", body, 3)) == (401, {"code": "proof"})


def test_the_keys_are_in_a_file_that_only_this_user_reads_and_can_be_forgotten(
    page: Page, tmp_path: Path
) -> None:
    page.ready()
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    page.pairing.forget()
    assert page.ask("/v1/devices") == (401, {"code": "session"})
    assert page.hello() == (401, {"code": "unpaired"})


def test_nothing_of_a_card_stays_or_is_written_down(
    page: Page, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page.ready().ask("/v1/card", **READ)
    said, until = "", time.monotonic() + 10
    while "/v1/card 200" not in said and time.monotonic() < until:  # its line is written after the answer
        time.sleep(0.3)  # seldom: what is written between reading and emptying is lost to the reader
        said += "".join(capfd.readouterr())
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert "/v1/card 200" in said
    for secret in ("宋知意", "990103198805214023", "visit-1"):
        assert secret not in said and secret.encode() not in kept


def test_unplugged_is_said_at_once_and_on_every_way(page: Page, hands: Hands) -> None:
    page.ready()
    assert page.ask("/v1/devices")[1]["devices"]["card"] is True
    hands.faults["card"] = "pulled"
    assert page.ask("/v1/card", **READ) == (409, {"code": "gone"})
    hands.faults["card"] = "down"
    began = time.monotonic()
    assert page.ask("/v1/devices")[1]["devices"]["card"] is False
    assert page.ask("/v1/card", **READ) == (409, {"code": "gone"})
    assert page.ask("/v1/camera") == (409, {"code": "gone"}), "none stands on this table"
    assert time.monotonic() - began < 2


def test_a_page_that_goes_away_stops_the_reading(page: Page, hands: Hands) -> None:
    page.ready()
    hands.card = None
    body = json.dumps(READ).encode()
    heads = {"Host": f"127.0.0.1:{page.port}", "Origin": COUNTER, "Content-Type": "application/json",
             "Content-Length": str(len(body)), **page.signed("/v1/card", body, 1)}  # fmt: skip
    with socket.create_connection(("127.0.0.1", page.port)) as link:
        link.sendall(
            b"POST /v1/card HTTP/1.1\r\n"
            + "".join(f"{k}: {v}\r\n" for k, v in heads.items()).encode()
            + b"\r\n"
            + body
        )
        time.sleep(0.3)
    page.number = 1
    time.sleep(0.4)  # the reader is free again long before its twenty seconds are over
    hands.card = CARDS[1]
    assert page.ask("/v1/card", **READ)[1]["card"]["name"] == CARDS[1].name


def test_A22_the_page_never_learns_what_was_pressed(hands: Hands, tmp_path: Path) -> None:
    heard: list[dict[str, object]] = []

    class Counter(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            text = b"{}" if len(heard) == 1 else b'{"code": "rated"}'
            self.send_response(200 if len(heard) == 1 else 409)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None: ...

    hands.presses.update(rating=2, rating2=0)
    with table._serving(ThreadingHTTPServer(("127.0.0.1", 0), Counter)) as port:
        counter = f"http://127.0.0.1:{port}"
        with table.bridge(table.devices(hands), tmp_path, counter) as page:
            page.ready()
            assert page.ask("/v1/rating", number="N", code="C") == (200, {"said": "taken"})
            assert page.ask("/v1/rating", number="N", code="C") == (200, {"said": "again"})
            also = [{"number": "N2", "code": "C2"}, {"number": "N3", "code": "C3"}]
            assert page.ask("/v1/rating", number="N", code="C", also=also) == (200, {"said": "again"})
            assert page.ask("/v1/rating", number="N", code="C", also=[{"number": "N2"}])[0] == 400
    pressed = {"level": 2, "way": "pad"}
    assert heard[:2] == [{"number": "N", "code": "C"} | pressed] * 2
    assert heard[2:] == [one | pressed for one in ({"number": "N", "code": "C"}, *also)]
    with table.bridge(table.devices(hands), tmp_path / "2", counter) as page:
        assert page.ready().ask("/v1/rating", number="N", code="C") == (200, {"said": "lost"})
