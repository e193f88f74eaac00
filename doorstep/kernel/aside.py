"""Steps added by hand that ask something: a longer limit, which another person grants, or a question to another unit."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import orjson

from doorstep.kernel.org import unit_named
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.flow import Step, branch_of
from doorstep.rulebook.form import Form
from doorstep.rulebook.words import Refused, Words

_REQUIRED = Words("必填", "Required")
_ADDED = "select account_id, header from event where matter_id = %s and kind = 'added' order by seq desc"


def wants_longer(step: Step) -> bool:
    """Whether adding it asks for a longer limit, which its answer grants or refuses."""
    return step.adhoc is not None and step.kind == "review" and step.extends is not None


def shown(matter_id: UUID, form: Form, step: Step, named: Sequence[str]) -> dict[str, list[str]]:
    """What the header says that the unit which is asked is shown: answers by pointer, files by id. Refused: "shows"."""
    if not named:
        return {}
    files = {str(one) for (one,) in fetch("select id from file where matter_id = %s", matter_id)}
    if not step.asked or not set(named) <= files | {one.pointer for one in form.fields}:
        raise Refused(
            "shows", Words("要给对方看的，这件事里没有。", "What is to be shown is not in this matter.")
        )
    return {"shows": sorted(named)}


def asked(viewer: Viewer, step: Step, token: str, reason: str, days: int | None) -> dict[str, str]:
    """What the header says of a step that is being added. Refused: "reason", "days", "no-unit", "same-unit"."""
    if step.asked and unit_named(branch_of(token)).id == viewer.unit_id:
        words = Words("这就是您自己的单位，请选别的单位。", "This is your own unit; choose another.")
        raise Refused("same-unit", words, faults=(("/unit", words),))
    if (wants_longer(step) or step.asked) and not reason.strip():
        zh, en = (
            ("请写清要问什么。", "Write what you ask.")
            if step.asked
            else ("请写清为什么要更长时间。", "Say why more time is needed.")
        )
        raise Refused("reason", Words(zh, en), faults=(("/reason", _REQUIRED),))
    if not wants_longer(step) or step.extends is None:
        return {}
    if days is None or not 1 <= days <= step.extends.value:
        most = step.extends.words
        words = Words(f"最多可以延长 {most.zh}，请写 1 到 {step.extends.value}。",
                      f"At most {most.en} may be asked for; give a number from 1 to {step.extends.value}.")  # fmt: skip
        raise Refused("days", words, faults=(("/days", words),))
    return {"asks": str(Limit(days, step.extends.unit))}


def answered(
    viewer: Viewer, matter_id: UUID, step: Step, token: str, outcome: str, reason: str
) -> dict[str, str]:
    """What the header says of its answer. Refused: "reason" for no answer, "own-request" (409) for granting one's own."""
    if step.asked and not reason.strip():
        raise Refused("reason", Words("请写上答复。", "Write the answer."), faults=(("/reason", _REQUIRED),))
    if step.extends is None or outcome not in ("done", "approve", "refuse"):
        return {}
    account, asks = _request(matter_id, token)
    if wants_longer(step) and account == viewer.account_id:
        words = Words(
            "这是您自己申请的，要由另一个人决定。", "You asked for this yourself; another person decides."
        )
        raise Refused("own-request", words, status=409)
    return {} if outcome == "refuse" else {"longer": asks or str(step.extends)}


def _request(matter_id: UUID, token: str) -> tuple[UUID | None, str]:
    """Who added this step the last time, and how much longer was asked for."""
    told = ((account, orjson.loads(header)) for account, header in fetch(_ADDED, matter_id))
    return next(
        ((account, codes.get("asks", "")) for account, codes in told if codes.get("step") == token),
        (None, ""),
    )
