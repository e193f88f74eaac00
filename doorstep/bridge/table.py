"""The devices on this counter's table, and what a page may have them do. Each method answers what goes back to the page."""

from __future__ import annotations

import base64
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from doorstep.bridge import zone
from doorstep.bridge.camera import Camera
from doorstep.bridge.card import WANTED, CardReader
from doorstep.bridge.device import KINDS, Device, Driver, Trouble, Wait
from doorstep.bridge.pad import SignaturePad
from doorstep.bridge.printer import Printer
from doorstep.bridge.rating import RatingPad
from doorstep.bridge.voice import CallTerminal, Speaker
from doorstep.bridge.zone import ZoneReader

Asked = Callable[[], bool]
Told = dict[str, Any]
_D = TypeVar("_D")
_CARD, _SIGN, _RATE = 20.0, 90.0, 45.0
"""Seconds for laying down a card, for signing, for choosing one of five."""
_TRIES: Final = 2
_VISIT: Final = 20
"""So many matters of one visit are rated by one press."""


class BadAsking(Exception):
    """The page asked for what no device does."""


class Table:
    """What stands here: kind to addresses. ``counter``: where ratings are handed in, which no page ever sees."""

    def __init__(self, addresses: Mapping[str, Sequence[str]], counter: str, columns: int = 48) -> None:
        drivers: dict[str, Driver] = {
            "card": CardReader(), "zone": ZoneReader(), "camera": Camera(), "sign": SignaturePad(), "printer": Printer(columns),
            "call": CallTerminal(), "speaker": Speaker(), "rating": RatingPad(),
        }  # fmt: skip
        self._devices = {k: Device(k, drivers[k], tuple(addresses[k])) for k in KINDS if addresses.get(k)}
        self._counter = counter

    def there(self) -> dict[str, bool]:
        """Every kind that stands here, and whether it answers now; one that is at work is not disturbed."""
        found = {}
        for kind, device in self._devices.items():
            if device.lock.acquire(blocking=False):
                try:
                    found[kind] = device.there()
                finally:
                    device.lock.release()
            else:
                found[kind] = True
        return found

    def card(self, told: Told, asked: Asked) -> Told:
        """Read the card of the person whom the page names by ``for``; only what it wants."""
        whose, want = _text(told, "for"), [w for w in WANTED if w in (told.get("want") or ())]
        if not whose or not want:
            raise BadAsking
        with self._using("card", CardReader) as (reader, at):
            return {"for": whose, "card": reader.read(at[0], want, Wait.seconds(_CARD, asked))}

    def zone(self, told: Told, asked: Asked) -> Told:
        """The passport of the person whom the page names by ``for``, by its machine-readable zone; only what it wants."""
        whose, want = _text(told, "for"), [w for w in zone.WANTED if w in (told.get("want") or ())]
        if not whose or not want:
            raise BadAsking
        with self._using("zone", ZoneReader) as (reader, at):
            return {"for": whose, "card": reader.read(at[0], want, Wait.seconds(_CARD, asked))}

    def camera(self, told: Told, asked: Asked) -> Told:
        with self._using("camera", Camera) as (camera, at):
            return {"jpeg": base64.b64encode(camera.picture(at[0])).decode()}

    def sign(self, told: Told, asked: Asked) -> Told:
        with self._using("sign", SignaturePad) as (pad, at):
            return {"strokes": pad.sign(at[0], Wait.seconds(_SIGN, asked))}

    def printer(self, told: Told, asked: Asked) -> Told:
        lines = told.get("lines")
        if not isinstance(lines, list) or not lines or not all(isinstance(line, dict) for line in lines):
            raise BadAsking
        with self._using("printer", Printer) as (printer, at):
            printer.print(at[0], lines)
        return {}

    def call(self, told: Told, asked: Asked) -> Told:
        """Show it and say it; one of the two is enough. Refused: what the first says when neither did."""
        ticket, window = _text(told, "ticket"), _text(told, "window")
        done, troubles = [], []
        ways: tuple[tuple[str, type[CallTerminal] | type[Speaker]], ...] = (
            ("call", CallTerminal),
            ("speaker", Speaker),
        )
        for kind, type_ in ways:
            try:
                with self._using(kind, type_) as (device, at):
                    device.call(at[0], ticket, window)
                done.append(kind)
            except Trouble as trouble:
                troubles.append(trouble)
        if not done:
            raise troubles[0]
        return {"done": done}

    def rating(self, told: Told, asked: Asked) -> Told:
        """Ask on the pads and hand the answer in with number and code of the slip, and of all else that the same visit finished
        (``also``). The page learns only that it is in."""
        also = told.get("also", [])
        if not isinstance(also, list) or len(also) > _VISIT or not all(isinstance(one, dict) for one in also):
            raise BadAsking
        slips = [(_text(one, "number"), _text(one, "code")) for one in (told, *also)]
        if not all(number and code for number, code in slips):
            raise BadAsking
        with self._using("rating", RatingPad) as (pads, at):
            said = pads.ask(at, Wait.seconds(_RATE, asked), lambda level: self._hand_all_in(slips, level))
        return {"said": said}

    def _hand_all_in(self, slips: Sequence[tuple[str, str]], level: int) -> str:
        """What the person is told: that it is in if any is, else what the last one said."""
        said = [self._hand_in(number, code, level) for number, code in slips]
        return "taken" if "taken" in said else said[-1]

    @contextmanager
    def _using(self, kind: str, type_: type[_D]) -> Iterator[tuple[_D, tuple[str, ...]]]:
        device = self._devices.get(kind)
        if device is None:
            raise Trouble("gone")
        if not device.lock.acquire(timeout=1.0):
            raise Trouble("busy")
        try:
            if not isinstance(device.driver, type_):
                raise BadAsking
            yield device.driver, device.addresses
        finally:
            device.lock.release()

    def _hand_in(self, number: str, code: str, level: int) -> str:
        """ "taken", "again" if it was rated before, "not-yet" without a result, "lost" if the counter cannot be reached."""
        body = json.dumps({"number": number, "code": code, "level": level, "way": "pad"}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
        address = f"{self._counter}/api/v1/ratings/with-code"
        if urlsplit(address).scheme not in ("http", "https"):
            return "lost"
        for _ in range(_TRIES):
            try:
                asking = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310 - http(s) alone
                with urllib.request.urlopen(asking, timeout=10):  # noqa: S310
                    return "taken"
            except urllib.error.HTTPError as refusal:
                return _SAID.get(_code_of(refusal), "refused")
            except OSError:
                continue
        return "lost"


_SAID: Final = {"rated": "again", "not-yet": "not-yet"}


def _code_of(refusal: urllib.error.HTTPError) -> str:
    with refusal:
        try:
            return str(json.loads(refusal.read(64 * 1024)).get("code", ""))
        except (ValueError, AttributeError):
            return ""


def _text(told: Told, name: str) -> str:
    value = told.get(name)
    return value.strip()[:100] if isinstance(value, str) else ""
