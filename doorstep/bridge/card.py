"""Identity cards, read by the frames that readers with the national security module speak (SDT), over a serial line or TCP.

``AA AA AA 96 69``, length, command or three status bytes, data, and the XOR of everything since the length. A card is found
(20 01), chosen (20 02) and read (30 01). Four cards come in that way, told apart by the letter at 248: identity cards (blank),
residence permits of Hong Kong, Macao and Taiwan residents (J), foreigners' permanent residence cards of 2017 (I) and of 2023 (Y).
Of what the card says only what was wanted leaves this module; the photograph and the nationality are never looked at.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from datetime import datetime
from functools import reduce
from operator import xor
from typing import Final

from doorstep.bridge.device import Link, Trouble, Wait

WANTED: Final = ("name", "id_no", "address", "until", "kind", "latin")
_HEAD: Final = bytes.fromhex("AAAAAA9669")
_STATE, _FIND, _SELECT, _READ = b"\x11\xff", b"\x20\x01", b"\x20\x02", b"\x30\x01"
_OK, _FOUND = 0x90, 0x9F
_LONGEST: Final = 4096
_PAUSE: Final = 0.1
_LETTER: Final = slice(248, 250)
_LAYOUTS: Final = {
    "": ("id", {"name": (0, 30), "address": (52, 122), "id_no": (122, 158), "until": (204, 220)}),
    "J": ("residence", {"name": (0, 30), "address": (52, 122), "id_no": (122, 158), "until": (204, 220)}),
    "I": ("permanent", {"latin": (0, 120), "id_no": (122, 152), "name": (158, 188), "until": (204, 220)}),
    "Y": ("permanent", {"name": (0, 30), "latin": (52, 122), "id_no": (122, 158), "until": (204, 220)}),
}
"""By the letter of a card: which document it is, and where in the 256 bytes of text a field stands, from and to; UTF-16, low byte
first."""


class CardReader:
    def probe(self, address: str) -> None:
        with Link(address) as link:
            if _ask(link, _STATE)[0] != _OK:
                raise Trouble("garbled")

    def read(self, address: str, want: Collection[str], wait: Wait) -> dict[str, str]:
        """What is wanted of the next card that is laid down. Refused: "half" if it is taken away too soon, "nobody"."""
        with Link(address) as link:
            while _ask(link, _FIND)[0] != _FOUND:
                wait.go_on()
                time.sleep(_PAUSE)
            if _ask(link, _SELECT)[0] != _OK:
                raise Trouble("half")
            state, data = _ask(link, _READ)
            wait.go_on()
        if state != _OK:
            raise Trouble("half")
        return _fields(data, want)


def _ask(link: Link, command: bytes) -> tuple[int, bytes]:
    """The last status byte and the data of an answer. Refused: "garbled" for what is no frame, or whose sum is wrong."""
    body = (len(command) + 1).to_bytes(2, "big") + command
    link.send(_HEAD + body + bytes([reduce(xor, body)]))
    kept = bytearray()
    if link.exactly(5, kept) != _HEAD:
        raise Trouble("garbled")
    size = link.exactly(2, kept)
    length = int.from_bytes(size, "big")
    if not 4 <= length <= _LONGEST:
        raise Trouble("garbled")
    told = link.exactly(length, kept)
    if reduce(xor, size + told[:-1]) != told[-1]:
        raise Trouble("garbled")
    return told[2], told[3:-1]


def _fields(data: bytes, want: Collection[str]) -> dict[str, str]:
    size = int.from_bytes(data[:2], "big")
    text = data[4 : 4 + size]
    if size != 256 or len(text) != size:
        raise Trouble("half")
    try:
        letter = text[_LETTER].decode("utf-16-le").strip(" \0")
        kind, fields = _LAYOUTS.get(letter, _LAYOUTS[""])
        found = {
            name: text[start:end].decode("utf-16-le").strip(" \0") for name, (start, end) in fields.items()
        }
    except UnicodeDecodeError as error:
        raise Trouble("garbled") from error
    found["kind"] = kind
    found["name"] = found["name"] or " ".join(found.get("latin", "").replace(",", " ").split())
    if not found["name"] or not _is_number(kind, found["id_no"]):
        raise Trouble("garbled")
    found["until"] = _day(found["until"])
    return {name: found[name] for name in WANTED if name in want and found.get(name)}


def _is_number(kind: str, text: str) -> bool:
    """Eighteen characters whose last one fits the others (GB 11643); on a permanent residence card of 2017 three letters and twelve
    digits."""
    if kind == "permanent" and re.fullmatch(r"[A-Z]{3}\d{12}", text):
        return True
    first = {"permanent": "9", "residence": "8"}.get(kind, r"\d")
    if not re.fullmatch(rf"{first}\d{{16}}[\dX]", text):
        return False
    total = sum(int(digit) * (2 ** (17 - at) % 11) for at, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17]


def _day(text: str) -> str:
    """20360501 as 2036-05-01; "long" for a card without an end."""
    try:
        return datetime.strptime(text, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a day, no moment
    except ValueError:
        return "long" if text == "长期" else ""
