"""What a unit may set in its layer, as choices of a page, and an operation as somebody fills it in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from doorstep.domains.studio import origin
from doorstep.domains.studio.compare import values
from doorstep.domains.studio.counts import select
from doorstep.domains.studio.proposal import Row, aim
from doorstep.rulebook import pack
from doorstep.rulebook.clock import Unit as Per
from doorstep.rulebook.format import whole
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Refused, Words
from doorstep.web.catalogue import BRANCHES

_NONE = Words("没有", "none")
_OPTIONAL = Words("“{n}”不再必须带", "ask for “{n}” only if at hand")
BY_FILE = frozenset({"add_branch"})
"""Operations that no page fills in: they are written in the layer's file."""
PERS: Mapping[str, Words] = {
    "workday": Words("个工作日", "working days"), "workhour": Words("个工作小时", "working hours"), "day": Words("天", "days"),
    "hour": Words("小时", "hours"), "minute": Words("分钟", "minutes"),
}  # fmt: skip
WHO: Mapping[str, Words] = {
    "competent": Words("承办单位", "the competent unit"), "received": Words("受理点", "the point of intake"),
}  # fmt: skip
_texts: dict[bytes, tuple[str, Words, Mapping[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a level may do to an item. ``above``: how it is by the levels above; ``here``: as this layer has it."""

    kind: str
    name: str
    what: Words
    bound: Words | None
    above: Words
    here: Words | None
    set_by: Row | None

    @property
    def key(self) -> str:
        """How it is named in an address."""
        return f"{self.kind}:{self.name}"

    @property
    def by_file(self) -> bool:
        return self.kind in BY_FILE


@dataclass(frozen=True, slots=True)
class Open:
    """An item of which something is left to a level."""

    code: str
    branch: str
    title: Words
    count: int

    def fits(self, text: str) -> bool:
        """Does it answer to what somebody typed?"""
        return text.lower() in f"{self.code} {self.title.zh} {self.title.en}".lower()


GROUPS: tuple[tuple[Words, tuple[str, ...]], ...] = (
    (Words("承诺和时限", "Promise and limits"), ("set:limits",)),
    (Words("收费和跑几趟", "Fee and visits"), ("set:fees", "set:visits")),
    (Words("在哪里能办", "Where it can be brought"), ("offer", "withdraw")),
    (Words("带什么材料", "What to bring"), ("drop", "optional")),
    (Words("流程里的步骤", "Steps of the way"), ("insert", "add_branch", "skip")),
    (Words("谁来决定", "Who decides"), ("delegate",)),
    (Words("指南里的话", "Words of the guide"), ("set",)),
)
"""What may be set, in the order in which a page shows it."""


def grouped(listed: Sequence[Choice]) -> list[tuple[Words, list[Choice]]]:
    """Choices by what they are about; those that are set here come first in each group."""
    found: dict[int, list[Choice]] = {}
    for one in sorted(listed, key=lambda one: one.set_by is None):
        heads = (f"{one.kind}:{one.name.partition('/')[0]}", one.kind)
        at = next((n for n, (_, kinds) in enumerate(GROUPS) if set(heads) & set(kinds)), len(GROUPS) - 1)
        found.setdefault(at, []).append(one)
    return [(GROUPS[at][0], held) for at, held in sorted(found.items())]


def open_to(level: str) -> tuple[tuple[Words, tuple[Open, ...]], ...]:
    """The items of which something is left to a level, branch by branch. One query for what is not known yet."""
    found = _open_to(level)
    bands = (
        (words, tuple(one for one in found if one.branch == branch)) for branch, words in BRANCHES.items()
    )
    return tuple((words, listed) for words, listed in bands if listed)


def _open_to(level: str) -> tuple[Open, ...]:
    offered = pack.digests()
    new = [digest for digest in offered.values() if digest not in _texts]
    if new:
        found = select(
            "select hash, p ->> 'branch', p #>> '{title,zh}', p #>> '{title,en}', p -> 'layers' from "
            "(select hash, content::json -> 'pack' p from pack_version where hash = any(%s) offset 0) v",
            new,
        )
        for digest, branch, zh, en, layers in found:
            _texts[bytes(digest)] = (branch, Words(zh, en), layers or {})
        for digest in (one for one in new if one not in _texts):  # a file that nobody published
            one = pack.version(digest)
            _texts[digest] = (one.branch, one.title, one.raw.get("layers") or {})
        for old in set(_texts) - set(offered.values()):
            del _texts[old]
    counted = ((code, *_texts[digest]) for code, digest in offered.items())
    told = (
        Open(code, branch, title, sum(1 for _ in _left(layers, level)))
        for code, branch, title, layers in counted
    )
    return tuple(one for one in told if one.count)


def _left(layers: Mapping[str, Any], level: str) -> Iterator[tuple[str, str]]:
    for kind, names in layers.items():
        for name, bound in names.items():
            if level in (bound["by"] if kind == "set" else bound):
                yield kind, name


def choices(above: Pack, here: Pack, operations: list[Row], level: str, day: date) -> tuple[Choice, ...]:
    """Everything that a level may do to an item, with how it is above and here."""
    return tuple(_choices(above, here, operations, level, day))


def _choices(above: Pack, here: Pack, operations: list[Row], level: str, day: date) -> Iterator[Choice]:
    was, now, done = values(above, day), values(here, day), {aim(op): op for op in operations}
    for left in origin.left(above):
        if level in left.by:
            pointer = _pointer(left.kind, left.name)
            for kind, what in _kinds(left):
                op = done.get((kind, left.name)) or _inserted(kind, left.name, operations)
                then = _said(pointer, now) if op else None
                if op and kind == "insert":
                    then = Words.of(op["insert"]["title"])
                yield Choice(kind, left.name, what, left.bound, _said(pointer, was), then, op)


def _inserted(kind: str, name: str, operations: list[Row]) -> Row | None:
    """The step that was added beside this one, if it was."""
    if kind != "insert":
        return None
    return next(
        (op for op in operations if "insert" in op and name in (op.get("after"), op.get("before"))), None
    )


def _kinds(left: origin.Left) -> Iterator[tuple[str, Words]]:
    yield left.kind, left.what
    if left.kind == "drop":
        name = Words(
            left.what.zh.removeprefix("不要“").removesuffix("”"),
            left.what.en.removeprefix("ask for no “").removesuffix("”"),
        )
        yield "optional", _OPTIONAL.format(n=name)


def _said(pointer: str, told: Mapping[str, Words]) -> Words:
    words = told.get(pointer, _NONE)
    return origin.LEVELS.get(words.zh, words) if pointer == "/competent/level" else words


def _pointer(kind: str, name: str) -> str:
    heads = {"drop": "/materials", "optional": "/materials", "offer": "/channels", "withdraw": "/channels"}
    if kind == "set":
        return f"/{name}"
    if kind == "delegate":
        return "/competent/level"
    return f"{heads.get(kind, '/flow/steps')}/{name}"


def operation_of(kind: str, name: str, sent: Mapping[str, str]) -> Row:
    """An operation as it was filled in. Refused: "layer-form" with everything that is missing, each at its field."""
    faults: list[tuple[str, Words]] = []
    op, why = _what(kind, name, sent, faults), why_of(sent, faults)
    days = {key: _day(key, sent, faults) for key in ("from", "to")}
    if days["from"] and days["to"] and days["from"] > days["to"]:
        faults.append(("to", Words("最后一天不能早于第一天", "The last day cannot be before the first")))
    if faults:
        words = Words(f"有 {len(faults)} 处要补", f"{len(faults)} to fill in")
        raise Refused("layer-form", words, faults=tuple(faults))
    source = sent.get("source", "").strip() or "none"
    return {**op, "why": why, "source": source, "sure": bool(sent.get("sure")) and source != "none", **days}


def why_of(sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> dict[str, str]:
    """The reason in both languages; what is missing is added to the faults."""
    why = {lang: sent.get(f"why_{lang}", "").strip() for lang in ("zh", "en")}
    if not why["zh"]:
        words = Words(
            "请写为什么，群众和上级都看得到", "Say why in Chinese; residents and those above read it"
        )
        faults.append(("why_zh", words))
    if not why["en"]:
        faults.append(("why_en", Words("请把原因也用英文写一句", "Say why in English, too")))
    return why


def _what(kind: str, name: str, sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> Row:
    if kind == "insert":
        return _step(name, sent, faults)
    if kind != "set":
        return {kind: name}
    head = name.partition("/")[0]
    if head in ("limits", "remind"):
        return {"set": name, "value": _limit(sent, faults)}
    if head in ("guide", "title", "aliases"):
        return {"set": name, "value": _both("value", sent, faults)}
    number = sent.get("n", "").strip()
    if head == "visits":
        if whole(number) is None:
            faults.append(("n", Words("请填几趟，比如 0", "Give the number of visits, such as 0")))
        return {"set": name, "value": whole(number) or 0}
    if not _is_money(number):
        faults.append(("n", Words("请填金额，比如 5.00", "Give an amount, such as 5.00")))
    return {"set": name, "value": f"{float(number):.2f}" if _is_money(number) else "0"}


def _is_money(text: str) -> bool:
    yuan, _, fen = text.partition(".")
    return whole(yuan) is not None and (not fen or (whole(fen) is not None and len(fen) <= 2))


def _limit(sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> str:
    number, per = whole(sent.get("n", "").strip()), sent.get("per", "")
    if number is None or number > 9999:
        faults.append(("n", Words("请填一个数，比如 2", "Give a number, such as 2")))
    if per not in get_args(Per) or per not in PERS:
        faults.append(("per", Words("请选按什么算", "Choose in what it is counted")))
    return f"{number} {per}"


def _both(name: str, sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> Row:
    told = {lang: sent.get(f"{name}_{lang}", "").strip() for lang in ("zh", "en")}
    for lang, text in told.items():
        if not text:
            faults.append((f"{name}_{lang}", Words("中英文都要写", "Write it in both languages")))
    return told


def _step(beside: str, sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> Row:
    """A step of the police, done within a limit: nothing else may be added."""
    title, who = _both("title", sent, faults), sent.get("who", "")
    if who not in WHO:
        faults.append(("who", Words("请选由谁办", "Choose who does it")))
    step = {"id": f"added_{beside}", "kind": "task", "by": who, "title": title, "limit": _limit(sent, faults)}
    return {"insert": step, "before" if sent.get("side") == "before" else "after": beside}


def _day(key: str, sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> str | None:
    text = sent.get(key, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        faults.append((key, Words("请按 2027-01-31 这样写日期", "Write the day as 2027-01-31")))
        return None


def filled(op: Row) -> dict[str, str]:
    """The fields of the form as they were filled in for this operation."""
    sent = {"why_zh": op["why"]["zh"], "why_en": op["why"]["en"], "source": "" if op["source"] == "none" else op["source"],
            "sure": "1" if op["sure"] else "", "from": op["from"] or "", "to": op["to"] or ""}  # fmt: skip
    value = op.get("value")
    if "insert" in op:
        step = op["insert"]
        sent |= {"title_zh": step["title"]["zh"], "title_en": step["title"]["en"], "who": step["by"],
                 "side": "before" if "before" in op else "after"}  # fmt: skip
        value = step["limit"]
    if isinstance(value, Mapping):
        return sent | {"value_zh": value["zh"], "value_en": value["en"]}
    number, _, per = str("" if value is None else value).partition(" ")
    return sent | {"n": number, "per": per}
