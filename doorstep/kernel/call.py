"""What a call step asks another system, and what is kept of its answer. Whoever asks does it outside any transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from doorstep.kernel.change import open_data
from doorstep.kernel.matter import hear
from doorstep.kernel.models import Matter
from doorstep.kernel.row import first
from doorstep.kernel.trust import Viewer, keys, log_access
from doorstep.rulebook import pack
from doorstep.rulebook.field import at_pointer
from doorstep.rulebook.flow import State, step_of


@dataclass(frozen=True, slots=True)
class Question:
    """What ``connector`` is told; ``key`` is the same when the same is asked again. ``keeps``: what of the answer stays."""

    connector: str
    key: str
    tells: Mapping[str, Any]
    answers: tuple[str, ...]
    keeps: tuple[str, ...]
    has_limit: bool
    purpose: str
    party_id: UUID | None


def question(system: Viewer, matter_id: UUID, step: str) -> Question | None:
    """What an open call step asks; None if it is not open any more."""
    row = first(Matter, "where id = %s and key is not null", matter_id)
    state = State.from_json(row.flow) if row else State()
    if row is None or step not in state.open:
        return None
    found = pack.version(bytes(row.pack))
    declared, asked = found.flow_on(row.law_date).step(step), found.asks[step_of(step)]
    data = open_data(row, keys().unwrap(bytes(row.key or b""), row.id.bytes))
    tells = {name: at_pointer(data, of) for name, of in (asked.get("sends") or {}).items()}
    return Question(
        declared.asks, f"{matter_id}:{step}:{state.visits[step]}", tells, declared.answers,
        tuple(asked.get("shows") or ()), declared.limit is not None, found.purpose, row.applicant_id,
    )  # fmt: skip


def heard(
    system: Viewer, matter_id: UUID, step: str, asked: Question, said: str, told: Mapping[str, Any]
) -> None:
    """The answer came. One that the pack does not know is a failure; of what came only what it keeps is kept. Logged: a
    record of the applicant was looked up.
    """
    log_access(
        system, kind="asked", tier=1, purpose=asked.purpose, matter_id=matter_id, party_id=asked.party_id,
        detail=asked.connector,
    )  # fmt: skip
    known = said in asked.answers
    kept = {name: told[name] for name in asked.keeps if name in told} if known else {}
    hear(system, matter_id, step=step, said=said if known else "failed", data=kept)
