"""The way a matter takes, drawn: once tall for the phone, once wide, so that the words stay readable.

Pure: stops in, SVG out. Nothing here knows packs or matters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import Literal
from unicodedata import east_asian_width

from django.utils.safestring import SafeString, mark_safe

Stage = Literal["done", "go", "wait", "late", "next", "stop"]
# What stays on one line: a date, a Latin word or number with its blank, a character with its mark.
_WHOLE = re.compile(r"(?:\d+月\d+日(?:（周.）)?前?|[!-~]+\xa0?[!-~]* ?|.)[，。；：、）”！？]*")
HERE = {"zh": "您在这里", "en": "You are here"}
_TALL, _WIDE = 296.0, 1040.0  # widths at which one unit of the drawing is one pixel on a phone and a desktop
_ALSO = {
    "done": ("好了", "done"),
    "go": ("正在办", "being done"),
    "wait": ("等您", "waiting for you"),
    "late": ("超期了", "overdue"),
    "next": ("还没到", "to come"),
    "stop": ("到此为止", "ended"),
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One station: its name and note in the reader's language, and how far it is.

    ``here`` marks where the matter stands now; the plate hangs there.
    """

    name: str
    note: str = ""
    stage: Stage = "next"
    here: bool = False


def draw(stops: tuple[Stop, ...], lang: str = "zh", *, large: bool = False) -> SafeString:
    """Both pictures. ``large`` draws bigger letters for elder mode. No stops: nothing."""
    if not stops:
        return mark_safe("")
    told = _told(stops, lang)
    tall = _tall(stops, lang, 20 if large else 16, told)
    wide = _wide(stops, lang, 18 if large else 16, told)
    return mark_safe(tall + wide)  # noqa: S308  (every text went through escape)


def _told(stops: tuple[Stop, ...], lang: str) -> str:
    """The picture in words, for those who do not see it."""
    zh = lang == "zh"
    parts = []
    for stop in stops:
        state = _ALSO[stop.stage][0 if zh else 1]
        here = (f"（{HERE['zh']}）" if zh else f" ({HERE['en'].lower()})") if stop.here else ""
        parts.append(f"{stop.name}：{state}{here}" if zh else f"{stop.name}: {state}{here}")
    return ("；".join(parts) + "。") if zh else ("; ".join(parts) + ".")


def _em(text: str) -> float:
    """Width in ems: a Chinese character is one, a Latin letter about half."""
    return sum(1.0 if east_asian_width(char) in "WFA" else 0.56 for char in text)


def _lines(text: str, room: float) -> list[str]:
    """``text`` broken into lines of at most ``room`` ems."""
    if _em(text) <= room:
        return [text] if text else []
    lines, line = [], ""
    for piece in _WHOLE.findall(text):
        if line and _em(line + piece) > room:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line] if line else lines


def _texts(x: float, y: float, lines: list[str], style: str, size: float, lead: float) -> str:
    """Lines of text, the first with its baseline at ``y``."""
    look = f'class="{style}" font-size="{size:g}"'
    return "".join(
        f'<text x="{x:g}" y="{y + number * lead:g}" {look}>{escape(line)}</text>'
        for number, line in enumerate(lines)
    )


def _box(x: float, y: float, width: float, height: float, radius: float, style: str) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" class="{style}"/>'
    )


def _dot(x: float, y: float, r: float, stage: Stage) -> str:
    """The dot of a stop: its shape tells the state also in grey."""
    dot = f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" class="w-dot w-d-{stage}"/>'
    if stage == "go":
        return dot + f'<circle cx="{x:g}" cy="{y:g}" r="{r * 0.42:g}" class="w-core"/>'
    k = r / 10
    bang = f"M{x:g} {y - 5 * k:g}v{5.5 * k:g}M{x:g} {y + 4.4 * k:g}v.1"
    shapes = {
        "done": f"m{x - 4.5 * k:g} {y + 0.3 * k:g} {3 * k:g} {3 * k:g} {6 * k:g}-{6.2 * k:g}",
        "wait": bang,
        "late": bang,
        "stop": f"M{x - 4 * k:g} {y:g}h{8 * k:g}",
    }
    return dot + (f'<path class="w-mark w-m-{stage}" d="{shapes[stage]}"/>' if stage in shapes else "")


def _plate(x: float, y: float, lang: str, size: float) -> str:
    """The little enamel plate with its left top corner at (x, y)."""
    width, high = _plate_width(lang, size), size * 2
    return (
        _box(x, y, width, high, 7, "w-plate")
        + _box(x + 2.5, y + 2.5, width - 5, high - 5, 5, "w-plate-line")
        + _texts(x + width / 2, y + size * 1.36, [HERE[lang]], "w-here", size, 0)
    )


def _plate_width(lang: str, size: float) -> float:
    return _em(HERE[lang]) * size + 30


def _line(points: str, stop: Stop) -> str:
    """The stroke that leads to a stop: solid as far as the matter has come, dotted beyond."""
    stage = {"done": "done", "next": "next", "stop": "done"}.get(stop.stage, "go")
    return f'<path class="w-line w-l-{stage}" d="{points}"/>'


def _styles(stop: Stop) -> tuple[str, str]:
    return "w-name" + (" w-dim" if stop.stage == "next" else ""), f"w-note w-c-{stop.stage}"


def _svg(shape: str, width: float, height: float, told: str, *layers: list[str]) -> str:
    inner = "".join(piece for layer in layers for piece in layer)
    label = f'role="img" aria-label="{escape(told, quote=True)}"'
    return f'<svg class="way-{shape}" viewBox="0 0 {width:g} {height:g}" {label}>{inner}</svg>'


@dataclass(slots=True)
class _Layers:
    """Grounds below lines below everything else."""

    ground: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    front: list[str] = field(default_factory=list)


def _tall(stops: tuple[Stop, ...], lang: str, size: float, told: str) -> str:
    layers, y, before = _Layers(), 8.0, 0.0
    for stop in stops:
        y, before = _tall_stop(layers, stop, lang, size, y, before)
    return _svg("tall", _TALL, y, told, layers.ground, layers.lines, layers.front)


def _tall_stop(
    layers: _Layers, stop: Stop, lang: str, size: float, top: float, before: float
) -> tuple[float, float]:
    """Draws one stop from ``top`` down; gives the end and the height of its dot."""
    left, text_x, small, lead = 18.0, 42.0, max(14.0, size - 2), size * 1.5
    room = _TALL - text_x - 8
    names = _lines(stop.name, room / size)
    aside = len(names) == 1 and _em(stop.name) * size + _em(stop.note) * small + 16 <= room
    notes = [] if aside else _lines(stop.note, room / small)
    base = top + lead + (size * 2 + 16 if stop.here else 0)
    last = base + (len(names) - 1) * lead
    end = last + len(notes) * small * 1.5 + size * 0.6 + (6 if stop.here else 0)
    dot_y = base - size * 0.34
    name_style, note_style = _styles(stop)
    if stop.here:
        layers.ground.append(_box(0, top, _TALL, end - top, 12, "w-band"))
        layers.front.append(_plate(text_x - 6, top + 10, lang, size))
    if before:
        layers.lines.append(_line(f"M{left:g} {before:g}V{dot_y:g}", stop))
    layers.front.append(_dot(left, dot_y, 10, stop.stage))
    layers.front.append(_texts(text_x, base, names, name_style, size, lead))
    if aside:
        layers.front.append(_texts(_TALL - 8, base, [stop.note], note_style + " w-end", small, 0))
    else:
        layers.front.append(_texts(text_x, last + small * 1.55, notes, note_style, small, small * 1.5))
    return end + 10, dot_y


def _wide(stops: tuple[Stop, ...], lang: str, size: float, told: str) -> str:
    step, r, small, y = _WIDE / len(stops), 12.0, max(14.0, size - 2), size * 2 + 32
    layers, low, current = _Layers(), 0.0, None
    for number, stop in enumerate(stops):
        x = step * (number + 0.5)
        names, notes = _lines(stop.name, (step - 24) / size), _lines(stop.note, (step - 24) / small)
        name_style, note_style = _styles(stop)
        base = y + r + size * 1.75
        note_base = base + (len(names) - 1) * size * 1.4 + small * 1.6
        layers.front += [
            _dot(x, y, r, stop.stage),
            _texts(x, base, names, name_style + " w-mid", size, size * 1.4),
            _texts(x, note_base, notes, note_style + " w-mid", small, small * 1.5),
        ]
        low = max(low, note_base + (len(notes) - 1) * small * 1.5 + small)
        if number:
            layers.lines.append(_line(f"M{x - step:g} {y:g}H{x:g}", stop))
        if stop.here:
            current = number
            layers.front.append(_plate(x - _plate_width(lang, size) / 2, 10, lang, size))
    if current is not None:
        layers.ground.append(_box(step * current + 4, 0, step - 8, low + 6, 14, "w-band"))
    return _svg("wide", _WIDE, low + 6, told, layers.ground, layers.lines, layers.front)
