"""Putting a unit's layer in force by page: checked as a whole, by who may, by a second person where the region asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from doorstep.domains.studio import sheet
from doorstep.domains.studio.operation import kind_of
from doorstep.domains.studio.proposal import Proposal, Row, reaches, touched
from doorstep.domains.studio.sheet import Items, Sheet, Whose
from doorstep.domains.studio.timetable import Points
from doorstep.kernel import offer
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Refused, Words

_PUBLISH = "select trust.publish_layer(%s, %s, %s, %s, %s, %s, %s, %s, %s)"


def kinds_by_two(before: Items, after: Items, was: Points, now: Points) -> frozenset[str]:
    """Which of the operations and rows that differ somebody else puts in force than who wrote them; the database looks again."""
    differ: set[str] = set()
    for code in touched(before, after):
        one, other = ((told.get(code) or {}).get("operations", ()) for told in (before, after))
        differ |= {kind_of(op) for op in _unlike(one, other)}
    for code in touched(was, now):
        one, other = (was.get(code) or {}, now.get(code) or {})
        differ |= {kind for kind in {*one, *other} if list(_unlike(one.get(kind, ()), other.get(kind, ())))}
    return frozenset(differ & region().layers_by_two)


def _unlike(one: Sequence[Row], other: Sequence[Row]) -> Iterator[Row]:
    """What is in one of two lists only."""
    yield from (op for op in one if op not in other)
    yield from (op for op in other if op not in one)


def writers(of: Whose, held: Sheet | None) -> frozenset[object]:
    """The accounts of those who wrote what is not in force yet."""
    return frozenset(one.account_id for one in sheet.since(of.id, held.version if held else 0))


def enact(
    viewer: Viewer, proposal: Proposal, written: Sheet, before: Items, was: Points, *, why: str, known: int,
    undoes: int | None = None, request_id: str,
) -> Done:  # fmt: skip
    """Put a saved sheet in force. ``known``: the last publication that its publisher saw. ``made`` of the answer is the number.

    Refused: "no-right"; "why" without a reason; "layer" if it may not be; "examples" if one does not come out; "second-person"
    if who publishes wrote it and the region wants two; "published-meanwhile" (409), "layer-changed" (409).
    """
    of = proposal.of

    def do() -> Done:
        _check(viewer, proposal, written, why)
        two = kinds_by_two(before, proposal.items, was, proposal.points)
        if two and viewer.account_id in writers(of, sheet.in_force(of.id)):
            raise Refused("second-person", SECOND, status=409)
        drawn = proposal.drawn
        codes = {one.code: one.source.hex() for one in drawn.made}
        offers = [
            {"code": one.code, "unit": unit, "hash": each.hash.hex(), "first": each.first, "last": each.last}
            for one in drawn.made for unit, held in one.times.items() if reaches(of, unit) for each in held
        ]  # fmt: skip
        needed = {each["hash"] for each in offers}
        versions = [
            {"code": one.code, "content": one.content}
            for one in drawn.versions.values()
            if one.hash.hex() in needed
        ]
        hours = {str(one.point.id): one.raw for one in proposal.shifts}
        told = [orjson.dumps(part).decode() for part in (codes, versions, offers, hours)]
        number = fetch(_PUBLISH, written.id, known, clock.now(), why.strip(), undoes, *told)[0][0]
        if number is None:
            offer.refuse_meanwhile(list(codes), known)
            raise Refused("layer-changed", CHANGED, status=409)
        return Done(written.id, "", "published", written.version, made=str(number))

    content = {"sheet": str(written.id), "why": why, "undoes": undoes}
    return once(
        viewer,
        "publish_layer",
        request_id,
        content,
        do,
        lambda made: Done(made, "", "published", written.version),
    )


SECOND = Words(
    "这次改动要两个人：写的人不能自己发布。请同单位另一位有权限的同事来看一遍再发布；您写的都存着。",
    "This needs two people: who wrote it may not publish it. Let a colleague who may publish look at it; what you wrote is kept.",
)
CHANGED = Words(
    "刚才有人又存了一次这一层，您看到的预览已经旧了。什么都没有发布；请再看一遍预览。",
    "Somebody has just saved this layer again, so the preview is out of date. Nothing was published; please look at it again.",
)


def _check(viewer: Viewer, proposal: Proposal, written: Sheet, why: str) -> None:
    if not sheet.may_lay(proposal.of.id):
        raise refuse_right()
    for one in proposal.drawn.versions.values():
        viewer.need("lay", one.branch, "public")
    if not why.strip():
        raise Refused("why", Words("请写明为什么发布。", "Say why it is published."))
    if proposal.flaws:
        raise Refused("layer", proposal.flaws[0][1].words, status=409)
    if proposal.failed:
        raise Refused(
            "examples",
            Words("有例子走不通，没有发布。", "Some examples do not come out; nothing was published."),
            status=409,
        )
    if not proposal.drawn.made and not proposal.shifts and written.items is not None:
        raise Refused(
            "nothing", Words("和现在用的一样，不用发布。", "It is the same as what is in force."), status=409
        )
