"""Plays a payment service: a page at which nobody's money moves, and its signed word of what was paid.

``GET /pay?order=…&amount=…&currency=…&back=…&nonce=…&holds=…&sig=…`` shows the page, for ``holds`` seconds from when it is first
seen; ``POST /pay`` with ``do`` pay or leave sends the payer back with a signed answer; ``GET /orders/<order>`` tells signed
whether it was paid. An order is charged once. ``POST /orders/<order>/close`` lets it never be charged any more; ``POST
/orders/<order>/refund`` with ``refund`` and ``amount`` gives money back, once for each refund and never more than was paid.
Signatures are HMAC-SHA256 over the sorted names and values, with the key of ``--key``. Imports nothing of Doorstep; loopback only.

``--fault`` down: answers 503. lost: takes the payment, or gives it back, and nobody hears of it.
silent: takes it, and answers nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qsl, urlencode, urlsplit

from doorstep.standin.play import play

FAULTS = ("down", "lost", "silent")
SILENCE_SECONDS = 6.0
_LONGEST = 16 * 1024
_PAGE = """<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>支付演示 Payment stand-in</title>
<style>body{{font:18px/1.6 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}}b{{font-size:2rem}}
button{{font:inherit;padding:.6rem 1.2rem;margin:.3rem .6rem .3rem 0;min-height:48px}}
p.s{{background:#fff4e0;padding:.6rem}}</style>
<main><p class="s">演示用的支付替身，不会真的付钱。<br>A stand-in of a payment service; no money moves.</p>
<h1>{title}</h1><p><b>{amount} {currency}</b></p>{form}</main></html>"""
_FORM = """<form method="post" action="/pay?{query}"><button name="do" value="pay">付款 Pay</button>
<button name="do" value="leave">不付了 Leave</button></form>"""


class Payments(ThreadingHTTPServer):
    """A payment service on loopback with its own database."""

    daemon_threads = True

    def __init__(self, port: int, database: str, key: bytes, fault: str = "") -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.key, self.fault, self.lock = key, fault, Lock()
        self.kept = sqlite3.connect(database, check_same_thread=False)
        self.seen: dict[str, float] = {}
        self.kept.execute(
            "create table if not exists paid "
            '("order" text primary key, amount text not null, reference text not null, at real not null)'
        )
        self.kept.execute('create table if not exists closed ("order" text primary key)')
        self.kept.execute(
            "create table if not exists refunds "
            '(refund text primary key, "order" text not null, fen integer not null, reference text not null)'
        )

    def sign(self, values: Mapping[str, str]) -> str:
        return hmac.new(self.key, urlencode(sorted(values.items())).encode(), hashlib.sha256).hexdigest()

    def charge(self, order: str, amount: str) -> None:
        """Take the money, unless it was taken, or the order was closed."""
        with self.lock, self.kept:
            if self.kept.execute('select 1 from closed where "order" = ?', [order]).fetchone():
                return
            reference = hashlib.sha256(order.encode()).hexdigest()[:16]
            self.kept.execute(
                "insert or ignore into paid values (?, ?, ?, ?)", [order, amount, reference, time.time()]
            )

    def close(self, order: str) -> None:
        """From now on nobody can pay it; what was paid stays paid."""
        with self.lock, self.kept:
            if not self.kept.execute('select 1 from paid where "order" = ?', [order]).fetchone():
                self.kept.execute("insert or ignore into closed values (?)", [order])

    def refund(self, order: str, refund: str, amount: str) -> dict[str, str]:
        """Give back, unless this refund was given before; answers signed how it stands."""
        fen = round(float(amount) * 100)
        with self.lock, self.kept:
            paid = self.kept.execute('select amount from paid where "order" = ?', [order]).fetchone()
            rest = round(float(paid[0]) * 100) if paid else 0
            known = 'select fen, refund from refunds where "order" = ?'
            given = {row[1]: int(row[0]) for row in self.kept.execute(known, [order])}
            fits = 0 < fen <= rest - sum(given.values())
            reference = hashlib.sha256(refund.encode()).hexdigest()[:16]
            if refund not in given and fits:
                self.kept.execute("insert into refunds values (?, ?, ?, ?)", [refund, order, fen, reference])
        state = "refunded" if refund in given or fits else "refused"
        told = {"order": order, "refund": refund, "state": state, "reference": reference}
        return told | {"sig": self.sign(told)}

    def said(self, order: str) -> dict[str, str]:
        """What is known of an order, signed."""
        with self.lock:
            closed = self.kept.execute('select 1 from closed where "order" = ?', [order]).fetchone()
            had = self.kept.execute(
                'select amount, reference from paid where "order" = ?', [order]
            ).fetchone()
        told = {
            "order": order,
            "state": "paid" if had else "closed" if closed else "open",
            "amount": had[0] if had else "",
            "reference": had[1] if had else "",
        }
        return told | {"sig": self.sign(told)}


class _Answers(BaseHTTPRequestHandler):
    server: Payments

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        if self._faulty():
            return
        if where.path.startswith("/orders/"):
            self._answer(200, json.dumps(self.server.said(where.path.rpartition("/")[2])), "application/json")
        elif where.path == "/pay":
            self._page(200 if self._asked() else 400)
        else:
            self._answer(404, "")

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), _LONGEST)
        told = dict(parse_qsl(self.rfile.read(length).decode()))
        where = urlsplit(self.path).path
        if where != "/pay":
            self._order(where, told)
            return
        do, asked = told.get("do", ""), self._asked()
        if self.server.fault == "down" or asked is None:
            self._answer(503 if self.server.fault else 400, "")
            return
        if do == "pay":
            self.server.charge(asked["order"], asked["amount"])
            if self.server.fault == "lost":
                self._answer(500, "")
                return
            if self._faulty():
                return
        self.send_response(303)
        self.send_header("Location", f"{asked['back']}?{urlencode(self.server.said(asked['order']))}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _order(self, where: str, told: dict[str, str]) -> None:
        """What Doorstep itself asks, signed, about an order."""
        sig = told.pop("sig", "")
        order, _, verb = where.removeprefix("/orders/").partition("/")
        if self._faulty():
            return
        if told.get("order") != order or not hmac.compare_digest(sig, self.server.sign(told)):
            self._answer(403, "")
        elif verb == "close":
            self.server.close(order)
            self._answer(200, json.dumps(self.server.said(order)), "application/json")
        elif verb == "refund":
            said = self.server.refund(order, told["refund"], told["amount"])
            if self.server.fault == "lost":
                self._answer(500, "")
                return
            self._answer(200, json.dumps(said), "application/json")
        else:
            self._answer(404, "")

    def _faulty(self) -> bool:
        """Whether nothing more is answered."""
        if self.server.fault == "down":
            self._answer(503, "")
        elif self.server.fault == "silent":
            time.sleep(SILENCE_SECONDS)
            self.close_connection = True
        return self.server.fault in ("down", "silent")

    def _asked(self) -> dict[str, str] | None:
        """What the payer was sent with, if it was signed and still holds."""
        told = dict(parse_qsl(urlsplit(self.path).query))
        sig = told.pop("sig", "")
        if not hmac.compare_digest(sig, self.server.sign(told)):
            return None
        first = self.server.seen.setdefault(sig, time.time())
        return told if time.time() - first <= int(told.get("holds") or 0) else None

    def _page(self, status: int) -> None:
        asked = self._asked() or {}
        query = html.escape(urlsplit(self.path).query)
        form = (
            _FORM.format(query=query)
            if asked
            else "<p>这个地址不对，或者过时了。<br>This address is wrong or too old.</p>"
        )
        shown = {name: html.escape(asked.get(name, "")) for name in ("amount", "currency")}
        self._answer(status, _PAGE.format(title="支付 Payment", form=form, **shown), "text/html")

    def _answer(self, status: int, text: str, media: str = "text/plain") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{media}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: addresses carry orders."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped."""
    return play(argv, "payments", "演支付服务 · plays a payment service", FAULTS, Payments, keyed=True)


if __name__ == "__main__":
    sys.exit(main())
