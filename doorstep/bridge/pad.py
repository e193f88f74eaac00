"""Signatures from a pad that reports its pen in packets of five bytes, as serial tablets do.

Only the first byte of a packet has its high bit set: 0x80 and 0x01 pen down, 0x20 "done" pressed, 0x40 "clear" pressed;
then x and y, seven bits at a time, low ones first. ``S`` begins, ``E`` ends, ``?`` is answered with ``!``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from doorstep.bridge.device import Link, Trouble, Wait

Stroke = list[tuple[int, int]]
_MOST: Final = 20_000
_FEWEST: Final = 8
"""Points of a signature; less is somebody who only touched the glass."""
_DOWN, _DONE, _CLEAR = 0x01, 0x20, 0x40
_LOOK: Final = 0.2


class SignaturePad:
    def probe(self, address: str) -> None:
        with Link(address) as link:
            link.send(b"?")
            if link.exactly(1, bytearray()) != b"!":
                raise Trouble("garbled")

    def sign(self, address: str, wait: Wait) -> list[Stroke]:
        """The strokes until "done". Refused: "nobody" (also for a mere touch), "garbled", "gone"."""
        with Link(address) as link:
            link.send(b"S")
            strokes: list[Stroke] = [[]]
            for kind, at in _packets(link, wait):
                if kind & _CLEAR:
                    strokes = [[]]
                elif kind & _DONE:
                    break
                elif kind & _DOWN:
                    strokes[-1].append(at)
                elif strokes[-1]:
                    strokes.append([])
                if sum(map(len, strokes)) > _MOST:
                    raise Trouble("garbled")
            link.send(b"E")
        if sum(map(len, strokes)) < _FEWEST:
            raise Trouble("nobody")
        return [stroke for stroke in strokes if stroke]


def _packets(link: Link, wait: Wait) -> Iterator[tuple[int, tuple[int, int]]]:
    kept = bytearray()
    while True:
        while len(kept) < 5:
            wait.go_on()
            kept += link.some(_LOOK)
        kind, *rest = kept[:5]
        if not kind & 0x80 or any(byte & 0x80 for byte in rest):
            raise Trouble("garbled")
        del kept[:5]
        yield kind, (rest[0] | rest[1] << 7, rest[2] | rest[3] << 7)
