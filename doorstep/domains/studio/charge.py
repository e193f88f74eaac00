"""Rules for the table of fees and for who pays less: each case is told apart, and what a row names exists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from doorstep.rulebook.flaw import Flaw, Where
from doorstep.rulebook.pack.blank import kinds
from doorstep.rulebook.pack.dated import overlaps, read_dated
from doorstep.rulebook.pack.item import Pack
from doorstep.rulebook.words import Words

_TABLES = ("fees", "reductions")


def fees(pack: Pack) -> Iterator[Flaw]:
    """One row of a name holds for each day and case; several say what each is for; a sum is given once."""
    rows: list[Mapping[str, Any]] = pack.raw.get("fees") or []
    for same in _cases(rows):
        yield from overlaps(read_dated(same), "fees")
    for at, row in enumerate(rows):
        if ("amount" in row) == ("field" in row):
            zh, en = "要写 amount，或者 field，写一个", "needs either 'amount' or 'field'"
            yield _flaw(("fees", at), "fee_amount", zh, en)
        if "title" not in row and ("field" in row or any(_other(row, one) for one in rows)):
            zh, en = "几种费用要各写 title", "several fees each need a 'title'"
            yield _flaw(("fees", at), "fee_title", zh, en)
    names = [str(one["id"]) for one in pack.raw.get("reductions") or ()]
    if pack.raw.get("reductions") and not rows:
        zh, en = "不收费，就没有减免", "there is nothing to reduce where nothing is paid"
        yield _flaw(("reductions",), "reduction", zh, en)
    for name in sorted({one for one in names if names.count(one) > 1}):
        zh, en = f"“{name}”写了两次", f"'{name}' is there twice"
        yield _flaw(("reductions",), "reduction", zh, en)


def blanks(pack: Pack) -> Iterator[Flaw]:
    """A paper is printed on a kind of blank that there is, by somebody, before a later step hands it over."""
    last = pack.raw["flow"]["steps"][-1]["id"]
    for at, one in enumerate(pack.raw.get("gives") or ()):
        step = pack.flow.steps.get(str(one["at"]))
        if one.get("blank") and step is not None and (step.by == "system" or one["at"] == last):
            zh = "印在空白证上的，先由人印出来，下一步再发：这里印出来就办结了，没法登记是哪一张"
            en = "what is on a numbered blank is printed by somebody and handed over later; here it is over as it is printed"
            yield _flaw(("gives", at, "blank"), "blank", zh, en)
        if one.get("blank") and one["blank"] not in kinds():
            zh, en = f"没有“{one['blank']}”这种空白证", f"there is no kind of blank '{one['blank']}'"
            yield _flaw(("gives", at, "blank"), "blank", zh, en)


def of_answers(pack: Pack) -> Iterator[tuple[Where, str]]:
    """The pointers by which fees and reductions look at answers."""
    for table in _TABLES:
        for at, row in enumerate(pack.raw.get(table) or ()):
            yield from (((table, at, "when"), pointer) for pointer in row.get("when") or ())
            if "field" in row:
                yield (table, at, "field"), row["field"]


def unknown_cases(pack: Pack) -> Iterator[Flaw]:
    """A case names only answers that can be given."""
    for table in _TABLES:
        for at, row in enumerate(pack.raw.get(table) or ()):
            for pointer, values in (row.get("when") or {}).items():
                one = pack.form.field(pointer)
                known = {option for option, _ in one.options} if one and one.options else None
                wrong = set(values if isinstance(values, list) else [values]) - (known or set())
                if known is not None and wrong:
                    said = ", ".join(map(str, sorted(wrong)))
                    zh, en = f"“{pointer}”没有“{said}”这个答案", f"'{pointer}' has no answer '{said}'"
                    yield _flaw((table, at, "when"), "fee_case", zh, en)


def _cases(rows: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(_case(row), []).append(row)
    return list(found.values())


def _case(row: Mapping[str, Any]) -> str:
    return json.dumps([row.get("fee", ""), row.get("when") or {}], sort_keys=True)


def _other(row: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    return _case(row) != _case(one)


def _flaw(where: Where, rule: str, zh: str, en: str) -> Flaw:
    return Flaw(where, f"pack.{rule}", Words(zh, en))
