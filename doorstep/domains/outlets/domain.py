"""Outlets 代办点: agents, post outlets and partners bring matters for who comes to them; at a kiosk people do so themselves."""

from __future__ import annotations

from doorstep.domains.outlets import desk, form, kiosk
from doorstep.kernel.plug import Domain, Slot, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route

_BOTH = ("GET", "POST")
_OUTLET = ("outlet",)
_KIOSK = ("kiosk",)
_ERRAND = "outlets/errand/<uuid:draft_id>"
_BEGUN = "outlets/kiosk/<uuid:draft_id>"

DOMAIN = Domain(
    name="outlets",
    title=Words("代办点和自助机", "Outlets and kiosks"),
    tiles=(
        Tile(Words("来办事的人", "Who comes"), Words("替人办，或者自助办", "For who comes, or by themselves"), "/outlets/",
             "bring", "users"),
    ),
    slots=(
        Slot("matter.top", "outlets/_brought.html", desk.brought),
        Slot("counter.case", "outlets/_identified.html", desk.identified),
    ),
    routes=(
        Route("outlets/", desk.home, "outlets", "bring", "staff", kinds=(*_OUTLET, *_KIOSK)),
        Route("outlets/begin/<str:code>", desk.start, "outlets.start", "bring", "staff", _BOTH, _OUTLET, receives=True),
        Route(f"{_ERRAND}/apply/<str:code>/<slug:page_id>", form.page, "outlets.page", "bring", "staff", _BOTH, _OUTLET,
              receives=True),
        Route(f"{_ERRAND}/send/<str:code>", form.send, "outlets.send", "bring", "staff", _BOTH, _OUTLET),
        Route(f"{_ERRAND}/let-go", desk.let_go, "outlets.let_go", "bring", "staff", ("POST",), _OUTLET),
        Route("outlets/matter/<uuid:matter_id>", desk.matter, "outlets.matter", "bring", "staff", _BOTH, _OUTLET, receives=True),
        Route("outlets/kiosk", kiosk.home, "kiosk", "bring", "staff", kinds=_KIOSK),
        Route("outlets/kiosk/begin/<str:code>", kiosk.start, "kiosk.start", "bring", "staff", _BOTH, _KIOSK),
        Route(f"{_BEGUN}/apply/<str:code>/<slug:page_id>", form.page, "kiosk.page", "bring", "staff", _BOTH, _KIOSK,
              receives=True),
        Route(f"{_BEGUN}/send/<str:code>", form.send, "kiosk.send", "bring", "staff", _BOTH, _KIOSK),
        Route("outlets/kiosk/back", kiosk.back, "kiosk.back", "bring", "staff", _BOTH, _KIOSK),
        Route("outlets/kiosk/sent/<uuid:matter_id>", kiosk.sent, "kiosk.sent", "bring", "staff", _BOTH, _KIOSK),
        Route("outlets/kiosk/sent/<uuid:matter_id>/<str:number>.pdf", kiosk.paper, "kiosk.paper", "bring", "staff", kinds=_KIOSK),
        Route("outlets/kiosk/leave", kiosk.leave, "kiosk.leave", "bring", "staff", ("POST",), _KIOSK),
        Route("outlets/end/<uuid:matter_id>", desk.end, "outlets.end", "apply", methods=_BOTH, kinds=("resident",)),
    ),
)  # fmt: skip
