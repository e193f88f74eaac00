"""The guarded reads: the only way to a person's record. Each leaves its row in `access` in the same transaction.

Tier 0 is a list (numbers, dues, masked names), tier 1 one matter, tier 2 a file or a value in clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from doorstep.kernel import event, plug, tied
from doorstep.kernel.change import RIGHT_OF, agent, may_stand_as, open_data, own
from doorstep.kernel.models import Access, File, Matter, Paper, Point, Step
from doorstep.kernel.org import town, unit_words
from doorstep.kernel.party import Person, people
from doorstep.kernel.row import at_once, fetch, first, journey
from doorstep.kernel.tied import PartyView, PlaceView, TieView
from doorstep.kernel.trust import (
    Viewer,
    keys,
    log_access,
    not_found,
    refuse_assurance,
    refuse_erased,
    refuse_sign_in,
)
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flow import State, Stop, branch_of, may_add, may_withdraw, picture, step_of
from doorstep.rulebook.flow import Step as FlowStep
from doorstep.rulebook.form import only
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as a reader sees it. ``mine`` says that the viewer can act on it now, with one of ``outcomes``."""

    id: UUID
    name: str
    title: Words
    by: str
    unit: Words | None
    opened_at: datetime
    due_at: datetime | None
    provisional: bool
    late: bool
    closed_at: datetime | None
    outcome: str | None
    mine: bool
    outcomes: tuple[str, ...] = ()
    holder: UUID | None = None
    apart: bool = False


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the history: what, when, by which unit; typed text only for those who may read it."""

    seq: int
    kind: str
    at: datetime
    unit: Words
    by_applicant: bool
    step: str
    outcome: str
    title: Words
    body: dict[str, Any]
    hash: str
    entry: str = ""
    longer: str = ""


@dataclass(frozen=True, slots=True)
class PaperView:
    id: UUID
    number: str
    title: Words
    state: str
    issued_at: datetime
    valid_until: Any


@dataclass(frozen=True, slots=True)
class FileView:
    id: UUID
    material: str
    media: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class MatterView:
    """A matter in clear for somebody who may read it, with everything its page shows. ``shown``: what a unit that was only asked
    a question is shown of it, as pointers and ids of files; None for whoever sees the whole.
    """

    id: UUID
    number: str
    item: str
    title: Words
    pack: pack.Pack
    state: str
    channel: str
    law_date: date
    version: int
    opened_at: datetime
    due_at: datetime | None
    provisional: bool
    closed_at: datetime | None
    point: Point
    hand_out: Point
    unit_id: int
    unit: Words
    applicant: Person
    data: dict[str, Any]
    steps: tuple[StepView, ...]
    stops: tuple[Stop, ...]
    events: tuple[EventView, ...]
    papers: tuple[PaperView, ...]
    files: tuple[FileView, ...]
    faults: tuple[dict[str, str], ...]
    reason: str
    parties: tuple[PartyView, ...]
    ties: tuple[TieView, ...]
    place: PlaceView | None
    may_withdraw: bool
    addable: tuple[tuple[str, Words], ...]
    for_other: bool
    shown: tuple[str, ...] | None = None

    @property
    def accepted_at(self) -> datetime | None:
        """When it was accepted; None while it waits for that, or if it never was."""
        if not self.pack.accepted_at:
            return self.opened_at
        return next((s.closed_at for s in reversed(self.steps) if self.pack.accepts(s.name, s.outcome)), None)

    @property
    def promised(self) -> Words | None:
        """Before acceptance there is no day yet, only how long it takes from then."""
        waits = self.due_at is None and self.closed_at is None
        return from_acceptance(self.pack) if waits else None

    @property
    def mine(self) -> tuple[StepView, ...]:
        """The open steps that wait for the viewer."""
        return tuple(s for s in self.steps if s.mine)

    @property
    def open_steps(self) -> tuple[StepView, ...]:
        return tuple(s for s in self.steps if s.closed_at is None)


def from_acceptance(found: pack.Pack) -> Words:
    """The promise of an item to somebody whose application is not accepted yet."""
    said = found.promise.words
    return Words(f"受理后 {said.zh}", f"{said.en} from acceptance")


def read_matter(
    viewer: Viewer, matter_id: UUID, *, purpose: str | None = None, reason: str = ""
) -> MatterView:
    """One matter in clear; logged as a tier 1 read. An open step of the viewer is the purpose, and so is being its
    applicant; anybody else chooses one from the pack's list and says in ``reason`` why: without it the look is flagged.

    Refused: "sign-in", "not-found", "erased" (410), "purpose" (with the list to choose from in ``faults``).
    """
    if not viewer.signed_in:
        raise refuse_sign_in()
    asked = at_once(*((model, sql, matter_id) for model, sql in _WHOLE))
    if not asked[0]:
        raise not_found()
    row: Matter = asked[0][0]
    if row.key is None:
        raise refuse_erased()
    found = pack.version(bytes(row.pack))
    why = _purpose(viewer, row, found, asked[1], purpose)
    told = reason.strip()[:200]
    with journey():
        log_access(
            viewer, kind="read", tier=1, purpose=why, matter_id=row.id, party_id=row.applicant_id, detail=told
        )
        known: Mapping[Any, Person] = people([row.applicant_id]) if row.applicant_id else {}
    view = _view(viewer, found, known.get(row.applicant_id), *asked)
    by_hand = any(s.by == "branch" and s.unit_id == viewer.unit_id for s in asked[1])
    shown = fetch("select trust.shown(%s)", row.id)[0][0] if by_hand else None
    return view if shown is None else _asked(viewer, view, tuple(shown))


def _asked(viewer: Viewer, view: MatterView, shown: tuple[str, ...]) -> MatterView:
    """What a unit sees that was only asked: its question and its answer, and what the question shows (rights 11)."""
    unit = str(viewer.unit["code"]) if viewer.unit else ""
    data = only(view.data, shown)
    who: dict[str, str] = data.get("applicant", {})
    return replace(
        view, shown=shown, data=data, applicant=Person(who.get("name", view.applicant.masked().name), who.get("id_no", "")),
        steps=tuple(s for s in view.steps if branch_of(s.name) == unit), stops=(), parties=(), ties=(), place=None, papers=(),
        events=tuple(e for e in view.events if e.step and branch_of(e.step) == unit), faults=(), reason="", addable=(),
        files=tuple(one for one in view.files if str(one.id) in shown),
    )  # fmt: skip


_WHOLE: tuple[tuple[type[Model] | None, str], ...] = (
    (Matter, "where id = %s"),
    (Step, "where matter_id = %s order by opened_at, id"),
    (None, event.HISTORY),
    (Paper, "where matter_id = %s order by issued_at"),
    (File, "where matter_id = %s and material <> '' order by at"),
)


def read_number(viewer: Viewer, number: str) -> UUID:
    """The id behind a matter number, if the viewer may see it. Refused: "not-found"."""
    row = (
        Matter.objects.filter(number=number).values_list("id", flat=True).first()
        if viewer.signed_in
        else None
    )
    if row is None:
        raise not_found()
    return row


def _matter(viewer: Viewer, matter_id: UUID) -> Matter:
    if not viewer.signed_in:
        raise refuse_sign_in()
    row = first(Matter, "where id = %s", matter_id)
    if row is None:
        raise not_found()
    return row


def _purpose(
    viewer: Viewer, row: Matter, found: pack.Pack, steps: Sequence[Step], purpose: str | None
) -> str:
    if viewer.party_id is not None and viewer.party_id == row.applicant_id:
        return "own"
    if agent(viewer, row):
        return "agent"
    if any(s.closed_at is None and s.unit_id == viewer.unit_id and s.unit_id is not None for s in steps):
        return "step"
    viewer.need("read", found.branch)
    if purpose in found.purposes:
        return str(purpose)
    raise Refused(
        "purpose",
        Words(
            "这件事现在不在您手上。请选一个查看的理由，本人会看到。",
            "This matter is not in your hands now. Choose why you need to read it; the person will see it.",
        ),
        status=403,
        faults=tuple((name, words) for name, words in found.purposes.items()),
    )  # fmt: skip


def _view(
    viewer: Viewer, found: pack.Pack, applicant: Person | None,
    seen: list[Matter], steps: list[Step], told: list[Any], papers: list[Paper], files: list[File],
) -> MatterView:  # fmt: skip
    row = seen[0]
    key = keys().unwrap(bytes(row.key or b""), row.id.bytes)
    state = State.from_json(row.flow)
    packs = (found, *tied.earlier(row))
    events = _events(viewer, row, packs, event.history(row.id, key, told))
    said = [(e.kind, e.entry, e.body) for e in events]
    mine = own(viewer, row)
    reason, faults = _last_reason([e for e in events if not e.step or _declared(packs, e.step).adhoc is None])
    points = town().points
    return MatterView(
        id=row.id, number=row.number, item=row.item, title=found.title, pack=found, state=row.state,
        channel=row.channel, law_date=row.law_date,
        version=row.version, opened_at=row.opened_at, due_at=row.due_at, provisional=row.provisional, closed_at=row.closed_at,
        point=points[row.point_id], hand_out=points[row.hand_out_id], unit_id=row.unit_id, unit=unit_words(row.unit_id),
        applicant=applicant or Person("***"), data=open_data(row, key),
        steps=tuple(_step_view(viewer, packs, s, steps, mine) for s in steps),
        stops=tuple(picture(found.flow_on(row.law_date), state)),
        parties=tied.parties(viewer, row, said), ties=tied.ties(row), place=tied.place(row, said),
        events=events, papers=_papers(found, papers), files=_files(files), faults=faults, reason=reason,
        addable=tuple(
            (token, found.flow.step(token).title) for token in may_add(found.flow, state) if may_stand_as(viewer, row, found, token)
        ),
        for_other=mine and viewer.party_id != row.applicant_id,
        may_withdraw=mine and may_withdraw(found.flow_on(row.law_date), state),
    )  # fmt: skip


def _step_view(
    viewer: Viewer, packs: Sequence[pack.Pack], s: Step, steps: Sequence[Step], own: bool
) -> StepView:
    found, declared = packs[0], _declared(packs, s.name)
    mine = s.closed_at is None and (
        (s.party_id is not None and own)
        or (s.unit_id is not None and s.unit_id == viewer.unit_id and viewer.may(RIGHT_OF.get(s.by, "decide"), found.branch))
    )  # fmt: skip
    return StepView(
        s.id, s.name, declared.title, s.by, unit_words(s.unit_id) if s.unit_id else None, s.opened_at, s.due_at,
        s.provisional, bool(s.due_at and s.due_at < clock.now()) if s.closed_at is None else s.late_at is not None,
        s.closed_at, s.outcome, mine, declared.outcomes if mine else (),
        s.account_id if s.closed_at is None and not viewer.is_resident else None,
        mine and any(
            one.account_id == viewer.account_id and one.closed_at and step_of(one.name) in found.asks[step_of(s.name)]["apart_from"]
            for one in (steps if found.asks.get(step_of(s.name), {}).get("apart_from") else ())
        ),
    )  # fmt: skip


_OF_STAFF = ("noted", "assigned", "involved", "located", "merged", "referred")


def _events(
    viewer: Viewer, row: Matter, packs: Sequence[pack.Pack], told: Iterable[event.Told]
) -> tuple[EventView, ...]:
    views = []
    for e in told:
        header, body = e.header, e.body
        body.pop("data", None)
        if viewer.is_resident and e.kind in _OF_STAFF:
            body = {}
        # What opened a part is a step of the other matter.
        token = "" if e.kind == "opened" else header.get("step", "")
        if viewer.is_resident and token and _declared(packs, token).asked:
            body = {}
        views.append(
            EventView(
                e.seq, e.kind, e.at, unit_words(e.unit_id), e.account_id == row.opened_by and e.unit_id is None, token,
                header.get("outcome", ""), _event_title(packs, e.kind, header), body, e.hash.hex(), str(header.get("entry", "")),
                str(header.get("asks") or header.get("longer") or ""),
            )
        )  # fmt: skip
    return tuple(views)


KINDS: dict[str, Words] = {
    "opened": Words("提交申请", "Application submitted"),
    "withdrawn": Words("撤回申请", "Application withdrawn"),
    "noted": Words("备注", "Remark"),
    "part_opened": Words("请另一方办他那一部分", "Another person's part was opened"),
    "called_off": Words("随上级事项一起结束", "Ended with the matter it belongs to"),
    "shared": Words("请其他单位一起看", "Shared with another unit"),
    "handed_over": Words("换承办单位", "Handed over to another unit"),
    "assigned": Words("换经办人", "Given to another officer"),
    "linked": Words("关联另一件事", "Linked to another matter"),
    "added": Words("加办一步", "A step was added"),
    "involved": Words("记下相关的人", "Somebody concerned was noted"),
    "located": Words("标出地点", "The place was marked"),
    "referred": Words("转出另一件事", "Another matter was opened from it"),
    "reclassified": Words("改按另一事项办理", "Handled as another item from here"),
    "repinned": Words("改按现在的版本办理", "Moved to the version in force"),
    "merged": Words("和另一件事合并", "Merged with another matter"),
    "late": Words("超过期限", "Past the due time"),
    "heard": Words("收到答复", "An answer came"),
    "erased": Words("内容依法销毁", "Content lawfully erased"),
    "erasure_ordered": Words("提出销毁，等另一人确认", "Erasure ordered, another person confirms"),
    "acted": Words("办理", "Step done"),
}


def _declared(packs: Sequence[pack.Pack], token: str) -> FlowStep:
    """The step as its flow declares it: the matter's own, or that of an item it was taken for before."""
    of = next((one for one in packs if step_of(token) in one.flow.steps), packs[0])
    return of.flow.step(token)


def _event_title(packs: Sequence[pack.Pack], kind: str, header: dict[str, Any]) -> Words:
    if kind == "added":
        title = _declared(packs, header["step"]).title
        return Words(f"加办：{title.zh}", f"Added: {title.en}")
    if kind != "acted":
        return KINDS.get(kind) or plug.HAPPENS.get(kind, KINDS["acted"])
    step = _declared(packs, header["step"])
    label = step.label(header["outcome"])
    return Words(f"{step.title.zh}：{label.zh}", f"{step.title.en}: {label.en}")


def _last_reason(events: Iterable[EventView]) -> tuple[str, tuple[dict[str, str], ...]]:
    reason, faults = "", ()
    for e in events:
        if e.outcome in ("return", "refuse"):
            reason, faults = str(e.body.get("reason", "")), tuple(e.body.get("faults", ()))
    return reason, faults


def _papers(found: pack.Pack, papers: Iterable[Paper]) -> tuple[PaperView, ...]:
    return tuple(
        PaperView(p.id, p.number, found.paper_title(p.template), p.state, p.issued_at, p.valid_until)
        for p in papers
    )


def _files(files: Iterable[File]) -> tuple[FileView, ...]:
    return tuple(FileView(f.id, f.material, f.media, f.size, f.at) for f in files)


@dataclass(frozen=True, slots=True)
class Look:
    """One look at my record: when, which unit, why, what. Never a name (rights 7)."""

    at: datetime
    unit: Words
    purpose: Words
    what: Words
    explained: bool
    matter_id: UUID | None = field(default=None)


_WHAT = {
    "read": Words("打开了这件事", "opened this matter"),
    "did": Words("替您办了一步", "took a step for you"),
    "file": Words("看了一份材料", "looked at one of the files"),
    "paper": Words("看了证件", "looked at the paper"),
    "asked": Words("向登记系统查询了", "asked a register"),
    "lookup": Words("用证件号核对了身份", "checked the identity by its exact number"),
}
_RELATIVE = Words("受您委托的人", "Somebody you authorised")
_WHY = {
    "agent": Words("替您办事", "acting for you"),
    "own": Words("本人查看", "yourself"),
    "step": Words("正在办理您的事", "working on your matter"),
    "system": Words("系统制作证件", "the system made your paper"),
}


def readers(viewer: Viewer, matter_id: UUID | None = None) -> list[Look]:
    """Who looked at the viewer's record, newest first; of one matter if given. Own looks are left out.

    Refused: "sign-in", "no-right" for an account that stands for nobody's own record, "not-found" for a matter that
    is not the viewer's.
    """
    if not viewer.signed_in:
        raise refuse_sign_in()
    if viewer.party_id is None and viewer.is_resident:
        raise refuse_assurance()
    if viewer.party_id is None:
        raise Refused(
            "no-right",
            Words(
                "这里列的是谁看过本人的信息。您用的是工作账号，没有本人的记录。",
                "This lists who looked at one's own record. You signed in for work; there is no record of your own here.",
            ),
            status=403,
        )
    looks = Access.objects.filter(party_id=viewer.party_id).exclude(account_id=viewer.account_id)
    names: dict[str, Words] = dict(_WHY)
    if matter_id is not None:
        row = _matter(viewer, matter_id)
        if row.applicant_id != viewer.party_id:
            raise not_found()
        names |= pack.version(bytes(row.pack)).purposes
        looks = looks.filter(matter_id=matter_id)
    else:
        names |= pack.all_purposes()
    seen = list(looks.exclude(kind__in=("refused", "list")).order_by("-at")[:200])
    justified = {(a.account_id, a.matter_id, a.purpose) for a in seen if a.kind == "read" and a.detail}
    return [
        Look(
            a.at, _RELATIVE if a.purpose == "agent" else unit_words(a.unit_id),
            names.get(a.purpose, Words("没有写明理由", "no reason given")),
            _WHAT.get(a.kind, _WHAT["read"]), _explained(a, names, justified), a.matter_id,
        )
        for a in seen
    ]  # fmt: skip


def _explained(a: Access, names: Mapping[str, Words], justified: AbstractSet[tuple[Any, ...]]) -> bool:
    """A step in hand explains itself, an exact look-up by its purpose; a purpose that was chosen needs its reason in words."""
    if a.purpose in _WHY or a.kind not in ("read", "file", "paper"):
        return a.purpose in names
    return a.purpose in names and (a.account_id, a.matter_id, a.purpose) in justified


@dataclass(frozen=True, slots=True)
class CheckedPaper:
    """What anybody learns from the code on a paper: that it is ours and still holds. No person in it."""

    number: str
    title: Words
    item: Words
    unit: Words
    state: str
    issued_at: datetime
    valid_until: Any
    valid: bool
    named: bool


def check_paper(code_hash: bytes) -> CheckedPaper | None:
    """The paper with this code, or None. Needs no account."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select v ->> 'number', v ->> 'template', v ->> 'item', (v ->> 'unit_id')::int, v ->> 'state',
            (v ->> 'issued_at')::timestamptz, (v ->> 'valid_until')::date, (v ->> 'named')::boolean from trust.check_paper(%s) v""",
            [code_hash],
        )
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    found = pack.current(row[2])
    today = clock.now().astimezone(calendar().zone).date()
    valid = row[4] in ("ready", "making") and (row[6] is None or row[6] >= today)
    title, unit = found.paper_title(row[1]), unit_words(row[3])
    return CheckedPaper(row[0], title, found.title, unit, row[4], row[5], row[6], valid, row[7])
