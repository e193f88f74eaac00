"""What each of all items leaves to the levels below: it can be set at both ends of its bounds, and not one step beyond."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from doorstep.domains import studio
from doorstep.rulebook import pack
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.pack.left import LEVELS
from doorstep.rulebook.region import load_region
from doorstep.rulebook.words import Words
from tests.studio.regions import UNITS, op

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
CODES = sorted(path.stem for path in pack.pack_files())
DRAWN = CODES if LONG else random.Random(20261122).sample(CODES, 10)
"""All of them in the long run; in each run of the suite these."""
TEXT = {"zh": "这里说一句", "en": "A sentence of ours"}
ADDED = {"id": "added_here", "kind": "task", "by": "competent", "limit": "30 minute", "title": TEXT}


@pytest.fixture(scope="module")
def bare(database: object) -> studio.Stacks:
    """A region in which no level has set anything."""
    return studio.Stacks(load_region("anlan"), (), {}, pack.ROOT)


def levels(bound: Any) -> list[str]:
    return list(bound["by"] if isinstance(bound, dict) else bound)


def left(raw: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for kind, names in (raw.get("layers") or {}).items():
        for name, bound in names.items():
            yield kind, name, bound


def within(raw: dict[str, Any], kind: str, name: str, bound: Any) -> list[dict[str, Any]]:
    """The operation at both ends of what is allowed."""
    if kind == "set":
        return [op(set=name, value=value) for value in _ends(raw, name, bound)]
    if kind == "insert":
        return [
            op(insert=ADDED, after=name)
        ]  # before: what may still be withdrawn changes, which a layer has to tell itself
    if kind == "drop":
        return [op(drop=name), op(optional=name)]
    return [op(**{kind: name})]


def _ends(raw: dict[str, Any], name: str, bound: dict[str, Any]) -> list[Any]:
    head, _, rest = name.partition("/")
    if head == "limits":
        now = raw["limits"][rest][-1]["value"]
        edge = bound.get("at_most", "400 day") if bound.get("longer") else bound.get("at_least", "1 minute")
        return [now, edge]
    if head == "fees":
        return [raw["fees"][-1]["amount"], bound.get("at_least", "0.00")]
    if head == "visits":
        return [raw["visits"], bound.get("at_least", 0)]
    return [bound["at_least"], bound["at_most"]] if head == "remind" else [TEXT]


def beyond(raw: dict[str, Any], name: str, bound: dict[str, Any]) -> list[dict[str, Any]]:
    """The operation one step too far, on either side."""
    head, _, rest = name.partition("/")
    far: list[Any] = []
    if head == "limits":
        far = [_step(raw["limits"][rest][-1]["value"], -1 if bound.get("longer") else 1)]
    if head == "fees":
        far = [str(Decimal(raw["fees"][-1]["amount"]) + 1)]
    if head == "visits":
        far = [raw["visits"] + 1]
    if head in ("limits", "remind"):
        far += [_step(bound[edge], by) for edge, by in (("at_least", -1), ("at_most", 1)) if edge in bound]
    return [op(set=name, value=value) for value in far]


def _step(limit: str, by: int) -> str:
    one = Limit.parse(limit)
    return str(Limit(max(one.value + by, 0), one.unit))


def flaws(stacks: studio.Stacks, code: str, level: str, what: dict[str, Any]) -> list[tuple[str, str]]:
    """The rules that speak when a level does this, with what they say. Examples that the layer makes come out otherwise
    are told anew, as the page does."""
    from doorstep.domains.studio.proposal import with_examples
    from doorstep.domains.studio.sheet import Whose

    of = Whose(0, UNITS[level], Words(level, level), level)
    items = with_examples(stacks, of, {code: {"operations": [what]}}, code)
    return [(one.rule, one.words.en) for _, one in stacks.with_items({of.code: items}).flaws([code])]


@pytest.mark.parametrize("code", DRAWN)
def test_E01_what_an_item_leaves_below_can_be_set_at_both_ends_and_not_beyond(
    bare: studio.Stacks, code: str
) -> None:
    raw = dict(bare.base(code).raw)
    for kind, name, bound in left(raw):
        allowed = levels(bound)
        for what in within(raw, kind, name, bound):
            assert flaws(bare, code, allowed[-1], what) == [], (kind, name, what)
        for what in beyond(raw, name, bound) if kind == "set" else ():
            told = flaws(bare, code, allowed[0], what)
            assert told and {rule for rule, _ in told} <= {"layer.burden", "layer.bound", "layer.law"}, (
                name,
                what,
            )
        for level in [one for one in LEVELS if one not in allowed][:1]:
            told = flaws(bare, code, level, within(raw, kind, name, bound)[0])
            assert [rule for rule, _ in told] == ["layer.level"], (kind, name, level)


def test_E01_every_item_leaves_something_to_each_level_and_none_the_law(bare: studio.Stacks) -> None:
    for code in CODES:
        raw = bare.base(code).raw
        if raw.get("part_of"):
            continue
        names = [name for _, name, _ in left(dict(raw))]
        assert "limits/statutory" not in names, code
        reached = {level for _, _, bound in left(dict(raw)) for level in levels(bound)}
        assert reached == set(LEVELS), (code, reached)
