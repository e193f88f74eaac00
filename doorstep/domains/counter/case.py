"""One matter as staff see it: answers, papers, the way so far, and what can be done. Built from a guarded read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from doorstep.domains.counter import frame, signature
from doorstep.kernel.org import town
from doorstep.kernel.read import EventView, MatterView, StepView
from doorstep.rulebook import clock, document
from doorstep.rulebook.field import at_pointer
from doorstep.rulebook.flow import CORRECT
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web import saying, way
from doorstep.web.catalogue import CHANNELS
from doorstep.web.language import say
from doorstep.web.questions import answers, heard


@dataclass(frozen=True, slots=True)
class Line:
    """One answer."""

    title: Words
    value: Words | None
    wide: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A file of the matter."""

    url: str
    title: Words
    note: str
    picture: bool


@dataclass(frozen=True, slots=True)
class Passed:
    """One line of the way so far."""

    at: datetime
    when: str
    title: Words
    unit: Words | None
    texts: tuple[Words, ...]


def about(id_no: str) -> Words | None:
    """Age, and sex where the number is an identity number, as it says them: to compare with the person at the window."""
    born = document.born(id_no)
    if born is None:
        return None
    today = clock.now().astimezone(calendar().zone).date()
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    zh, en = ("男", "Male") if int(document.parts(id_no).number[16]) % 2 else ("女", "Female")
    return Words(f"{zh}，{age} 岁", f"{en}, {age}")


def masked(words: Words) -> Words:
    """The middle of a value hidden, in both languages."""
    return Words(saying.mask(words.zh), saying.mask(words.en))


def case(view: MatterView) -> dict[str, Any]:
    """What both the desk and the page of a matter show."""
    person, hidden = view.applicant, view.applicant.masked()
    who = about(person.id_no)
    said = [w for w in (who, document.said(hidden.id_no) if hidden.id_no else None) if w]
    given = tuple(files(view))
    return {
        "id": view.id, "number": view.number, "state": view.state, "title": view.title, "name": person.name,
        "who": Words("，".join(w.zh for w in said), ", ".join(w.en for w in said)),
        "version": view.version, "lines": _lines(view), "files": given,
        "files_title": Words(f"材料 {len(given)} 份", f"Files: {len(given)}"),
        "heard": heard(view.pack, view.data),
        "trail": tuple(_passed(view, e) for e in view.events), "papers": _papers(view), "stops": _stops(view),
        "page_url": f"/counter/matter/{view.id}", "here": _here(view), "again": _again(view),
        "came": CHANNELS.get(view.channel, CHANNELS["online"]),
    }  # fmt: skip


def _lines(view: MatterView) -> tuple[Line, ...]:
    """The answers in the order of the form, without the files, which have a list of their own."""
    uploads = {one.title for one in view.pack.form.fields if one.widget == "upload"}
    given = [one for group in answers(view.pack.form, view.data, masked=True) for one in group.lines]
    return tuple(
        Line(one.name, one.value, bool(one.value and _wide(one.value.zh)))
        for one in given
        if one.name not in uploads
    )


def _wide(text: str) -> bool:
    """Does a value need two columns? A Chinese character is as wide as two letters."""
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text) > 26


_STAGES: Mapping[str, way.Stage] = {
    "done": "done", "here": "go", "wait": "wait", "next": "next", "refused": "stop", "stopped": "stop",
}  # fmt: skip


def _stops(view: MatterView) -> tuple[way.Stop, ...]:
    """The way for the eyes of staff: whose turn it is, without the plate that says “you”."""
    stops = []
    for stop in view.stops:
        step = next((s for s in reversed(view.steps) if s.name == stop.id), None)
        note = step.unit if step and step.unit and stop.status in ("done", "here") else None
        late = stop.late and stop.status in ("here", "wait") and (step is None or step.late)
        stage = "late" if late else _STAGES[stop.status]
        stops.append(way.Stop(say(stop.title), say(note) if note else "", stage))
    return tuple(stops)


def files(view: MatterView, at: str = "/counter/file/") -> list[Sent]:
    """The files of a matter by what they are, each with its address under ``at``."""
    named = {
        str(value): one.title
        for one in view.pack.form.fields
        if one.widget == "upload" and (value := at_pointer(view.data, one.pointer))
    }
    papers = {asked.material.code: asked.material.title for asked in view.pack.materials}
    papers[signature.MATERIAL] = signature.TITLE
    other = Words("其他材料", "Another file")
    return [
        Sent(
            f"{at}{f.id}",
            named.get(str(f.id)) or papers.get(f.material, other),
            f"{saying.of('图片', 'picture') if f.media.startswith('image/') else 'PDF'} {max(1, round(f.size / 1024))}\u00a0KB",
            f.media.startswith("image/"),
        )
        for f in view.files
    ]


def _papers(view: MatterView) -> list[dict[str, Any]]:
    return [{"title": p.title, "number": p.number, "url": f"/counter/paper/{p.number}"} for p in view.papers]


def _passed(view: MatterView, e: EventView) -> Passed:
    unit = None if e.by_applicant else e.unit
    title = Words("本人提交", "Sent by the applicant") if e.by_applicant and e.kind == "opened" else e.title
    return Passed(e.at, saying.near(e.at, clock.now()), title, unit, tuple(_texts(view, e.body)))


def _texts(view: MatterView, body: Mapping[str, Any]) -> list[Words]:
    """What was written at a step: remarks, reasons in the pack's words."""
    known = {code: words for listed in view.pack.reasons.values() for code, words in listed.items()}
    texts = [known.get(f.get("reason", "")) for f in body.get("faults", ())]
    said = [body.get("text", ""), body.get("reason", "")]
    return [t for t in texts if t] + [known.get(s, Words(s, s)) for s in said if isinstance(s, str) and s]


def _here(view: MatterView) -> Words:
    mine = view.mine
    if mine:
        return Words(f"在您手里：{mine[0].title.zh}", f"With you: {mine[0].title.en}")
    waiting = view.open_steps
    if not waiting:
        return Words("已经走完", "Finished")
    step = waiting[0]
    unit = step.unit or Words("申请人", "the applicant")
    return Words(f"在{unit.zh}：{step.title.zh}", f"With {unit.en}: {step.title.en}")


def _again(view: MatterView) -> Words | None:
    times = 1 + sum(1 for s in view.steps if s.name.startswith(CORRECT) and s.closed_at)
    return (
        Words(f"第 {times} 次送来，只看改过的就好", f"Sent for the {times}. time; look at what changed")
        if times > 1
        else None
    )


def checks(view: MatterView) -> list[dict[str, Any]]:
    """What the machine could compare by itself, each with what it found."""
    form, there = view.pack.form, {f.material for f in view.files}
    wrong = form.validate(view.data)
    count = sum(len(page.fields) for page in form.pages(view.data))
    lines = [
        _checked(Words(f"{count} 栏都按要求填了", f"All {count} answers as required"), not wrong,
                 Words(f"{len(wrong)} 栏要看", f"{len(wrong)} to look at")),
    ]  # fmt: skip
    must = {one.material for one in form.fields if one.widget == "upload" and one.required}
    if must:
        titles = [a.material.title for a in view.pack.materials if a.material.code in must]
        zh, en = "、".join(t.zh for t in titles), ", ".join(t.en for t in titles)
        lines.append(
            _checked(Words(f"要交的都在：{zh}", f"Everything required is here: {en}"), must <= there | _sent(view),
                     Words("有缺的", "something is missing"))
        )  # fmt: skip
    zone = town().units.get(view.unit_id)
    if zone is not None and view.pack.competent_code(view.data):
        title = Words(f"归{zone.zh}办", f"Falls to {zone.en}")
        chosen = Words("按申请人选的辖区", "by the area the applicant chose")
        lines.append(_checked(title, True, chosen, chosen))
    return lines


def _sent(view: MatterView) -> set[str]:
    return {
        one.material for one in view.pack.form.fields if one.material and at_pointer(view.data, one.pointer)
    }


def _checked(title: Words, good: bool, not_good: Words, note: Words | None = None) -> dict[str, Any]:
    said = Words("核过", "checked") if good else not_good
    return {"title": title, "state": "held" if good else "wait", "said": said, "note": note}


def due_of(step: StepView) -> dict[str, Any]:
    """How long a step still has, said to the reader."""
    left, until = frame.time_left(step.due_at, late=step.late)
    zone = calendar().zone
    today = (
        step.due_at is not None and step.due_at.astimezone(zone).date() == clock.now().astimezone(zone).date()
    )
    title = say(step.title)
    return {
        "left": saying.of(f"还剩 {left}", f"{left} left") if today and not step.late else left,
        "until": f"{until}{saying.of('，', ', ')}{title}" if until else title,
        "late": step.late,
    }
