"""Plays the treasury's platform for electronic receipts: each gets a code, a number and a check code, and can be cancelled once.

``POST /receipts`` with ``order``, ``fen``, ``currency``, ``unit`` answers signed with ``code``, ``number``, ``check``, and the same
for the same order however often it is asked; ``POST /receipts/<order>/cancel`` answers with the number of the red receipt.
Signatures are HMAC-SHA256 over the sorted names and values, with the key of ``--key``. Imports nothing of Doorstep; loopback only.

``--fault`` down: answers 503. lost: issues, and the answer breaks off. forged: answers with a signature of nobody's.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qsl, urlencode

from doorstep.standin.play import play

FAULTS = ("down", "lost", "forged")
_LONGEST = 16 * 1024
_CODE = "99060126"


class Fiscal(ThreadingHTTPServer):
    """A platform for receipts on loopback with its own database."""

    daemon_threads = True

    def __init__(self, port: int, database: str, key: bytes, fault: str = "") -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.key, self.fault, self.lock = key, fault, Lock()
        self.kept = sqlite3.connect(database, check_same_thread=False)
        self.kept.execute(
            'create table if not exists receipts (number integer primary key, "order" text unique not null, '
            "fen integer not null, red integer)"
        )

    def sign(self, values: Mapping[str, str]) -> str:
        key = self.key if self.fault != "forged" else b"nobody"
        return hmac.new(key, urlencode(sorted(values.items())).encode(), hashlib.sha256).hexdigest()

    def issue(self, order: str, fen: int) -> dict[str, str]:
        """The receipt of an order, made on first asking."""
        with self.lock, self.kept:
            self.kept.execute('insert or ignore into receipts ("order", fen) values (?, ?)', [order, fen])
        return self.said(order)

    def cancel(self, order: str) -> dict[str, str]:
        """The red receipt of an order, made on first asking."""
        with self.lock, self.kept:
            row = self.kept.execute('select number, red from receipts where "order" = ?', [order]).fetchone()
            if row and row[1] is None:
                self.kept.execute('insert into receipts ("order", fen) values (?, 0)', [f"red-{order}"])
                red = self.kept.execute("select last_insert_rowid()").fetchone()[0]
                self.kept.execute('update receipts set red = ? where "order" = ?', [red, order])
        return self.said(order)

    def said(self, order: str) -> dict[str, str]:
        with self.lock:
            row = self.kept.execute(
                'select number, fen, red from receipts where "order" = ?', [order]
            ).fetchone()
        number, fen, red = row or (0, 0, None)
        check = hashlib.sha256(f"{order}|{number}".encode()).hexdigest()[:6]
        told = {
            "order": order, "state": "none" if not row else "cancelled" if red else "issued", "code": _CODE,
            "number": f"{number:010d}", "check": check, "fen": str(fen), "red": f"{red:010d}" if red else "",
        }  # fmt: skip
        return told | {"sig": self.sign(told)}


class _Answers(BaseHTTPRequestHandler):
    server: Fiscal

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), _LONGEST)
        told = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
        sig, place = told.pop("sig", ""), self.path.strip("/").split("/")
        mine = hmac.new(self.server.key, urlencode(sorted(told.items())).encode(), hashlib.sha256).hexdigest()
        if self.server.fault == "down" or not hmac.compare_digest(sig, mine):
            self._answer(503 if self.server.fault == "down" else 403, "{}")
            return
        cancels = len(place) == 3 and place[2] == "cancel"
        said = (
            self.server.cancel(told["order"])
            if cancels
            else self.server.issue(told["order"], int(told["fen"]))
        )
        if self.server.fault == "lost":
            self.close_connection = True
            return
        self._answer(200, json.dumps(said))

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: what is asked carries names."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped."""
    return play(
        argv,
        "fiscal",
        "演财政票据平台 · plays the treasury's platform for receipts",
        FAULTS,
        Fiscal,
        keyed=True,
    )


if __name__ == "__main__":
    sys.exit(main())
