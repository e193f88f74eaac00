"""`doorstep standin device`: all devices of a table in one program, and the page on which a person handles them."""

from __future__ import annotations

import argparse
import contextlib
import html
import json
import os
import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final
from urllib.parse import parse_qsl

from doorstep.standin.device import card, pads, printer
from doorstep.standin.device.hands import CARDS, DEVICES, FAULTS, Hands, Play, lag, listen

_PICTURE: Final = (Path(__file__).parent / "document.jpg").read_bytes()
_PLAYS: Final[dict[str, Play]] = {
    "card": card.play, "zone": card.swipe, "sign": pads.sign, "printer": printer.play, "call": pads.call, "speaker": pads.speaker,
    "rating": pads.rating, "rating2": pads.rating,
}  # fmt: skip
_TITLES: Final = {
    "card": "读卡器 Card reader", "zone": "护照阅读器 Passport reader",
    "camera": "高拍仪 Document camera", "sign": "签字板 Signature pad",
    "printer": "小票打印机 Slip printer", "call": "叫号屏 Call terminal", "speaker": "音箱 Speaker",
    "rating": "评价器 Rating pad", "rating2": "第二个评价器 Second rating pad",
}  # fmt: skip
_FAULTS: Final = {
    "": "好的 Well", "down": "拔掉 Unplug", "pulled": "用到一半拔掉 Unplug in the middle", "half": "只到一半 Half of it",
    "cut": "断在中间 Breaks off", "garbage": "乱码 Garbage", "slow": "很慢 Slow", "wrong": "校验错 Wrong sum",
    "touch": "只碰一下 A mere touch", "nobody": "没人 Nobody", "paper": "没有纸 No paper", "ends": "打到一半没纸 Paper ends",
    "cover": "开着盖 Cover open",
}  # fmt: skip
_PAGE: Final = """<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><title>设备替身 Stand-in devices</title>
<meta name="viewport" content="width=device-width"><style>
body{{font:16px/1.6 system-ui,sans-serif;max-width:64rem;margin:1.5rem auto;padding:0 1rem}}
p.s{{background:#fff4e0;padding:.6rem}} section{{border:1px solid #ccc;padding:.8rem}} h2{{font-size:1.1rem;margin:0 0 .4rem}}
main{{display:grid;grid-template-columns:repeat(auto-fill,minmax(18rem,1fr));gap:1rem}}
button{{font:inherit;min-height:44px;margin:.15rem .3rem .15rem 0}} button.on{{background:#114b8b;color:#fff}}
pre{{background:#f6f6f2;padding:.5rem;white-space:pre-wrap;max-height:22rem;overflow:auto}}</style>
<h1>桌上的设备 The devices on the table</h1>
<p class="s">演示用的替身：没有真的设备，也没有真的人。Stand-ins for a demonstration; no real device, nobody real.</p>
<main>{devices}</main></html>"""


class Table(ThreadingHTTPServer):
    """The page of the hands; it is also the document camera, which speaks HTTP."""

    daemon_threads = True

    def __init__(self, port: int, hands: Hands) -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.hands = hands


class _Answers(BaseHTTPRequestHandler):
    server: Table

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.path == "/snapshot":
            self._snapshot()
        elif self.path == "/state":
            hands = self.server.hands
            self._answer(
                json.dumps({"shown": hands.shown, "slips": hands.slips, "faults": hands.faults}).encode()
            )
        else:
            self._answer(_page(self.server.hands).encode(), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """One thing changed: ``name=value`` as `Hands.set` knows them."""
        length = min(int(self.headers.get("Content-Length") or 0), 4096)
        told = parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True)
        known = all(self.server.hands.set(name, value) for name, value in told)
        self.send_response(303 if known else 400)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _snapshot(self) -> None:
        fault = self.server.hands.fault("camera")
        lag(self.server.hands, "camera")
        if fault == "down":
            self.close_connection = True
            return
        picture = os.urandom(4000) if fault == "garbage" else _PICTURE
        self._answer(picture[: len(picture) // 2] if fault == "half" else picture, "image/jpeg", len(picture))

    def _answer(self, body: bytes, media: str = "application/json", length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def _page(hands: Hands) -> str:
    return _PAGE.format(devices="".join(_section(name, hands) for name in DEVICES))


def _section(name: str, hands: Hands) -> str:
    parts = [f"<h2>{_TITLES[name]}</h2>"]
    if shown := hands.shown.get(name):
        parts.append(f"<p><b>{html.escape(shown)}</b></p>")
    if name == "card":
        laid = [("", "拿走 Take it away", hands.card is None)]
        laid += [(str(at), html.escape(one.name), hands.card == one) for at, one in enumerate(CARDS)]
        parts.append(_form("lay", laid))
    if name in hands.presses:
        now = hands.presses[name]
        parts.append(
            _form(
                name.replace("rating", "press"),
                [(str(n), str(n) if n else "没人 Nobody", n == now) for n in range(6)],
            )
        )
    if name == "printer":
        parts += [f"<pre>{html.escape(slip)}</pre>" for slip in reversed(hands.slips)]
    faults = [(one, _FAULTS[one], one == hands.fault(name)) for one in ("", *FAULTS[name])]
    return f"<section>{''.join(parts)}{_form(name, faults)}</section>"


def _form(name: str, choices: Sequence[tuple[str, str, bool]]) -> str:
    buttons = "".join(
        f'<button name="{name}" value="{value}"{" class=on" if on else ""}>{said}</button>'
        for value, said, on in choices
    )
    return f'<form method="post" action="/">{buttons}</form>'


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped: a line ``KIND ADDRESS`` for each device, then ``READY http://127.0.0.1:PORT``."""
    parser = argparse.ArgumentParser(
        prog="doorstep standin device", description="演窗口的设备 · plays a counter's devices"
    )
    parser.add_argument("--port", type=int, default=0, help="操作页，0 任选 · the page; 0: any free port")
    parser.add_argument("--hand", type=float, default=1.5, help="人要几秒 · seconds that people take")
    parser.add_argument(
        "--pty", action="store_true", help="读卡器接在串口上 · the card reader at a serial line"
    )
    parser.add_argument("--leash", action="store_true", help="输入一关就停 · end when standard input closes")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="DEVICE=FAULT", help="演什么毛病 · what goes wrong"
    )
    args = parser.parse_args(argv)
    hands = Hands(seconds=args.hand)
    for fault in args.fault:
        if not hands.set(*fault.split("=", 1)):
            parser.error(fault)
    table = Table(args.port, hands)
    where = f"http://127.0.0.1:{table.server_address[1]}"
    found = {name: listen(name, play, hands) for name, play in _PLAYS.items()} | {
        "camera": f"{where}/snapshot"
    }
    if args.pty:
        found["card"] = card.on_a_line(hands)
    lines = [f"{name.rstrip('2')} {address}" for name, address in found.items()]
    sys.stdout.write("\n".join([*lines, f"READY {where}", ""]))
    sys.stdout.flush()
    if args.leash:
        Thread(target=_leash, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        table.serve_forever()
    return 0


def _leash() -> None:
    """Ends this program when whoever started it has gone."""
    while sys.stdin.read(1):
        time.sleep(0)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
