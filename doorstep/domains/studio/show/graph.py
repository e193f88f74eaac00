"""A flow as nodes and arrows with places: what BPMN draws. Every construct of ours becomes standard ones.

A branch is a subprocess of its own, so that it can fail alone (terminate) or fail what is around it (error). A step that
may be added by hand is an event subprocess that does not interrupt. A limit is a timer on the step's border.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.flow import CORRECT, HAND, Flow, Step
from doorstep.rulebook.flow_shape import Block
from doorstep.rulebook.words import Words

Shape = Literal[
    "startEvent", "endEvent", "boundaryEvent", "userTask", "task", "businessRuleTask", "serviceTask", "receiveTask",
    "callActivity", "exclusiveGateway", "parallelGateway", "subProcess",
]  # fmt: skip
SIZE: dict[str, tuple[int, int]] = {"startEvent": (36, 36), "endEvent": (36, 36), "boundaryEvent": (36, 36),
                                    "exclusiveGateway": (50, 50), "parallelGateway": (50, 50)}  # fmt: skip
_TASK = (120, 80)
_GAP, _LANE = 60, 120
_SHAPES: dict[str, Shape] = {
    "decide": "businessRuleTask",
    "call": "serviceTask",
    "sub": "callActivity",
    "wait": "receiveTask",
}
EVERY_END = ("refuse", "lapsed")


@dataclass
class Node:
    """One thing drawn. ``event``: what makes it start or end; ``on``: the node whose border it sits on."""

    id: str
    shape: Shape
    title: Words | None = None
    event: str = ""
    on: str = ""
    interrupts: bool = True
    times: str = ""
    added: bool = False
    limit: Limit | None = None
    step: Step | None = None
    inside: Graph | None = None
    x: int = 0
    y: int = 0
    w: int = 0
    h: int = 0


@dataclass
class Arrow:
    """From one node to another, if ``when`` holds (as an expression), or if nothing else does (``default``)."""

    source: str
    target: str
    when: str = ""
    default: bool = False


@dataclass
class Graph:
    """A process or subprocess: nodes and the arrows between them."""

    id: str
    nodes: dict[str, Node] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    w: int = 0
    h: int = 0


def graph_of(flow: Flow) -> Graph:
    """The whole flow as a process."""
    return _Maker(flow, "").made()


def variable(name: str) -> str:
    """A guard's name as expressions know it: ``complete.route`` is ``complete_route``."""
    return name.replace(".", "_")


def node_id(step: str) -> str:
    """A step's name as an XML name."""
    return step.replace(CORRECT, "correct__").replace(HAND, "hand__")


class _Maker:
    """One block, from left to right; below the way what happens besides."""

    def __init__(self, flow: Flow, block: str) -> None:
        self.flow, self.block = flow, flow.blocks[block]
        self.graph = Graph(block or "flow")
        self.steps = [flow.steps[name] for name in self.block.order]
        self.tag = f"__{block}" if block else ""
        self.suffix, self.x = "", 0

    def made(self) -> Graph:
        start = self.node(f"start{self.tag}", "startEvent")
        self.x += SIZE["startEvent"][0] + _GAP
        for step in self.steps:
            self.step(step)
        self.node(f"end{self.tag}", "endEvent")
        self.arrow(start.id, self.entry(0))
        for step in self.flow.steps.values():
            if step.adhoc and step.block == self.block.id:
                self.added(step)
        self._fit()
        return self.graph

    def _fit(self) -> None:
        """Bring everything into the positive corner and say how large it is."""
        nodes = self.graph.nodes.values()
        left, top = min(n.x for n in nodes) - 40, min(n.y for n in nodes) - 40
        for node in nodes:
            node.x, node.y = node.x - left, node.y - top
        self.graph.w = max(n.x + n.w for n in nodes) + 40
        self.graph.h = max(n.y + n.h for n in nodes) + 40

    def node(
        self, name: str, shape: Shape, *, lane: int = 0, title: Words | None = None, **more: object
    ) -> Node:
        w, h = SIZE.get(shape, _TASK)
        node = Node(name, shape, title, x=self.x, y=lane * _LANE - h // 2, w=w, h=h, **more)  # type: ignore[arg-type]
        self.graph.nodes[name] = node
        return node

    def arrow(self, source: str, target: str, when: str = "", default: bool = False) -> None:
        self.graph.arrows.append(Arrow(source, target, when, default))

    def name(self, step: str) -> str:
        return node_id(step) + self.suffix

    def entry(self, place: int) -> str:
        """The node at which a step is entered; behind the last it is the end."""
        if place >= len(self.steps):
            return f"end{self.tag}"
        step = self.steps[place]
        return f"if__{step.id}" if step.when else self.first(step)

    def first(self, step: Step) -> str:
        if step.kind != "each":
            return step.id
        return self.fork_of(step) if step.when else f"to__{step.id}"

    def fork_of(self, step: Step) -> str:
        return f"fork__{step.id}" if step.blocks else step.id

    def after(self, step: Step) -> str:
        if step.place < 0:
            return f"end{self.tag}"
        return self.entry(self.flow.steps[step.then].place if step.then else step.place + 1)

    def step(self, step: Step) -> None:
        if step.when:
            gate = self.node(f"if__{step.id}", "exclusiveGateway")
            self.arrow(gate.id, self.first(step), _condition(step.when))
            self.arrow(gate.id, self.entry(step.place + 1), default=True)
            self.x += gate.w + _GAP
        if step.kind == "each":
            self.fork(step)
        else:
            self.task(step, self.after(step))
        self.x += _GAP

    def task(self, step: Step, after: str, lane: int = 0) -> None:
        """A step that somebody, something or a table answers, with all that may follow."""
        shape = _SHAPES.get(step.kind, "userTask" if step.waits else "task")
        node = self.node(self.name(step.id), shape, lane=lane, title=step.title, step=step)
        self.x += node.w + _GAP // 2
        ways = self.ways(step, lane)
        if ways:
            self.x += _GAP // 2
            said = self.node(f"said__{node.id}", "exclusiveGateway", lane=lane)
            self.arrow(node.id, said.id)
            for condition, target in ways:
                self.arrow(said.id, target, condition)
            self.arrow(said.id, after, default=True)
            self.x += said.w
        else:
            self.arrow(node.id, after)
        if step.limit:
            self.late(step, node)

    def ways(self, step: Step, lane: int) -> list[tuple[str, str]]:
        """The ways out of a step other than the usual one."""
        ways = []
        if step.returns:
            if step.returns.to == "applicant":
                x, self.x = self.x, self.x - _TASK[0] - _GAP // 2
                self.task(self.flow.steps[CORRECT + step.id], self.name(step.id), lane + 1)
                self.x = max(x, self.x)
                ways.append(("outcome == 'return'", self.name(CORRECT + step.id)))
            else:
                ways.append(("outcome == 'return'", self.entry(self.flow.steps[step.returns.to].place)))
        if step.may_refuse:
            ways.append(("outcome == 'refuse'", self.fail("refuse")))
        if step.kind == "call":
            ways.append(("outcome == 'failed'", self.failed(step)))
        return ways

    def failed(self, step: Step) -> str:
        """What happens when a connector failed: once more, by hand, or not at all."""
        by_hand = step.fallback.startswith(HAND)
        if by_hand:
            x, self.x = self.x, self.x - _TASK[0] - _GAP // 2
            self.task(self.flow.steps[step.fallback], self.after(step), 1)
            self.x = max(x, self.x)
        target = self.name(step.fallback) if by_hand else self.after(step)
        again = self.node(f"again__{self.name(step.id)}", "exclusiveGateway", lane=1)
        self.x += again.w
        self.arrow(again.id, self.name(step.id), f"tries_{step.id} < {step.tries}")
        self.arrow(again.id, target, default=True)
        return again.id

    def fail(self, outcome: str) -> str:
        """The end of this block for a refusal or a lapse: of it alone, or of what is around it."""
        owner = self.flow.steps.get(self.block.owner)
        name = f"{outcome}{self.tag}"
        if name not in self.graph.nodes:
            event = "terminate" if owner is None or owner.on_fail == "join" else f"error:{name}"
            self.node(name, "endEvent", lane=-1, event=event, title=_FAILED[outcome])
        return name

    def late(self, step: Step, node: Node) -> None:
        interrupts = step.on_late in ("lapse", "fail")
        name = f"late__{node.id}"
        self.graph.nodes[name] = Node(
            name, "boundaryEvent", step.limit.words if step.limit else None, "timer", node.id, interrupts,
            limit=step.limit, x=node.x + 10, y=node.y + node.h - 18, w=36, h=36,
        )  # fmt: skip
        self.arrow(name, self.late_target(step, node))

    def late_target(self, step: Step, node: Node) -> str:
        if step.on_late == "fail":
            return f"again__{self.name(step.id)}"
        if step.on_late == "lapse" and step.lapses_to:
            return self.entry(self.flow.steps[step.lapses_to].place)
        if step.on_late == "lapse":
            return self.fail("lapsed")
        if step.on_late == "open":
            opened = self.flow.steps[step.opens]
            x, self.x = self.x, node.x
            name = self.copy(opened, f"{opened.id}__beside__{step.id}")
            self.x = max(x, self.x)
            return name
        told = f"told__{node.id}"
        self.graph.nodes[told] = Node(
            told, "endEvent", _TOLD, x=node.x + node.w + 14, y=node.y + node.h + 4, w=36, h=36
        )
        return told

    def copy(self, step: Step, name: str) -> str:
        """A step that a late one opens: drawn where it opens, as its own little process that leads nowhere."""
        node = self.node(
            name, "subProcess", lane=2, title=step.title, inside=_Added(self.flow, step, name).made()
        )
        self.sized(node)
        self.x += node.w + _GAP // 2
        done = self.node(f"done__{name}", "endEvent", lane=2)
        self.arrow(name, done.id)
        return name

    def added(self, step: Step) -> None:
        """A step that may be added by hand, as often as it says, while this block is open."""
        self.x = max((n.x + n.w for n in self.graph.nodes.values()), default=0) + _GAP
        inside = _Added(self.flow, step).made()
        self.sized(self.node(f"added__{step.id}", "subProcess", title=step.title, inside=inside, added=True))

    def sized(self, node: Node) -> None:
        assert node.inside is not None  # noqa: S101
        node.w, node.h = node.inside.w, node.inside.h

    def fork(self, step: Step) -> None:
        fails = step.on_fail == "end"
        if not step.when:
            # Ways meet before a fork: a parallel gateway would wait for all of them.
            gate = self.node(f"to__{step.id}", "exclusiveGateway")
            self.arrow(gate.id, self.fork_of(step))
            self.x += gate.w + _GAP // 2
        if not step.blocks:
            node = self.branch(step, step.id, step.id, step.title, 0)
            node.times = f"count_{step.id}"
            self.arrow(node.id, self.after(step))
            self.errors(node, step.id, fails)
            self.x += node.w
            return
        split = self.node(f"fork__{step.id}", "parallelGateway")
        self.x += split.w + _GAP
        right, top, join = self.x, 0, f"join__{step.id}"
        for name in step.blocks:
            block = self.flow.blocks[name]
            node = self.branch(step, name, name, block.title, top)
            top += node.h + _GAP
            self.arrow(split.id, self.guarded(node, block, join))
            self.errors(node, name, fails)
            right = max(right, node.x + node.w + (_GAP + 50 if block.when else 0))
        self.x = right + _GAP
        self.x += self.node(join, "parallelGateway").w
        self.arrow(join, self.after(step))

    def guarded(self, node: Node, block: Block, join: str) -> str:
        """Lead a branch to the join, past it if its guard keeps it out. Returns where the fork leads to."""
        if not block.when:
            self.arrow(node.id, join)
            return node.id
        middle = node.y + node.h // 2 - 25
        gate = Node(f"if__{node.id}", "exclusiveGateway", x=node.x, y=middle, w=50, h=50)
        node.x += 50 + _GAP
        meet = Node(
            f"met__{node.id}", "exclusiveGateway", x=node.x + node.w + _GAP // 2, y=middle, w=50, h=50
        )
        self.graph.nodes |= {gate.id: gate, meet.id: meet}
        self.arrow(gate.id, node.id, _condition(block.when))
        self.arrow(gate.id, meet.id, default=True)
        self.arrow(node.id, meet.id)
        self.arrow(meet.id, join)
        return gate.id

    def branch(self, step: Step, name: str, block: str, title: Words | None, top: int) -> Node:
        inside = _Maker(self.flow, block).made()
        node = self.node(name, "subProcess", title=title, inside=inside, step=step)
        self.sized(node)
        node.y = top - 40
        return node

    def errors(self, node: Node, block: str, fails: bool) -> None:
        """Where a branch that fails takes what is around it."""
        if not fails or node.inside is None:
            return
        for at, outcome in enumerate(EVERY_END):
            code = f"{outcome}__{block}"
            if code in node.inside.nodes:
                name = f"fails__{code}"
                self.graph.nodes[name] = Node(
                    name, "boundaryEvent", event=f"error:{code}", on=node.id,
                    x=node.x + 60 + 60 * at, y=node.y + node.h - 18, w=36, h=36,
                )  # fmt: skip
                self.arrow(name, self.fail(outcome))


class _Added(_Maker):
    """One added step alone, in a process of its own: started by hand, or (``late``) drawn where a late step opens it."""

    def __init__(self, flow: Flow, step: Step, late: str = "") -> None:
        super().__init__(flow, step.block)
        self.one, self.message = step, "" if late else f"message:add_{step.id}"
        self.tag, self.suffix = f"__{late or step.id}", f"__in__{late}" if late else ""

    def made(self) -> Graph:
        start = self.node(f"start{self.tag}", "startEvent", event=self.message, interrupts=False)
        self.x += start.w + _GAP
        self.task(self.one, f"end{self.tag}")
        self.x += _GAP
        self.node(f"end{self.tag}", "endEvent")
        self.arrow(start.id, self.name(self.one.id))
        self._fit()
        return self.graph

    def fail(self, outcome: str) -> str:
        """An added step that lapses leads nowhere, as it would if it were done."""
        return f"end{self.tag}"


_FAILED = {"refuse": Words("不予办理", "Refused"), "lapsed": Words("超期关闭", "Lapsed")}
_TOLD = Words("提醒", "Told")


def _condition(when: object) -> str:
    """Guards as one expression."""
    assert isinstance(when, dict)  # noqa: S101 - a compiled flow holds plain dicts
    return " and ".join(f"{variable(name)} in {list(values)!r}" for name, values in when.items())
