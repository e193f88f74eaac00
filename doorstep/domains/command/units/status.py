"""The status clock of a duty unit: which state may follow which, said by whom. Pure."""

from __future__ import annotations

from typing import Final

from doorstep.rulebook.words import Refused, Words

AVAILABLE, ASSIGNED, MOVING, THERE, FINISHED, OFF, BROKEN = STATES = (
    "available", "assigned", "moving", "there", "finished", "off", "broken",
)  # fmt: skip
"""As in `doorstep.solve.duty`, which web and worker cannot load."""
NAMES: Final = {
    AVAILABLE: Words("待命", "Available"),
    ASSIGNED: Words("已派", "Assigned"),
    MOVING: Words("途中", "On the way"),
    THERE: Words("到场", "There"),
    FINISHED: Words("处置完", "Finished"),
    OFF: Words("下班", "Off duty"),
    BROKEN: Words("故障", "Out of order"),
}
NEXT: Final = {
    AVAILABLE: frozenset({MOVING, THERE, OFF, BROKEN}),
    ASSIGNED: frozenset({MOVING, THERE, BROKEN}),
    MOVING: frozenset({THERE, BROKEN}),
    THERE: frozenset({MOVING, FINISHED, BROKEN}),
    FINISHED: frozenset({AVAILABLE, MOVING, OFF, BROKEN}),
    OFF: frozenset[str](),
    BROKEN: frozenset({AVAILABLE, OFF}),
}
"""What the crew may press next. Off duty ends by signing on alone."""
COMMANDED: Final = {
    one: (NEXT[one] | {AVAILABLE, ASSIGNED} if one not in (OFF, BROKEN) else NEXT[one] | {AVAILABLE}) - {one}
    for one in STATES
}
"""What a dispatcher may set, with a reason: also back to waiting, out by radio, and on duty by radio."""


def check(was: str, new: str, *, commanded: bool) -> None:
    """Refused: "no-such-state", "same" (409), "not-next" (409), in words that say what can be pressed instead."""
    if new not in NAMES:
        raise Refused("no-such-state", Words("没有这种状态。", "There is no such state."))
    if was == new:
        zh, en = f"已经是“{NAMES[new].zh}”了。", f"It already is “{NAMES[new].en}”."
        raise Refused("same", Words(zh, en), status=409)
    ways = (COMMANDED if commanded else NEXT)[was]
    if new not in ways:
        raise Refused("not-next", _instead(was, new, ways), status=409)


def _instead(was: str, new: str, ways: frozenset[str]) -> Words:
    can = [NAMES[one] for one in STATES if one in ways]
    zh = f"现在是“{NAMES[was].zh}”，不能直接到“{NAMES[new].zh}”。"
    en = f"It is “{NAMES[was].en}” now and cannot go to “{NAMES[new].en}”."
    if not can:
        return Words(f"{zh}请先上班签到。", f"{en} Sign on first.")
    zh_can, en_can = "、".join(one.zh for one in can), ", ".join(one.en for one in can)
    return Words(f"{zh}可以选：{zh_can}。", f"{en} Possible: {en_can}.")
