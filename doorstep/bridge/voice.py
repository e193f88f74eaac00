"""Calling the next one: the terminal shows ticket and window, the speaker says them. Tickets, never names.

Terminal: ``CALL A012 3`` in GB18030, answered by ``OK``; HELLO likewise. Speaker: the frames of the usual speech modules: FD,
length, 01, encoding (01 is GBK), text; it answers 41 for "heard", and to FD 00 01 21 with 4E busy or 4F idle.
"""

from __future__ import annotations

import re
from typing import Final

from doorstep.bridge.device import Link, Trouble

TICKET: Final = re.compile(r"[A-Z]{0,2}\d{1,4}")
WINDOW: Final = re.compile(r"[A-Z]?\d{1,3}")
_HEARD, _IDLE, _BUSY = 0x41, 0x4F, 0x4E


class CallTerminal:
    def probe(self, address: str) -> None:
        with Link(address) as link:
            _expect(link, b"HELLO\r\n")

    def call(self, address: str, ticket: str, window: str) -> None:
        """Show it. Refused: "garbled" for anything but a ticket and a window."""
        _only_numbers(ticket, window)
        with Link(address) as link:
            _expect(link, f"CALL {ticket} {window}\r\n".encode("gb18030"))


class Speaker:
    def probe(self, address: str) -> None:
        with Link(address) as link:
            link.send(b"\xfd\x00\x01\x21")
            if link.exactly(1, bytearray())[0] not in (_IDLE, _BUSY):
                raise Trouble("garbled")

    def call(self, address: str, ticket: str, window: str) -> None:
        """Say it aloud. Refused: as the terminal."""
        _only_numbers(ticket, window)
        text = f"请 {ticket} 号到 {window} 号窗口".encode("gb18030")
        with Link(address) as link:
            link.send(b"\xfd" + (len(text) + 2).to_bytes(2, "big") + b"\x01\x01" + text)
            if link.exactly(1, bytearray())[0] != _HEARD:
                raise Trouble("garbled")


def _only_numbers(ticket: str, window: str) -> None:
    if not TICKET.fullmatch(ticket) or not WINDOW.fullmatch(window):
        raise Trouble("garbled")


def _expect(link: Link, line: bytes) -> None:
    link.send(line)
    answer = link.line(bytearray(), 2.0)
    if answer is None:
        raise Trouble("slow")
    if answer != b"OK":
        raise Trouble("garbled")
