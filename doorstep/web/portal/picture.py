"""My matter as the page draws it: the plate, what I have to do, the stops of the way, who has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel import plug
from doorstep.kernel.org import town, unit_words
from doorstep.kernel.read import MatterView, StepView
from doorstep.rulebook import clock
from doorstep.rulebook.flow import CORRECT, step_of
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web import saying, way
from doorstep.web.connectors import connectors
from doorstep.web.language import lang, say

_HERE = Words("结果在这里，随时可以下载。", "The result is here to download.")
PROVISIONAL = Words(
    "日期是暂定的：那一年的放假安排还没有公布，公布以后会重新算。",
    "The date is provisional: the holidays of that year are not published yet; it is counted again when they are.",
)
_ANSWERS = {
    "granted": (Words("办好了", "Done"), "circle-check!", _HERE),
    "closed": (Words("办好了", "Done"), "circle-check!", _HERE),
    "refused": (Words("没有批准", "Not approved"), "circle-x", _HERE),
    "withdrawn": (
        Words("您撤回了", "You withdrew it"),
        "arrow-back-up",
        Words("没有人再办这件事。", "Nobody works on it any more."),
    ),
}


@dataclass(frozen=True, slots=True)
class Plate:
    """The answer of the page: a day to count on, or how it ended."""

    name: Words
    note: Words
    day: datetime | None = None
    big: Words | None = None
    icon: str = ""
    papers: tuple[tuple[Words, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Todo:
    """What waits for me."""

    title: Words
    text: Words
    faults: tuple[Words, ...]
    do: Words
    url: str
    due: datetime | None
    icon: str = "pencil"


@dataclass(frozen=True, slots=True)
class Leg:
    """One step and who has it."""

    title: Words
    state: str
    text: Words
    due: datetime | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something I can do."""

    verb: str
    icon: str
    title: Words
    url: str


def plate(found: MatterView) -> Plate:
    """The one thing to know about this matter."""
    ready = tuple((p.title, f"/paper/{p.number}.pdf") for p in found.papers if p.state == "ready")
    ended = found.closed_at is not None
    if ended and found.state in _ANSWERS:
        big, icon, note = _ANSWERS[found.state]
        if found.state == "refused":
            note = _reason(found)
        return Plate(found.title, note, big=big, icon=icon, papers=ready)
    waiting = _pick_up(found)
    if waiting is not None and found.pack.asks.get(waiting.name, {}).get("meets"):
        at = found.hand_out
        note = Words(f"到{at.zh}，{at.address_zh}。", f"At {at.en}, {at.address_en}.")
        settled = _settled(found)
        if settled is not None:
            return Plate(Words("约好了，请您来", "Your appointment"), note, day=settled, papers=ready)
        return Plate(
            Words("请您到场办，最迟", "Please come in person by"), note, day=waiting.due_at, papers=ready
        )
    if waiting is not None:
        at = found.hand_out
        note = Words(f"到{at.zh}来领，{at.address_zh}。", f"Collect it at {at.en}, {at.address_en}.")
        return Plate(
            Words("可以来领了，给您留到", "Ready to collect, kept for you until"),
            note,
            day=waiting.due_at,
            papers=ready,
        )
    if found.promised is not None:
        return Plate(
            Words("多久办好", "How long it takes"),
            _usual_note(found),
            big=found.promised,
            icon="clock",
            papers=ready,
        )
    late = any(step.late for step in found.open_steps)
    note = _late_note(found) if late else _usual_note(found)
    if found.provisional:
        note = Words(f"{note.zh}{PROVISIONAL.zh}", f"{note.en} {PROVISIONAL.en}")
    return Plate(Words("最迟哪天办好", "Done by"), note, day=found.due_at, papers=ready)


def _settled(found: MatterView) -> datetime | None:
    """The time that was chosen for coming, if one was."""
    doors = (plug.door(str(one.get("message", ""))) for one in found.pack.asks.values())
    return next((at for door in doors if door and (at := door.when(found))), None)


def _pick_up(found: MatterView) -> StepView | None:
    return next((step for step in found.open_steps if step.by == "hand_out"), None)


def _usual_note(found: MatterView) -> Words:
    if found.pack.part_of and found.state == "returned":
        return Words("等您看过、答复。", "It waits for you to read and answer.")
    if found.state == "returned":
        return Words("等您改好就接着办。", "It goes on as soon as you have corrected it.")
    waits = [step for step in found.open_steps if step.unit is None]
    if waits and len(waits) == len(found.open_steps):
        who = _outside(found, waits[0]) or found.unit
        if plug.door(str(found.pack.asks.get(step_of(waits[0].name), {}).get("message", ""))):
            return Words("等您办了这一步就接着办。", "It goes on as soon as you have done your part.")
        return Words(f"在等{who.zh}，没有超时。", f"{who.en} is waited for. It is on time.")
    unit = _holder(found)
    flow = found.pack.flow
    if still := next((step for step in found.open_steps if flow.step(step.name).pauses), None):
        return Words(
            f"正在等“{still.title.zh}”，这段时间不算在期限里，日期会跟着改。",
            f"It waits for “{still.title.en}”; this time does not count, and the day moves with it.",
        )
    return Words(f"现在在{unit.zh}，没有超时。", f"{unit.en} has it now. It is on time.")


def _late_note(found: MatterView) -> Words:
    unit = _holder(found)
    return Words(
        f"超过承诺的时间了，对不起。已经提醒{unit.zh}。",
        f"This is past what we promised, and we are sorry. {unit.en} has been reminded.",
    )


def _holder(found: MatterView) -> Words:
    return next((step.unit for step in found.open_steps if step.unit), found.unit)


def _reason(found: MatterView) -> Words:
    known = found.pack.reasons.get("refuse", {}).get(found.reason)
    said = known or Words(found.reason, found.reason)
    return Words(
        f"{said.zh}。不服的话，可以申请复议或者到窗口当面问。",
        f"{said.en}. You may appeal, or ask in person at a counter.",
    )


def todo(found: MatterView) -> Todo | None:
    """What the applicant owes, or nothing."""
    mine = next((step for step in found.mine if step.by == "applicant"), None)
    if mine is None:
        return _at_a_door(found)
    if found.pack.part_of:
        asked = Words(
            "对方请您看一看；同意就签，不同意也可以说。",
            "You are asked to read it; agree and sign, or decline.",
        )
        return Todo(
            mine.title,
            asked,
            (),
            Words("去看一看", "Read it"),
            f"/matter/{found.id}/sign",
            mine.due_at,
            "signature",
        )
    if found.pack.flow.step(mine.name).adhoc is not None:
        return _added(found, mine)
    texts = found.pack.reasons.get("return", {})
    faults = tuple(_fault(raw, texts) for raw in found.faults)
    known = texts.get(found.reason)
    text = known or (Words(found.reason, found.reason) if found.reason else None)
    ask = Words("改好以后接着办，不用重新排队。", "Once corrected it goes on; you keep your place.")
    return Todo(
        _what(mine, len(faults)), Words(f"{text.zh}。{ask.zh}", f"{text.en}. {ask.en}") if text else ask, faults,
        Words("现在改", "Fix it now"), f"/matter/{found.id}/correct", mine.due_at,
    )  # fmt: skip


def _added(found: MatterView, mine: StepView) -> Todo:
    """A step that was added for the applicant, in the words of whoever added it."""
    said = [str(e.body.get("reason", "")) for e in found.events if e.kind == "added" and e.step == mine.name]
    ask = Words("加了这一步，办好以后接着往下走。", "This step was added; it goes on when you have done it.")
    text = Words(f"{said[-1]} {ask.zh}", f"{said[-1]} {ask.en}") if said and said[-1] else ask
    return Todo(
        mine.title,
        text,
        (),
        Words("现在办", "Do it now"),
        f"/matter/{found.id}/correct?step={mine.name}",
        mine.due_at,
    )


def _at_a_door(found: MatterView) -> Todo | None:
    """What a domain waits for: money, an appointment."""
    for step in found.open_steps:
        door = plug.door(found.pack.flow.step(step.name).asks) if step.by == "wait" else None
        if door is not None:
            return Todo(
                step.title, door.say(found), (), door.do, f"{door.path}{found.id}", step.due_at, door.icon
            )
    return None


def _what(mine: StepView, count: int) -> Words:
    if not mine.name.startswith(CORRECT) or not count:
        return mine.title
    return Words(
        f"有 {count} 处要您改",
        "One thing for you to correct" if count == 1 else f"{count} things for you to correct",
    )


def _fault(raw: dict[str, str], texts: object) -> Words:
    known = texts.get(raw.get("reason", "")) if isinstance(texts, dict) else None
    typed = raw.get("text", "")
    if known is None:
        return Words(typed, typed)
    return Words(f"{known.zh}：{typed}", f"{known.en}: {typed}") if typed else known


def stops(found: MatterView) -> tuple[way.Stop, ...]:
    """The way as it is drawn: sent, every step of the flow, with the day it was or will be done."""
    first = (
        saying.of("对方请您签", "You were asked")
        if found.pack.part_of
        else saying.of("您提交了", "You sent it")
    )
    sent = way.Stop(first, _day(found.opened_at), "done")
    last = {step.name: step for step in found.steps}
    drawn = [sent]
    for stop in found.stops:
        step = last.get(stop.id)
        stage: way.Stage = {
            "done": "done", "here": "go", "wait": "wait", "next": "next", "refused": "stop", "stopped": "stop",
        }[stop.status]  # type: ignore[assignment]  # fmt: skip
        if stop.late and stop.status in ("here", "wait") and (step is None or step.late):
            stage = "late"
        drawn.append(
            way.Stop(say(stop.title), _note(found, step, stop.status), stage, stop.status in ("here", "wait"))
        )
    return tuple(drawn)


def _note(found: MatterView, step: StepView | None, status: str) -> str:
    if step is None:
        return ""
    if status in ("done", "refused", "stopped"):
        return _day(step.closed_at)
    if step.due_at is None or step.closed_at is not None:
        return ""
    day = _day(_due(found, step))
    if status == "wait":
        return f"等您办，{day}前" if lang() == "zh" else f"yours, by {day}"
    return f"最迟 {day}" if lang() == "zh" else f"due {day}"


def _day(at: datetime | None) -> str:
    return saying.day(at, year=False, week=False) if at else ""


_CLOSED = {
    "refuse": "refused",
    "return": "sent_back",
    "withdrawn": "withdrawn",
    "cancelled": "stop",
    "lapsed": "stop",
}


def legs(found: MatterView) -> tuple[Leg, ...]:
    """Who had and has it, newest last; one line for each step that was opened."""
    police = Words("公安机关", "The police")
    rows = []
    for step in found.steps:
        you = step.by == "applicant"
        who = Words("您", "You") if you else (step.unit or _outside(found, step) or police)
        if step.closed_at is not None:
            ended = _CLOSED.get(step.outcome or "", "done")
            rows.append(Leg(step.title, ended, who, at=step.closed_at))
        elif step.late:
            rows.append(Leg(step.title, "late", who, _due(found, step)))
        else:
            rows.append(Leg(step.title, "wait" if you else "go", who, _due(found, step)))
    ahead = _ahead(found)
    seen = {step.name for step in found.steps}
    for stop in found.stops:
        if stop.status == "next" and stop.id not in seen and not stop.id.startswith(CORRECT):
            rows.append(Leg(stop.title, "next", _whose(found, stop.id), ahead.get(stop.id)))
    return tuple(rows)


def _due(found: MatterView, step: StepView) -> datetime | None:
    """By when a step is done, as the applicant is told: a leg that was late before takes nothing from what was promised."""
    if step.due_at and found.due_at and step.name in found.pack.legs:
        return min(step.due_at, found.due_at)
    return step.due_at


def _ahead(found: MatterView) -> dict[str, datetime]:
    """By when each leg still to come is expected: counted on from the one that is under way, never past the promise."""
    names, flow = found.pack.legs, found.pack.flow_on(found.law_date)
    here = next((step for step in found.open_steps if step.name in names and step.due_at), None)
    if here is None or here.due_at is None or found.due_at is None:
        return {}
    later = [flow.steps[name] for name in names[names.index(here.name) + 1 :]]
    dues, _ = clock.legs(
        here.due_at, [clock.Leg(one.id, one.limit) for one in later if one.limit], calendar()
    )
    return {name: min(one.at, found.due_at) for name, one in dues.items()}


def _whose(found: MatterView, name: str) -> Words:
    """Whose a step will be when it is opened."""
    step, unit = found.pack.flow.steps[step_of(name)], town().units.get(found.unit_id)
    if step.by == "hand_out":
        return found.hand_out.name
    if step.by in ("county", "city") and unit is not None:
        return unit_words(unit.county if step.by == "county" and unit.county else unit.city)
    return Words("您", "You") if step.kind == "wait" and plug.door(step.asks) else found.unit


def _outside(found: MatterView, step: StepView) -> Words | None:
    """Who is waited for when it is neither the police nor the applicant."""
    asked = found.pack.asks.get(step_of(step.name), {})
    if asked.get("kind") == "call":
        known = connectors().get(asked["connector"], {})
        said = Words.of(known["title"]) if known else Words("另一个系统", "Another system")
        return Words(f"{said.zh}（替身）", f"{said.en} (stand-in)") if known.get("standin") else said
    if asked.get("kind") == "wait" and plug.door(asked["message"]):
        return Words("您", "You")
    return Words("另一方", "The other person") if asked.get("kind") == "sub" else None


def invited(found: MatterView) -> tuple[tuple[Words, str], ...]:
    """Whom my matter waits for besides the police: the step, and the number that the other person needs at a window."""
    waits = {step.name: step.title for step in found.open_steps}
    told = {
        event.step: str(event.body.get("number", "")) for event in found.events if event.kind == "part_opened"
    }
    return tuple((waits[step], number) for step, number in told.items() if step in waits and number)


def acts(found: MatterView) -> tuple[Act, ...]:
    """What the applicant can do now."""
    can = []
    if found.may_withdraw and not found.pack.part_of:
        can.append(
            Act("withdraw", "hand-stop", Words("不办了", "Withdraw it"), f"/matter/{found.id}/withdraw")
        )
    can += [
        Act("add_step", "plus", title, f"/matter/{found.id}/add?step={token}")
        for token, title in found.addable
    ]
    can.append(
        Act("receipt", "receipt", Words("看受理回执", "Show the receipt"), f"/matter/{found.id}/receipt")
    )
    return tuple(can)
