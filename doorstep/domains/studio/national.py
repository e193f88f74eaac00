"""The linter's national rules: what a promise of no visit, or of an answer on the spot, has to hold; who asks the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from doorstep.rulebook.flaw import Flaw, Where
from doorstep.rulebook.pack.item import Pack
from doorstep.rulebook.words import Words

Questions = frozenset[tuple[str, frozenset[str], str]]
REMOTE = ("online", "post", "agent", "partner")
"""Channels through which nobody has to come."""
FEW = 3
"""So many items may ask the same without a reason."""


def visits(pack: Pack) -> Iterator[Flaw]:
    """Nobody has to come only if it can be sent, or if an officer comes or the office acts by itself."""
    said = pack.raw.get("no_visit")
    if pack.raw["visits"] and said:
        zh, en = "要跑一趟的事项不写 no_visit", "'no_visit' is for items without a visit"
        yield _flaw(("no_visit",), "visits", zh, en)
    far = _laid(pack) or set(pack.channels) & set(REMOTE) or pack.part_of
    if pack.raw["visits"] == 0 and not far and not said:
        zh = f"不用跑，就要有一种不见面的渠道（{'、'.join(REMOTE)}），或者写明 no_visit：民警上门，或单位自己办"
        en = f"no visit needs a way without one ({', '.join(REMOTE)}), or 'no_visit': an officer comes, or the office acts"
        yield _flaw(("visits",), "visits", zh, en)


def on_the_spot(pack: Pack) -> Iterator[Flaw]:
    """A promise of no time at all is kept while somebody waits, and the other way round."""
    zero, spot = pack.promise.value == 0, set(pack.raw.get("on_the_spot") or ())
    if zero and not _laid(pack) and not spot and not pack.part_of:
        zh, en = (
            "承诺当场办，on_the_spot 要写是哪些渠道",
            "a promise of 0 needs 'on_the_spot': through which channels",
        )
        yield _flaw(("limits", "promise"), "on_the_spot", zh, en)
    whole = "immediate" in (pack.raw.get("profile") or ()) or (spot >= set(pack.channels) and not _laid(pack))
    if whole and not zero:
        zh, en = (
            f"当场办的事项，承诺不能是 {pack.promise}",
            f"decided on the spot, yet the promise is {pack.promise}",
        )
        yield _flaw(("limits", "promise"), "on_the_spot", zh, en)


def _laid(pack: Pack) -> bool:
    """Whether a place offers it through other channels than everywhere: that is no promise of its own."""
    return any(name.startswith("/channels/") for name in pack.provenance)


def asked(pack: Pack) -> Questions:
    """What an item asks: facts, with the options that are its own, and papers to upload."""
    fields = (item for one in pack.form.fields for item in (one, *one.items))
    return frozenset(
        (one.fact or one.pointer, frozenset(key for key, _ in one.options), one.material) for one in fields
    )


def families(packs: Iterable[Pack]) -> list[tuple[Pack, ...]]:
    """Items that ask exactly the same, the largest family first. Parts of others are none."""
    held: dict[Questions, list[Pack]] = defaultdict(list)
    for one in packs:
        if not one.part_of:
            held[asked(one)].append(one)
    return sorted(
        (tuple(same) for same in held.values() if len(same) > 1), key=lambda one: (-len(one), one[0].code)
    )


def alike(packs: Iterable[Pack]) -> Iterator[tuple[Pack, Flaw]]:
    """More than three items with one set of questions: each says why, or asks what is its own."""
    for same in families(packs):
        for one in same if len(same) > FEW else ():
            if "form_family" not in one.raw:
                others = [each.code for each in same if each is not one]
                zh = f"和另外 {len(others)} 个事项问得一模一样（{'、'.join(others[:4])}…）：请问它自己要知道的，"
                zh += "或写 form_family 说明"
                en = f"asks exactly what {len(others)} others ask ({', '.join(others[:4])} …): ask what is its own, or say why"
                en += " in 'form_family'"
                yield one, _flaw(("form",), "alike", zh, en)


def _flaw(where: Where, rule: str, zh: str, en: str) -> Flaw:
    return Flaw(where, f"pack.{rule}", Words(zh, en))
