"""Where a thing that items share is used: a fact, a material, a connector, the template of a paper, a profile, the text of
a reason. Read from what is in force, once for each version, and kept by content hash.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from doorstep.domains.studio.counts import published
from doorstep.rulebook import pack
from doorstep.rulebook.pack.profile import profile_files
from doorstep.rulebook.pack.shelf import ROOT, library
from doorstep.rulebook.pack.source import read
from doorstep.rulebook.words import Words
from doorstep.web.connectors import connectors

KINDS: Mapping[str, Words] = {
    "fact": Words("事实", "Facts"), "material": Words("材料", "Papers to bring"), "connector": Words("查询的系统", "Systems asked"),
    "paper": Words("文书模板", "Templates of papers"), "profile": Words("表单和流程模板", "Profiles of forms and ways"),
    "reason": Words("理由的文字", "Texts of reasons"),
}  # fmt: skip
_SECTIONS = ("flow", "gives", "reasons", "figures", "competent", "hand_out", "contact", "fees", "reductions")
_PLACES = {
    "figures": Words("统计数字用它", "counted in a figure"), "competent": Words("由它定承办单位", "says which unit decides"),
    "hand_out": Words("由它定在哪里领", "says where it is handed out"), "contact": Words("按它发通知", "notices go there"),
    "fees": Words("收多少钱看它", "the fee depends on it"), "reductions": Words("减不减免看它", "a reduction depends on it"),
}  # fmt: skip
_OUTCOMES = {
    "return": Words("退回的理由", "a reason to send back"),
    "refuse": Words("不批准的理由", "a reason to refuse"),
}


class Use(NamedTuple):
    """One place in an item that uses something. ``part``: the page of the studio on which it stands."""

    kind: str
    name: str
    where: Words
    part: str


class Used(NamedTuple):
    """An item that uses something, and each place in it."""

    code: str
    title: Words
    uses: tuple[Use, ...]


class Named(NamedTuple):
    """One thing that may be used. ``note``: what else to know of it."""

    name: str
    title: Words
    note: Words | None
    items: int


_by_digest: dict[bytes, tuple[Words, tuple[Use, ...]]] = {}
_same: dict[Use, Use] = {}
"""What several items say alike lies in memory once."""


def used_by(kind: str, name: str) -> tuple[Used, ...]:
    """The items in force that use it, by code, each with every place."""
    found = []
    for code, (title, uses) in _in_force().items():
        own = tuple(dict.fromkeys(one for one in uses if (one.kind, one.name) == (kind, name)))
        if own:
            found.append(Used(code, title, own))
    return tuple(found)


def named(kind: str) -> tuple[Named, ...]:
    """Everything of a kind that there is, the most used first; also what nothing uses."""
    items: dict[str, set[str]] = defaultdict(set)
    for code, (_, uses) in _in_force().items():
        for one in uses:
            if one.kind == kind:
                items[one.name].add(code)
    known = _known(kind)
    words = {one.name: one.where for _, uses in _in_force().values() for one in uses if one.kind == "reason"}
    told = [
        Named(name, *known.get(name, (_title(kind, name, words), None)), len(items.get(name, ())))
        for name in dict.fromkeys((*items, *known))
    ]
    return tuple(sorted(told, key=lambda one: (-one.items, one.name)))


def _title(kind: str, name: str, words: Mapping[str, Words]) -> Words:
    if kind == "reason":
        return words[name]
    return Words(name, name)


def _known(kind: str) -> Mapping[str, tuple[Words, Words | None]]:
    """What the shared files name, with its title and a note."""
    if kind == "fact":
        return {name: (one.title, _proofs(one.proved_by)) for name, one in library().facts.items()}
    if kind == "material":
        return {name: (one.title, one.source) for name, one in library().materials.items()}
    if kind == "connector":
        return {name: (Words.of(one["title"]), _answers(one)) for name, one in connectors().items()}
    return _profiles() if kind == "profile" else {}


def _proofs(codes: tuple[str, ...]) -> Words | None:
    titles = [library().materials[one].title for one in codes if one in library().materials]
    zh, en = "、".join(one.zh for one in titles), ", ".join(one.en for one in titles)
    return Words(f"由{zh}证明", f"shown by {en}") if titles else None


def _answers(one: Mapping[str, Any]) -> Words:
    zh, en = (
        ("替身回答", "answered by a stand-in") if one.get("standin") else ("真的登记", "the real register")
    )
    return Words(zh, en)


@cache
def _profiles() -> Mapping[str, tuple[Words, Words | None]]:
    """Each profile by what its first lines say of it."""
    found: dict[str, tuple[Words, Words | None]] = {}
    for path in profile_files(ROOT):
        lines = [one.lstrip("# ").strip() for one in path.read_text(encoding="utf-8").splitlines()[:2]]
        zh, en = (*lines, "", "")[:2]
        found[path.stem] = (Words(zh or path.stem, en or path.stem), Words(path.stem, path.stem))
    return found


@cache
def _under(name: str) -> frozenset[str]:
    """A profile and those that it builds on."""
    path = ROOT / "profiles" / f"{name}.yaml"
    below = read(path).data.get("profile") or () if path.is_file() else ()
    return frozenset({name}).union(*(_under(str(one)) for one in below))


def _in_force() -> Mapping[str, tuple[Words, tuple[Use, ...]]]:
    """By code, the title and uses of each item as it is wherever no place says otherwise. A few queries for what is new."""
    offered = pack.digests()
    new = [digest for digest in offered.values() if digest not in _by_digest]
    if new:
        for digest, raw in published(new):
            _by_digest[digest] = _read(raw)
        for digest in (one for one in new if one not in _by_digest):  # a file that nobody published
            _by_digest[digest] = _read(pack.version(digest).raw)
        for old in set(_by_digest) - set(offered.values()):
            del _by_digest[old]
    return {code: _by_digest[digest] for code, digest in offered.items()}


def _read(raw: Mapping[str, Any]) -> tuple[Words, tuple[Use, ...]]:
    return Words.of(raw["title"]), tuple(dict.fromkeys(_same.setdefault(one, one) for one in _uses(raw)))


def _uses(raw: Mapping[str, Any]) -> Iterator[Use]:
    asked = dict(_questions(raw["form"]))
    for pointer, (fact, material, title) in asked.items():
        yield Use(
            "fact", fact, Words("表单问：{t}", "the form asks: {t}").format(t=title or _fact(fact)), "form"
        )
        if material:
            yield Use("material", material, Words("表单里上传", "uploaded in the form"), "form")
        _ = pointer
    for one in raw["materials"]:
        need = Words("必须带", "needed") if one["required"] else Words("有就带", "if at hand")
        yield Use("material", one["code"], need, "")
    yield from _tables(raw)
    for head in _SECTIONS:
        yield from _pointed(raw.get(head), head, _PLACES.get(head), asked)
    yield from _steps(raw)
    for one in raw.get("gives") or ():
        yield Use(
            "paper", one["paper"], Words("给出：{t}", "gives: {t}").format(t=Words.of(one["title"])), "papers"
        )
    for outcome, listed in (raw.get("reasons") or {}).items():
        for name, words in listed.items():
            yield Use("reason", f"{outcome}:{name}:{words['zh']}", Words.of(words), "")
    for name in sorted(frozenset().union(*(_under(str(one)) for one in raw.get("profile") or ()))):
        how = (
            Words("直接套用", "laid under it")
            if name in raw["profile"]
            else Words("随别的模板带进来", "by way of another")
        )
        yield Use("profile", name, how, "")


def _fact(name: str) -> Words:
    fact = library().facts.get(name)
    return fact.title if fact else Words(name, name)


def _questions(
    group: Mapping[str, Any], way: str = ""
) -> Iterator[tuple[str, tuple[str, str, Words | None]]]:
    """Pointer of each question to its fact, material and own title."""
    for name, one in (group.get("properties") or {}).items():
        inner = one.get("items") if one.get("type") == "array" else one
        if isinstance(inner, Mapping) and "properties" in inner:
            yield from _questions(inner, f"{way}/{name}")
        elif "x-fact" in one:
            title = Words.of(one["x-title"]) if "x-title" in one else None
            yield f"{way}/{name}", (one["x-fact"], one.get("x-material", ""), title)


def _tables(raw: Mapping[str, Any]) -> Iterator[Use]:
    titles = {
        one["table"]: Words.of(one["title"])
        for one in _all_steps(raw["flow"])
        if "table" in one and "title" in one
    }
    for name, table in (raw.get("tables") or {}).items():
        title = titles.get(name, Words(name, name))
        where = Words("判断表“{t}”看它", "the table “{t}” looks at it").format(t=title)
        for column in table["inputs"]:
            if column.startswith("has."):
                yield Use("material", column.removeprefix("has."), where, "tables")
            elif column != "channel":
                yield Use("fact", column.removesuffix(".count"), where, "tables")


def _steps(raw: Mapping[str, Any]) -> Iterator[Use]:
    for one in _all_steps(raw["flow"]):
        title = Words.of(one["title"]) if "title" in one else Words(str(one["id"]), str(one["id"]))
        if "connector" in one:
            yield Use(
                "connector",
                one["connector"],
                Words("在“{t}”这一步问", "asked at “{t}”").format(t=title),
                "flow",
            )
        for _, (fact, _, own) in _questions(one.get("fills") or {}):
            where = Words("民警在“{t}”填：{q}", "an officer writes it at “{t}”: {q}").format(
                t=title, q=own or _fact(fact)
            )
            yield Use("fact", fact, where, "flow")


def _all_steps(block: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for one in block.get("steps") or ():
        yield one
        yield from _all_steps(one)
    for one in block.get("branches") or ():
        yield from _all_steps(one)
    yield from (one["step"] for one in block.get("adhoc") or ())


def _pointed(
    node: Any, head: str, where: Words | None, asked: Mapping[str, tuple[str, str, Words | None]]
) -> Iterator[Use]:
    """Every pointer to a question under a part of the pack: what reads the answer there."""
    if isinstance(node, Mapping):
        where = _said(node, head) or where
        for key, one in node.items():
            yield from _pointed(key, head, where, asked)
            yield from _pointed(one, head, _OUTCOMES.get(key, where) if head == "reasons" else where, asked)
    elif isinstance(node, list):
        for one in node:
            yield from _pointed(one, head, where, asked)
    elif isinstance(node, str) and node.startswith("/"):
        part = {"flow": "flow", "gives": "papers", "fees": "limits", "reductions": "limits"}.get(head, "")
        for pointer, (fact, _, _) in asked.items():
            if where and (pointer == node or pointer.startswith(f"{node}/")):
                yield Use("fact", fact, where, part)


def _said(node: Mapping[str, Any], head: str) -> Words | None:
    """What reads the answers that are named under this node, if it has a title."""
    if head == "gives" and "paper" in node:
        return Words("印在“{t}”上", "printed on “{t}”").format(t=Words.of(node["title"]))
    if head == "flow" and "id" in node and "title" in node:
        return Words("步骤“{t}”用它", "the step “{t}” uses it").format(t=Words.of(node["title"]))
    return None
