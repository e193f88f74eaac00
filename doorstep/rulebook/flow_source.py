"""From a pack's ``flow:`` to a checked :class:`~doorstep.rulebook.flow_shape.Flow`, naming every flaw in it.

Which keys a step may have is said by ``packs/schema.json``; here is what a schema cannot say. A flow is
block-structured: a step leads to the next, a guard may skip it, ``then`` jumps in its block, and only a step at which
somebody acts may lead back. So no flow can run in circles by itself. That every step can be reached and every block can
end is shown by the linter, who walks all ways (:mod:`doorstep.domains.studio.reach`) before a pack is published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.flaw import Flaw, Flawed, Where
from doorstep.rulebook.flow_shape import CORRECT, HAND, MESSAGES, AdHoc, Block, By, Flow, Returns, Step
from doorstep.rulebook.rule import Table
from doorstep.rulebook.words import Words

_POLICE = get_args(By)[:6]
_SUB = ("granted", "refused", "withdrawn", "closed")
_ASKS = {"call": "connector", "sub": "item", "wait": "message"}
_TITLE = Words("自动判断", "Automatic check")
_CORRECTION = Words("补正", "Correct and send again")
_DEPTH = 3
Given = tuple[Mapping[str, Any], ...]
# A proof over a whole flow: what is wrong, as (step or branch, rule, zh, en); told what a table or call can give.
Walk = Callable[[Flow, Callable[[str], Given]], Iterable[tuple[str, str, str, str]]]


def compile_flow(
    raw: Mapping[str, Any],
    tables: Mapping[str, Table] | None = None,
    limits: Mapping[str, Limit] | None = None,
    walk: Walk | None = None,
) -> Flow:
    """A flow ready to run, from what fits the schema. ``limits`` holds the limits that it names, ``walk`` proves more.

    Flawed with all that is wrong.
    """
    return _Author(raw, tables or {}, limits or {}).flow(walk)


class _Author:
    """Reads one flow and collects what is wrong with it."""

    def __init__(
        self, raw: Mapping[str, Any], tables: Mapping[str, Table], limits: Mapping[str, Limit]
    ) -> None:
        self.raw, self.tables, self.limits = raw, tables, limits
        self.flaws: list[Flaw] = []
        self.steps: dict[str, Step] = {}
        self.at: dict[str, Where] = {}
        self.blocks: dict[str, Block] = {}
        self.order: list[str] = []

    def flaw(self, where: Where, rule: str, zh: str, en: str) -> None:
        self.flaws.append(Flaw(where, f"flow.{rule}", Words(zh, en)))

    def hold(self) -> None:
        if self.flaws:
            raise Flawed(self.flaws)

    def flow(self, walk: Walk | None) -> Flow:
        self.block(("steps",), Block("", ()), self.raw["steps"], 0)
        for at, one in enumerate(self.raw.get("adhoc") or ()):
            self.added(("adhoc", at), one)
        self.hold()
        if machine := str(self.raw.get("machine", "")):
            ends = self.raw.get("ends", "closed")
            return Flow(tuple(self.order), self.steps, self.tables, ends, machine=machine, blocks=self.blocks)
        for step in tuple(self.steps.values()):
            self.links(self.at[step.id], step)
        until = str((self.raw.get("withdraw") or {}).get("until", ""))
        if until and until not in self.order:
            self.unknown(("withdraw", "until"), until)
        self.hold()
        ends = self.raw.get("ends", "granted")
        flow = Flow(tuple(self.order), self.steps, self.tables, ends, until, blocks=self.blocks)
        for name, rule, zh, en in walk(flow, self.given) if walk else ():
            self.flaw(self.at.get(name, ("steps",)), rule, zh, en)
        self.hold()
        return flow

    def unknown(self, where: Where, name: str) -> None:
        self.flaw(where, "unknown_step", f"没有“{name}”这一步", f"there is no step '{name}'")

    # Reading: each step by itself; what it points to is checked when all are known.

    def block(self, where: Where, block: Block, listed: list[dict[str, Any]], depth: int) -> None:
        """Read the steps of one block, and of the blocks inside it."""
        self.blocks[block.id] = block
        names = tuple(str(one["id"]) for one in listed)
        for place, one in enumerate(listed):
            step = self.step((*where, place), one, block.id, place)
            self.order.append(step.id)
            if step.kind == "each":
                self.fork((*where, place), step, one, depth + 1)
        self.blocks[block.id] = replace(block, order=names)

    def fork(self, where: Where, step: Step, one: dict[str, Any], depth: int) -> None:
        """Read the branches of an ``each``: named ones, or one way for each of a list."""
        if depth > _DEPTH:
            zh, en = f"分支最多套 {_DEPTH} 层", f"branches inside branches: at most {_DEPTH} deep"
            self.flaw(where, "depth", zh, en)
        elif "of" in one:
            self.block((*where, "steps"), Block(step.id, (), step.id), one["steps"], depth)
        for at, branch in enumerate(one.get("branches") or ()):
            place, name = (*where, "branches", at), str(branch["id"])
            self.named((*place, "id"), name)
            self.at[name] = place
            block = Block(name, (), step.id, Words.of(branch["title"]), _when(branch))
            self.block((*place, "steps"), block, branch["steps"], depth)

    def named(self, where: Where, name: str) -> None:
        if name in self.at:
            self.flaw(where, "twice", f"“{name}”写了两次", f"'{name}' appears twice")

    def step(
        self, where: Where, one: dict[str, Any], block: str, place: int, adhoc: AdHoc | None = None
    ) -> Step:
        name, kind = str(one["id"]), one["kind"]
        self.named((*where, "id"), name)
        if kind == "task" and "answers" in one:
            kind = "hand"
            if "machine" not in self.raw:
                zh, en = "只有 machine 的步骤可以自定答复", "only a step of a machine has answers of its own"
                self.flaw((*where, "answers"), "answers", zh, en)
        answers, of = one.get("answers") or {}, one.get("of", "")
        labels = _names(answers or one.get("labels") or {})
        limit, extends, remind = (self.limit(where, one, key) for key in ("limit", "extends", "remind"))
        step = Step(
            name, kind, one.get("by", "system"), Words.of(one["title"]) if "title" in one else _TITLE, limit,
            one.get("on_late", "fail" if kind == "call" else "escalate"), str(one.get("table", "")), _when(one),
            str(one.get("then", "")), str(one.get("lapses_to", "")), str(one.get("opens", "")), self.returns(where, one),
            bool(one.get("refuses", kind == "review" and (place >= 0 or extends is not None))), labels,
            bool(one.get("shown", kind != "decide")),
            block, place, tuple(str(branch["id"]) for branch in one.get("branches") or ()),
            of if isinstance(of, str) else "", _names(of), one.get("on_fail", "end"), str(one.get(_ASKS.get(kind, ""), "")),
            _SUB if kind == "sub" else tuple(answers or ("done",)) if kind in MESSAGES else tuple(answers), one.get("tries", 1),
            _fallback(one), adhoc, bool(one.get("pauses")), extends, remind,
        )  # fmt: skip
        self.steps[name], self.at[name] = step, where
        self.own(where, step, one)
        return step

    def added(self, where: Where, one: dict[str, Any]) -> None:
        """Read a step that may be added by hand, or that a late step opens beside itself."""
        block = str(one.get("in", ""))
        if block not in self.blocks:
            zh, en = f"没有“{block}”这个分支", f"there is no branch '{block}'"
            self.flaw((*where, "in"), "unknown_branch", zh, en)
            return
        while_ = tuple(one.get("while") or ())
        for name in while_:
            if name not in self.blocks[block].order:
                self.unknown((*where, "while"), name)
        by = tuple(one.get("added_by", ("competent",)))
        self.step((*where, "step"), one["step"], block, -1, AdHoc(by, one.get("at_most", 1), while_))

    def limit(self, where: Where, one: Mapping[str, Any], key: str) -> Limit | None:
        raw = one.get(key)
        if raw is None or raw in self.limits:
            return self.limits[raw] if raw else None
        try:
            return Limit.parse(raw)
        except ValueError:
            zh = f"“{raw}”既不是时限（如 5 workday），也不是 limits 里的名字"
            en = f"'{raw}' is neither a limit such as '5 workday' nor a name from 'limits'"
            self.flaw((*where, key), "limit", zh, en)
            return None

    def returns(self, where: Where, one: dict[str, Any]) -> Returns | None:
        raw = one.get("returns")
        if raw is None:
            return None
        limit = self.limit((*where, "returns"), raw, "limit")
        return Returns(str(raw["to"]), raw["at_most"], limit, bool(raw.get("pauses")))

    def own(self, where: Where, step: Step, one: dict[str, Any]) -> None:
        """What can be said of a step alone, and the steps that come with it."""
        if step.table and step.table not in self.tables:
            zh, en = f"没有“{step.table}”这张表", f"there is no table '{step.table}'"
            self.flaw((*where, "table"), "unknown_table", zh, en)
        for outcome in sorted(set(step.labels) - set(step.answers or step.outcomes)):
            zh, en = f"“{step.id}”没有“{outcome}”这种答复", f"step '{step.id}' has no outcome '{outcome}'"
            self.flaw((*where, "labels", outcome), "outcome", zh, en)
        for key, needs in (("lapses_to", "lapse"), ("opens", "open")):
            if (key in one) > (step.on_late == needs) or (key not in one and step.on_late == key[:-1]):
                zh, en = f"{key} 和 on_late: {needs} 要一起用", f"'{key}' goes with on_late: {needs}"
                self.flaw((*where, key if key in one else "on_late"), "on_late", zh, en)
        if step.returns and step.returns.to == "applicant":
            self.beside(step, "correct", CORRECT, "applicant", step.returns.limit, step.returns.pauses)
        if step.fallback.startswith(HAND):
            limit = self.limit((*where, "fallback"), one["fallback"], "limit")
            self.beside(step, "hand", HAND, one["fallback"]["by"], limit)

    def beside(
        self, step: Step, kind: Any, prefix: str, by: By, limit: Limit | None, pauses: bool = False
    ) -> None:
        """The applicant's correction of a step, or what a person does for a connector that gave up."""
        name, corrects = prefix + step.id, kind == "correct"
        labels, answers = ({}, ()) if corrects else (step.labels, step.answers)
        self.steps[name] = Step(
            name, kind, by, _CORRECTION if corrects else step.title, limit, "lapse" if corrects else "escalate",
            labels=labels, answers=answers, block=step.block, pauses=pauses,
        )  # fmt: skip
        self.at[name] = self.at[step.id]

    # Checking: what the steps point to.

    def links(self, where: Where, step: Step) -> None:
        order = self.blocks[step.block].order
        for key, target in (("then", step.then), ("lapses_to", step.lapses_to)):
            if target and self.target((*where, key), key, target, order):
                free = step.kind not in ("call", "sub") and step.waits
                if key == "then" and not free and order.index(target) <= step.place:
                    zh, en = "没有人参与的步骤不能往回跳", "a step without a person cannot lead back"
                    self.flaw((*where, key), "circle", zh, en)
        opened = self.steps.get(step.opens)
        if step.opens and (opened is None or opened.place >= 0 or opened.block != step.block):
            zh = f"adhoc 里没有同一分支的“{step.opens}”"
            en = f"'adhoc' lists no step '{step.opens}' of this branch"
            self.flaw((*where, "opens"), "unknown_step", zh, en)
        if step.returns:
            self.return_target((*where, "returns"), step, step.returns.to, order)
        self.guards((*where, "when"), step, step.when)
        for name in step.blocks:
            self.guards((*self.at[name], "when"), step, self.blocks[name].when)

    def target(self, where: Where, key: str, target: str, order: tuple[str, ...]) -> bool:
        if target in order:
            return True
        if target in self.order:
            zh = f"“{target}”不在同一分支里，{key} 不能跳出去"
            en = f"'{target}' is in another branch; '{key}' stays in its own"
            self.flaw(where, "leaves_branch", zh, en)
        else:
            self.unknown(where, target)
        return False

    def return_target(self, where: Where, step: Step, to: str, order: tuple[str, ...]) -> None:
        if step.by not in _POLICE:
            zh, en = "只有警方办的步骤可以退回", "only a step done by the police can return"
            self.flaw(where, "returns", zh, en)
        elif to != "applicant" and to not in order[: max(step.place, 0)]:
            zh = f"退回到“{to}”：应为 applicant 或本分支前面的步骤"
            en = f"returns to '{to}': expected applicant or an earlier step of the same branch"
            rule = "return_into_branch" if to in self.order and to not in order else "returns"
            self.flaw((*where, "to"), rule, zh, en)

    def given(self, name: str) -> Given:
        """What a table, call, sub, wait or fork can come to give, row by row: what guards may ask for."""
        if name in self.tables:
            return tuple(self.tables[name].answers)
        step = self.steps.get(name)
        if step and step.kind == "each":
            return tuple({"result": how} for how in self.results(step))
        if step and step.kind in MESSAGES:
            failed = ("failed",) if step.fallback == "skip" else ()
            return tuple({"answer": one} for one in (*step.answers, *failed))
        return ()

    def results(self, step: Step) -> list[str]:
        """How the branches of a fork can come out together."""
        blocks = [self.blocks[name] for name in step.blocks or (step.id,)]
        fail = [self.may_fail(block) for block in blocks]
        if step.on_fail == "end" or not any(fail):
            return ["all"]
        several = len(step.names or step.blocks) != 1
        every = all(fails or block.when for fails, block in zip(fail, blocks, strict=True))
        return ["all", *["some"] * several, *["none"] * every]

    def may_fail(self, block: Block) -> bool:
        """Whether a branch can be refused or lapse, by a step of its own or a fork that does not join failures."""
        return any(
            step.may_refuse
            or (step.on_late == "lapse" and step.limit and not step.lapses_to)
            or (step.returns and step.returns.to == "applicant" and step.returns.limit)
            or (
                step.on_fail == "end"
                and any(self.may_fail(self.blocks[b]) for b in step.blocks or (step.id,) if b in self.blocks)
            )
            for step in (self.steps[name] for name in block.order)
        )

    def guards(self, where: Where, step: Step, when: Mapping[str, tuple[Any, ...]]) -> None:
        for name, values in when.items():
            source, _, output = name.rpartition(".")
            rows = self.given(source)
            said = [row.get(output) for row in rows]
            missing = [value for value in values if value not in said]
            zh = en = ""
            if not rows or not self.decided_before(source, step):
                zh, en = f"“{source}”在此之前没有判断过", f"'{source}' is not decided before this step"
            elif output not in rows[0]:
                zh, en = f"“{source}”没有结果“{output}”", f"'{source}' has no output '{output}'"
            elif missing:
                only = ", ".join(sorted({str(value) for value in said}))
                zh, en = (
                    f"没有哪一行给出 {missing[0]!r}，只有 {only}",
                    f"no row gives {missing[0]!r}, only {only}",
                )
            if zh:
                self.flaw((*where, name), "when", zh, en)

    def decided_before(self, source: str, step: Step) -> bool:
        """Whether a step of this block, or of one around it, may have decided ``source`` before this step."""
        block, place = step.block, step.place
        while source not in [self.steps[name].table or name for name in self.blocks[block].order[:place]]:
            owner = self.blocks[block].owner
            if not owner:
                return False
            block, place = self.steps[owner].block, self.steps[owner].place
        return True


def _when(one: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    raw = one.get("when") or {}
    return {str(k): tuple(v) if isinstance(v, list) else (v,) for k, v in raw.items()}


def _names(of: Any) -> dict[str, Words]:
    return {str(k): Words.of(v) for k, v in of.items()} if isinstance(of, dict) else {}


def _fallback(one: Mapping[str, Any]) -> str:
    """What happens when a connector gives up: ``skip``, or the name of the step in which a person does it."""
    raw = one.get("fallback", "")
    return f"{HAND}{one['id']}" if isinstance(raw, dict) else str(raw)
