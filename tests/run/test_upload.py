"""Fifty megabytes over HTTP to a running Doorstep: refused in clear words, and never held in memory."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.chaos.people import picture, sign_in
from tests.running import Doorstep

pytestmark = pytest.mark.slow

FIFTY = 50 * 2**20
PIECE = b"\xff\xd8\xff\xe0" + bytes(64 * 1024 - 4)
ROOM = 12 * 2**20
"""What the web processes may grow by while an upload passes: buffers and a picture being opened, not the file."""


@pytest.fixture(scope="module")
def token(live_town: Doorstep) -> str:
    logins = {one["role"]: one for one in json.loads((live_town.data / "demo.json").read_text())}
    return sign_in(live_town.url, logins["resident"]["login"], logins["resident"]["password"])


def _send(
    town: Doorstep, token: str, size: int, declared: bool, lang: str = "en"
) -> tuple[int, dict[str, Any]]:
    """Sends ``size`` bytes that begin like a photograph; stops when the server has answered."""
    connection = http.client.HTTPConnection(urlsplit(town.url).netloc, timeout=60)
    connection.putrequest("POST", "/api/v1/files?material=PHO")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{time.time_ns()}", "Content-Type": "image/jpeg",
               "Accept-Language": lang}  # fmt: skip
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader(*(("Content-Length", str(size)) if declared else ("Transfer-Encoding", "chunked")))
    connection.endheaders()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(size // len(PIECE)):
            connection.send(PIECE if declared else b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
        if not declared:
            connection.send(b"0\r\n\r\n")
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


class _Watch:
    """The largest memory of the web processes while a test runs."""

    def __init__(self, town: Doorstep) -> None:
        self._town, self._stop = town, threading.Event()
        self.before = self.most = _memory(town)

    def __enter__(self) -> _Watch:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.005):
            self.most = max(self.most, _memory(self._town))

    @property
    def grown(self) -> int:
        return self.most - self.before


def _memory(town: Doorstep) -> int:
    return sum(_resident(pid) for pid in _with_children(town.pid_of("web")))


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text().split():
                yield from _with_children(int(child))


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    return 0


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "in pieces without a length"])
def test_fifty_megabytes_are_refused_and_never_held_in_memory(
    live_town: Doorstep, token: str, declared: bool
) -> None:
    _send(live_town, token, 2**20, declared)  # what is loaded once is loaded
    with _Watch(live_town) as watch:
        status, said = _send(live_town, token, FIFTY, declared)
    assert status == (413 if declared else 411), said  # who does not say how much is asked to say so
    assert ("20 MB" if declared else "Content-Length") in said["detail"]
    assert watch.grown < ROOM, f"grew by {watch.grown >> 20} MB"


def test_four_large_uploads_at_once_leave_the_others_served(live_town: Doorstep, token: str) -> None:
    threads = [threading.Thread(target=_send, args=(live_town, token, FIFTY, False)) for _ in range(4)]
    with _Watch(live_town) as watch:
        for thread in threads:
            thread.start()
        began = time.monotonic()
        assert live_town.get("/healthz")[0] == 200
        waited = time.monotonic() - began
        for thread in threads:
            thread.join()
    assert waited < 5 and watch.grown < 4 * ROOM, f"waited {waited:.1f} s, grew by {watch.grown >> 20} MB"


def test_the_refusal_is_said_in_the_readers_language(live_town: Doorstep, token: str) -> None:
    assert "20 MB" in _send(live_town, token, FIFTY, True, "zh")[1]["detail"]
    assert "超" in _send(live_town, token, FIFTY, True, "zh")[1]["detail"]


def test_a_wrong_type_is_refused_whatever_its_name(live_town: Doorstep, token: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(live_town.url).netloc, timeout=30)
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": "wrong-type",
        "Content-Type": "image/jpeg",
    }
    connection.request("POST", "/api/v1/files", b"MZ\x90\x00" + picture(1), headers)
    assert connection.getresponse().status == 415
