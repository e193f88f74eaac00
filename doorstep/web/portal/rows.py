"""A matter of mine as one row: where it stands, and what I have to do."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from doorstep.kernel.lists import Row
from doorstep.kernel.read import from_acceptance
from doorstep.rulebook.words import Words

_ENDED = {
    "closed": Words("已经办结。", "Finished."),
    "granted": Words("已经批准。", "Approved."),
    "refused": Words(
        "没有批准，里面写着理由和怎么办。", "Not approved; the reasons and your remedies are inside."
    ),
    "withdrawn": Words("您撤回了，没有人再办。", "You withdrew it; nobody works on it."),
}
_STOP = Words("。", ".")
_GUESS = Words("（暂定）。", " (provisional).")


@dataclass(frozen=True, slots=True)
class MineRow:
    """One row of my list. ``line``, ``due`` and ``line_end`` make one sentence."""

    id: UUID
    number: str
    title: Words
    state: str
    line: Words
    due: datetime | None = None
    line_end: Words = _STOP
    todo: Words | None = None
    todo_url: str = ""
    todo_icon: str = "pencil"
    whom: str = ""


def mine_row(row: Row, waiting: AbstractSet[UUID] = frozenset(), for_other: bool = False) -> MineRow:
    """From the guarded list; ``waiting``: the matters in which something waits for the reader, who may act for another."""
    made = _row(row, waiting)
    return replace(made, whom=row.name) if for_other else made


def _row(row: Row, waiting: AbstractSet[UUID]) -> MineRow:
    unit = row.unit or Words("承办单位", "the unit in charge")
    if row.state == "returned" and row.pack.part_of:
        return MineRow(
            row.id, row.number, row.title, row.state,
            Words("别人办的事，有一部分请您看、请您签。", "Part of somebody's matter awaits your reading and signature."),
            todo=Words("去看一看", "Read it"), todo_url=f"/matter/{row.id}/sign", todo_icon="signature",
        )  # fmt: skip
    if row.state == "returned":
        return MineRow(
            row.id, row.number, row.title, row.state,
            Words("有地方要您改，一次说清了。", "Something needs your correction; all of it is listed."),
            todo=Words("现在改", "Fix it now"), todo_url=f"/matter/{row.id}/correct",
        )  # fmt: skip
    if row.id in waiting and not row.ended:
        return MineRow(
            row.id, row.number, row.title, "returned", Words("有一步等您办。", "One step is yours."),
            todo=Words("去看看", "See what"), todo_url=f"/matter/{row.id}", todo_icon="arrow-right",
        )  # fmt: skip
    if row.state == "open" and row.due_at:
        late = Words(f"归{unit.zh}办，超过了承诺的 ", f"{unit.en} decides; it was promised by ")
        due = Words(f"归{unit.zh}办，最迟 ", f"{unit.en} decides, due ")
        state, line = ("late", late) if row.late else ("open", due)
        return MineRow(
            row.id, row.number, row.title, state, line, row.due_at, _GUESS if row.provisional else _STOP
        )
    if row.state == "open" and not row.ended:
        promise = from_acceptance(row.pack)
        line = Words(f"等窗口核对，{promise.zh}办好", f"Waits for the window's check; {promise.en}")
        return MineRow(row.id, row.number, row.title, row.state, line)
    if row.state == "granted" and not row.ended:
        line = Words("批准了，点开看哪天、在哪领。", "Approved. Open it to see when and where to collect.")
        return MineRow(row.id, row.number, row.title, "approved", line)
    line = _ENDED.get(row.state, Words(f"归{unit.zh}办。", f"{unit.en} decides."))
    return MineRow(row.id, row.number, row.title, row.state, line)
