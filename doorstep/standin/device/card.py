"""Plays a card reader with the national security module: frames of AA AA AA 96 69, length, bytes, XOR."""

from __future__ import annotations

import os
import socket
import time
from functools import reduce
from operator import xor
from threading import Thread
from typing import Final

from doorstep.standin.device.hands import Card, Hands, Wire, lag

_HEAD: Final = bytes.fromhex("AAAAAA9669")
_PHOTO: Final = bytes(1024)


def play(wire: Wire, hands: Hands, device: str) -> None:
    """Answer one command after the other."""
    while True:
        while wire.exactly(1) != b"\xaa":
            pass
        if wire.exactly(4) != _HEAD[1:]:
            continue
        told = wire.exactly(int.from_bytes(wire.exactly(2), "big"))
        lag(hands, device)
        fault = hands.fault(device)
        if fault == "garbage":
            wire.send(os.urandom(16))
        elif told[:2] == b"\x11\xff":
            _answer(wire, 0x90)
        elif told[:2] == b"\x20\x01":
            _answer(wire, 0x9F if hands.card else 0x80, bytes(4))
        elif told[:2] == b"\x20\x02":
            _answer(wire, 0x90 if hands.card else 0x81, bytes(8))
        elif told[:2] == b"\x30\x01" and not _read(wire, hands.card, fault):
            return


def _read(wire: Wire, card: Card | None, fault: str) -> bool:
    """The card's text and photograph; false if the plug was pulled."""
    if card is None or fault == "half":
        _answer(wire, 0x41)
        return True
    frame = _frame(0x90, b"\x01\x00\x04\x00" + _text(card) + _PHOTO)
    if fault == "wrong":
        frame = frame[:-1] + bytes([frame[-1] ^ 1])
    if fault in ("cut", "pulled"):
        wire.send(frame[:150])
        time.sleep(4 if fault == "cut" else 0.05)
        return fault == "cut"
    wire.send(frame)
    return True


def _text(card: Card) -> bytes:
    """256 bytes: name, sex, nationality, birth, address, number, issuer, from, until."""
    birth, sex = card.id_no[6:14], "1" if int(card.id_no[16]) % 2 else "2"
    parts = ((card.name, 15), (sex, 1), ("01", 2), (birth, 8), (card.address, 35), (card.id_no, 18),
             ("示例市公安局", 15), ("20160501", 8), (card.until, 8), ("", 18))  # fmt: skip
    return "".join(text.ljust(size) for text, size in parts).encode("utf-16-le")


def _answer(wire: Wire, state: int, data: bytes = b"") -> None:
    wire.send(_frame(state, data))


def _frame(state: int, data: bytes) -> bytes:
    body = (len(data) + 4).to_bytes(2, "big") + bytes([0, 0, state]) + data
    return _HEAD + body + bytes([reduce(xor, body)])


def on_a_line(hands: Hands) -> str:
    """The same reader at the end of a serial line (a pseudo terminal); its address."""
    import pty
    import tty

    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    inside, outside = socket.socketpair()

    def carry(take: int, give: int) -> None:
        while got := os.read(take, 4096):
            os.write(give, got)

    for ends in ((ours, outside.fileno()), (outside.fileno(), ours)):
        Thread(target=carry, args=ends, daemon=True).start()
    Thread(target=play, args=(Wire(inside), hands, "card"), daemon=True).start()
    _OPEN.append(outside)
    return f"serial:{os.ttyname(theirs)}"


_OPEN: list[socket.socket] = []
"""Far ends that would be closed if nobody held them."""
