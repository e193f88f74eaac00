"""Plays the pads, the call terminal and the speaker; and the people who sign and press."""

from __future__ import annotations

import math
import os
import time
from typing import Final

from doorstep.standin.device.hands import Hands, Wire, lag

_DOWN, _UP, _DONE = 0x81, 0x80, 0xA0


def sign(wire: Wire, hands: Hands, device: str) -> None:
    """A pad somebody signs on when it is asked to."""
    while True:
        asked = wire.exactly(1)
        fault = hands.fault(device)
        if asked == b"?":
            wire.send(b"!")
        elif asked == b"S" and fault == "garbage":
            wire.send(os.urandom(20).replace(b"\x80", b"\x00"))
        elif asked == b"S" and fault != "nobody":
            time.sleep(hands.seconds)
            points = _written() if fault != "touch" else _written()[:2]
            if fault == "pulled":
                wire.send(b"".join(points[: len(points) // 2]))
                return
            wire.send(b"".join([*points, _packet(_DONE, 0, 0)]))


def _written() -> list[bytes]:
    """Three strokes that look written."""
    points = []
    for stroke in range(3):
        for step in range(24):
            x = 120 + stroke * 260 + step * 9
            points.append(_packet(_DOWN, x, int(260 + 110 * math.sin(step / 3.5 + stroke))))
        points.append(_packet(_UP, 0, 0))
    return points


def _packet(kind: int, x: int, y: int) -> bytes:
    return bytes([kind, x & 0x7F, x >> 7, y & 0x7F, y >> 7])


def rating(wire: Wire, hands: Hands, device: str) -> None:
    """A pad on which somebody presses 1 to 5 when it is asked, or nobody does."""
    while True:
        line, fault = wire.line(), hands.fault(device)
        if line == b"PING":
            wire.send(b"PONG\r\n")
        elif line != b"ASK":
            hands.shown[device] = _SAID.get(line, line.decode(errors="replace"))
        elif fault == "garbage":
            wire.send(b"\x00\xfeRATE 9\r\n")
        elif fault == "pulled":
            return
        else:
            hands.shown[device] = "请评价 Please rate"
            time.sleep(hands.seconds)
            if hands.presses[device] and fault != "nobody" and not wire.anything(0.001):
                wire.send(f"RATE {hands.presses[device]}\r\n".encode())


_SAID: Final = {
    b"THANKS": "谢谢 Thank you", b"ALREADY": "已经评过了，谢谢 Rated already, thank you",
    b"SORRY": "没有送到，请用评价单 Not received; use the slip", b"IDLE": "",
}  # fmt: skip


def call(wire: Wire, hands: Hands, device: str) -> None:
    """A screen over the windows."""
    while True:
        line = wire.line().decode("gb18030", "replace")
        lag(hands, device)
        if line.startswith("CALL "):
            hands.shown[device] = line.removeprefix("CALL ")
        wire.send(b"\x15?\r\n" if hands.fault(device) == "garbage" else b"OK\r\n")


def speaker(wire: Wire, hands: Hands, device: str) -> None:
    """A speech module that says what it is sent."""
    while True:
        if wire.exactly(1) != b"\xfd":
            continue
        told = wire.exactly(int.from_bytes(wire.exactly(2), "big"))
        lag(hands, device)
        if told[:1] == b"\x01":
            hands.shown[device] = told[2:].decode("gb18030", "replace")
        wire.send(
            b"\x00" if hands.fault(device) == "garbage" else b"\x41" if told[:1] == b"\x01" else b"\x4f"
        )
