"""Moving a running matter to the version of its item that is in force now, if it can go on there from where it stands.

A matter keeps the version that it was opened under; nothing moves it by itself. What was promised stays: dues do not
change, steps that open from here on have the limits of the new version.
"""

from __future__ import annotations

from uuid import UUID

from doorstep.kernel import change, due
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.org import reach, town
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.flow import State
from doorstep.rulebook.flow_fit import misfits
from doorstep.rulebook.words import Refused, Words


def repin(viewer: Viewer, matter_id: UUID, *, reason: str, request_id: str) -> Done:
    """From here on the matter goes by the version in force for its competent unit.

    Refused: "not-found", "no-right", "ended" (409), "same-version" (409), "does-not-fit" (409) with what stands in the way.
    """

    def do() -> Done:
        opened = change.lock(matter_id)
        row, was = opened.row, opened.pack
        viewer.need("repin", was.branch)
        change.not_ended(opened)
        found = pack.current(row.item, reach(town().units[row.unit_id]))
        if found.hash == was.hash:
            words = Words("它已经是现在的版本了。", "It goes by the version in force already.")
            raise Refused("same-version", words, status=409)
        state = State.from_json(row.flow)
        _fit(opened, found, state)
        row.pack, row.tied = found.hash, True
        row.figures = found.figures_of(opened.data, row.channel)
        opened.pack = found
        codes = {"pack": found.hash.hex(), "from": was.hash.hex(), "promise": str(due.promised(row, was))}
        return change.finish(viewer, opened, "repinned", state, (), codes, {"reason": reason})

    return once(viewer, "repin", request_id, {"matter": str(matter_id), "reason": reason}, do, change.done_of)


def _fit(opened: change.Opened, found: pack.Pack, state: State) -> None:
    """Refuse a version in which the matter could not go on from where it stands."""
    no = misfits(opened.flow, found.flow_on(opened.row.law_date), state)
    if found.accepted_at != opened.pack.accepted_at:
        no.append(Words("受理的步骤不同", "another step accepts it"))
    no += [Words(f"“{one.pointer}”：{one.words.zh}", f"{one.pointer}: {one.words.en}")
           for one in found.form.validate(opened.data)]  # fmt: skip
    if no:
        zh, en = "；".join(one.zh for one in no), "; ".join(one.en for one in no)
        raise Refused(
            "does-not-fit",
            Words(
                f"这件事按现在的版本接不下去，仍按受理时的版本办。原因：{zh}。",
                f"It cannot go on in the version in force and stays under the one it was accepted under: {en}.",
            ),
            status=409,
        )
