"""`python -m tests.bench.flow`: whole lives of a flow, alone and with everything stored; exit 1 if it is too slow.

The life is the one that other engines were measured with: an intake, a connector, four departments side by side of which one
returns, an issue, a delivery; eleven moves.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import orjson

from doorstep.rulebook import flow as game
from doorstep.rulebook.flow import Flow, State
from doorstep.rulebook.flow_source import compile_flow
from doorstep.rulebook.rule import compile_table

T = {"zh": "步骤", "en": "Step"}
_DEPARTMENTS = ("hukou", "health", "social", "medins")
_TABLE = {
    "inputs": {"papers": {"type": "int", "min": 0, "max": 5}},
    "outputs": {"route": ["go", "ask"]},
    "rows": [[">= 1", "go"], ["-", "ask"]],
}
_STEPS: list[dict[str, Any]] = [
    {"id": "intake", "kind": "task", "by": "received", "limit": "30 minute"},
    {"id": "fetch", "kind": "call", "connector": "civil.birth", "limit": "1 minute", "fallback": {"by": "competent"}},
    {"id": "check", "kind": "decide", "table": "materials"},
    {"id": "supply", "kind": "task", "by": "applicant", "when": {"materials.route": "ask"}, "then": "check"},
    {"id": "departments", "kind": "each", "of": dict.fromkeys(_DEPARTMENTS, T), "steps": [
        {"id": "review", "kind": "review", "by": "branch", "title": T, "limit": "10 minute",
         "returns": {"to": "applicant", "at_most": 3}}]},
    {"id": "issue", "kind": "task", "by": "received"},
    {"id": "deliver", "kind": "task", "by": "hand_out"},
]  # fmt: skip
MOVES = (
    ("intake", "done"), ("fetch", "done"), ("review@hukou", "approve"), ("review@health", "return"),
    ("review@social", "approve"), ("correct:review@health", "done"), ("review@medins", "approve"),
    ("review@health", "approve"), ("issue", "done"), ("deliver", "done"),
)  # fmt: skip
FACTS = {"papers": 2}
AT_LEAST = 8_000
"""Lives a CPU second, of the flow alone."""


def newborn() -> Flow:
    return compile_flow(
        {"steps": [{"title": T, **step} for step in _STEPS]},
        {"materials": compile_table("materials", _TABLE)},
    )


def live(flow: Flow) -> State:
    """One whole life of the flow alone."""
    state, _ = game.start(flow, FACTS)
    for token, outcome in MOVES:
        move = game.answer if token == "fetch" else game.act
        state, _ = move(flow, state, token, outcome, FACTS)
    return state


def live_stored(flow: Flow) -> State:
    """The same as the verbs have it: before each move the state is read from JSON, after it state and headers are written."""
    state, log = game.start(flow, FACTS)
    kept = orjson.dumps([state.as_json(), [one.as_codes() for one in log]])
    for token, outcome in MOVES:
        move = game.answer if token == "fetch" else game.act
        state, log = move(flow, State.from_json(orjson.loads(kept)[0]), token, outcome, FACTS)
        kept = orjson.dumps([state.as_json(), [one.as_codes() for one in log]])
    return state


def yardstick() -> None:
    """Plain Python of a known size, to compare with on any machine: JSON of a small document, written and read."""
    json.loads(json.dumps({"open": {f"s{n}": n for n in range(40)}, "late": list(range(40))}))


def measured(rounds: int = 40) -> tuple[float, float, float]:
    """CPU seconds for one life alone, one life stored, one yardstick: the least of many rounds, because others use the machine."""
    flow, times = newborn(), 50
    least = [float("inf")] * 3
    for _ in range(rounds):
        for at, work in enumerate((lambda: live(flow), lambda: live_stored(flow), yardstick)):
            begun = time.process_time()
            for _ in range(times):
                work()
            least[at] = min(least[at], (time.process_time() - begun) / times)
    return least[0], least[1], least[2]


def main() -> int:
    alone, stored, yard = measured()
    told = (
        f"a life of {len(MOVES) + 1} moves: {1 / alone:,.0f} a CPU second alone ({alone / yard:.1f} yardsticks), "
        f"{1 / stored:,.0f} with state and headers as JSON ({stored / yard:.1f})"
    )
    print(told)  # noqa: T201
    return 0 if 1 / alone >= AT_LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
