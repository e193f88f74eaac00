"""What a queue is narrowed to: read from the address, kept in every link of it, and offered as choices with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from doorstep.domains.counter.absence import stands_in_for
from doorstep.kernel.lists import Only, Row, Waits
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused, Words
from doorstep.web.catalogue import BRANCHES

_DUE = {
    "late": Words("超期", "Overdue"),
    "today": Words("今天到期", "Due today"),
    "soon": Words("三天内", "Within 3 days"),
}
_WHOSE = {"mine": Words("我的", "Mine"), "free": Words("没人领的", "Nobody's")}
_MARKS = {
    "returned": Words("退回过的", "Returned before"),
    "promised": Words("有承诺期限的", "With a promised day"),
}
_ALL = Words("全部", "All")


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of an address; what is not known there is left out."""

    due: str = ""
    whose: str = ""
    branch: str = ""
    item: str = ""
    step: str = ""
    returned: str = ""
    promised: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Asked:
        """From the query of a request."""
        told = {name: str(given.get(name, ""))[:48] for name in cls.__slots__}
        told |= {name: "1" if told[name] else "" for name in _MARKS}
        told["due"], told["whose"] = (told["due"] if told["due"] in _DUE else ""), (
            told["whose"] if told["whose"] in _WHOSE else "")  # fmt: skip
        return cls(**told)

    @property
    def query(self) -> str:
        """For an address: "" or begins with "?"."""
        said = urlencode({name: value for name, value in asdict(self).items() if value})
        return f"?{said}" if said else ""

    def only(self, viewer: Viewer, stands: Sequence[UUID]) -> Only:
        """What the list is asked for. Mine is also what belongs to those for whom I stand in today."""
        holders = (viewer.account_id, *stands) if self.whose == "mine" else ()
        return Only(self.branch, self.item, self.step, self.due, holders, self.whose == "free",
                    bool(self.returned), bool(self.promised))  # fmt: skip


def stands(viewer: Viewer) -> tuple[UUID, ...]:
    """For whom the viewer stands in today."""
    return stands_in_for(viewer)


def choices(asked: Asked, path: str, counted: Sequence[Waits]) -> dict[str, Any]:
    """The filters as they are drawn: quick ones as links, the others as lists with how many wait."""

    def quick(name: str, named: Mapping[str, Words], usual: Words | None) -> list[dict[str, Any]]:
        every = {"": usual, **named} if usual else named
        now = getattr(asked, name)
        return [
            {"title": words, "url": path + replace(asked, **{name: code}).query, "here": code == now}
            for code, words in every.items()
        ]  # fmt: skip

    marks = [
        {"title": words, "url": path + replace(asked, **{name: "" if getattr(asked, name) else "1"}).query,
         "here": bool(getattr(asked, name))}
        for name, words in _MARKS.items()
    ]  # fmt: skip
    lists = (
        ("branch", Words("警种", "Branch"), _counted(counted, "branch", lambda code: BRANCHES.get(code))),
        ("item", Words("事项", "Item"), _counted(counted, "item", _item)),
        ("step", Words("步骤", "Step"), _steps(counted)),
    )
    return {
        "due": quick("due", _DUE, _ALL), "whose": quick("whose", _WHOSE, _ALL), "marks": marks,
        "lists": [
            {"name": n, "title": t, "options": o, "chosen": getattr(asked, n)} for n, t, o in lists if o or getattr(asked, n)
        ],
        "kept": [(n, v) for n, v in asdict(asked).items() if v and n not in ("branch", "item", "step")],
        "narrowed": sum(1 for n in ("branch", "item", "step") if getattr(asked, n)), "any": bool(asked.query), "path": path,
    }  # fmt: skip


def _counted(counted: Sequence[Waits], of: str, named: Any) -> list[tuple[str, Words]]:
    """Each value with its words and how many wait, the most first."""
    sums: Counter[str] = Counter()
    for one in counted:
        sums[getattr(one, of)] += one.count
    return [
        (code, Words(f"{words.zh}（{n}）", f"{words.en} ({n})"))
        for code, n in sums.most_common(60)
        if (words := named(code)) is not None
    ]


def _item(code: str) -> Words | None:
    try:
        return pack.current(code).title
    except Refused:
        return Words(code, code)


def _steps(counted: Sequence[Waits]) -> list[tuple[str, Words]]:
    titles: dict[str, Words] = {}
    for one in counted:
        if one.step not in titles:
            titles[one.step] = _step(one.item, one.step)
    return _counted(counted, "step", titles.get)


def _step(item: str, step: str) -> Words:
    try:
        found = pack.current(item).flow.steps.get(step)
    except Refused:
        found = None
    return found.title if found else Words(step, step)


def holder_of(
    row: Row, viewer: Viewer, stands_for: Sequence[UUID], names: Mapping[UUID, Words]
) -> Words | None:
    """Whose a line is, as its reader is told: nothing for one's own and nobody's."""
    if row.holder is None or row.holder == viewer.account_id:
        return Words("我的", "Mine") if row.holder else None
    name = names.get(row.holder, Words("同事", "a colleague"))
    return Words(f"替{name.zh}", f"For {name.en}") if row.holder in stands_for else name
