"""Slips on a thermal printer: ESC/POS over TCP 9100 or a serial line, Chinese in GB18030, QR drawn by the printer.

A page sends lines of a few kinds, never bytes: whatever would be a command in a text is taken out. Before, between and after the
lines the printer is asked how it is (DLE EOT), so that running out of paper is noticed while it happens.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from doorstep.bridge.device import Link, Trouble

MOST_LINES: Final = 200
LONGEST: Final = 400
_START, _CHINESE, _CUT = b"\x1b@", b"\x1c&", b"\x1dVB\x00"
_LEFT, _MIDDLE = b"\x1ba\x00", b"\x1ba\x01"
_BIG, _USUAL = b"\x1d!\x11", b"\x1d!\x00"
_BOLD, _PLAIN = b"\x1bE\x01", b"\x1bE\x00"
_FEED: Final = b"\x1bd\x03"
_CHECK_EVERY: Final = 8


class Printer:
    """``columns``: half-width characters in a line; 32 on paper of 58 mm, 48 on 80 mm."""

    def __init__(self, columns: int = 48) -> None:
        self.columns = columns

    def probe(self, address: str) -> None:
        with Link(address) as link:
            _check(link, printed=False, only_there=True)

    def print(self, address: str, lines: Sequence[Mapping[str, Any]]) -> None:
        """All lines and a cut. Refused: "paper" and "cover" (``printed``: whether something came out), "gone", "slow"."""
        rows = [row for line in lines[:MOST_LINES] for row in self.rows(line)]
        with Link(address) as link:
            _check(link, printed=False)
            link.send(_START + _CHINESE)
            for start in range(0, len(rows), _CHECK_EVERY):
                link.send(b"".join(rows[start : start + _CHECK_EVERY]))
                _check(link, printed=True)
            link.send(_FEED + _CUT)
            _check(link, printed=True)

    def rows(self, line: Mapping[str, Any]) -> Iterator[bytes]:
        """The bytes of one line: title, head, text, pair, rule or qr. Refused: "garbled" for another kind."""
        draw = _KINDS.get(str(line.get("kind")))
        if draw is None:
            raise Trouble("garbled")
        yield from draw(line, self.columns)


def _title(line: Mapping[str, Any], columns: int) -> Iterator[bytes]:
    for part in _wrapped(_clean(line, "text"), columns // 2):
        yield _MIDDLE + _BIG + _encoded(part) + b"\n" + _USUAL + _LEFT


def _head(line: Mapping[str, Any], columns: int) -> Iterator[bytes]:
    for part in _wrapped(_clean(line, "text"), columns):
        yield _BOLD + _encoded(part) + b"\n" + _PLAIN


def _text(line: Mapping[str, Any], columns: int) -> Iterator[bytes]:
    for part in _wrapped(_clean(line, "text"), columns):
        yield _encoded(part) + b"\n"


def _pair(line: Mapping[str, Any], columns: int) -> Iterator[bytes]:
    """What it is on the left, its value on the right; under each other when they are too long."""
    name, value = _clean(line, "name"), _clean(line, "value")
    room = columns - _width(name) - _width(value)
    if room >= 1:
        yield _encoded(name + " " * room + value) + b"\n"
        return
    for part in (*_wrapped(name, columns), *_wrapped(value, columns - 2, "  ")):
        yield _encoded(part) + b"\n"


def _rule(_line: Mapping[str, Any], columns: int) -> Iterator[bytes]:
    yield b"-" * columns + b"\n"


def _qr(line: Mapping[str, Any], _columns: int) -> Iterator[bytes]:
    data = _clean(line, "text").encode()
    store = (len(data) + 3).to_bytes(2, "little")
    yield (
        _MIDDLE + b"\x1d(k\x04\x001A2\x00" + b"\x1d(k\x03\x001C\x06" + b"\x1d(k\x03\x001E1"
        + b"\x1d(k" + store + b"1P0" + data + b"\x1d(k\x03\x001Q0" + _LEFT
    )  # fmt: skip


_KINDS: Final[Mapping[str, Callable[[Mapping[str, Any], int], Iterator[bytes]]]] = {
    "title": _title, "head": _head, "text": _text, "pair": _pair, "rule": _rule, "qr": _qr,
}  # fmt: skip


def _clean(line: Mapping[str, Any], name: str) -> str:
    """The text without anything that a printer would obey."""
    text = str(line.get(name, ""))[:LONGEST]
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn"))


def _encoded(text: str) -> bytes:
    return text.encode("gb18030", "replace")


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def _wrapped(text: str, columns: int, before: str = "") -> Iterator[str]:
    row = before
    for c in text:
        if _width(row) + _width(c) > columns and row.strip():
            yield row
            row = before
        row += c
    yield row


def _check(link: Link, *, printed: bool, only_there: bool = False) -> None:
    """Ask how it is: cover and paper by their own bits. A printer without paper is still there."""
    cause, paper = _status(link, 2), _status(link, 4)
    if only_there:
        return
    if cause & 0x04:
        raise Trouble("cover", printed=printed)
    if cause & 0x20 or paper & 0x60:
        raise Trouble("paper", printed=printed)


def _status(link: Link, which: int) -> int:
    link.send(bytes([0x10, 0x04, which]))
    told = link.exactly(1, bytearray())[0]
    if told & 0x93 != 0x12:  # bits that are the same in every status byte
        raise Trouble("garbled")
    return told
