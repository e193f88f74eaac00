"""A matter being changed: locked, checked, moved along its flow, written with its event. Used by the verbs alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

import doorstep.kernel.offer  # noqa: F401 - says where published packs are
from doorstep.kernel import due, event, issue, post
from doorstep.kernel.crypto import open_small, seal_small
from doorstep.kernel.idempotency import Done
from doorstep.kernel.models import Matter, Point, Share, Step, Unit
from doorstep.kernel.org import above, police_of, reach, town, unit_named
from doorstep.kernel.party import Person, check_present, disagreements, find_or_add, people
from doorstep.kernel.row import fetch, first, insert, run, settle, together, update
from doorstep.kernel.trust import (
    Viewer,
    keys,
    log_access,
    not_found,
    refuse_assurance,
    refuse_erased,
    refuse_right,
)
from doorstep.rulebook import clock, document, pack
from doorstep.rulebook import flow as flows
from doorstep.rulebook.field import Fault
from doorstep.rulebook.flow import Flow, Happening, State
from doorstep.rulebook.form import without
from doorstep.rulebook.ids import drawn_sequence, matter_number, uuid7
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

#: A leg of a level above is worked on as the competent unit's steps are, at that level's own desk.
_STANDS = {"county": "competent", "city": "competent"}
_AGENT = "where matter_id = %s and party_id = %s and role = 'agent' and until > clock_timestamp()"
_DID = """select 1 from step where matter_id = %s and split_part(name, '@', 1) = any(%s) and account_id = %s
and closed_at is not null limit 1"""
_LOCKED = "where id = %s and (%s or trust.shown(id) is null) and trust.lock_family(id) for update"
_OPEN_STEP = "where matter_id = %s and name = %s and closed_at is null"
RIGHT_OF = {
    "received": "receive", "hand_out": "hand_out", "applicant": "apply", "branch": "assist",
    **dict.fromkeys(("competent", "county", "city"), "decide"),
}  # fmt: skip


@dataclass(slots=True)
class Opened:
    """A matter being changed: the locked row, its key and clear data, and what has been decided so far."""

    row: Matter
    key: bytes
    data: dict[str, Any]
    pack: pack.Pack
    at: datetime

    @property
    def flow(self) -> Flow:
        """The flow with the limits in force on the day the matter was accepted."""
        return self.pack.flow_on(self.row.law_date)


Follower = Callable[[Viewer, Opened, Sequence[Happening]], None]
_followers: list[Follower] = []


def lock(matter_id: UUID, *, asked: bool = False) -> Opened:
    """Refused: "not-found", "erased" (410), "no-right" to who was only ``asked``, but to answer (rights 11)."""
    # The family first, then the row, whether it has one yet or not: it may have got one while we waited for the row.
    row = first(Matter, _LOCKED, matter_id, asked)
    if row is None:
        raise refuse_right() if first(Matter, "where id = %s", matter_id) else not_found()
    if row.key is None:
        raise refuse_erased()
    key = keys().unwrap(bytes(row.key), row.id.bytes)
    at = max(clock.now(), row.moved_at)
    return Opened(row, key, open_data(row, key), pack.version(bytes(row.pack)), at)


def open_data(row: Matter, key: bytes) -> dict[str, Any]:
    """The clear form data of a matter."""
    return dict(orjson.loads(open_small(key, bytes(row.sealed), b"matter:" + row.id.bytes)))


def seal_data(matter_id: UUID, key: bytes, data: Mapping[str, Any]) -> bytes:
    return seal_small(key, event.canonical(dict(data)), b"matter:" + matter_id.bytes)


def finish(
    viewer: Viewer,
    opened: Opened,
    kind: str,
    state: State,
    happened: Sequence[Happening],
    codes: Mapping[str, Any],
    body: Mapping[str, Any],
) -> Done:
    row, before = opened.row, opened.row.state
    row.state, row.closed_at = state_after(row, state, _decisive(opened, happened), opened.at)
    row.moved_at = opened.at
    due.at_once(row, opened.pack, happened, opened.at)
    entry = next_entry(viewer, opened, kind, happened, codes, body)
    row.version, row.head, row.flow = entry.seq, entry.hash, state.as_json()
    with together():
        update(row)
        if row.state != before:
            run("update share set state = %s where matter_id = %s", row.state, row.id)
        event.append(entry, row.state)
        move(viewer, opened, happened)
        tell(row, happened, kind)
    acted_for(viewer, row, kind, codes)
    if due.touched(opened.flow, happened):
        due.recount(row, opened.pack, opened.at)
    follow(viewer, opened, happened)
    return done(row)


def agent(viewer: Viewer, row: Matter) -> bool:
    """Does the viewer act here for the applicant, by a mandate that still lasts?"""
    if not viewer.is_resident or row.applicant_id in (None, viewer.party_id):
        return False
    return first(Share, _AGENT, row.id, viewer.party_id) is not None


def own(viewer: Viewer, row: Matter) -> bool:
    """Is it the viewer's own matter, or one they may act in for its applicant?"""
    return viewer.party_id is not None and (viewer.party_id == row.applicant_id or agent(viewer, row))


def acted_for(viewer: Viewer, row: Matter, kind: str, codes: Mapping[str, Any]) -> None:
    """What an agent did stands on the applicant's page of readers, and the applicant is told at once."""
    if row.applicant_id is not None and agent(viewer, row):
        what = " ".join(str(codes[name]) for name in ("step", "outcome") if name in codes)
        log_access(
            viewer, kind="did", tier=1, purpose="agent", matter_id=row.id, party_id=row.applicant_id, detail=f"{kind} {what}"[:200]
        )  # fmt: skip
        post.notify(row.applicant_id, "agent", row.id, row.number)


def _decisive(opened: Opened, happened: Sequence[Happening]) -> list[Happening]:
    """What happened on the way itself: an opinion or a longer limit that is granted beside it grants nothing else, nor does
    an approval after which another looks.
    """
    step = opened.flow.step
    looks = any(one.kind == "step.opened" and step(one.step).kind == "review" for one in happened)
    on_it = [h for h in happened if not h.step or step(h.step).adhoc is None]
    return [h for h in on_it if not (looks and h.outcome == "approve")]


def told(
    viewer: Viewer, opened: Opened, kind: str, codes: Mapping[str, Any], body: Mapping[str, Any], made: str = ""
) -> Done:  # fmt: skip
    """An event that leaves the flow where it stands. ``made``: the id of what it made, for the answer."""
    return replace(finish(viewer, opened, kind, State.from_json(opened.row.flow), (), codes, body), made=made)


def next_entry(
    viewer: Viewer,
    opened: Opened,
    kind: str,
    happened: Sequence[Happening],
    codes: Mapping[str, Any],
    body: Mapping[str, Any],
) -> event.Entry:
    row = opened.row
    told = {**codes, "state": row.state, "happened": [h.as_codes() for h in happened]}
    return event.entry(
        row.id, seq=row.version + 1, prev=bytes(row.head), kind=kind, at=opened.at, account_id=viewer.account_id,
        unit_id=viewer.unit_id, codes=told, body=body, key=opened.key,
    )  # fmt: skip


def move(viewer: Viewer, opened: Opened, happened: Sequence[Happening]) -> None:
    """Rewrite the derived step rows and order the papers that these happenings give."""
    row, fresh = opened.row, False
    for one in happened:
        if one.kind == "ended" or (fresh and one.kind == "step.closed"):
            settle()  # it may concern a step that was opened or closed a moment ago
        if one.kind == "step.opened":
            _open_step(opened, one)
            fresh = True
        elif one.kind == "step.closed":
            run(
                """update step set closed_at = %s, outcome = %s, account_id = %s
                where matter_id = %s and name = %s and closed_at is null""",
                opened.at, one.outcome, viewer.account_id, row.id, one.step,
            )  # fmt: skip
            for give in opened.pack.gives_at(flows.step_of(one.step), one.outcome):
                issue.order(row, opened.key, opened.data, give, opened.at)
            if opened.flow.step(one.step).asked:
                _look_away(row, unit_named(flows.branch_of(one.step)).id)
        elif one.kind == "ended":
            run(
                "update step set closed_at = %s, outcome = %s where matter_id = %s and closed_at is null",
                opened.at, one.state, row.id,
            )  # fmt: skip


def follow(viewer: Viewer, opened: Opened, happened: Sequence[Happening]) -> None:
    """What else happens in the transaction of a verb, once its matter has moved."""
    for one in _followers:
        one(viewer, opened, happened)


def followed_by(follow: Follower) -> None:
    """Let something happen in the transaction of each verb, after a matter has moved."""
    _followers.append(follow)


def _open_step(opened: Opened, one: Happening) -> None:
    row = opened.row
    unit_id, party_id = _owner(row, one)
    until = clock.due(opened.at, one.limit, calendar()) if one.limit else None
    declared = opened.flow.step(one.step)
    _check_promise(opened, one.step)
    remind = clock.reminder(until.at, declared.remind, calendar()) if until and declared.remind else None
    step = Step(
        id=uuid7(), matter_id=row.id, name=one.step, by=declared.kind if one.asks else _STANDS.get(one.by, one.by),
        unit_id=unit_id, over_id=None if one.by in ("received", "hand_out") or unit_id == row.unit_id else row.unit_id,
        party_id=party_id, opened_at=opened.at, due_at=until.at if until else None, provisional=bool(until and until.provisional),
        remind_at=remind if remind and remind > opened.at else None,
    )  # fmt: skip
    insert(step)
    if one.by in ("branch", *_STANDS) and unit_id is not None:
        _let_see(row, unit_id, opened.at, asked=declared.asked or town().units[unit_id].kind == "department")


def _check_promise(opened: Opened, step: str) -> None:
    """Who applied through a channel that promises no visit is not called in, whatever somebody would decide."""
    found = opened.pack
    meets = found.asks.get(flows.step_of(step), {}).get("meets")
    if meets and opened.row.channel in (found.raw.get("no_meeting") or ()):
        words = Words(
            "这件事答应过申请人不用跑，不能要他到场。请换一种办法，什么都没有改动。",
            "The applicant was promised not to have to come, and is not called in. Choose another way; nothing was changed.",
        )
        raise Refused("no-meeting", words, status=409)


def _let_see(row: Matter, unit_id: int, at: datetime, *, asked: bool) -> None:
    """A unit that is given a step sees the matter from then on; one that is ``asked``, what its question shows."""
    settle()
    held = first(Share, "where matter_id = %s and unit_id = %s and until is null", row.id, unit_id)
    if unit_id != row.unit_id and held is None:
        add_share(row, at, role="asked" if asked else "leg", unit_id=unit_id)


def _look_away(row: Matter, unit_id: int) -> None:
    """A unit that was only asked sees the matter no longer once it has answered. Its share ends two seconds from now, so that
    the transaction in which it answers still sees what it writes.
    """
    settle()
    run(
        """update share set until = clock_timestamp() + interval '2 seconds'
        where matter_id = %s and unit_id = %s and role = 'asked' and until is null and not exists (select 1 from step s
        where s.matter_id = share.matter_id and s.unit_id = share.unit_id and s.closed_at is null)""",
        row.id, unit_id,
    )  # fmt: skip


def _owner(row: Matter, one: Happening) -> tuple[int | None, UUID | None]:
    """Whose a step is, as unit or party. What waits for a message or a child matter is nobody's."""
    if one.by == "applicant":
        return None, row.applicant_id
    if one.asks:
        return None, None
    if one.by == "branch":
        return unit_named(flows.branch_of(one.step).rpartition(".")[2]).id, None
    points = town().points
    owner = {
        "received": police_of(town().units[points[row.point_id].unit_id]).id,
        "hand_out": points[row.hand_out_id].unit_id,
        "competent": row.unit_id,
        "county": row.county or row.city,
        "city": row.city,
    }
    return owner.get(one.by, row.unit_id), None


def state_after(
    row: Matter, state: State, happened: Sequence[Happening], at: datetime
) -> tuple[str, datetime | None]:
    if state.ended:
        return state.ended, row.closed_at or at
    if any(h.kind == "step.closed" and h.outcome == "approve" for h in happened):
        return "granted", None
    opens = {h.by for h in happened if h.kind == "step.opened"}
    if opens:
        if "applicant" in opens:
            return "returned", None
        return ("open", None) if row.state == "returned" else (row.state, None)
    return row.state, None


def tell(row: Matter, happened: Sequence[Happening], kind: str) -> None:
    """Tell the applicant what changed for them, once: in the words of the verb if it has its own, else of the new state."""
    if row.applicant_id is None or kind == "added":
        return
    if kind == "opened" and row.state != "closed":
        post.notify(row.applicant_id, "received", row.id, row.number)
    moved = any(h.kind in ("step.opened", "step.closed", "ended") for h in happened)
    template = "closed" if row.closed_at and row.state == "granted" else row.state
    template = kind if kind in ("merged", "reclassified", "invited", "called_off") else template
    if moved and template in post.TEMPLATES:
        post.notify(row.applicant_id, template, row.id, row.number)


def check_mine(viewer: Viewer, opened: Opened, step: str, present: Person | None = None) -> None:
    """Is this step of the flow open, and the viewer's to do, or that of the applicant who is ``present`` at the window?
    Each no has its own words.
    """
    declared = opened.flow.steps.get(flows.step_of(step))
    if declared is None:
        raise no_such_step()
    by = declared.by
    at_window = by == "applicant" and present is not None
    viewer.need(viewer.brings if at_window else RIGHT_OF.get(by, "decide"), opened.pack.branch)
    row = first(Step, _OPEN_STEP, opened.row.id, step)
    if row is None:
        raise moved_on()
    if present is not None and at_window:
        check_present(opened.row.applicant_id, present)
        return
    mine = own(viewer, opened.row) if by == "applicant" else row.unit_id == viewer.unit_id
    if not mine or (row.party_id is None and row.unit_id is None):
        raise refuse_right()
    _check_apart(viewer, opened, step)


def stands_as(viewer: Viewer, opened: Opened, step: str) -> flows.By:
    """As whom, of those that may add a step, a viewer stands to a matter. Refused: "no-such-step", "no-right"."""
    declared = opened.flow.steps.get(flows.step_of(step))
    if declared is None or declared.adhoc is None:
        raise no_such_step()
    by = may_stand_as(viewer, opened.row, opened.pack, step)
    if by is None:
        raise refuse_right()
    return by


def may_stand_as(viewer: Viewer, row: Matter, found: pack.Pack, step: str) -> flows.By | None:
    """As whom the viewer may add this step by hand; None if as nobody."""
    adhoc = found.flow.step(step).adhoc
    for by in adhoc.added_by if adhoc else ():
        unit_id, party_id = _owner(row, Happening("step.opened", step, by=by))
        mine = own(viewer, row) if by == "applicant" else viewer.unit_id == unit_id
        if mine and (unit_id or party_id) and viewer.may(RIGHT_OF.get(by, "decide"), found.branch):
            return by
    return None


def no_such_step() -> Refused:
    """The step is in no flow of this matter."""
    return Refused(
        "no-such-step",
        Words("流程里没有这一步，什么都没有改动。", "The flow has no such step; nothing was changed."),
    )


def moved_on() -> Refused:
    """Somebody was faster, or the page is old."""
    return Refused(
        "moved-on",
        Words(
            "这件事刚刚有了变化：可能同事已经处理，或者您的页面不是最新。您填的内容还在，请看一眼最新情况再决定。",
            "This matter has just changed: a colleague may have dealt with it, or your page is old. What you typed is kept; "
            "look at how it stands now, then decide.",
        ),
        status=409,
    )


def not_ended(opened: Opened) -> None:
    """Refused: "ended" (409)."""
    if opened.row.closed_at is not None:
        raise Refused(
            "ended",
            Words("这件事已经办结，不能再改动。", "This matter has ended and cannot be changed any more."),
            status=409,
        )


def check_reason(found: pack.Pack, outcome: str, reason: str, faults: Sequence[Mapping[str, str]]) -> None:
    if outcome not in ("return", "refuse"):
        return
    known = found.reasons.get(outcome, {})
    given = [f.get("reason", "") for f in faults] + ([reason] if reason in known else [])
    if not reason.strip() and not faults:
        raise Refused(
            "reason",
            Words(
                "请写明理由，要让对方一次看懂、一次改好。",
                "Give the reason, so that it can be understood and mended at once.",
            ),
            faults=(("/reason", Words("必填", "Required")),),
        )
    unknown = [g for g in given if g and g not in known]
    if unknown:
        raise Refused(
            "reason",
            Words("理由不在本事项的清单里，请重选。", "The reason is not on this item's list. Choose again."),
        )


def check_once(opened: Opened, step: str, reason: str, faults: Sequence[Mapping[str, str]]) -> None:
    """Everything wrong is named at once: what is new in a later return says in ``text`` why only now. Refused: "late-fault"."""
    returns = opened.flow.step(step).returns
    if returns is None or returns.to != "applicant" or not opened.row.flow.get("returns"):
        return
    before = [e.body for e in event.history(opened.row.id, opened.key) if e.header.get("outcome") == "return"]
    named = {(f["reason"], f.get("field", "")) for body in before for f in body.get("faults", ())}
    named |= {(code, "") for code, _ in named} | {(body.get("reason", ""), "") for body in before}
    now = faults or [{"reason": reason}]
    fresh = [
        f for f in now if (f["reason"], f.get("field", "")) not in named and not f.get("text", "").strip()
    ]
    if before and fresh:
        words = Words("这件事退过一次了。上次没说、这次才说的，请写明为什么。",
                      "It was returned before. Say why what is named now was not named then.")  # fmt: skip
        raise Refused("late-fault", words, faults=tuple((f["reason"], words) for f in fresh))


def validate(
    viewer: Viewer,
    found: pack.Pack,
    data: Mapping[str, Any],
    person: Person | None,
    fixed: Sequence[Fault] = (),
) -> None:
    """Refuse answers that do not fit the form, name another applicant than ``person``, or change what is ``fixed``:
    "invalid", by field.
    """
    faults = (*found.form.validate(dict(data)), *fixed)
    told = {fault.pointer for fault in faults}
    differing = disagreements(viewer, found.form, data, person) if person else ()
    faults += tuple(fault for fault in differing if fault.pointer not in told)
    if faults:
        raise Refused(
            "invalid",
            Words(
                f"有 {len(faults)} 处要改，改好就能提交；您填的内容都还在。",
                f"{len(faults)} answers need a change; what you typed is kept.",
            ),
            faults=tuple((f.pointer, f.words) for f in faults),
        )  # fmt: skip


def write_in(opened: Opened, step: str, outcome: str, given: Mapping[str, Any]) -> bool:
    """Keep what an officer writes at a step that asks for it, unless it is sent back or refused. Refused: "invalid", by field."""
    name = flows.step_of(step)
    form = opened.pack.fills.get(name)
    if form is None or outcome in ("return", "refuse"):
        return False
    kept = form.clean(dict(given))
    if faults := form.validate(kept):
        told = Words("有 {n} 处要写，写好才能定。", "{n} things are to be written before this can be done.")
        pairs = tuple((f"/heard/{name}{fault.pointer}", fault.words) for fault in faults)
        raise Refused("invalid", told.format(n=len(faults)), faults=pairs)
    opened.data["heard"] = {**opened.data.get("heard", {}), name: kept}
    return True


def _check_apart(viewer: Viewer, opened: Opened, step: str) -> None:
    """A second pair of eyes belongs to somebody else than the first. Refused: "same-person" (409)."""
    first_eyes = opened.pack.asks.get(flows.step_of(step), {}).get("apart_from")
    if first_eyes and fetch(_DID, opened.row.id, list(first_eyes), viewer.account_id):
        words = Words("前一步是您办的，这一步要由另一个人办。什么都没有改动。",
                      "You did the step before; this one is for somebody else. Nothing was changed.")  # fmt: skip
        raise Refused("same-person", words, status=409)


def not_here(found: pack.Pack, channel: str, point: Point) -> Refused:
    zh, en = f"“{found.title.zh}”", f"“{found.title.en}”"
    if channel in point.channels:
        words = Words(
            f"{point.zh}不收{zh}。能收的地方写在它的办事指南里。什么都没有提交。",
            f"{point.en} does not take {en}. Its guide lists the places that do. Nothing was submitted.",
        )
    else:
        words = Words(
            f"{point.zh}没有这个渠道，{zh}在这里不能这样办。什么都没有提交。",
            f"{point.en} does not work through this channel, so {en} cannot be brought this way here. Nothing was submitted.",
        )
    return Refused("not-here", words, status=409)


def applicant(viewer: Viewer, person: Person | None, found: pack.Pack) -> UUID | None:
    if viewer.is_resident:
        if viewer.party_id is None:
            raise refuse_assurance()
        return viewer.party_id
    if person is None and found.may_be_anonymous:
        return None
    if person is None:
        raise Refused(
            "no-applicant",
            Words("请先核对是谁来办。", "Identify the applicant first."),
            faults=(("/applicant", Words("必填", "Required")),),
        )
    return find_or_add(viewer, person, purpose=found.purpose)


def check_name(party_id: UUID | None, person: Person) -> None:
    """The identity number may be somebody's who is on record under another name. Refused: "name-differs" (409), by which the
    verb comes to nothing: only through its matter was the record to be seen at all.
    """
    known = people([party_id]).get(party_id) if party_id else None
    if known is None or not document.differ(known.name, person.name):
        return
    raise Refused(
        "name-differs",
        Words(
            "这个证件号登记的是另一个姓名，和您输入的不一样。请再看一眼证件；改过名的，先办更名。什么都没有提交。",
            "This identity number is on record under another name than the one typed. Look at the document again; a changed "
            "name is recorded first. Nothing was submitted.",
        ),
        status=409,
        faults=(("/applicant/name", Words("和登记的不一致", "Differs from the record")),),
    )


def competent(item: str, data: Mapping[str, Any], at_point: Point) -> tuple[Unit, pack.Pack]:
    """The competent unit (Y) by these answers, and the item as it holds there: its form, flow, clock, rules and fees."""
    named = police_of(town().units[at_point.unit_id])
    code = pack.current(item, reach(named)).competent_code(data)
    if isinstance(code, str):
        named = town().by_code.get(
            code, named
        )  # an unknown one is a fault of the form, or refused as the matter is opened
    unit = above(named, pack.current(item, reach(named)).decided_by)
    return unit, pack.current(item, reach(unit))


def asked_there(found: pack.Pack, data: dict[str, Any], at_point: Point) -> tuple[pack.Pack, dict[str, Any]]:
    """The item as it holds for the competent unit, and the answers without those to questions that it does not ask, because
    a layer dropped the material."""
    there = competent(found.code, data, at_point)[1]
    gone = [one.pointer for one in found.form.fields if there.form.field(one.pointer) is None]
    return there, without(data, gone) if gone else data


def next_number(unit: Unit, moment: datetime) -> str:
    sequence = drawn_sequence() or int(fetch("select nextval('matter_number')")[0][0])
    return matter_number(unit.division[:6], moment.astimezone(calendar().zone).date(), sequence)


def share_first(row: Matter, x: Point, z: Point, party_id: UUID | None, at: datetime) -> None:
    if party_id is not None:
        add_share(row, at, role="applicant", party_id=party_id)
    for unit_id in dict.fromkeys((x.unit_id, police_of(town().units[x.unit_id]).id)):
        add_share(row, at, role="received", unit_id=unit_id)
    if z.unit_id != x.unit_id:
        add_share(row, at, role="hand_out", unit_id=z.unit_id)


def add_share(
    row: Matter,
    at: datetime,
    *,
    role: str,
    unit_id: int | None = None,
    party_id: UUID | None = None,
    reason: str = "",
    until: datetime | None = None,
) -> None:
    share = Share(
        id=uuid7(), matter_id=row.id, unit_id=unit_id, party_id=party_id, role=role, tier=1, at=at, until=until,
        reason=reason[:48], opened_at=row.opened_at, state=row.state,
    )  # fmt: skip
    insert(share)


def post_tokens(row: Matter, party_id: UUID | None, person: Person | None) -> None:
    """What `search` finds the matter by, however it came in: number, party, and the person's name and identity number."""
    tokens = [keys().blind("number", row.number)]
    if party_id is not None:
        person = person or people([party_id]).get(party_id)
        tokens.append(keys().blind("party", str(party_id)))
    if person is not None:
        tokens += [keys().blind("name", document.spelled(one)) for one in (person.name, person.latin) if one]
        tokens += [keys().blind("id_no", one) for one in document.tokens(person.id_no)]
    run("insert into posting (token, matter_id) select unnest(%s::bytea[]), %s::uuid", tokens, row.id)


def done(row: Matter) -> Done:
    return Done(row.id, row.number, row.state, row.version)


def done_of(matter_id: UUID) -> Done:
    row = Matter.objects.filter(id=matter_id).only("id", "number", "state", "version").first()
    if row is None:
        raise not_found()
    return done(row)
