"""Passports, by a reader of their machine-readable zone that sends its lines over a serial line or TCP as they are swiped.

Two lines of 44 characters (ICAO Doc 9303-4), each with an end. Check digits are compared here, so a misread zone is refused while
the passport is still at hand. Only who issued it, its number, the name and its last day leave this module, and only if wanted:
nationality, sex and day of birth stay behind.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

from doorstep.bridge.device import Link, Trouble, Wait

WANTED: Final = ("name", "id_no", "until", "kind", "state")
_WIDTH: Final = 44
_LOOK: Final = 0.2
_LONGEST: Final = 1024
_VALUES: Final = {char: at for at, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
_CHECKED: Final = ((0, 9), (13, 19), (21, 27))
"""Where in the second line a field stands that has a check digit behind it: number, birth, last day."""


class ZoneReader:
    def probe(self, address: str) -> None:
        """A reader says nothing until something is swiped: that it can be reached is all there is to ask."""
        with Link(address):
            return

    def read(self, address: str, want: Collection[str], wait: Wait) -> dict[str, str]:
        """What is wanted of the next passport that is swiped. Refused: "half", "garbled", "gone", "nobody"."""
        kept = bytearray()
        with Link(address) as link:
            while len(lines := _lines(kept)) < 2:
                wait.go_on()
                got = link.some(_LOOK)
                kept += got
                if len(kept) > _LONGEST or not kept.isascii():
                    raise Trouble("garbled")
                if kept and not got:
                    raise Trouble("half")
        return {name: said for name, said in _fields(*lines[:2]).items() if name in want and said}


def _lines(kept: bytearray) -> list[str]:
    """The whole lines that have come."""
    whole = bytes(kept).replace(b"\r", b"\n").rpartition(b"\n")[0]
    return [one.decode("ascii", "replace").strip() for one in whole.split(b"\n") if one.strip()]


def _fields(first: str, second: str) -> dict[str, str]:
    if (
        len(first) != _WIDTH
        or len(second) != _WIDTH
        or not first.startswith("P")
        or not set(first + second) <= set(_VALUES)
    ):
        raise Trouble("garbled")
    whole = second[0:10] + second[13:20] + second[21:43]
    if any(_digit(second[a:b]) != second[b] for a, b in _CHECKED) or _digit(whole) != second[43]:
        raise Trouble("garbled")
    surname, _, given = first[5:].partition("<<")
    name = " ".join(f"{surname} {given}".replace("<", " ").split())
    return {
        "kind": "passport", "state": first[2:5].strip("<"), "id_no": second[:9].strip("<"), "name": name,
        "until": _day(second[21:27]),
    }  # fmt: skip


def _digit(text: str) -> str:
    return str(sum(_VALUES[char] * (7, 3, 1)[at % 3] for at, char in enumerate(text)) % 10)


def _day(text: str) -> str:
    """A last day with two digits for the year: of this century."""
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:])).isoformat()
    except ValueError:
        return ""
