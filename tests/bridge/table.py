"""A table of stand-in devices in this process, a bridge over it, and a page that drives the bridge as bridge.js does."""

from __future__ import annotations

import hashlib
import http.client
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from doorstep.bridge.pairing import ROUNDS, Pairing, digest, proof
from doorstep.bridge.server import Bridge
from doorstep.bridge.table import Table
from doorstep.standin.device import __main__ as standin
from doorstep.standin.device.hands import Hands, listen

COUNTER = "http://localhost:8000"
CODE = "7KQM-2XPA-9RTD"


def quick() -> Hands:
    """People who take no time."""
    return Hands(seconds=0.01)


@contextmanager
def camera(hands: Hands) -> Iterator[str]:
    with _serving(standin.Table(0, hands)) as port:
        yield f"http://127.0.0.1:{port}/snapshot"


def devices(hands: Hands) -> dict[str, list[str]]:
    """Where every device of the table is, but the camera."""
    found: dict[str, list[str]] = {}
    for name, play in standin._PLAYS.items():
        found.setdefault(name.rstrip("2"), []).append(listen(name, play, hands))
    return found


@contextmanager
def bridge(addresses: dict[str, list[str]], folder: Path, counter: str = COUNTER) -> Iterator[Page]:
    """A bridge with a code that holds, and a page at its door that is not paired yet."""
    made = Bridge(0, [counter], Pairing(folder / "keys.json", CODE), Table(addresses, counter))
    with _serving(made) as port:
        yield Page(port, counter, made.pairing)


@contextmanager
def _serving(server: Any) -> Iterator[int]:
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Page:
    """What bridge.js does, without a browser."""

    port: int
    origin: str
    pairing: Pairing
    key: bytes = b""
    name: str = ""
    session: str = ""
    number: int = 0
    told: dict[str, str] = field(default_factory=dict)
    """Headers of the last answer."""

    def post(self, path: str, what: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and answer of one request with these headers besides (an empty one is left out)."""
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        usual = {"Host": f"127.0.0.1:{self.port}", "Origin": self.origin, "Content-Type": "application/json"}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        link.request("POST", path, body, {k: v for k, v in (usual | more).items() if v})
        answer = link.getresponse()
        text, self.told = answer.read(), dict(answer.headers)
        link.close()
        return answer.status, json.loads(text) if text else {}

    def pair(self, code: str = CODE) -> tuple[int, dict[str, Any]]:
        """Both halves of pairing. Asserts that the bridge, too, proved that it knows the code."""
        nonce = secrets.token_hex(16)
        status, begun = self.post("/v1/pair", {"nonce": nonce})
        if status != 200:
            return status, begun
        salt = f"{nonce}{begun['nonce']}{self.origin}".encode()
        key = hashlib.pbkdf2_hmac("sha256", code.replace("-", "").encode(), salt, ROUNDS)
        trial = begun["trial"]
        status, done = self.post("/v1/pair/prove", {"trial": trial, "proof": proof(key, "pair page", trial)})
        if status == 200:
            assert done["proof"] == proof(key, "pair bridge", trial, done["id"])
            self.key, self.name = key, done["id"]
        return status, done

    def hello(self) -> tuple[int, dict[str, Any]]:
        nonce = secrets.token_hex(16)
        status, said = self.post("/v1/hello", {"id": self.name, "nonce": nonce})
        if status == 200:
            host = f"127.0.0.1:{self.port}"
            assert said["proof"] == proof(self.key, "hello", nonce, said["session"], host, self.origin)
            self.session = said["session"]
        return status, said

    def signed(self, path: str, body: bytes, number: int) -> dict[str, str]:
        own = proof(self.key, "ask", self.session, number, path, digest(body))
        return {"Bridge-Session": self.session, "Bridge-Number": str(number), "Bridge-Proof": own}

    def ask(self, path: str, **what: Any) -> tuple[int, dict[str, Any]]:
        """A signed request. Asserts that the answer is signed."""
        self.number += 1
        body = json.dumps(what).encode()
        status, said = self.post(path, body, **self.signed(path, body, self.number))
        if "Bridge-Proof" in self.told:
            text = digest(json.dumps(said, ensure_ascii=False).encode())
            assert self.told["Bridge-Proof"] == proof(
                self.key, "answer", self.session, self.number, status, text
            )
        return status, said

    def ready(self) -> Page:
        """Paired and greeted."""
        assert self.pair()[0] == 200 and self.hello()[0] == 200
        return self
