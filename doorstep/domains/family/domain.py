"""Family 家里人: who acts for whom; given online or at a window, parents for children, guardians for wards."""

from __future__ import annotations

from doorstep.domains.family import kin, mandate, pages, window
from doorstep.domains.family.api import router
from doorstep.kernel.plug import Domain, Slot, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import SIGNED_IN, Route

_BOTH = ("GET", "POST")
_RESIDENT = ("resident",)

DOMAIN = Domain(
    name="family",
    title=Words("家里人", "Family"),
    tiles=(
        Tile(Words("委托和监护", "Authorities"), Words("替家里人办事，在窗口登记", "Acting for a relative, entered at a window"),
             "/family/window", "receive", "users"),
    ),
    slots=(Slot("matter.top", "family/_acting.html", pages.acting),),
    api=router,
    mandates=mandate,
    chores=((kin.enter_parents, 2.0),),
    routes=(
        Route("family/", pages.family, "family", SIGNED_IN, kinds=_RESIDENT),
        Route("family/give", pages.give, "family_give", "apply", methods=_BOTH, kinds=_RESIDENT),
        Route("family/end/<uuid:mandate_id>", pages.end, "family_end", "apply", methods=_BOTH, kinds=_RESIDENT),
        Route("family/window", window.window, "family_window", "receive", "staff", _BOTH, ("officer",)),
    ),
)  # fmt: skip
