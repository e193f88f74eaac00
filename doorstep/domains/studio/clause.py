"""An item said clause by clause, as a lawyer reads it: what a value is, from when, by which law, how sure that is.

The names of clauses are those that provenance uses (``/limits/promise``, ``/materials/LEA``), so that each leads to who
set it. Nothing of a pack is left out: what has no words of its own stands as it is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from doorstep.domains.studio import dated
from doorstep.domains.studio.dated import Line
from doorstep.domains.studio.show.svg import BY
from doorstep.domains.studio.story import stories
from doorstep.domains.studio.tables import tables
from doorstep.rulebook.field import Field
from doorstep.rulebook.flow import Step
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import BRANCHES, CHANNELS, KINDS, WHO

SECTIONS: Mapping[str, Words] = {
    "title": Words("名称", "Title"), "summary": Words("一句话", "Summary"), "aliases": Words("别的叫法", "Other names"),
    "group": Words("分组", "Group"), "branch": Words("业务条线", "Branch"), "kind": Words("事项种类", "Kind"),
    "for": Words("谁能办", "Who applies"), "channels": Words("渠道", "Channels"), "visits": Words("跑几趟", "Visits"),
    "law": Words("依据", "Law"), "limits": Words("时限", "Limits"), "fees": Words("费用", "Fees"),
    "reductions": Words("减免", "Who pays less"),
    "guide": Words("指南", "Guide"), "materials": Words("材料", "Papers to bring"), "form": Words("表单", "Form"),
    "tables": Words("判断表", "Tables"), "flow": Words("流程", "The way"), "gives": Words("文书", "Papers given"),
    "reasons": Words("理由", "Reasons"), "purposes": Words("查看理由", "Purposes"), "privacy": Words("个人信息", "Personal data"),
    "figures": Words("统计", "Figures"), "examples": Words("例子", "Examples"), "competent": Words("承办单位", "Competent unit"),
    "hand_out": Words("领取点", "Point of hand-out"), "contact": Words("联系方式", "Contact"),
    "accepted_at": Words("从哪步起算受理", "Accepted at"), "legs": Words("各级分段", "Legs"), "facts": Words("事实", "Facts"),
    "layers": Words("下级能调整的", "Left to the levels below"), "profile": Words("套用的模板", "Profiles"),
}  # fmt: skip
LEVEL: Mapping[str, Words] = {
    "province": Words("省厅", "the province"), "city": Words("市局", "the city bureau"),
    "county": Words("分局", "the district bureau"), "station": Words("派出所", "the station"),
}  # fmt: skip
_SAID = frozenset(
    {
        "title", "summary", "aliases", "group", "branch", "kind", "for", "channels", "visits", "law", "limits", "fees",
        "reductions", "guide", "materials", "form", "tables", "flow", "gives", "reasons", "purposes", "privacy", "examples",
        "competent",
    }
)  # fmt: skip
_OUTCOMES = {"return": Words("退回", "sent back"), "refuse": Words("不批准", "refused")}
_RULES = {
    "withdraw": Words("什么时候还能撤回", "Until when it may be withdrawn"),
    "ends": Words("走完算什么", "How it ends"),
}
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that an item says. ``first`` and ``last``: the days of what holds now; ``sure`` None: nobody is asked."""

    section: Words
    title: Words
    said: Words
    source: Words | None = None
    first: date | None = None
    last: date | None = None
    sure: bool | None = None


def section(name: str) -> Words:
    """What a part of a pack is called."""
    return SECTIONS.get(name, Words(name, name))


def clauses(found: Pack, day: date) -> dict[str, Clause]:
    """Everything that an item says on a day, by name, in the order of a guide."""
    told: dict[str, Clause] = {}
    for part in (_plain, _dated, _asked, _goes, _gives, _told, _rest):
        told.update(part(found, day))
    return told


def _one(head: str, name: str, title: Words, said: Words, **more: Any) -> tuple[str, Clause]:
    return f"/{head}/{name}" if name else f"/{head}", Clause(section(head), title, said, **more)


def _plain(found: Pack, _day: date) -> Iterator[tuple[str, Clause]]:
    raw = found.raw
    texts = {
        "title": found.title, "summary": found.summary, "group": Words.of(raw["group"]),
        "aliases": Words("、".join(found.aliases["zh"]), ", ".join(found.aliases["en"])),
        "branch": BRANCHES[found.branch], "kind": KINDS[raw["kind"]], "for": _list(WHO[one] for one in raw["for"]),
        "visits": Words(f"{raw['visits']} 趟", f"{raw['visits']}") if raw["visits"] else Words("不用跑", "none"),
    }  # fmt: skip
    for head, words in texts.items():
        yield _one(head, "", section(head), words)
    yield _one("competent", "level", section("competent"), _level(raw))
    for channel in found.channels:
        yield _one("channels", channel, CHANNELS[channel], Words("能办", "offered"))
    for law, sure in found.law:
        yield _one("law", law.zh, law, Words("写明", "named"), sure=sure)
    for name, words in found.guide.items():
        yield _one("guide", name, _GUIDE.get(name, Words("另外", "Besides")), words)


_GUIDE = {
    "who": Words("谁能办", "Who"), "where": Words("在哪办", "Where"), "how": Words("怎么办", "How"),
    "next": Words("办了以后", "What comes next"), "hours": Words("什么时候", "When"),
}  # fmt: skip


def _level(raw: Mapping[str, Any]) -> Words:
    of = raw["competent"]
    level = LEVEL[of.get("level", "station")]
    at = "按群众选的" if of["by"] == "field" else "按收件的窗口"
    whose = "of the unit that the applicant names" if of["by"] == "field" else "of the point that takes it"
    return Words(f"{level.zh}决定，{at}", f"decided by {level.en}, {whose}")


def _dated(found: Pack, day: date) -> Iterator[tuple[str, Clause]]:
    for one in dated.limits(found):
        yield _lines("limits", one.name, one.title, one.lines, day)
    if fees := dated.fees(found):
        yield _lines("fees", "", section("fees"), fees, day)
    if less := dated.reductions(found):
        yield _lines("reductions", "", section("reductions"), less, day)
    yield _lines(
        "privacy", "retention", Words("办结以后存多久", "Kept after the end"), dated.retention(found), day
    )


def _lines(head: str, name: str, title: Words, lines: Sequence[Line], day: date) -> tuple[str, Clause]:
    """What holds now, and what will hold later; source and days are of what holds now."""
    kept = [one for one in lines if one.last is None or one.last >= day]
    now = next((one for one in kept if one.first is None or one.first <= day), None)
    said = _list((_from(one, day) for one in kept), "；", "; ") if kept else Words("没有", "none")
    if now is None:
        return _one(head, name, title, said)
    return _one(head, name, title, said, source=now.source, first=now.first, last=now.last, sure=now.sure)


def _from(one: Line, day: date) -> Words:
    if one.first is None or one.first <= day:
        return one.value
    return Words(f"{one.first.isoformat()} 起 {one.value.zh}", f"from {one.first.isoformat()} {one.value.en}")


def _asked(found: Pack, _day: date) -> Iterator[tuple[str, Clause]]:
    for asked in found.materials:
        need = Words("必须", "needed") if asked.required else Words("有就带", "if at hand")
        said = _list([need, *([asked.note] if asked.note else [])], "；", "; ")
        yield _one("materials", asked.material.code, asked.material.title, said)
    for one in found.form.fields:
        for field in (one, *one.items):
            yield _one("form", field.pointer.lstrip("/"), field.title, _question(found, field))


def _question(found: Pack, one: Field) -> Words:
    said = [Words("必填", "required") if one.required else Words("选填", "optional")]
    if one.options:
        said.append(_list((words for _, words in one.options), "、", ", ", Words("选：{v}", "one of: {v}")))
    for pointer, values in one.when.items():
        other = found.form.field(pointer)
        asked, told = (
            (other.title, _list(other.said(v) for v in values))
            if other
            else (_same(pointer), _same(str(values)))
        )
        said.append(Words("只在“{a}”是{v}时问", "asked only if “{a}” is {v}").format(a=asked, v=told))
    if one.material:
        said.append(
            Words("传“{m}”", "upload: {m}").format(
                m=found.library.materials[one.material].title
                if one.material in found.library.materials
                else one.material
            )
        )
    said += [words for words in (one.hint, one.why) if words]
    return _list(said, "；", "; ")


def _goes(found: Pack, day: date) -> Iterator[tuple[str, Clause]]:
    for step in found.flow_on(day).steps.values():
        if step.kind not in ("correct", "hand", "each"):
            yield _one("flow", f"steps/{step.id}", step.title, _step(found, step))
    for block in found.flow.blocks.values():
        if block.title:
            said = _list(one for name in block.order if (one := _name(found, name)))
            yield _one("flow", f"branches/{block.id}", block.title, said)
    for name, form in found.fills.items():
        for field in form.fields:
            yield _one("flow", f"fills/{name}{field.pointer}", field.title, _question(found, field))
    for key, value in found.raw["flow"].items():
        if key not in ("steps", "adhoc"):
            yield _one("flow", key, _RULES.get(key, _same(key)), _same(json.dumps(value, ensure_ascii=False)))
    yield from _rows(found)


def _rows(found: Pack) -> Iterator[tuple[str, Clause]]:
    for table in tables(found, {}):
        for row in table.rows:
            cells = zip(table.heads, row.cells, strict=True)
            when = _list(
                Words(f"{head.zh}：{cell.words.zh}", f"{head.en}: {cell.words.en}")
                for head, cell in cells
                if not cell.any
            )
            leads = _list(row.leads) if row.leads else _same(", ".join(row.answers))
            title = Words(f"{table.title.zh}，第 {row.number} 行", f"{table.title.en}, row {row.number}")
            yield _one(
                "tables",
                f"{table.name}/{row.number}",
                title,
                Words(f"{when.zh or '其余'} → {leads.zh}", f"{when.en or 'otherwise'} → {leads.en}"),
            )


def _name(found: Pack, name: str) -> Words | None:
    step = found.flow.steps.get(name)
    return step.title if step and step.kind not in ("correct", "hand", "each") else None


def _step(found: Pack, step: Step) -> Words:
    said = [BY[step.by]]
    if step.limit:
        said.append(Words("{l}内", "within {l}").format(l=step.limit.words))
    if step.returns:
        n = step.returns.at_most
        said.append(Words(f"可以退回 {n} 次", f"may be sent back {n} times"))
    if step.may_refuse:
        said.append(Words("可以不批准", "may refuse"))
    if step.outcomes:
        said.append(_list(step.label(one) for one in step.outcomes))
    for name, values in step.when.items():
        zh, en = "、".join(map(str, values)), " or ".join(map(str, values))
        said.append(Words(f"只在 {name} 为 {zh} 时", f"only if {name} is {en}"))
    if step.asks:
        said.append(Words(f"问 {step.asks}", f"asks {step.asks}"))
    if step.then and (after := _name(found, step.then)):
        said.append(Words("之后回到“{s}”", "then “{s}” again").format(s=after))
    return _list(said, "；", "; ")


def _gives(found: Pack, day: date) -> Iterator[tuple[str, Clause]]:
    for one in found.gives:
        raw = next(each for each in found.raw["gives"] if each["paper"] == one.template)
        lines = dated.validity(raw.get("valid") or ())
        name, clause = _lines("gives", one.template, one.title, lines, day)
        at = found.flow.steps.get(one.step)
        said = Words("“{s}”以后给出", "given after “{s}”").format(s=at.title if at else one.step)
        if lines:
            said = Words("{a}；有效 {v}", "{a}; good for {v}").format(a=said, v=clause.said)
        shown = _list((_same(str(key)) for key in one.data), "、", ", ", Words("；印：{v}", "; shows: {v}"))
        yield (
            name,
            Clause(
                clause.section,
                one.title,
                Words(said.zh + shown.zh, said.en + shown.en),
                clause.source,
                clause.first,
                clause.last,
                clause.sure,
            ),
        )


def _told(found: Pack, _day: date) -> Iterator[tuple[str, Clause]]:
    for outcome, listed in found.reasons.items():
        for name, words in listed.items():
            yield _one("reasons", f"{outcome}/{name}", _OUTCOMES.get(outcome, _same(outcome)), words)
    for name, words in found.purposes.items():
        yield _one("purposes", name, section("purposes"), words)
    privacy = found.privacy
    yield _one("privacy", "basis", Words("处理依据", "Basis"), Words.of(privacy["basis"]))
    yield _one("privacy", "notice", Words("填表前告诉", "Told before typing"), Words.of(privacy["notice"]))
    if purpose := found.purposes.get(found.purpose):
        yield _one("privacy", "purpose", Words("为什么用", "Held for"), purpose)
    for story in stories(found, None):
        yield _one("examples", story.name.zh, story.name, _list((*story.lines, *story.end), " → ", " → "))


def _rest(found: Pack, _day: date) -> Iterator[tuple[str, Clause]]:
    """What has no words of its own: as it is written."""
    for key, value in found.raw.items():
        if key not in _SAID and key not in ("code", "demo_code", "sample"):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield _one(key, "", section(key), _same(text[:_LONGEST] + ("…" if len(text) > _LONGEST else "")))


def _same(text: str) -> Words:
    return Words(text, text)


def _list(parts: Any, zh: str = "、", en: str = ", ", around: Words | None = None) -> Words:
    """Several words as one; nothing if there are none."""
    told = list(parts)
    said = Words(zh.join(one.zh for one in told), en.join(one.en for one in told))
    return around.format(v=said) if around and told else said
