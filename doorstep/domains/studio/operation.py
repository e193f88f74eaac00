"""The operations of a layer: each changes one thing in a pack's content, or says why it may not. Pure.

The pack's ``layers:`` says which operation is left to which levels, and within what. Beyond that no operation may exceed
the law's limit, nor ask more of a person than the levels above do: that is refused whatever the pack says.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.pack.left import LEVELS
from doorstep.rulebook.words import Words

Row = dict[str, Any]
_DATED = ("limits", "fees")
_BETWEEN = re.compile(r"[、，,；;\n]")


class Set(NamedTuple):
    """What an operation changed: the name of the value, and what it was."""

    pointer: str
    was: Any = None


class No(Exception):
    """An operation that may not be: the rule it breaks, and why in words."""

    def __init__(self, rule: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.rule, self.words = f"layer.{rule}", Words(zh, en)


class Idle(Exception):
    """An operation that is not needed, because a level above did the same: it changes nothing and is no mistake."""


def kind_of(op: Row) -> str:
    """Which operation it is."""
    return next(name for name in OPERATIONS if name in op)


def first(row: Row) -> date:
    """The first day on which a row or operation holds."""
    return date.fromisoformat(row["from"]) if row.get("from") else date.min


def last(row: Row) -> date:
    """The last day on which it holds."""
    return date.fromisoformat(row["to"]) if row.get("to") else date.max


def after(day: date) -> date:
    """The next day, if there is one."""
    return day + timedelta(days=1) if day < date.max else day


def is_dated(op: Row) -> bool:
    """Whether it sets a value that has days itself: its rows then say when it holds."""
    return str(op.get("set", "")).partition("/")[0] in _DATED


def _met(rows: Sequence[Row], op: Row) -> list[Row]:
    """The rows that hold on one of the days of an operation."""
    return [row for row in rows if first(row) <= last(op) and first(op) <= last(row)]


def _overlaid(rows: Sequence[Row], new: Row) -> list[Row]:
    """Rows with a new one over them: what it covers gives way, before and after it stay."""
    kept = []
    for row in rows:
        if not _met([row], new):
            kept.append(row)
            continue
        if first(row) < first(new):
            kept.append(row | {"to": (first(new) - timedelta(days=1)).isoformat()})
        if last(row) > last(new):
            kept.append(row | {"from": after(last(new)).isoformat()})
    return sorted([*kept, new], key=first)


class Work:
    """A pack's content, being changed by the operations of one level. ``above``: the values that the levels above set."""

    def __init__(self, raw: Row, level: str, above: frozenset[str] = frozenset()) -> None:
        self.raw, self.level, self.above = raw, level, above

    def done_above(self, *pointers: str) -> None:
        """Idle if a level above set one of these values: what was to be done is done."""
        if self.above & set(pointers):
            raise Idle

    def allowed(self, kind: str, name: str) -> Row:
        """What the pack says of this operation. Not allowed: nobody may, or not this level."""
        bound = (self.raw.get("layers") or {}).get(kind, {}).get(name)
        if bound is None:
            zh, en = f"事项包没有把“{name}”交给下级调整", f"the pack leaves '{name}' to nobody below"
            raise No("closed", zh, en)
        bound = bound if kind == "set" else {"by": bound}
        if self.level not in bound["by"]:
            who = ", ".join(bound["by"])
            raise No("level", f"“{name}”只有 {who} 一级能调整", f"only {who} may change '{name}'")
        return dict(bound)

    # One method for each operation: what it changed, or why it may not be.

    def set(self, op: Row) -> Set:
        way = str(op["set"])
        head, _, name = way.partition("/")
        if way == "limits/statutory":
            raise No("law", "法定时限由法律规定，任何一级都不能改", "the law's limit is changed by nobody")
        bound = self.allowed("set", way)
        try:
            was = getattr(self, f"set_{head}")(op, name, bound)
        except (ValueError, InvalidOperation, TypeError) as why:
            raise No("value", f"这个值不对：{why}", f"this value does not fit: {why}") from None
        return Set(f"/{way}", was)

    def set_limits(self, op: Row, name: str, bound: Row) -> Any:
        new, rows = Limit.parse(op["value"]), self.raw["limits"].get(name)
        if rows is None:
            raise _unknown(name)
        laws = _met(self.raw["limits"]["statutory"], op) if name == "promise" else []
        for law in (Limit.parse(row["value"]) for row in laws):
            if not new.within(law):
                raise No("law", f"{new} 超过法定 {law}", f"{new} exceeds the law's {law}")
        for was in (Limit.parse(row["value"]) for row in _met(rows, op)):
            if bound.get("longer") and not was.within(new):
                raise No("burden", f"只能比上级的 {was} 长", f"only longer than {was}, as set above")
            if not bound.get("longer") and not new.within(was):
                raise No("burden", f"{new} 比上级定的 {was} 长", f"{new} is longer than {was}, as set above")
        _between(new.nominal_hours, bound, lambda edge: Limit.parse(edge).nominal_hours)
        was_rows = [row["value"] for row in _met(rows, op)]
        self.raw["limits"][name] = _overlaid(rows, _row(op, value=op["value"]))
        return was_rows

    def set_fees(self, op: Row, _name: str, bound: Row) -> Any:
        new, rows = Decimal(op["value"]), _met(self.raw.get("fees") or (), op)
        if any({"when", "fee", "field"} & set(row) for row in rows):
            zh = "这个事项有几种费用，不能改成一个数"
            raise No("several", zh, "this item has several fees and cannot be given one")
        if not rows or any(new > Decimal(row["amount"]) for row in rows):
            raise No("burden", "收费只能比上级定的少", "a fee may only be lower than the levels above set it")
        _between(new, bound, Decimal)
        row = _row(op, amount=op["value"], currency=rows[0]["currency"])
        self.raw["fees"] = _overlaid(self.raw["fees"], row)
        return [row["amount"] for row in rows]

    def set_visits(self, op: Row, _name: str, bound: Row) -> Any:
        was, new = self.raw["visits"], int(op["value"])
        if new > was:
            raise No("burden", f"跑的趟数不能比 {was} 多", f"not more visits than {was}")
        _between(new, bound, int)
        self.raw["visits"] = new
        return was

    def set_guide(self, op: Row, name: str, _bound: Row) -> Any:
        was = self.raw["guide"].get(name)
        self.raw["guide"][name] = Words.of(op["value"]).as_dict()
        return was

    def set_title(self, op: Row, _name: str, _bound: Row) -> Any:
        was, self.raw["title"] = self.raw["title"], Words.of(op["value"]).as_dict()
        return was

    def set_aliases(self, op: Row, _name: str, _bound: Row) -> Any:
        """What people say here, beside what is said everywhere."""
        for lang, text in Words.of(op["value"]).as_dict().items():
            known = self.raw["aliases"].get(lang) or []
            more = (one.strip() for one in _BETWEEN.split(text))
            self.raw["aliases"][lang] = list(dict.fromkeys([*known, *(one for one in more if one)]))

    def set_remind(self, op: Row, name: str, bound: Row) -> Any:
        new, (steps, at) = Limit.parse(op["value"]), self.step(name)
        if "remind" not in steps[at]:
            raise _unknown(name)
        _between(new.nominal_hours, bound, lambda edge: Limit.parse(edge).nominal_hours)
        was = steps[at]["remind"]
        steps[at]["remind"] = op["value"]
        return was

    def insert(self, op: Row) -> Set:
        side = "after" if "after" in op else "before"
        self.allowed("insert", op[side])
        steps, at = self.step(op[side])
        _no_burden([op["insert"]])
        steps.insert(at + (side == "after"), op["insert"])
        return Set(f"/flow/steps/{op['insert']['id']}")

    def add_branch(self, op: Row) -> Set:
        fork, branch = op["fork"], op["add_branch"]
        self.allowed("add_branch", fork)
        steps, at = self.step(fork)
        if "branches" not in steps[at]:
            raise _unknown(fork)
        _no_burden(branch["steps"])
        steps[at]["branches"].append(branch)
        return Set(f"/flow/branches/{branch['id']}")

    def skip(self, op: Row) -> Set:
        name = op["skip"]
        self.allowed("skip", name)
        if not self.has_step(name):
            self.done_above(f"/flow/steps/{name}")
        steps, at = self.step(name)
        if name == self.raw.get("accepted_at") or name in [one["at"] for one in self.raw.get("gives") or ()]:
            zh, en = (
                f"“{name}”要出证或者受理，不能跳过",
                f"'{name}' accepts or gives a paper and cannot be skipped",
            )
            raise No("needed", zh, en)
        return Set(f"/flow/steps/{name}", steps.pop(at))

    def drop(self, op: Row) -> Set:
        asked = self.material(op["drop"])
        self.raw["materials"].remove(asked)
        for group, name, pointer in list(_proving(self.raw["form"], asked["code"])):
            _optional(group, name)
            del group["properties"][name]
            self.unasked(pointer)
        return Set(f"/materials/{asked['code']}", asked)

    def optional(self, op: Row) -> Set:
        asked = self.material(op["optional"])
        was = dict(asked)
        if not asked["required"]:
            self.done_above(f"/materials/{asked['code']}")
        asked["required"] = False
        for group, name, _ in _proving(self.raw["form"], asked["code"]):
            _optional(group, name)
        return Set(f"/materials/{asked['code']}", was)

    def offer(self, op: Row) -> Set:
        channel = op["offer"]
        self.allowed("offer", channel)
        if channel in self.raw["channels"]:
            self.done_above(f"/channels/{channel}")
            raise No("already", f"“{channel}”已经能办", f"'{channel}' is offered already")
        self.raw["channels"].append(channel)
        return Set(f"/channels/{channel}", False)

    def withdraw(self, op: Row) -> Set:
        channel = op["withdraw"]
        self.allowed("withdraw", channel)
        if channel not in self.raw["channels"] and (channel != "all" or not self.raw["channels"]):
            self.done_above(f"/channels/{channel}", "/channels/all")
            if channel != "all":
                raise _unknown(channel)
        was = list(self.raw["channels"])
        for key in ("channels", "no_meeting", "on_the_spot"):
            if key in self.raw:
                self.raw[key] = [one for one in self.raw[key] if channel not in ("all", one)]
        return Set(f"/channels/{channel}", was if channel == "all" else True)

    def delegate(self, op: Row) -> Set:
        to, was = op["delegate"], self.raw["competent"].get("level", "station")
        self.allowed("delegate", to)
        if LEVELS.index(self.level) > LEVELS.index(was):
            zh = f"这项权力在 {was} 一级，不归 {self.level} 交出去"
            en = f"the decision lies with the {was}; a {self.level} cannot hand it on"
            raise No("not_yours", zh, en)
        self.raw["competent"]["level"] = to
        return Set("/competent/level", was)

    def has_step(self, name: str) -> bool:
        return any(one["id"] == name for steps in _lists(self.raw["flow"]["steps"]) for one in steps)

    def step(self, name: str) -> tuple[list[Row], int]:
        """The list that a step stands in, and its place there."""
        for steps in _lists(self.raw["flow"]["steps"]):
            for at, one in enumerate(steps):
                if one["id"] == name:
                    return steps, at
        raise _unknown(name)

    def material(self, code: str) -> Row:
        self.allowed("drop", code)
        found: Row | None = next((one for one in self.raw["materials"] if one["code"] == code), None)
        if found is None:
            self.done_above(f"/materials/{code}")
            raise _unknown(code)
        return found

    def unasked(self, pointer: str) -> None:
        """A question that is gone stands on no page and in no reason any more."""
        form, reasons = self.raw["form"], (self.raw.get("reasons") or {}).get("return") or {}
        for holder in (*form["x-pages"], *reasons.values()):
            if "fields" in holder:
                holder["fields"] = [one for one in holder["fields"] if one != pointer]
        form["x-pages"] = [page for page in form["x-pages"] if page["fields"]]
        for example in self.raw["examples"]:
            _untold(example, pointer)


def _untold(example: Row, pointer: str) -> None:
    """An example answers no question that is gone, and is told of nothing missing there."""
    *groups, last = pointer.split("/")[1:]
    data: Any = example.get("data")
    for group in groups:
        data = data.get(group) if isinstance(data, dict) else None
    if isinstance(data, dict):
        data.pop(last, None)
    for line in example.get("do") or ():
        (line.get("change") or {}).pop(pointer, None)
    if "faults" in example["expect"]:
        example["expect"]["faults"] = [one for one in example["expect"]["faults"] if one != pointer]


def _unknown(name: str) -> No:
    return No("unknown", f"事项包里没有“{name}”", f"the pack has no '{name}'")


def _row(op: Row, **value: Any) -> Row:
    return {"from": op["from"], "to": op["to"], **value, "source": op["source"], "sure": op["sure"]}


def _between(new: Any, bound: Row, read: Callable[[Any], Any]) -> None:
    if "at_least" in bound and new < read(bound["at_least"]):
        raise No("bound", f"不能少于 {bound['at_least']}", f"not less than {bound['at_least']}")
    if "at_most" in bound and new > read(bound["at_most"]):
        raise No("bound", f"不能多于 {bound['at_most']}", f"not more than {bound['at_most']}")


def _lists(steps: list[Row]) -> Iterator[list[Row]]:
    """Every list of steps of a flow: the trunk, and those of its branches."""
    yield steps
    for one in steps:
        inner = (
            [one["steps"]] if "steps" in one else [branch["steps"] for branch in one.get("branches") or ()]
        )
        yield from itertools.chain.from_iterable(_lists(below) for below in inner)


def _no_burden(steps: Sequence[Row]) -> None:
    """What a layer adds is work of the police within a limit: it asks nobody for anything and turns nobody away."""
    for one in steps:
        asks = "applicant" in (
            one.get("by"),
            (one.get("fallback") or {}).get("by") if one.get("fallback") != "skip" else "",
        )
        turns_away = {"returns", "refuses", "then", "lapses_to", "pauses", "extends"} & set(one) or one.get(
            "on_late"
        ) == "lapse"
        if asks or turns_away or one["kind"] not in ("task", "call"):
            zh = f"“{one['id']}”会增加群众的负担或者把人挡回去，只有法律能这样规定"
            en = f"'{one['id']}' asks more of a person or may turn one away, which only the law may"
            raise No("burden", zh, en)
        if one.get("by") != "system" and "limit" not in one:
            raise No("limit", f"“{one['id']}”要写时限", f"'{one['id']}' needs a limit")


def _proving(group: Row, code: str, way: str = "") -> Iterator[tuple[Row, str, str]]:
    """The questions by which a material is uploaded: their group, name and pointer."""
    for name, one in group["properties"].items():
        if one.get("x-material") == code:
            yield group, name, f"{way}/{name}"
        elif "properties" in one:
            yield from _proving(one, code, f"{way}/{name}")


def _optional(group: Row, name: str) -> None:
    group["required"] = [one for one in group.get("required") or () if one != name]


OPERATIONS: dict[str, Callable[[Work, Row], Set]] = {
    name: getattr(Work, name)
    for name in ("set", "insert", "add_branch", "skip", "drop", "optional", "offer", "withdraw", "delegate")
}
