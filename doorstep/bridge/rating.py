"""Rating pads: lines of text. We say ASK; a pad says RATE 1 to 5; we say THANKS, ALREADY, SORRY or IDLE; PING is answered
with PONG. The first answer is the one. Every other pad is told ALREADY, also one whose answer came at the same moment.
"""

from __future__ import annotations

import re
import select
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Final

from doorstep.bridge.device import Link, Trouble, Wait

_LOOK: Final = 0.2
_STALE, _STALE_READS = 0.05, 20


class RatingPad:
    def probe(self, address: str) -> None:
        with Link(address) as link:
            link.send(b"PING\r\n")
            if link.line(bytearray(), 1.0) != b"PONG":
                raise Trouble("garbled")

    def ask(self, addresses: Sequence[str], wait: Wait, take: Callable[[int], str]) -> str:
        """One answer from all pads together, handed to ``take``, whose word comes back: "taken", "again" or another.

        Refused: "nobody", "gone" when no pad is left, "cancelled". Pads that send rubbish are no longer listened to.
        """
        with ExitStack() as stack:
            there = [link for address in addresses if (link := _opened(stack, address))]
            time.sleep(_STALE if there else 0.0)
            pads = [link for link in there if _asked(link)]
            try:
                first, level = _first(pads, wait)
            except Trouble:
                _tell(pads, b"IDLE\r\n")
                raise
            _tell([pad for pad in pads if pad is not first], b"ALREADY\r\n")
            said = take(level)
            _tell([first], _SAID.get(said, b"SORRY\r\n"))
            return said


_SAID: Final = {"taken": b"THANKS\r\n", "again": b"ALREADY\r\n"}


def _opened(stack: ExitStack, address: str) -> Link | None:
    with suppress(Trouble):
        return stack.enter_context(Link(address))
    return None


def _asked(link: Link) -> bool:
    """Whether the pad could be asked. What was pressed before anybody was asked is nobody's answer."""
    with suppress(Trouble):
        for _ in range(_STALE_READS):
            if not link.some(0.0):
                break
        link.send(b"ASK\r\n")
        return True
    return False


def _first(pads: list[Link], wait: Wait) -> tuple[Link, int]:
    kept = {pad: bytearray() for pad in pads}
    while kept:
        wait.go_on()
        for pad in select.select(list(kept), [], [], _LOOK)[0]:
            try:
                line = pad.line(kept[pad], 0.0)
            except Trouble:
                del kept[pad]
                continue
            if line is None:
                continue
            told = re.fullmatch(rb"RATE ([1-5])", line)
            if told:
                return pad, int(told[1])
            del kept[pad]
    raise Trouble("gone")


def _tell(pads: Sequence[Link], line: bytes) -> None:
    for pad in pads:
        with suppress(Trouble):
            pad.send(line)
