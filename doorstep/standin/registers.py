"""Plays the registers that items ask: household, kinship, records, driving, vehicles, firms. Invented answers, always the same.

``POST /<register>`` with JSON answers ``{"answer": …, "data": {…}}``; the header Idempotency-Key is kept with the answer, so
that the same question again gets the same one. A number that ends in 0 is in no register. Imports nothing of Doorstep;
loopback only.

``--fault`` down: answers 503 to everything. slow: answers after eight seconds. garble: answers what is no JSON. strange: gives an
answer that nobody knows. error: says 400.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from doorstep.standin.play import play

FAULTS = ("down", "slow", "garble", "strange", "error")
_LONGEST = 64 * 1024
_STREETS = ("梧桐路", "杏花街", "石榴巷", "银杏路", "桂花街")


def _number(*parts: object) -> int:
    """A number that looks drawn by lot and is always the same for the same parts."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:4], "big")


_YEARS = range(16, 61)


def _kinship(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Parent and child: registered in the same division, and one old enough to be the other's parent."""
    mine, child = str(told.get("id_no", "")), str(told.get("child_id_no", ""))
    if len(mine) != 18 or len(child) != 18 or not (mine[6:10] + child[6:10]).isdigit():
        return "none", {}
    kin = mine[:6] == child[:6] and int(child[6:10]) - int(mine[6:10]) in _YEARS
    return ("parent" if kin else "none"), {}


def _household(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    lot = _number("household", told.get("id_no"))
    relations = ("户主", "配偶", "子", "女")
    return "found", {
        "address": f"示例市{_STREETS[lot % 5]} {lot % 60 + 1} 号 {lot % 9 + 1}-{lot % 4 + 1}01",
        "station": ("东门派出所", "西门派出所", "北门派出所")[lot % 3],
        "relation": relations[lot % 4],
        "since": f"{1995 + lot % 28}-{lot % 12 + 1:02d}-{lot % 28 + 1:02d}",
        "household_no": f"99{lot % 10_000_000:07d}",
        "head": "不该外传的人",  # more than anybody asked for, as real systems do: it must not be kept
    }


def _records(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "clear", {"as_of": time.strftime("%Y-%m-%d")}


def _driving(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    lot = _number("driving", told.get("id_no"))
    return "found", {
        "licence_no": f"9901{lot % 100_000_000:08d}", "class": ("C1", "C2", "B2")[lot % 3], "points": lot % 12,
        "valid_until": f"{2027 + lot % 6}-{lot % 12 + 1:02d}-{lot % 28 + 1:02d}", "state": "正常",
    }  # fmt: skip


def _vehicles(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    lot = _number("vehicles", told.get("plate"))
    return "found", {
        "plate": told.get("plate", ""), "kind": ("小型轿车", "普通货车", "摩托车")[lot % 3],
        "inspected_until": f"{2026 + lot % 3}-{lot % 12 + 1:02d}-28",
    }  # fmt: skip


def _firms(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    lot = _number("firms", told.get("uscc"))
    return "active", {
        "name": told.get("name") or "示例某某有限公司", "address": f"示例市{_STREETS[lot % 5]} {lot % 90 + 1} 号",
        "since": f"{2003 + lot % 20}-{lot % 12 + 1:02d}-01",
    }  # fmt: skip


_REGISTERS: dict[str, tuple[Callable[[dict[str, Any]], tuple[str, dict[str, Any]]], str, str]] = {
    "household": (_household, "id_no", "none"),
    "kinship": (_kinship, "child_id_no", "none"),
    "records": (_records, "id_no", "not_clear"),
    "driving": (_driving, "id_no", "none"),
    "vehicles": (_vehicles, "id_no", "none"),
    "firms": (_firms, "uscc", "inactive"),
}


def _foreign(register: str, told: dict[str, Any]) -> bool:
    """A passport or permit stands in no household register."""
    return register == "household" and ":" in str(told.get("id_no", ""))


def look_up(register: str, told: dict[str, Any], on: str) -> dict[str, Any]:
    """What a register has on record of somebody, as of a day; nothing for one that is not played here."""
    if register not in _REGISTERS:
        return {}
    _, data = _REGISTERS[register][0](told)
    return data | ({"as_of": on} if "as_of" in data else {})


class Registers(ThreadingHTTPServer):
    """The registers on loopback with their own database of what they were asked."""

    daemon_threads = True

    def __init__(self, port: int, database: str, fault: str = "") -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.fault, self.lock = fault, Lock()
        self.kept = sqlite3.connect(database, check_same_thread=False)
        self.kept.execute(
            "create table if not exists asked (key text primary key, answer text not null, at real not null)"
        )

    def answer(self, register: str, key: str, told: dict[str, Any]) -> bytes:
        """The answer to a question, the first one if it was asked before."""
        with self.lock, self.kept:
            had = (
                self.kept.execute("select answer from asked where key = ?", [key]).fetchone() if key else None
            )
            if had:
                return str(had[0]).encode()
            look, by, unknown = _REGISTERS[register]
            absent = str(told.get(by, "")).endswith("0") or not told.get(by) or _foreign(register, told)
            said, data = (unknown, {}) if absent else look(told)
            text = json.dumps({"answer": said, "data": data}, ensure_ascii=False)
            if key:
                self.kept.execute("insert into asked values (?, ?, ?)", [key, text, time.time()])
        return text.encode()


class _Answers(BaseHTTPRequestHandler):
    server: Registers

    def do_POST(self) -> None:
        register, fault = self.path.strip("/"), self.server.fault
        length = min(int(self.headers.get("Content-Length") or 0), _LONGEST)
        if fault == "slow":
            time.sleep(8)
        try:
            told = json.loads(self.rfile.read(length))
        except ValueError:
            told = None
        if fault == "down":
            self._answer(503, b"")
        elif fault == "garble":
            self._answer(200, b"<html>login</html>")
        elif fault == "error" or not isinstance(told, dict):
            self._answer(400, b'{"answer": ""}')
        elif register not in _REGISTERS:
            self._answer(404, b'{"answer": ""}')
        elif fault == "strange":
            self._answer(200, b'{"answer": "perhaps"}')
        else:
            self._answer(200, self.server.answer(register, self.headers.get("Idempotency-Key", ""), told))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: a stand-in keeps what it answered, not who asked."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped."""
    return play(argv, "registers", "演各种登记 · plays the registers", FAULTS, Registers)


if __name__ == "__main__":
    sys.exit(main())
