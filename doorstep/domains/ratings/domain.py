"""Ratings 好差评: five levels, one per matter, unseen by who handled it; a bad one is looked into by another unit."""

from __future__ import annotations

from doorstep.domains.ratings import desk, figures, pages
from doorstep.domains.ratings.api import router
from doorstep.domains.ratings.machine import MACHINES
from doorstep.kernel.plug import Domain, Slot, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import PUBLIC, SIGNED_IN, Route

_BOTH = ("GET", "POST")
_STAFF = ("officer",)

DOMAIN = Domain(
    name="ratings",
    title=Words("好差评", "Ratings"),
    tiles=(
        Tile(Words("评价与回访", "Ratings and call-backs"),
             Words("不满意的，五个工作日内回话", "Bad ones are answered in five working days"),
             "/ratings/board", "supervise", "chart-bar"),
    ),
    slots=(
        Slot("matter.rate", "ratings/_rate.html", pages.rate_part),
        Slot("matter.paper", "ratings/_slip.html", pages.slip_part),
        Slot("receipt.code", "ratings/_code.html", pages.code_part),
        Slot("counter.paper", "ratings/_slip_staff.html", pages.slip_part),
        Slot("receipt.rate", "ratings/_pad.html", pages.pad_part),
        Slot("mine.top", "ratings/_mine.html", pages.mine_part),
    ),
    api=router,
    machines=MACHINES,
    chores=((figures.publish, 300.0),),
    routes=(
        Route("ratings/", pages.published, "ratings", PUBLIC),
        Route("ratings/with", pages.with_code, "ratings_with", PUBLIC, methods=_BOTH),
        Route("ratings/matter/<uuid:matter_id>", pages.own, "ratings_own", "rate", methods=("POST",), kinds=("resident",)),
        Route("ratings/slip/<uuid:matter_id>", pages.slip, "ratings_slip", SIGNED_IN),
        Route("ratings/enter", desk.enter, "ratings_enter", "rate", "staff", _BOTH, _STAFF),
        Route("ratings/take-back", desk.take_back, "ratings_take_back", "rate", "staff", ("POST",), _STAFF),
        Route("ratings/ring", desk.ring_desk, "ratings_ring", "supervise", "staff", _BOTH, _STAFF),
        Route("ratings/ring/<uuid:matter_id>", desk.ring_one, "ratings_ring_one", "supervise", "staff", _BOTH, _STAFF),
        Route("ratings/board", desk.board, "ratings_board", "supervise", "staff", kinds=_STAFF, tier="public"),
        Route("ratings/call/<uuid:matter_id>", desk.call, "ratings_call", "assist", "staff", _BOTH, _STAFF),
    ),
)  # fmt: skip
