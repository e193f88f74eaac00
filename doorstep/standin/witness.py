"""Plays a witness: takes the seals of a log over HTTP and keeps them in its own file, in the order they came.

``POST /seals`` one line, ``GET /last`` the highest number, ``GET /seals`` all lines. It never takes another line for a number
that it has. Imports nothing of Doorstep; loopback only. A real witness is a machine of somebody else.

``--fault`` down: answers 503 to everything. slow: answers after eight seconds. forget: says yes and keeps nothing. alter: keeps
another count than it was told.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer

from doorstep.standin.play import play

FAULTS = ("down", "slow", "forget", "alter")
_LONGEST = 64 * 1024


class Witness(HTTPServer):
    """One witness on loopback with its own database."""

    def __init__(self, port: int, database: str, fault: str = "") -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.fault = fault
        self.kept = sqlite3.connect(database)
        self.kept.execute(
            "create table if not exists seal (n integer primary key, line blob not null, at real not null)"
        )

    def last(self) -> int:
        return int(self.kept.execute("select coalesce(max(n), 0) from seal").fetchone()[0])

    def lines(self) -> bytes:
        return b"".join(
            bytes(row[0]) + b"\n" for row in self.kept.execute("select line from seal order by n")
        )

    def take(self, line: bytes) -> int:
        """201 kept, 200 had it already, 409 has another line of this number, 400 no seal."""
        try:
            told = json.loads(line)
            number = int(told["seal"]["n"])
        except (ValueError, KeyError, TypeError):
            return 400
        if self.fault == "forget":
            return 201
        if self.fault == "alter":
            told["seal"]["reads"] += 1
            line = json.dumps(told).encode()
        had = self.kept.execute("select line from seal where n = ?", [number]).fetchone()
        if had:
            return 200 if bytes(had[0]) == line else 409
        with self.kept:
            self.kept.execute("insert into seal values (?, ?, ?)", [number, line, time.time()])
        return 201


class _Answers(BaseHTTPRequestHandler):
    server: Witness

    def do_GET(self) -> None:
        body = {"/last": lambda: str(self.server.last()).encode(), "/seals": self.server.lines}.get(self.path)
        self._answer(200 if body else 404, body() if body else b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(min(length, _LONGEST))
        self._answer(self.server.take(content) if self.path == "/seals" and length <= _LONGEST else 404, b"")

    def _answer(self, status: int, body: bytes) -> None:
        if self.server.fault == "slow":
            time.sleep(8)
        down = self.server.fault == "down"
        self.send_response(503 if down else status)
        self.send_header("Content-Length", str(0 if down else len(body)))
        self.end_headers()
        self.wfile.write(b"" if down else body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: a stand-in keeps what it was told, not who told it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped."""
    return play(argv, "witness", "演一个见证人 · plays a witness", FAULTS, Witness)


if __name__ == "__main__":
    sys.exit(main())
