"""Plays a card reader with the national security module: frames of AA AA AA 96 69, length, bytes, XOR."""

from __future__ import annotations

import os
import socket
import time
from functools import reduce
from operator import xor
from threading import Thread
from typing import Final

from doorstep.standin.device.hands import PASSPORT, Card, Hands, Wire, lag

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


def swipe(wire: Wire, hands: Hands, device: str) -> None:
    """Plays a reader of machine-readable zones: a passport is swiped once for each who listens."""
    fault = hands.fault(device)
    time.sleep(hands.seconds)
    first, second = PASSPORT
    if fault == "garbage":
        wire.send(os.urandom(90) + b"\r")
    elif fault == "half":
        wire.send(first.encode() + b"\r" + second[:20].encode())
    elif fault == "wrong":
        wire.send(f"{first}\r{second[:4]}1{second[5:]}\r".encode())
    elif fault != "nobody":
        wire.send(f"{first}\r{second}\r".encode())
    wire.anything(10)


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
    """256 bytes in the order of each kind of card; the letter that tells them apart stands at 248."""
    parts = {"I": _of_2017, "Y": _of_2023}.get(card.letter, _of_citizens)(card)
    return "".join(text.ljust(size) for text, size in (*parts, (card.letter, 1), ("", 3))).encode("utf-16-le")


def _of_citizens(card: Card) -> tuple[tuple[str, int], ...]:
    """Name, sex, nationality, birth, address, number, issuer, from, until; of residence permits the travel permit besides."""
    birth, sex = card.id_no[6:14], "1" if int(card.id_no[16]) % 2 else "2"
    return ((card.name, 15), (sex, 1), ("01", 2), (birth, 8), (card.address, 35), (card.id_no, 18),
            ("示例市公安局", 15), ("20160501", 8), (card.until, 8), ("", 14))  # fmt: skip


def _of_2017(card: Card) -> tuple[tuple[str, int], ...]:
    """Name in Latin letters, sex, number, nationality, Chinese name, from, until, birth, version, issuer."""
    return ((card.latin, 60), ("2", 1), (card.id_no, 15), (card.id_no[:3], 3), (card.name, 15), ("20170630", 8),
            (card.until, 8), ("19900101", 8), ("01", 2), ("1500", 4))  # fmt: skip


def _of_2023(card: Card) -> tuple[tuple[str, int], ...]:
    """Chinese name, sex, times renewed, birth, name in Latin letters, number, reserved, from, until, reserved."""
    return ((card.name, 15), ("2", 1), ("01", 2), (card.id_no[6:14], 8), (card.latin, 35), (card.id_no, 18),
            ("", 15), ("20231201", 8), (card.until, 8), ("", 14))  # fmt: skip


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
