"""Plays a slip printer: takes ESC/POS, answers DLE EOT with status bytes, and remembers the last slips as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from doorstep.standin.device.hands import Hands, Wire, lag

_KEPT: Final = 3
_ENDS_AFTER: Final = 5
_OUT, _FINE, _OPEN = 0x72, 0x12, 0x16


class _Slip:
    """One slip being printed."""

    def __init__(self) -> None:
        self.line, self.qr = bytearray(), b""
        self.lines: list[str] = []

    def feed(self, count: int = 1) -> None:
        if self.line:
            self.lines.append(self.line.decode("gb18030", "replace"))
            count -= 1
        self.line.clear()
        self.lines += [""] * count


def play(wire: Wire, hands: Hands, device: str) -> None:
    """Print until the line is hung up."""
    slip = _Slip()
    while True:
        byte = wire.exactly(1)
        if byte == b"\x10":
            lag(hands, device)
            _status(wire, hands.fault(device), slip)
        elif byte == b"\n":
            slip.feed()
        elif byte in _COMMANDS:
            _COMMANDS[byte](wire, slip, hands)
        else:
            slip.line += byte


def _status(wire: Wire, fault: str, slip: _Slip) -> None:
    which = wire.exactly(2)[1]
    out = fault == "paper" or (fault == "ends" and len(slip.lines) >= _ENDS_AFTER)
    if fault == "garbage":
        wire.send(b"\xff")
    elif which == 2:
        wire.send(bytes([_OPEN if fault == "cover" else 0x32 if out else _FINE]))
    else:
        wire.send(bytes([_OUT if which == 4 and out else _FINE]))


def _escape(wire: Wire, slip: _Slip, _hands: Hands) -> None:
    name = wire.exactly(1)
    if name in b"aEd":
        value = wire.exactly(1)[0]
        if name == b"d":
            slip.feed(value)


def _group(wire: Wire, slip: _Slip, hands: Hands) -> None:
    name = wire.exactly(1)
    if name == b"!":
        wire.exactly(1)
    elif name == b"V":
        wire.exactly(2)
        hands.slips[:] = [*hands.slips, "\n".join(slip.lines).strip()][-_KEPT:]
        slip.lines.clear()
    elif name == b"(":
        kind, size = wire.exactly(1), int.from_bytes(wire.exactly(2), "little")
        told = wire.exactly(size)
        if kind == b"k" and told[:3] == b"1P0":
            slip.qr = told[3:]
        elif kind == b"k" and told[:2] == b"1Q":
            slip.lines.append(f"[QR {slip.qr.decode(errors='replace')}]")


def _chinese(wire: Wire, _slip: _Slip, _hands: Hands) -> None:
    wire.exactly(1)


_COMMANDS: Final[Mapping[bytes, Callable[[Wire, _Slip, Hands], None]]] = {
    b"\x1b": _escape, b"\x1d": _group, b"\x1c": _chinese,
}  # fmt: skip
