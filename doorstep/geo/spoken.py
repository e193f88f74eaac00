"""What a driver is told, in Chinese and in English: a sentence for each kind of manoeuvre. Valhalla speaks no Chinese."""

from __future__ import annotations

from doorstep.geo.router import Leg
from doorstep.rulebook.words import Words

_SAID = {
    "start": ("出发", "Start"), "arrive": ("到达", "Arrive"), "becomes": ("继续直行", "Go on"), "on": ("直行", "Straight on"),
    "right_slight": ("稍向右转", "Bear right"), "right": ("右转", "Turn right"), "right_sharp": ("向右急转", "Turn sharp right"),
    "left_slight": ("稍向左转", "Bear left"), "left": ("左转", "Turn left"), "left_sharp": ("向左急转", "Turn sharp left"),
    "turn_back": ("掉头", "Turn round"), "ramp": ("上匝道", "Take the ramp"),
    "ramp_right": ("靠右上匝道", "Take the ramp on the right"),
    "ramp_left": ("靠左上匝道", "Take the ramp on the left"), "exit_right": ("右侧出口驶出", "Leave by the exit on the right"),
    "exit_left": ("左侧出口驶出", "Leave by the exit on the left"),
    "keep_right": ("靠右行驶", "Keep right"),
    "keep_left": ("靠左行驶", "Keep left"), "merge": ("并入主路", "Merge"),
    "roundabout": ("进入环岛", "Enter the roundabout"),
    "roundabout_out": ("驶出环岛", "Leave the roundabout"), "ferry": ("上渡船", "Take the ferry"),
    "ferry_out": ("下渡船", "Leave the ferry"),
}  # fmt: skip


def said(leg: Leg) -> Words:
    """One line of a list of turns: what to do, onto which street, for how far."""
    zh, en = _SAID.get(leg.kind, _SAID["on"])
    if leg.kind == "arrive":
        return Words(zh, en)
    onto = (f"，进入{leg.street}", f" onto {leg.street}") if leg.street else ("", "")
    return Words(
        f"{zh}{onto[0]}，{_far(leg.metres, '公里', '米')}", f"{en}{onto[1]}, {_far(leg.metres, ' km', ' m')}"
    )


def _far(metres: float, km: str, m: str) -> str:
    return f"{metres / 1000:.1f}{km}" if metres >= 950 else f"{max(10, round(metres, -1)):.0f}{m}"
