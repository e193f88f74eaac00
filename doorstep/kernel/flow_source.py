"""From a pack's ``flow:`` to a checked :class:`~doorstep.kernel.flow.Flow`, naming every flaw in it.

A flow is block-structured: a step leads to the next, a guard may skip it, ``then`` jumps in its block, and
only a step at which a person acts may lead back. So no flow can run in circles by itself, and every state can
end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from doorstep.kernel.clock import Limit
from doorstep.kernel.flaw import Flaw, Flawed, Where
from doorstep.kernel.flow import CORRECT, CORRECTION, By, End, Flow, Returns, Step
from doorstep.kernel.rule import Table
from doorstep.kernel.words import Words

RESERVED = ("each", "sub", "call", "wait", "block", "ad_hoc")
_KINDS = ("task", "review", "decide")
_BY = get_args(By)
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS = {
    *("id", "kind", "by", "title", "limit", "on_late", "table", "when", "then", "lapses_to"),
    *("returns", "refuses", "labels", "shown"),
}


def compile_flow(
    raw: Any, tables: Mapping[str, Table] | None = None, limits: Mapping[str, Limit] | None = None
) -> Flow:
    """A flow ready to run. ``limits`` holds the limits that it names. Flawed with all that is wrong."""
    return _Author(raw, tables or {}, limits or {}).flow()


class _Author:
    """Reads one flow and collects what is wrong with it."""

    def __init__(self, raw: Any, tables: Mapping[str, Table], limits: Mapping[str, Limit]) -> None:
        self.raw, self.tables, self.limits = raw, tables, limits
        self.flaws: list[Flaw] = []
        self.steps: dict[str, Step] = {}

    def flaw(self, where: Where, rule: str, zh: str, en: str) -> None:
        self.flaws.append(Flaw(where, f"flow.{rule}", Words(zh, en)))

    def flow(self) -> Flow:
        listed = self.raw.get("steps") if isinstance(self.raw, dict) else None
        if not isinstance(listed, list) or not listed:
            self.flaw((), "empty", "流程至少要有一步（steps）", "a flow needs at least one step (steps)")
            raise Flawed(self.flaws)
        for at, one in enumerate(listed):
            self.step(("steps", at), one)
        if self.flaws:
            raise Flawed(self.flaws)
        order = tuple(self.steps)
        for at, step in enumerate(tuple(self.steps.values())):
            self.links(("steps", at), at, step, order)
        self.corrections()
        ends = self.raw.get("ends", "granted")
        if ends not in get_args(End):
            self.flaw(("ends",), "ends", f"没有“{ends}”这种结果", f"no such end: '{ends}'")
        until = str((self.raw.get("withdraw") or {}).get("until", ""))
        if until and until not in order:
            self.unknown(("withdraw", "until"), until)
        if not self.flaws:
            self.reach(order)
        if self.flaws:
            raise Flawed(self.flaws)
        return Flow(order, self.steps, self.tables, ends, until)

    def unknown(self, where: Where, name: str) -> None:
        self.flaw(where, "unknown_step", f"没有“{name}”这一步", f"there is no step '{name}'")

    def step(self, where: Where, one: Any) -> None:
        """Read one step by itself; what it points to is checked when all are known."""
        if not isinstance(one, dict):
            self.flaw(where, "shape", "每一步要写成 id、kind …", "a step is written as id, kind …")
            return
        for key in set(one) - _KEYS:
            self.flaw((*where, key), "unknown_key", f"不认识的键“{key}”", f"unknown key '{key}'")
        step_id, kind = str(one.get("id", "")), str(one.get("kind", ""))
        if not _ID.fullmatch(step_id):
            zh, en = (
                f"步骤名“{step_id}”应为小写字母开头",
                f"step id '{step_id}' must be a plain lower-case word",
            )
            self.flaw((*where, "id"), "id", zh, en)
        if step_id in self.steps:
            self.flaw((*where, "id"), "twice", f"步骤“{step_id}”写了两次", f"step '{step_id}' appears twice")
        if kind not in _KINDS:
            self.kind(where, kind)
            return
        self.steps[step_id] = Step(
            id=step_id,
            kind=kind,  # type: ignore[arg-type]
            by=self.by(where, kind, one),
            title=self.title(where, kind, one),
            limit=self.limit((*where, "limit"), one.get("limit")),
            on_late=self.on_late(where, one),
            table=self.table(where, kind, one),
            when=self.when(where, one),
            then=str(one.get("then", "")),
            lapses_to=str(one.get("lapses_to", "")),
            returns=self.returns(where, one),
            may_refuse=bool(one.get("refuses", kind == "review")),
            labels={
                str(k): self.words((*where, "labels", k), v) for k, v in (one.get("labels") or {}).items()
            },
            shown=bool(one.get("shown", kind != "decide")),
        )
        self.labels(where, self.steps[step_id])

    def kind(self, where: Where, kind: str) -> None:
        if kind in RESERVED:
            zh, en = f"“{kind}”还不能用，下一版支持", f"'{kind}' is reserved and cannot be used yet"
            self.flaw((*where, "kind"), "reserved", zh, en)
        else:
            zh, en = f"没有“{kind}”这种步骤", f"no such kind of step: '{kind}' ({', '.join(_KINDS)})"
            self.flaw((*where, "kind"), "kind", zh, en)

    def words(self, where: Where, raw: Any) -> Words:
        try:
            return Words.of(raw)
        except ValueError:
            self.flaw(where, "words", "中文和英文都要写（zh、en）", "words need both zh and en")
            return Words("?", "?")

    def title(self, where: Where, kind: str, one: dict[str, Any]) -> Words:
        if kind == "decide" and "title" not in one:
            return Words("自动判断", "Automatic check")
        return self.words((*where, "title"), one.get("title"))

    def by(self, where: Where, kind: str, one: dict[str, Any]) -> By:
        by: Any = one.get("by", "system" if kind == "decide" else None)
        fits = {"decide": ("system",), "review": ("received", "competent", "hand_out")}.get(kind, _BY)
        if by not in fits:
            zh, en = f"由谁办（by）应为 {'、'.join(fits)}", f"'by' must be one of {', '.join(fits)}"
            self.flaw((*where, "by"), "by", zh, en)
            return "system"
        return by  # type: ignore[no-any-return]

    def limit(self, where: Where, raw: Any) -> Limit | None:
        if raw is None:
            return None
        if raw in self.limits:
            return self.limits[raw]
        try:
            return Limit.parse(raw)
        except ValueError:
            zh = f"“{raw}”既不是时限（如 5 workday），也不是 limits 里的名字"
            en = f"'{raw}' is neither a limit such as '5 workday' nor a name from 'limits'"
            self.flaw(where, "limit", zh, en)
            return None

    def on_late(self, where: Where, one: dict[str, Any]) -> Any:
        on_late = one.get("on_late", "escalate")
        if on_late not in ("escalate", "lapse"):
            zh, en = "on_late 应为 escalate 或 lapse", "on_late must be escalate or lapse"
            self.flaw((*where, "on_late"), "on_late", zh, en)
        if "on_late" in one and "limit" not in one:
            zh, en = "写了 on_late 却没有时限（limit）", "on_late without a limit never happens"
            self.flaw((*where, "on_late"), "on_late", zh, en)
        return on_late

    def table(self, where: Where, kind: str, one: dict[str, Any]) -> str:
        table = str(one.get("table", ""))
        if (kind == "decide") != bool(table):
            zh, en = "decide 步骤（也只有它）要写 table", "a decide step, and only that, names a table"
            self.flaw((*where, "table"), "table", zh, en)
        elif table and table not in self.tables:
            self.flaw(
                (*where, "table"), "unknown_table", f"没有“{table}”这张表", f"there is no table '{table}'"
            )
        return table

    def when(self, where: Where, one: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
        raw = one.get("when") or {}
        if not isinstance(raw, dict):
            zh, en = "when 要写成 表.结果: 值", "'when' is written as table.output: value"
            self.flaw((*where, "when"), "when", zh, en)
            return {}
        return {str(k): tuple(v) if isinstance(v, list) else (v,) for k, v in raw.items()}

    def returns(self, where: Where, one: dict[str, Any]) -> Returns | None:
        raw = one.get("returns")
        if raw is None:
            return None
        at_most = raw.get("at_most") if isinstance(raw, dict) else None
        if not isinstance(at_most, int) or not 1 <= at_most <= 9:
            zh, en = "returns 要写 to 和 at_most（1 到 9）", "'returns' needs 'to' and 'at_most' (1 to 9)"
            self.flaw((*where, "returns"), "returns", zh, en)
            return None
        limit = self.limit((*where, "returns", "limit"), raw.get("limit"))
        return Returns(str(raw.get("to", "")), at_most, limit)

    def labels(self, where: Where, step: Step) -> None:
        for outcome in set(step.labels) - set(step.outcomes):
            zh, en = f"“{step.id}”没有“{outcome}”这种答复", f"step '{step.id}' has no outcome '{outcome}'"
            self.flaw((*where, "labels", outcome), "outcome", zh, en)

    def links(self, where: Where, at: int, step: Step, order: tuple[str, ...]) -> None:
        """What a step points to: other steps of its block, and values that a table really gives."""
        for key, target in (("then", step.then), ("lapses_to", step.lapses_to)):
            if not target:
                continue
            if target not in order:
                self.unknown((*where, key), target)
            elif key == "then" and not step.waits and order.index(target) <= at:
                zh, en = "没有人参与的步骤不能往回跳", "a step without a person cannot lead back"
                self.flaw((*where, key), "circle", zh, en)
        if step.lapses_to and step.on_late != "lapse":
            zh, en = "lapses_to 只能和 on_late: lapse 一起用", "lapses_to needs on_late: lapse"
            self.flaw((*where, "lapses_to"), "on_late", zh, en)
        if step.returns:
            self.return_target((*where, "returns"), at, step, step.returns, order)
        decided = {self.steps[name].table for name in order[:at]}
        for name, values in step.when.items():
            self.guard((*where, "when", name), name, values, decided)

    def return_target(
        self, where: Where, at: int, step: Step, returns: Returns, order: tuple[str, ...]
    ) -> None:
        if step.by in ("applicant", "system"):
            zh, en = "只有警方办的步骤可以退回", "only a step done by the police can return"
            self.flaw(where, "returns", zh, en)
        elif returns.to != "applicant" and returns.to not in order[:at]:
            zh = f"退回到“{returns.to}”：应为 applicant 或前面的步骤"
            en = f"returns to '{returns.to}': expected applicant or an earlier step"
            self.flaw((*where, "to"), "returns", zh, en)

    def guard(self, where: Where, name: str, values: tuple[Any, ...], decided: set[str]) -> None:
        table, _, output = name.rpartition(".")
        if table not in decided or table not in self.tables:
            zh, en = f"“{table}”这张表在此之前没有判断过", f"table '{table}' is not decided before this step"
            self.flaw(where, "when", zh, en)
            return
        column = next((c for c in self.tables[table].outputs if c.name == output), None)
        if column is None:
            self.flaw(
                where, "when", f"“{table}”没有结果“{output}”", f"table '{table}' has no output '{output}'"
            )
            return
        for value in values:
            if not column.accepts(value):
                zh, en = f"{value!r} 不是 {column.said}", f"{value!r} is not {column.said}"
                self.flaw(where, "when", zh, en)

    def corrections(self) -> None:
        """Add the applicant's own step for every step that may return to the applicant."""
        for step in tuple(self.steps.values()):
            if step.returns and step.returns.to == "applicant":
                name, limit = CORRECT + step.id, step.returns.limit
                self.steps[name] = Step(name, "correct", "applicant", CORRECTION, limit, "lapse")

    def reach(self, order: tuple[str, ...]) -> None:
        """Every step can be reached from the first."""
        seen: set[int] = set()
        ahead = [0]
        while ahead:
            place = ahead.pop()
            if place in seen or place >= len(order):
                continue
            seen.add(place)
            step = self.steps[order[place]]
            targets = [step.then, step.lapses_to, step.returns.to if step.returns else ""]
            ahead += [order.index(target) for target in targets if target in order]
            if not step.then or step.when:
                ahead.append(place + 1)
        for place, step_id in enumerate(order):
            if place not in seen:
                zh, en = f"永远走不到“{step_id}”这一步", f"step '{step_id}' can never be reached"
                self.flaw(("steps", place), "unreachable", zh, en)
