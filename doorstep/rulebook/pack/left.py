"""What an item leaves to the levels below, and what no item can leave to them.

Profiles say it once for many items (``packs/profiles/common.yaml``): of their words an item keeps what it has, so that a
reminder is left to the county where there is one. What an item says itself is not trimmed but found fault with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.words import Words

LEVELS = ("province", "city", "county", "station")
FAR = ("online", "post", "agent", "partner", "kiosk")
"""Channels without a window of the police."""
_BY_LAW = ("permit", "award", "benefit")
Row = Mapping[str, Any]


def fitted(raw: Row, own: Row) -> dict[str, dict[str, Any]]:
    """``layers`` of an item: its own words, and of those of its profiles what it has. ``own``: what its file says."""
    kept: dict[str, dict[str, Any]] = {}
    for kind, names in (raw.get("layers") or {}).items():
        for name, bound in (names or {}).items():
            if bound is None:
                continue
            said = name in ((own.get("layers") or {}).get(kind) or {})
            if said or not (unfit(raw, kind, name, bound) or _senseless(raw, kind, name)):
                kept.setdefault(kind, {})[name] = bound
    return kept


def unfit(raw: Row, kind: str, name: str, bound: Any) -> Words | None:
    """Why this can be left to nobody; None if it can."""
    if kind in ("insert", "skip", "add_branch"):
        return None if name in _steps(raw) else _nothing(name)
    rule = _RULES.get(kind)
    return rule(raw, name, bound) if rule else None


def _set(raw: Row, name: str, bound: Row) -> Words | None:
    head, _, rest = name.partition("/")
    if head == "limits":
        return _limit(raw, rest, bound)
    if head == "remind":
        return None if "remind" in _steps(raw).get(rest, {}) else _nothing(name)
    if head == "fees":
        rows = raw.get("fees") or ()
        if not rows or any({"when", "fee", "field"} & set(row) for row in rows):
            return Words(
                "没有费用，或者有几种费用，不能改成一个数",
                "there is no fee, or several, which cannot become one",
            )
    if head == "visits" and not _fewer(raw, bound):
        return Words(
            "没有不见面的渠道，趟数不能再少", "there is no way without a visit, so there cannot be fewer"
        )
    return None


def _limit(raw: Row, name: str, bound: Row) -> Words | None:
    rows = (raw.get("limits") or {}).get(name)
    if name == "statutory" or not rows:
        return _nothing(f"limits/{name}")
    if name == "promise" and raw.get("legs"):
        return Words("承诺是各段加起来的，改各段", "the legs together are the promise: leave them instead")
    longer = bool(bound.get("longer"))
    if name in _own_time(raw) and not longer:
        zh, en = f"“{name}”是留给群众的时间，只能更长", f"'{name}' is time that people have: only longer"
        return Words(zh, en)
    if longer and name in ("promise", *_legs(raw)):
        return Words("承诺时限只能缩短", "a promise may only become shorter")
    now = [Limit.parse(row["value"]).nominal_hours for row in rows]
    edge = bound.get("at_most" if longer else "at_least", "40000 day" if longer else "0 minute")
    far = Limit.parse(edge).nominal_hours
    if all(far <= one for one in now) if longer else all(far >= one for one in now):
        zh, en = f"“{name}”已经到了 {edge}，没有余地", f"'{name}' is at {edge} already, which leaves no room"
        return Words(zh, en)
    return None


def _fewer(raw: Row, bound: Row) -> bool:
    """Whether nobody would have to come: by a way without a visit, and no step that needs the person there."""
    meets = any(step.get("meets") and "when" not in step for step in _steps(raw).values())
    far = {"online", "post", "agent", "partner"} & set(raw["channels"])
    return raw["visits"] > int(bound.get("at_least", 0)) and bool(far) and not meets


def _own_time(raw: Row) -> set[str]:
    """The limits that are time of the people who apply: to correct, to pay, to choose a time, to sign."""
    steps = _steps(raw).values()
    asked = {
        one["limit"]
        for one in steps
        if "limit" in one and (one.get("by") == "applicant" or one["kind"] == "wait")
    }
    back = [one["returns"] for one in steps if isinstance(one.get("returns"), Mapping)]
    return asked | {str(one["limit"]) for one in back if one.get("to") == "applicant" and "limit" in one}


def _legs(raw: Row) -> set[str]:
    """The limits of its legs."""
    steps = _steps(raw)
    return {str(steps[one]["limit"]) for one in raw.get("legs") or () if "limit" in steps.get(one, {})}


def _drop(raw: Row, name: str, _bound: Any) -> Words | None:
    return None if name in {one["code"] for one in raw.get("materials") or ()} else _nothing(name)


def _offer(raw: Row, name: str, _bound: Any) -> Words | None:
    if name in raw["channels"]:
        return Words(f"“{name}”已经能办", f"'{name}' is offered already")
    tables = (raw.get("tables") or {}).values()
    if any(name not in one["inputs"].get("channel", (name,)) for one in tables):
        return Words(f"有一张表不认“{name}”这个渠道", f"a table knows no channel '{name}'")
    return None


def _withdraw(raw: Row, name: str, _bound: Any) -> Words | None:
    return None if name == "all" or name in raw["channels"] else _nothing(name)


def _senseless(raw: Row, kind: str, name: str) -> bool:
    """What a profile says of many items, and what this one is not made for: who has to be there does not come by post; whom
    somebody else may not stand in for sends no agent; who decides on a permit is said by the law."""
    meets = any(step.get("meets") for step in _steps(raw).values())
    if kind == "offer":
        return (name in FAR and meets) or (name in ("agent", "partner") and bool(raw.get("own_hand")))
    if kind == "drop":
        return len(raw["materials"]) == 1 or name in _proofs(raw["form"])
    return kind == "delegate" and not _down_one(raw, name)


def _proofs(group: Row) -> set[str]:
    """The papers that a form asks to be uploaded: what is asked for is decided on."""
    fields = [one for one in (group.get("properties") or {}).values() if isinstance(one, Mapping)]
    return {str(one["x-material"]) for one in fields if "x-material" in one}.union(*map(_proofs, fields))


def _down_one(raw: Row, level: str) -> bool:
    """Whether it is no permit and is decided one level above this one, at the point where it is brought."""
    held, decides = raw["competent"], [one.get("by") for one in _steps(raw).values()]
    way = (held.get("level", "station"), level)
    near = held["by"] == "point" and way in (("city", "county"), ("county", "station"))
    return near and raw["kind"] not in _BY_LAW and "competent" in decides


def _steps(raw: Row) -> dict[str, Row]:
    """All steps of a flow by name: of the trunk, of branches, and those that may be added."""
    return {str(one["id"]): one for one in _walk(raw.get("flow") or {})}


def _walk(block: Row) -> Iterator[Row]:
    for one in block.get("steps") or ():
        yield one
        yield from _walk(one)
    for one in block.get("branches") or ():
        yield from _walk(one)
    yield from (one["step"] for one in block.get("adhoc") or ())


def _nothing(name: str) -> Words:
    return Words(f"“{name}”不能交给下级", f"'{name}' cannot be left to the levels below")


_RULES: dict[str, Callable[[Row, str, Any], Words | None]] = {
    "set": _set, "drop": _drop, "offer": _offer, "withdraw": _withdraw,
}  # fmt: skip
