"""What lies on the table, and what the people around it do. One for all devices of a stand-in; in memory alone."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Final

DEVICES: Final = ("card", "zone", "camera", "sign", "printer", "call", "speaker", "rating", "rating2")
FAULTS: Final[dict[str, tuple[str, ...]]] = {
    "card": ("down", "half", "cut", "pulled", "garbage", "slow", "wrong"),
    "zone": ("down", "half", "garbage", "wrong", "nobody"),
    "camera": ("down", "half", "garbage", "slow"),
    "sign": ("down", "pulled", "garbage", "touch", "nobody"),
    "printer": ("down", "paper", "ends", "cover", "garbage", "slow"),
    "call": ("down", "garbage", "slow"),
    "speaker": ("down", "garbage", "slow"),
    "rating": ("down", "pulled", "garbage", "nobody"),
    "rating2": ("down", "pulled", "garbage"),
}
"""What can go wrong with each. down: unplugged. pulled: unplugged in the middle. cut: a frame that breaks off. half: a card taken
away, a picture that breaks off. ends: the paper ends in the middle. wrong: a frame whose sum is wrong. touch: only a dot.
"""


@dataclass(frozen=True, slots=True)
class Card:
    """An invented person's card. ``letter``: which card it is, blank for an identity card; ``latin``: the name on a foreigner's."""

    name: str
    id_no: str
    address: str
    until: str
    letter: str = ""
    latin: str = ""


CARDS: Final = (
    Card("宋知意", "990103198805214023", "示例市示范路 8 号 2-301", "20360501"),
    Card("阿依古丽·艾尔肯", "990102199511060047", "示例市银杏路 21 号 5-602", "20290930"),
    Card("何大山", "99010119530412017X", "示例市石榴巷 3 号", "长期"),
    Card("简安娜", "911000199108150024", "", "20331130", "Y", "JENSEN ANNA MARIA"),
    Card("", "UTO110090010123", "", "20270630", "I", "MORSE, ELENA"),
    Card("林海棠", "810000199205230021", "示例市海棠路 6 号", "20290818", "J"),
)

PASSPORT: Final = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F3404159ZE184226B<<<<<16",
)
"""The specimen of ICAO Doc 9303, with a last day that is to come: nobody's passport."""


@dataclass(slots=True)
class Hands:
    """``seconds``: how long people take. ``presses``: what is pressed on each rating pad, 0 for nobody."""

    seconds: float = 1.5
    card: Card | None = CARDS[0]
    faults: dict[str, str] = field(default_factory=dict)
    presses: dict[str, int] = field(default_factory=lambda: {"rating": 5, "rating2": 0})
    shown: dict[str, str] = field(default_factory=dict)
    """What each device shows or says, for whoever looks at it."""
    slips: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def fault(self, device: str) -> str:
        return self.faults.get(device, "")

    def set(self, name: str, value: str) -> bool:
        """One thing changed by name: a device's fault, ``lay`` a card (number or empty), ``press`` and ``press2``."""
        if name in FAULTS and value in ("", *FAULTS[name]):
            self.faults[name] = value
        elif name == "lay" and (value == "" or value in map(str, range(len(CARDS)))):
            self.card = CARDS[int(value)] if value else None
        elif name in ("press", "press2") and value in "012345" and value:
            self.presses[name.replace("press", "rating")] = int(value)
        else:
            return False
        return True


class Wire:
    """Bytes from and to whoever uses a device."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._kept = end, bytearray()

    def send(self, data: bytes) -> None:
        self._end.sendall(data)

    def exactly(self, count: int) -> bytes:
        """Raises EOFError when the other side has gone."""
        while len(self._kept) < count:
            self._more()
        found = bytes(self._kept[:count])
        del self._kept[:count]
        return found

    def line(self) -> bytes:
        while b"\n" not in self._kept:
            self._more()
        found, _, rest = bytes(self._kept).partition(b"\n")
        self._kept[:] = rest
        return found.strip()

    def anything(self, seconds: float) -> bool:
        """Whether something came within so long."""
        self._end.settimeout(seconds)
        try:
            self._more()
        except TimeoutError:
            return False
        finally:
            self._end.settimeout(None)
        return True

    def _more(self) -> None:
        got = self._end.recv(4096)
        if not got:
            raise EOFError
        self._kept += got


Play = Callable[[Wire, Hands, str], None]


def listen(device: str, play: Play, hands: Hands) -> str:
    """The device at a free port of its own; its address. An unplugged one hangs up at once."""
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            end, _ = door.accept()
            Thread(target=_talk, args=(end, device, play, hands), daemon=True).start()

    Thread(target=serve, daemon=True).start()
    return f"tcp:127.0.0.1:{door.getsockname()[1]}"


def _talk(end: socket.socket, device: str, play: Play, hands: Hands) -> None:
    with end:
        try:
            if hands.fault(device) != "down":
                play(Wire(end), hands, device)
        except (OSError, EOFError):
            pass


def lag(hands: Hands, device: str) -> None:
    """The pause of a device that is slow: longer than anybody waits for it."""
    if hands.fault(device) == "slow":
        time.sleep(8)
