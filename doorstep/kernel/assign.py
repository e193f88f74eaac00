"""An open step is somebody's: given to an officer of the unit that has it, or to nobody in particular.

The unit stays answerable and any colleague may still finish it; whose it is, is for the queue and for absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import orjson

from doorstep.kernel import change
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.models import Step
from doorstep.kernel.org import below
from doorstep.kernel.row import fetch, first, run
from doorstep.kernel.trust import BRANCHES, Viewer, refuse_right
from doorstep.rulebook.words import Refused, Words

_NOBODY = Words(
    "请从名单里选一位能办这一步的同事。", "Choose a colleague from the list who may do this step."
)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works where the viewer does, or below: a name, a unit, and what they may do with records."""

    id: UUID
    name: Words
    unit_id: int
    branches: tuple[int, ...]
    verbs: frozenset[str]

    def may(self, verb: str, branch: str) -> bool:
        """Whether a step of this branch that asks for this right can be theirs."""
        return verb in self.verbs and (not self.branches or BRANCHES[branch] in self.branches)


def colleagues() -> dict[UUID, Colleague]:
    """Everybody who works in the units of the viewer's scope, by account."""
    found = fetch("select id, zh, en, unit_id, branches, verbs from trust.colleagues()")
    return {
        one: Colleague(one, Words(zh, en), unit, tuple(map(int, _json(branches))), frozenset(verbs))
        for one, zh, en, unit, branches, verbs in found
    }


def assign(
    viewer: Viewer, matter_id: UUID, *, step: str, to: UUID | None, request_id: str, reason: str = ""
) -> Done:
    """Give an open step to an officer of its unit, or to nobody. Who may: that unit, and whoever supervises it.

    Refused: "not-found", "no-right", "no-such-step", "moved-on" (409), "no-colleague" for who is not of that unit or may not
    do such a step, "ended" (409).
    """

    def do() -> Done:
        opened = change.lock(matter_id, asked=True)
        change.not_ended(opened)
        row = first(Step, "where matter_id = %s and name = %s and closed_at is null", matter_id, step)
        if row is None or row.unit_id is None:
            raise change.moved_on()
        right, branch = change.RIGHT_OF.get(row.by, "decide"), opened.pack.branch
        over = viewer.may("supervise", branch) and row.unit_id in below(viewer.unit_id)
        if not over and (row.unit_id != viewer.unit_id or not viewer.may(right, branch)):
            raise refuse_right()
        known = colleagues().get(to) if to else None
        if to and (known is None or known.unit_id != row.unit_id or not known.may(right, branch)):
            raise Refused("no-colleague", _NOBODY)
        codes, body = (
            {"step": step, "to": str(to or "")},
            {"reason": reason.strip()} if reason.strip() else {},
        )
        done = change.told(viewer, opened, "assigned", codes, body)
        run("update step set account_id = %s where id = %s", to, row.id)
        return done

    content = {"matter": str(matter_id), "step": step, "to": str(to or ""), "reason": reason}
    return once(viewer, "assign", request_id, content, do, change.done_of)


def _json(value: object) -> list[str]:
    return list(orjson.loads(value) if isinstance(value, str | bytes) else value)  # type: ignore[arg-type]
