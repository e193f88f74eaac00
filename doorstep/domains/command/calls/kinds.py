"""Kinds of calls: their tree, the questions that decide how urgent one is, who is sent for it, and how soon.

The kinds are packs with the machine of calls; how they are grouped and who is sent stands in ``packs/calls.yaml``, and what a place
does otherwise in ``regions/<name>/command.yaml`` (``plans``, ``targets``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from doorstep.domains.command.calls.machine import MACHINE
from doorstep.rulebook import pack
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.pack.shelf import ROOT
from doorstep.rulebook.region import FOLDER, region
from doorstep.rulebook.words import Refused, Words

LEVELS: Final = {
    "urgent": Words("紧急", "Urgent"),
    "prompt": Words("尽快", "Prompt"),
    "routine": Words("一般", "Routine"),
}
_ORDER: Final = tuple(LEVELS)
PASS_ON: Final = {
    "fire": Words("消防 119", "Fire brigade"),
    "ambulance": Words("急救 120", "Ambulance"),
    "hotline": Words("政务热线 12345", "Hotline 12345"),
}
FORCE: Final = {
    "car": Words("警车", "Car"),
    "foot": Words("步巡", "Foot patrol"),
    "team": Words("专业队", "Team"),
}
TEAMS: Final = {
    "property-crime": Words("侵财侦查", "Property crime"), "forensic": Words("现场勘查", "Forensic"),
    "traffic": Words("交警", "Traffic"), "negotiation": Words("谈判", "Negotiation"), "anti-fraud": Words("反诈", "Anti-fraud"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and what may be answered."""

    name: str
    title: Words
    options: tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call as an operator finds it: by its words, its pinyin or its initials."""

    code: str
    title: Words
    group: Words
    aliases: tuple[str, ...]
    letters: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """How urgent it is, by which row, and why: the answers that the row looked at."""

    level: str
    row: int
    because: Words

    @property
    def words(self) -> Words:
        return LEVELS[self.level]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody who is sent: a car, a foot patrol, or a team of this kind; how many, and who goes first."""

    kind: str
    team: str
    count: int
    order: int

    @property
    def words(self) -> Words:
        return TEAMS.get(self.team, Words(self.team, self.team)) if self.team else FORCE[self.kind]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is sent for a kind at a level, to whom it may be passed on, and whether neighbours may be asked."""

    send: tuple[Wanted, ...]
    pass_on: tuple[str, ...]
    aid: bool
    sure: bool


def codes() -> tuple[str, ...]:
    """The codes of all kinds, in the order of their tree."""
    return tuple(code for group in _told()["groups"] for code in group["kinds"])


@lru_cache(maxsize=1)
def kinds() -> tuple[Kind, ...]:
    """All kinds that are offered, in the order of their tree."""
    found = []
    for group in _told()["groups"]:
        for code in group["kinds"]:
            one = kind_pack(code)
            names = (one.title.zh, *one.aliases["zh"])
            questions = tuple(
                Question(f.key, f.title, f.options) for f in one.form.fields if f.pointer.startswith("/ask/")
            )
            letters = tuple(dict.fromkeys(sound for name in names for sound in _letters(name)))
            aliases = (*one.aliases["zh"], *one.aliases["en"])
            found.append(Kind(code, one.title, Words.of(group["title"]), aliases, letters, questions))
    return tuple(found)


def kind_pack(code: str) -> pack.Pack:
    """The pack of a kind of call. Refused: "no-kind"."""
    found = pack.current(code) if code in codes() else None
    if found is None or found.raw["flow"].get("machine") != MACHINE:
        words = Words("没有这种警情，请重新选。", "There is no such kind of call; choose again.")
        raise Refused("no-kind", words, faults=(("/kind", words),))
    return found


def judge(code: str, answers: Mapping[str, Any]) -> Judged:
    """How urgent a call of this kind is with these answers to its questions. Refused: "no-kind"."""
    found = kind_pack(code)
    facts = {f"call.{name}": value or None for name, value in answers.items()}
    table = found.tables["level"]
    decided = table.decide(facts)
    rows = found.raw["tables"]["level"]["rows"]
    looked = [
        (column.name, facts.get(column.name))
        for column, cell in zip(table.inputs, rows[decided.row - 1], strict=False)
        if cell != "-" and facts.get(column.name)
    ]
    looked = looked or [(name, value) for name, value in facts.items() if value == "yes"]
    return Judged(str(decided.outputs["level"]), decided.row, _because(found, looked))


def _because(found: pack.Pack, looked: list[tuple[str, Any]]) -> Words:
    said = []
    for name, value in looked:
        field = found.form.field("/ask/" + name.partition(".")[2])
        if field is not None:
            answer = field.said(value)
            zh, en = field.title.zh.removesuffix("吗"), field.title.en.removesuffix("?")
            said.append(Words(f"{zh}：{answer.zh}", f"{en}: {answer.en.lower()}"))
    if not said:
        return Words("还没问出能降级的情况", "nothing asked so far lowers it")
    return Words("；".join(one.zh for one in said), "; ".join(one.en for one in said))


def shy(code: str) -> bool:
    """Whether no wall and no playback says what a call of this kind is or where."""
    return code in _told()["shy"]


def plan(code: str, level: str) -> Plan:
    """Who is sent for a kind at this level, those who go first before the others. Refused: "no-kind"."""
    raw = _told()["plans"].get(code)
    if raw is None:
        kind_pack(code)
        raw = {"send": [], "pass_on": [], "aid": False, "sure": False}
    wanted: dict[tuple[str, str], Wanted] = {}
    for one in sorted(raw["send"], key=lambda row: int(row["order"])):
        if _ORDER.index(level) <= _ORDER.index(one.get("only", _ORDER[-1])):
            who = (str(one["kind"]), str(one.get("team", "")))
            more = wanted[who].count if who in wanted else 0
            first = wanted[who].order if who in wanted else int(one["order"])
            wanted[who] = Wanted(*who, int(one["count"]) + more, first)
    return Plan(tuple(wanted.values()), tuple(raw["pass_on"]), bool(raw["aid"]), bool(raw["sure"]))


def target(level: str, what: str) -> int:
    """Within how many seconds a call of this level is to be sent for (``send``), or somebody is to be there (``there``)."""
    return int(_told()["targets"][level][what])


@lru_cache(maxsize=1)
def _told() -> dict[str, Any]:
    told = _read(ROOT / "calls.yaml")
    here = FOLDER / region().code / "command.yaml"
    own = _read(here) if here.is_file() else {}
    for name in ("plans", "targets"):
        told[name] = {**told[name], **(own.get(name) or {})}
    return told


def _read(path: Any) -> dict[str, Any]:
    raw = plain(compose(path.read_text("utf-8"), path.name))
    return raw if isinstance(raw, dict) else {}


def _letters(name: str) -> tuple[str, str]:
    """A Chinese name in pinyin, and its initials."""
    from pypinyin import lazy_pinyin  # takes a while to load, and only who types a kind needs it

    syllables = lazy_pinyin(name)
    return "".join(syllables), "".join(one[:1] for one in syllables)


pack.when_published(kinds.cache_clear)
