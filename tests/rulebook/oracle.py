"""SpiffWorkflow plays the BPMN that we export. It knows nothing of our kernel: only the file, facts, outcomes and a clock.

What BPMN leaves to its surroundings is done here once more and apart from the kernel: tables are read row by row, answers and
decided values are kept by subprocess instance, and tries are counted.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.parser.task_parsers import GatewayParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.defaults import ParallelGateway, UserTask
from SpiffWorkflow.bpmn.specs.event_definitions import timer
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.util.task import TaskState

from tests.rulebook.flows import TABLES, Raw, every_step

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class FakeTime(datetime):
    """The clock of SpiffWorkflow's timers."""

    moment = START

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return cls.moment


timer.datetime = FakeTime


class _Join(ParallelGateway):  # type: ignore[misc]
    """The engine's own join, entered a second time by a way back, counts a branch of the first time and fires too early.

    Here it looks at the branches of the last fork only. Everything else is as the engine does it.
    """

    def _check_threshold_unstructured(self, my_task: Any) -> bool:
        if not self.name.startswith("join__"):
            return bool(super()._check_threshold_unstructured(my_task))
        fork = my_task.find_ancestor(self.name.replace("join__", "fork__"))
        came = {
            t.parent.task_spec for t in fork if t.task_spec is self and t.parent.state == TaskState.COMPLETED
        }
        return came >= set(self.inputs)


class Parser(BpmnParser):  # type: ignore[misc]
    """The engine's parser; what waits for the world outside waits for us."""

    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012
        full_tag("parallelGateway"): (GatewayParser, _Join),
        **{
            full_tag(tag): (TaskParser, UserTask)
            for tag in ("businessRuleTask", "serviceTask", "receiveTask", "callActivity")
        },
    }


class _Engine(PythonScriptEngine):  # type: ignore[misc]
    """Conditions over what the oracle keeps, as seen from the subprocess a gateway is in."""

    def __init__(self, oracle: Oracle) -> None:
        super().__init__()
        self.oracle = oracle

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:
        if expression.startswith("P"):
            return expression  # a duration, as the standard writes it
        return eval(expression, {"__builtins__": {}}, _Names(self.oracle, task))  # noqa: S307 - our own export


class _Names(dict[str, Any]):
    def __init__(self, oracle: Oracle, task: Any) -> None:
        super().__init__()
        self.oracle, self.task = oracle, task

    def __missing__(self, name: str) -> Any:
        return self.oracle.value(self.task, name)


class Oracle:
    """One running process."""

    def __init__(self, raw: Raw, xml: str, facts: dict[str, Any]) -> None:
        FakeTime.moment = START
        self.steps = {step["id"]: step for step in every_step(raw["steps"])}
        self.added = {one["step"]["id"]: one["step"] for one in raw.get("adhoc", ())}
        self.kept: dict[tuple[Any, str], Any] = {}
        self.tries: dict[tuple[Any, str], int] = {}
        self.facts = facts
        parser = Parser()
        parser.add_bpmn_xml(etree.fromstring(xml.encode()))
        self.flow = BpmnWorkflow(
            parser.get_spec("p"), parser.get_subprocess_specs("p"), script_engine=_Engine(self)
        )
        self.ended = ""
        self.run()

    # Where a task is: its subprocess instances, outermost first.

    def chain(self, task: Any) -> list[tuple[Any, str]]:
        """(subprocess instance, branch name) around a task; the name is empty for one that is no branch."""
        found: list[tuple[Any, str]] = []
        flow = task.workflow
        while flow.parent_task_id is not None:
            parent = self.flow.get_task_from_id(flow.parent_task_id)
            name = parent.task_spec.name
            if name.endswith(" [child]"):
                name = name.removesuffix(" [child]")
                names = self.kept[self.scope(parent), f"names {name}"]
                found.append((parent.id, names[_index(parent)]))
            else:
                found.append((parent.id, name if name.startswith("branch") else ""))
            flow = parent.workflow
        return found[::-1]

    def scope(self, task: Any) -> Any:
        """The innermost branch instance a task is in; "" in the trunk."""
        return next((one for one, name in reversed(self.chain(task)) if name), "")

    def path(self, task: Any) -> str:
        return ".".join(name for _, name in self.chain(task) if name)

    def value(self, task: Any, name: str) -> Any:
        if name == "outcome":
            return task.data.get("outcome")
        if name.startswith("tries_"):
            # Asked behind a failure, before it is counted.
            return self.tries.get((self.scope(task), name.removeprefix("tries_")), 0) + 1
        if name.startswith("count_"):
            return self.count(task, name.removeprefix("count_"))
        if name.endswith("_result") and name.removesuffix("_result") in self.steps:
            return self.result(task, name.removesuffix("_result"))
        for scope in (*reversed([one for one, named in self.chain(task) if named]), ""):
            if (scope, name) in self.kept:
                return self.kept[scope, name]
        return None

    def count(self, task: Any, name: str) -> int:
        of = self.steps[name]["of"]
        value = self.facts[of] if isinstance(of, str) else list(of)
        names = [str(n + 1) for n in range(value)] if isinstance(value, int) else list(value)
        self.kept[self.scope(task), f"names {name}"] = names
        return len(names)

    def result(self, task: Any, name: str) -> str | None:
        """How the branches of the last fork of this scope ended, read from what the engine did."""
        flow = task.workflow
        parts = self._parts(flow, name)
        while parts is None and flow.parent_task_id is not None:
            flow = flow.parent_workflow
            parts = self._parts(flow, name)
        if parts is None:
            return None
        failed = sum(self._failed(part) for part in parts)
        return "all" if not failed else "none" if failed == len(parts) else "some"

    def _parts(self, flow: Any, name: str) -> list[Any] | None:
        """The branches of the last fork of this name in one process instance; None if it has not forked."""
        step = self.steps[name]
        fork = name if "of" in step else f"fork__{name}"
        forks = [t for t in flow.get_tasks(spec_name=fork, state=TaskState.COMPLETED) if t.workflow is flow]
        if not forks:
            return None
        last = self._last(forks)
        if "of" in step:
            return [child for child in last.children if child.task_spec.name.endswith("[child]")]
        blocks = {branch["id"] for branch in step["branches"]}
        return [
            t
            for t in last
            if t.workflow is flow and t.task_spec.name in blocks and t.state == TaskState.COMPLETED
        ]

    @staticmethod
    def _last(tasks: list[Any]) -> Any:
        return max(tasks, key=lambda task: task.last_state_change)

    def _failed(self, part: Any) -> bool:
        inside = self.flow.subprocesses[part.id]
        done = inside.get_tasks(state=TaskState.COMPLETED)
        return any(
            t.task_spec.name.startswith(("refuse__", "lapsed__")) for t in done if t.workflow is inside
        )

    # Playing.

    def run(self) -> None:
        """Let the engine do what needs nobody: gateways, and decisions by table."""
        while True:
            self._steps()
            alone = [
                t for t in self._ready() if "table" in self._raw(t) or self._raw(t).get("by") == "system"
            ]
            if not alone:
                break
            if "table" in self._raw(alone[0]):
                self._decide(alone[0])
            alone[0].run()
        if self.flow.completed and not self.ended:
            done = {t.task_spec.name for t in self.flow.get_tasks(state=TaskState.COMPLETED)}
            self.ended = "refused" if "refuse" in done else "closed" if "lapsed" in done else "granted"

    def _steps(self) -> None:
        """The engine forgets the instances of an interrupted repeated subprocess, but goes on asking for them."""
        while True:
            try:
                return self.flow.do_engine_steps()
            except TaskNotFoundException:
                for one in [one for one in self.flow.subprocesses if not self._known(one)]:
                    del self.flow.subprocesses[one]

    def _known(self, task_id: Any) -> bool:
        try:
            return self.flow.get_task_from_id(task_id) is not None
        except TaskNotFoundException:
            return False

    def _decide(self, task: Any) -> None:
        name = self._raw(task)["table"]
        table, facts = TABLES[name], self.facts | {"each": self.path(task).rpartition(".")[2]}
        row = next(
            r
            for r in table["rows"]
            if all(_fits(c, facts[i]) for c, i in zip(r, table["inputs"], strict=False))
        )
        for output, said in zip(table["outputs"], row[len(table["inputs"]) :], strict=True):
            self.kept[self.scope(task), f"{name}_{output}"] = said

    def _ready(self) -> list[Any]:
        return [
            t for t in self.flow.get_tasks(state=TaskState.READY, manual=True) if not t.workflow.completed
        ]

    def _raw(self, task: Any) -> Raw:
        name = self.plain(task)
        return self.steps.get(name) or self.added.get(name, {})

    @staticmethod
    def step(task: Any) -> str:
        """The step a task stands for, with ``correct:`` or ``hand:``."""
        name = str(task.task_spec.name).split("__in__")[0]
        return name.replace("correct__", "correct:").replace("hand__", "hand:")

    def plain(self, task: Any) -> str:
        return self.step(task).rpartition(":")[2]

    def tokens(self) -> dict[str, Any]:
        """The open tokens, and the task of each. Two tasks for one token is a fault."""
        found: dict[str, Any] = {}
        for task in self._ready():
            path = self.path(task)
            token = f"{self.step(task)}@{path}" if path else self.step(task)
            assert token not in found, f"two tasks for {token}"
            found[token] = task
        return found

    def complete(self, token: str, outcome: str) -> None:
        """Somebody or something answered."""
        task = self.tokens()[token]
        raw, name, scope = self._raw(task), self.plain(task), self.scope(task)
        hand = self.step(task).startswith("hand:")
        if raw["kind"] == "call" and outcome == "failed" and not hand:
            self._count_failure(raw, scope)
        elif raw["kind"] in ("call", "wait", "sub") and not self.step(task).startswith("correct:"):
            self.kept[scope, f"{name}_answer"] = outcome
            self.tries.pop((scope, name), None)
        task.set_data(outcome=outcome)
        task.run()
        self.run()
        self._counted(raw, scope)

    def _count_failure(self, raw: Raw, scope: Any) -> None:
        """Before it is counted, a gateway asks; if it gave up, what follows knows that it failed."""
        self.failing = True
        if self.tries.get((scope, raw["id"]), 0) + 1 >= raw.get("tries", 1) and raw["fallback"] == "skip":
            self.kept[scope, f"{raw['id']}_answer"] = "failed"

    def _counted(self, raw: Raw, scope: Any) -> None:
        if not getattr(self, "failing", False):
            return
        self.failing = False
        count = self.tries.get((scope, raw["id"]), 0) + 1
        self.tries[scope, raw["id"]] = count if count < raw.get("tries", 1) else 0

    def tick(self, by: timedelta) -> None:
        """Time passes, nothing is due."""
        FakeTime.moment += by

    def late(self, moment: datetime, tokens: list[str]) -> None:
        """It is later: the engine fires what is due. ``tokens``: those whose calls time out by that."""
        tasks = self.tokens()
        timed = [
            tasks[t] for t in tokens if self._raw(tasks[t])["kind"] == "call" and not t.startswith("hand:")
        ]
        timed = [t for t in timed if self._raw(t).get("on_late", "fail") == "fail"]
        scopes = [(self._raw(task), self.scope(task)) for task in timed]
        FakeTime.moment = moment + timedelta(microseconds=1)  # the engine wants it past, not reached
        for raw, scope in scopes:
            self._count_failure(raw, scope)
        self.flow.refresh_timers()
        self.run()
        for raw, scope in scopes:
            self.failing = True
            self._counted(raw, scope)

    def add(self, token: str) -> None:
        """A person adds a step: the event subprocess of that branch starts."""
        name, _, path = token.partition("@")
        flow = self._instance(path)
        follows = list(flow.spec.start.outputs)
        sub = flow.spec.start.trigger_wf(flow.task_tree, f"added__{name}")
        flow.spec.start.outputs = follows  # else every later instance of this process would start it, too
        inside = self.flow.subprocesses[sub]
        start = next(t for t in inside.get_tasks() if t.task_spec.name == f"start__{name}")
        start.task_spec.catch(start, BpmnEvent(start.task_spec.event_definition))
        start.task_spec._update(start)
        self.run()

    def _instance(self, path: str) -> Any:
        if not path:
            return self.flow
        for sub in self.flow.subprocesses.values():
            if sub.completed or f"{sub.spec.name}" in self.added:
                continue
            first = next(iter(sub.get_tasks()))
            named = self.chain(first)
            if named and named[-1][1] and self.path(first) == path:
                return sub
        raise AssertionError(f"no branch {path}")

    def withdraw(self) -> None:
        self.flow.cancel()
        self.ended = "withdrawn"


def _fits(cell: Any, value: Any) -> bool:
    """A cell read the slow and plain way."""
    if cell == "-":
        return True
    if isinstance(cell, str) and cell.startswith(">="):
        return bool(value >= int(cell[2:]))
    if isinstance(cell, str) and isinstance(value, str):
        return value in [part.strip() for part in cell.split(",")]
    return bool(cell == value)


def _index(task: Any) -> int:
    """Which of the instances of a repeated subprocess a task is."""
    return int(task.internal_data.get("key_or_index", task.internal_data.get("item")))
