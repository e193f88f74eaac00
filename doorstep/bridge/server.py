"""The door of the bridge: HTTP on loopback, for the counter's own pages. Every request is one POST of JSON; docs/bridge.md.

First it is asked where it comes from: our own host name (so that a foreign name that points here is refused), the counter's
origin, JSON. Then who: pairing and hello are open to the counter's origin, all else needs the proof of a session. Answers
carry a proof too.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Collection, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import Any, Final

from doorstep.bridge.device import Trouble
from doorstep.bridge.pairing import Pairing, Stranger, digest, proof
from doorstep.bridge.table import BadAsking, Table

PORT: Final = 17660
_LONGEST: Final = 64 * 1024
_LOOK_SECONDS: Final = 2.0
_QUIET_SECONDS: Final = 15.0
_LISTENERS: Final = 8
_HEADERS: Final = "content-type, bridge-session, bridge-number, bridge-proof"


class Bridge(ThreadingHTTPServer):
    """One counter's bridge. ``origins``: where the counter's pages come from."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would let a stranger listen at our port

    def __init__(self, port: int, origins: Collection[str], pairing: Pairing, table: Table) -> None:
        super().__init__(("127.0.0.1", port), _Door)
        self.origins, self.pairing, self.table = frozenset(origins), pairing, table
        own = self.server_address[1]
        self.hosts = {f"127.0.0.1:{own}", f"localhost:{own}"}
        self.listeners = BoundedSemaphore(_LISTENERS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say which error, never what was in the request."""
        sys.stderr.write(f"bridge: {getattr(sys.exc_info()[0], '__name__', 'error')}\n")


class _Door(BaseHTTPRequestHandler):
    server: Bridge
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def do_OPTIONS(self) -> None:
        if self._stranger():
            self._answer(403, {"code": "origin"})
            return
        more = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": "600",
        }
        if self.headers.get("Access-Control-Request-Private-Network"):
            more["Access-Control-Allow-Private-Network"] = "true"
        self._answer(204, None, more)

    def do_POST(self) -> None:
        began = time.monotonic()
        body = self._body()
        if body is None or self._stranger() or self.headers.get_content_type() != "application/json":
            self.close_connection = True
            self._answer(403, {"code": "origin"})
            return
        status = self._serve(body)
        sys.stderr.write(
            f"bridge: {self.path.split('?')[0][:40]} {status} {time.monotonic() - began:.1f} s\n"
        )

    def _serve(self, body: bytes) -> int:
        """Answers; the status."""
        try:
            told = json.loads(body or b"{}")
            if not isinstance(told, dict):
                raise BadAsking
            if self.path in _OPEN:
                return self._answer(
                    200, _OPEN[self.path](self.server.pairing, self._origin, self.headers["Host"], told)
                )
            return self._proved(body, told)
        except Stranger as no:
            return self._answer(401, {"code": no.code})
        except (BadAsking, ValueError):
            return self._answer(400, {"code": "asking"})

    def _proved(self, body: bytes, told: dict[str, Any]) -> int:
        session, number = self.headers.get("Bridge-Session", ""), self.headers.get("Bridge-Number", "")
        theirs = self.headers.get("Bridge-Proof", "")
        found = self.server.pairing.check(self._origin, session, number, self.path, body, theirs)
        if self.path == "/v1/events":
            return self._events(told)
        do = _DOES.get(self.path)
        if do is None:
            return self._answer(404, {"code": "asking"})
        try:
            status, said = 200, do(self.server.table, told, self._still_asked)
        except Trouble as trouble:
            status, said = 409, {"code": trouble.code, **trouble.told}
        text = json.dumps(said, ensure_ascii=False).encode()
        own = proof(found.key, "answer", session, number, status, digest(text))
        return self._answer(
            status, text, {"Bridge-Proof": own, "Access-Control-Expose-Headers": "Bridge-Proof"}
        )

    def _events(self, told: dict[str, Any]) -> int:
        """Which devices are there, told whenever it changes, until the page goes."""
        if not self.server.listeners.acquire(blocking=False):
            return self._answer(409, {"code": "busy"})
        try:
            self.close_connection = True
            self._head(200, {"Content-Type": "text/event-stream; charset=utf-8", "Connection": "close"})
            last, spoke = "", 0.0
            while self._still_asked():
                now = json.dumps(self.server.table.there())
                if now != last or time.monotonic() - spoke > _QUIET_SECONDS:
                    self.wfile.write(f"event: devices\ndata: {now}\n\n".encode())
                    last, spoke = now, time.monotonic()
                self._pause(_LOOK_SECONDS)
        except OSError:
            pass
        finally:
            self.server.listeners.release()
        return 200

    # ---- where it comes from ----

    @property
    def _origin(self) -> str:
        return self.headers.get("Origin", "")

    def _stranger(self) -> bool:
        return (
            self.headers.get("Host", "") not in self.server.hosts or self._origin not in self.server.origins
        )

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LONGEST:
            return None
        return self.rfile.read(int(length))

    def _still_asked(self) -> bool:
        """Whether the page still waits for this answer."""
        try:
            ready = select.select([self.connection], [], [], 0)[0]
            return not ready or bool(self.connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _pause(self, seconds: float) -> None:
        select.select([self.connection], [], [], seconds)

    # ---- answering ----

    def _answer(
        self, status: int, said: dict[str, Any] | bytes | None, more: Mapping[str, str] | None = None
    ) -> int:
        text = said if isinstance(said, bytes) else b"" if said is None else json.dumps(said).encode()
        try:
            self._head(
                status, {"Content-Type": "application/json", "Content-Length": str(len(text)), **(more or {})}
            )
            self.wfile.write(text)
        except OSError:
            self.close_connection = True
        return status

    def _head(self, status: int, more: Mapping[str, str]) -> None:
        self.send_response_only(status)
        if not self._stranger():
            self.send_header("Access-Control-Allow-Origin", self._origin)
        for name, value in {"Vary": "Origin", "Cache-Control": "no-store", **more}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent: `do_POST` writes what may be written."""


Open = Callable[[Pairing, str, str, dict[str, Any]], dict[str, Any]]
_OPEN: Final[Mapping[str, Open]] = {
    "/v1/hello": lambda keys, origin, host, told: keys.hello(origin, host, _word(told, "id"), _word(told, "nonce")),
    "/v1/pair": lambda keys, origin, _host, told: keys.begin(origin, _word(told, "nonce")),
    "/v1/pair/prove": lambda keys, origin, _host, told: keys.finish(origin, _word(told, "trial"), _word(told, "proof")),
}  # fmt: skip
_DOES: Final[Mapping[str, Callable[[Table, dict[str, Any], Callable[[], bool]], dict[str, Any]]]] = {
    "/v1/devices": lambda table, _told, _asked: {"devices": table.there()},
    "/v1/card": Table.card,
    "/v1/zone": Table.zone,
    "/v1/camera": Table.camera,
    "/v1/sign": Table.sign,
    "/v1/printer": Table.printer,
    "/v1/call": Table.call,
    "/v1/rating": Table.rating,
}


def _word(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name, "")
    return value[:200] if isinstance(value, str) else ""
