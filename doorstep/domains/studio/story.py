"""An example told as a story: who does what, what comes back, how it ends, and whether it came out so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from doorstep.domains.studio.example import Told
from doorstep.rulebook.flow import CORRECT
from doorstep.rulebook.flow_shape import step_of
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import CHANNELS

_COURSES = {
    "granted": Words("办成", "granted"),
    "corrected": Words("补正后", "corrected"),
    "refused": Words("不办", "refused"),
}
_ENDS = {
    "granted": Words("办成了", "It is granted"), "refused": Words("没有批准", "It is refused"),
    "withdrawn": Words("申请人撤回了", "It is withdrawn"), "closed": Words("到期关闭", "It is closed"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """One example: its sentence, its lines, its end, and what went wrong when it ran (empty: nothing)."""

    name: Words
    course: str
    course_words: Words
    lines: tuple[Words, ...]
    end: tuple[Words, ...]
    told: Told | None

    @property
    def ok(self) -> bool:
        return self.told is not None and self.told.ok


def stories(found: Pack, told: tuple[Told, ...] | None) -> tuple[Story, ...]:
    """Every example of a pack, with how it ran if it was run."""
    results: tuple[Told | None, ...] = told or (None,) * len(found.raw["examples"])
    return tuple(_story(found, raw, one) for raw, one in zip(found.raw["examples"], results, strict=True))


def _story(found: Pack, raw: Mapping[str, Any], told: Told | None) -> Story:
    course, channel = str(raw["course"]), CHANNELS.get(raw["channel"], Words(raw["channel"], raw["channel"]))
    first = Words("申请人提交（{c}）", "The applicant sends it ({c})").format(c=channel)
    lines = (first, *(_move(found, move) for move in raw.get("do") or ()))
    end = tuple(_end(found, raw["expect"]))
    return Story(Words.of(raw["name"]), course, _COURSES[course], lines, end, told)


def _move(found: Pack, move: Mapping[str, Any]) -> Words:
    """One line of ``do``."""
    if move.get("withdraw"):
        said = Words("申请人撤回", "The applicant withdraws")
    elif "add" in move:
        said = Words("加办：{s}", "Added: {s}").format(s=_title(found, str(move["add"])))
    elif move.get("late"):
        said = Words("{s}：期限过了", "{s}: the limit passes").format(s=_title(found, move["step"]))
    elif "hears" in move:
        said = Words("{s}：{h}", "{s}: {h}").format(s=_title(found, move["step"]), h=_answer(found, move))
    else:
        said = _act(found, move)
    if changed := _changed(found, move):
        said = Words(f"{said.zh}，改了{changed.zh}", f"{said.en}, changing {changed.en}")
    if "error" in move:
        said = Words(f"{said.zh}：系统不让", f"{said.en}: not allowed")
    return said


def _act(found: Pack, move: Mapping[str, Any]) -> Words:
    token = str(move["step"])
    if token.startswith(CORRECT):
        return Words("申请人补正后再交", "The applicant corrects it and sends it again")
    step = found.flow.steps.get(step_of(token))
    outcome = move.get("outcome") or (step.outcomes[0] if step and step.outcomes else "done")
    label = (
        step.label(outcome) if step and outcome in (*step.outcomes, *step.labels) else Words(outcome, outcome)
    )
    said = Words("{s}：{l}", "{s}: {l}").format(s=_title(found, token), l=label)
    reason = found.reasons.get(str(outcome), {}).get(str(move.get("reason", "")))
    if move.get("fills"):
        written = [
            f"{found.heard[p].zh} {v}"
            for n, v in move["fills"].items()
            if (p := f"/heard/{token}/{n}") in found.heard
        ]
        english = [
            f"{found.heard[p].en}: {v}"
            for n, v in move["fills"].items()
            if (p := f"/heard/{token}/{n}") in found.heard
        ]
        said = Words(f"{said.zh}，写上{'、'.join(written)}", f"{said.en}, writing {', '.join(english)}")
    return Words(f"{said.zh}，因为“{reason.zh}”", f"{said.en}, because “{reason.en}”") if reason else said


def _answer(found: Pack, move: Mapping[str, Any]) -> Words:
    step = found.flow.steps.get(step_of(str(move["step"])))
    heard = str(move["hears"])
    return step.labels.get(heard, Words(heard, heard)) if step else Words(heard, heard)


def _title(found: Pack, token: str) -> Words:
    step = found.flow.steps.get(step_of(token.removeprefix(CORRECT)))
    return step.title if step else Words(token, token)


def _changed(found: Pack, move: Mapping[str, Any]) -> Words | None:
    titles = [_asked(found, pointer) for pointer in move.get("change") or {}]
    return Words("、".join(one.zh for one in titles), ", ".join(one.en for one in titles)) if titles else None


def _asked(found: Pack, pointer: str) -> Words:
    """What a pointer asks for; in a row of a group, the question of the row."""
    plain = "/".join("*" if part.isdecimal() else part for part in pointer.split("/"))
    known = {item.pointer: item.title for one in found.form.fields for item in (one, *one.items)}
    return known.get(pointer) or known.get(plain) or Words(pointer, pointer)


def _end(found: Pack, expect: Mapping[str, Any]) -> Iterator[Words]:
    """What must come of it."""
    if "faults" in expect:
        asked = [_asked(found, pointer) for pointer in expect["faults"]]
        zh, en = "、".join(one.zh for one in asked), ", ".join(one.en for one in asked)
        yield Words(f"交不上去，一次说清要改：{zh}", f"It cannot be sent; told at once to mend: {en}")
    if "ended" in expect:
        yield _ENDS.get(str(expect["ended"]), Words("还没有结束", "It goes on"))
    if "open" in expect:
        waits = [_title(found, token) for token in expect["open"]]
        zh, en = "、".join(one.zh for one in waits), ", ".join(one.en for one in waits)
        yield Words(f"还在等：{zh}", f"Still waiting: {en}")
    for template in expect.get("papers") or ():
        yield Words("给出{p}", "Gives {p}").format(p=found.paper_title(template))
