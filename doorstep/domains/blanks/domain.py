"""Numbered blanks: sheets received, issued, used, spoiled, counted; no paper that needs one leaves without."""

from __future__ import annotations

from doorstep.domains.blanks import pages
from doorstep.kernel.plug import Domain, Slot, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route

_BOTH = ("GET", "POST")
_STAFF = ("officer",)

DOMAIN = Domain(
    name="blanks",
    title=Words("空白证", "Numbered blanks"),
    tiles=(
        Tile(Words("空白证", "Numbered blanks"), Words("领、用、废、点数", "Issue, use, spoil, count"), "/blanks/",
             "hand_out", "files"),
        Tile(Words("空白证台账", "Blanks of the day"), Words("各单位库存和点数", "Stock and counts by unit"), "/blanks/day",
             "supervise", "clipboard-list"),
    ),
    happens={
        "blank_used": Words("证件印在一张空白证上", "The paper was put on a numbered blank"),
        "reprint_asked": Words("提出重印", "A reprint was asked for"),
        "reprint_agreed": Words("第二人核准重印", "A second person agreed to the reprint"),
        "reprint_declined": Words("第二人不同意重印", "A second person declined the reprint"),
    },
    slots=(Slot("counter.paper", "blanks/_paper.html", pages.part),),
    routes=(
        Route("blanks/", pages.store, "blanks", "hand_out", "staff", _BOTH, _STAFF),
        Route("blanks/day", pages.day, "blanks.day", "supervise", "staff", _BOTH, _STAFF),
        Route("blanks/matter/<uuid:matter_id>", pages.of_matter, "blanks.matter", "read", "staff", _BOTH, _STAFF),
    ),
)  # fmt: skip
