"""Can every step of a flow be reached, and can every block end? Answered by walking all ways before a pack is published.

The walk keeps of each table, call or fork only what the guards of one block ask of it, so it is small for any flow that
a person could read.
It takes each table to be able to give each of its rows: that a fact stays the same for ever it cannot know.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from doorstep.rulebook.flow_shape import MESSAGES, Block, Flow, Step
from doorstep.rulebook.flow_source import Given

Found = tuple[str, str, str, str]
# For each source of guards: which guards of the block its answer lets pass. None: not decided yet.
Seen = tuple[tuple[bool, ...] | None, ...]
Node = tuple[int, Seen]
_MOST = 20_000


def dead_ends(flow: Flow, given: Callable[[str], Given]) -> Iterator[Found]:
    """What is wrong as (step or branch, rule, zh, en): steps never reached, places from which no end is."""
    for block in flow.blocks.values():
        yield from _Walk(flow, block, given).found()


class _Walk:
    """All ways through one block."""

    def __init__(self, flow: Flow, block: Block, given: Callable[[str], Given]) -> None:
        self.flow, self.order = flow, block.order
        guards = [dict(flow.steps[name].when) for name in block.order]
        asked = sorted({(name, values) for when in guards for name, values in when.items()}, key=repr)
        self.sources = sorted({name.rpartition(".")[0] for name, _ in asked})
        self.atoms = {
            source: [a for a in asked if a[0].rpartition(".")[0] == source] for source in self.sources
        }
        self.classes = {
            source: {
                tuple(row.get(name.rpartition(".")[2]) in values for name, values in atoms)
                for row in given(source)
            }
            for source, atoms in self.atoms.items()
        }
        self.block = block

    def found(self) -> Iterator[Found]:
        ways: dict[Node, set[Node]] = {}
        ahead = list(self.first())
        while ahead and len(ways) < _MOST:
            node = ahead.pop()
            if node not in ways and node[0] < len(self.order):
                ways[node] = set(self.next(node))
                ahead += [*ways[node], *self.back(node)]
        if ahead and len(ways) >= _MOST:
            yield (
                self.block.id,
                "size",
                "流程太复杂，无法逐路检查，请拆开",
                "too many ways to check; split the flow",
            )
            return
        happen = {place for place, seen in ways if self.lets(self.step(place), seen)}
        for place, name in enumerate(self.order):
            if place not in happen:
                yield name, "unreachable", f"永远走不到“{name}”这一步", f"step '{name}' can never be reached"
        stuck = set(ways) - _ends_in(ways, len(self.order))
        if stuck:
            name = self.order[min(place for place, _ in stuck)]
            yield name, "no_end", f"从“{name}”往后永远办不完", f"from step '{name}' on no end can be reached"

    def first(self) -> Iterator[Node]:
        """At the beginning, what is decided outside may have come out in any way."""
        own = {self.flow.steps[name].table or name for name in self.order}
        outside = [[None] if s in own else sorted(self.classes[s]) for s in self.sources]
        for seen in itertools.product(*outside):
            yield 0, seen

    def step(self, place: int) -> Step:
        return self.flow.steps[self.order[place]]

    def lets(self, step: Step, seen: Seen) -> bool:
        return all(self.passes((name, values), seen) for name, values in step.when.items())

    def passes(self, atom: tuple[str, tuple[Any, ...]], seen: Seen) -> bool:
        source = atom[0].rpartition(".")[0]
        known = seen[self.sources.index(source)]
        return None in atom[1] if known is None else known[self.atoms[source].index(atom)]

    def next(self, node: Node) -> Iterator[Node]:
        place, seen = node
        step = self.step(place)
        if not self.lets(step, seen):
            yield place + 1, seen
            return
        after = self.flow.steps[step.then].place if step.then else place + 1
        if step.lapses_to:
            yield self.flow.steps[step.lapses_to].place, seen
        source = step.table or step.id
        if source in self.sources and step.kind in ("decide", "each", *MESSAGES):
            at = self.sources.index(source)
            yield from ((after, (*seen[:at], one, *seen[at + 1 :])) for one in self.classes[source])
        else:
            yield after, seen

    def back(self, node: Node) -> Iterator[Node]:
        """Where a return leads. It can be made a few times only, so it is no way to an end."""
        place, seen = node
        step = self.step(place)
        if step.returns and step.returns.to != "applicant" and self.lets(step, seen):
            yield self.flow.steps[step.returns.to].place, seen


def _ends_in(ways: Mapping[Node, set[Node]], end: int) -> set[Node]:
    """The nodes from which the end can be reached."""
    before: dict[Node, list[Node]] = {}
    for node, following in ways.items():
        for one in following:
            before.setdefault(one, []).append(node)
    ahead = [node for node in before if node[0] >= end]
    good: set[Node] = set()
    while ahead:
        for node in before.get(ahead.pop(), ()):
            if node not in good:
                good.add(node)
                ahead.append(node)
    return good
