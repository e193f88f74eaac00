"""How a matter begins: its row, its first event, its first shares and steps. Used by the verbs that open one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from doorstep.kernel import change, due, event, file
from doorstep.kernel.crypto import new_key
from doorstep.kernel.models import Matter, Point
from doorstep.kernel.org import point_named, unit_named
from doorstep.kernel.party import Person
from doorstep.kernel.row import insert, together
from doorstep.kernel.trust import BRANCHES, Viewer, keys
from doorstep.rulebook import clock
from doorstep.rulebook.flow import State
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.machine import Command, move
from doorstep.rulebook.region import calendar


def bring(
    viewer: Viewer,
    item: str,
    data: dict[str, Any],
    *,
    at_point: Point,
    channel: str,
    hand_out: str | None,
    person: Person | None,
    party_id: UUID | None,
    origin: UUID | None = None,
    step: str = "",
    watched_by: int | None = None,
    matter_id: UUID | None = None,
) -> change.Opened:
    """A new matter with its first event, for verbs that have checked who may: of the item as it holds for the competent unit.

    ``origin`` is the matter it comes from, ``step`` the step of it that this is the child of; ``watched_by`` the unit that goes
    on to see it. Refused: "invalid" with faults by field, "no-unit".
    """
    unit, found = change.competent(item, data, at_point)
    if origin is not None:
        change.validate(viewer, found, data, person)
    if code := found.competent_code(data):
        unit_named(code)
    z_code = hand_out or found.hand_out_code(data)
    z = point_named(z_code) if z_code else at_point
    moment = clock.now()
    matter_id, key = matter_id or uuid7(), new_key()
    law_date = calendar().day_of(moment)
    state, happened = move(
        found.flow_on(law_date), State(), Command("start"), found.facts(data, channel=channel), moment
    )
    row = Matter(
        id=matter_id, number=change.next_number(unit, moment), kind="service", item=found.code,
        branch=BRANCHES[found.branch], pack=found.hash, law_date=law_date,
        channel=channel, state="open", point_id=at_point.id, hand_out_id=z.id, unit_id=unit.id, city=unit.city,
        county=unit.county, station=unit.station, applicant_id=party_id, opened_by=viewer.account_id,
        opened_at=moment, moved_at=moment, version=0, head=event.genesis(matter_id), flow={}, tied=origin is not None,
        key=keys().wrap(key, matter_id.bytes), sealed=change.seal_data(matter_id, key, data),
        figures=found.figures_of(data, channel),
    )  # fmt: skip
    if not found.accepted_at:
        due.accept(row, found, moment)
        due.at_once(row, found, happened, moment)
    opened = change.Opened(row, key, data, found, moment)
    row.state, row.closed_at = change.state_after(row, state, happened, moment)
    codes = {"item": found.code, "pack": found.hash.hex()}
    if origin is not None:
        codes |= {"from": str(origin)} | ({"step": step} if step else {})
    entry = change.next_entry(viewer, opened, "opened", happened, codes, {"data": data})
    row.version, row.head, row.flow = entry.seq, entry.hash, state.as_json()
    with together():
        change.share_first(row, at_point, z, party_id, moment)
        if origin is not None:
            change.add_share(
                row, moment, role="referred", unit_id=watched_by, reason="sub" if step else "refer"
            )
        insert(row)
    file.attach(viewer, found.form.files(data), matter_id, found.form.materials)
    with together():
        event.append(entry, row.state)
        change.post_tokens(row, party_id, person)
        change.move(viewer, opened, happened)
        change.tell(row, happened, "invited" if step and row.state == "returned" else "opened")
    change.acted_for(viewer, row, "opened", {})
    change.follow(viewer, opened, happened)
    return opened
