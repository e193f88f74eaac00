"""More time: who asked for how much and why, and what came of it, as the pages of officers and of the applicant tell it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.kernel.read import MatterView
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.words import Words


@dataclass(frozen=True, slots=True)
class Extension:
    """One request. ``outcome`` is empty while it waits; ``by`` and ``why`` are those of its answer."""

    step: str
    limit: Limit
    unit: Words
    reason: str
    at: datetime
    outcome: str = ""
    by: Words | None = None
    why: str = ""


def extensions(view: MatterView) -> tuple[Extension, ...]:
    """All requests for more time, the first first."""
    found: list[Extension] = []
    for e in view.events:
        if e.kind == "added" and e.longer:
            limit = Limit.parse(e.longer)
            found.append(Extension(e.step, limit, e.unit, str(e.body.get("reason", "")), e.at))
        elif e.kind == "acted" and found and (found[-1].step, found[-1].outcome) == (e.step, ""):
            found[-1] = replace(found[-1], outcome=e.outcome, by=e.unit, why=str(e.body.get("reason", "")))
    return tuple(found)
