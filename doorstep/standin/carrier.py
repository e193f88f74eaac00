"""Plays a carrier that takes text messages over HTTP (GSMA OneAPI, SMS, version 2), and the telephones that they reach.

``POST /smsmessaging/outbound/<sender>/requests`` with an ``outboundSMSMessageRequest`` keeps one message for each
``clientCorrelator`` and answers 201 with a ``resourceReference``. ``GET /`` shows what came to the telephones, ``GET /messages``
the same as JSON. Imports nothing of Doorstep; loopback only.

``--fault`` down: answers 503. slow: answers after eight seconds. lost: takes it, and the answer breaks off. refuse: answers 400
with a policy exception.
"""

from __future__ import annotations

import hmac
import html
import json
import sqlite3
import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from doorstep.standin.play import play

FAULTS = ("down", "slow", "lost", "refuse")
_LONGEST = 16 * 1024
_SHOWN = 50
_PAGE = """<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="3"><title>替身手机 Stand-in telephones</title>
<style>body{{font:16px/1.6 system-ui,sans-serif;max-width:40em;margin:2em auto;padding:0 1em;color:#1b2430}}li{{margin:1em 0;
list-style:none;border-top:1px solid #d5dae1;padding-top:1em}}ul{{padding:0}}b{{font-variant-numeric:tabular-nums}}</style>
<h1>替身手机 <small lang="en">Stand-in telephones</small></h1>
<p>演示用：短信没有发给任何人，都在这里。<br>
<span lang="en">A demonstration: no message reaches anybody; they are all here.</span></p>
<ul>{rows}</ul>"""


class Carrier(ThreadingHTTPServer):
    """One carrier on loopback with its own database."""

    daemon_threads = True

    def __init__(self, port: int, database: str, key: bytes, fault: str = "") -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.key, self.fault, self.lock = key, fault, Lock()
        self.kept = sqlite3.connect(database, check_same_thread=False)
        self.kept.execute(
            "create table if not exists message (correlator text primary key, phone text not null, text text not null, "
            "at real not null)"
        )

    def take(self, asked: dict[str, Any]) -> str:
        """Keep what was asked for, once for each correlator; its name."""
        correlator = str(asked["clientCorrelator"])
        phone, text = str(asked["address"][0]), str(asked["outboundSMSTextMessage"]["message"])
        with self.lock, self.kept:
            self.kept.execute(
                "insert or ignore into message values (?, ?, ?, ?)", [correlator, phone, text, time.time()]
            )
        return correlator

    def messages(self) -> list[dict[str, str]]:
        """What came, the newest first."""
        with self.lock:
            rows = self.kept.execute(
                "select phone, text from message order by at desc limit ?", [_SHOWN]
            ).fetchall()
        return [{"to": str(phone), "text": str(text)} for phone, text in rows]


class _Answers(BaseHTTPRequestHandler):
    server: Carrier

    def do_GET(self) -> None:
        if self.path == "/messages":
            self._answer(200, json.dumps(self.server.messages(), ensure_ascii=False))
        elif self.path == "/":
            rows = "".join(
                f"<li><b>{html.escape(one['to'].removeprefix('tel:'))}</b><br>{html.escape(one['text'])}</li>"
                for one in self.server.messages()
            )
            self._answer(200, _PAGE.format(rows=rows or "<li>还没有短信 · No message yet</li>"), "text/html")
        else:
            self._answer(404, "{}")

    def do_POST(self) -> None:
        length, fault = int(self.headers.get("Content-Length") or 0), self.server.fault
        body = self.rfile.read(min(length, _LONGEST))
        told = self.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if fault == "slow":
            time.sleep(8)
        if fault == "down" or not hmac.compare_digest(told, self.server.key):
            self._answer(503 if fault == "down" else 401, "{}")
            return
        place = self.path.strip("/").split("/")
        if fault == "refuse" or place[:2] != ["smsmessaging", "outbound"] or place[-1] != "requests":
            self._refuse()
            return
        try:
            name = self.server.take(json.loads(body)["outboundSMSMessageRequest"])
        except (ValueError, KeyError, IndexError, TypeError):
            self._refuse()
            return
        if fault == "lost":
            self.close_connection = True
            return
        self._answer(201, json.dumps({"resourceReference": {"resourceURL": f"{self.path}/{name}"}}))

    def _refuse(self) -> None:
        why = {"messageId": "POL0001", "text": "A policy error occurred", "variables": []}
        self._answer(400, json.dumps({"requestError": {"policyException": why}}))

    def _answer(self, status: int, text: str, media: str = "application/json") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{media}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: what is asked carries telephones and codes."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped."""
    told = "演短信运营商和收短信的手机 · plays a carrier of text messages and the telephones they reach"
    return play(argv, "carrier", told, FAULTS, Carrier, keyed=True)


if __name__ == "__main__":
    sys.exit(main())
