"""The pages of the resident portal, and who may enter each."""

from __future__ import annotations

from doorstep.web.portal import (
    account,
    apply,
    correct,
    find,
    home,
    item,
    map,
    matter,
    point,
    points,
    printed,
    sign,
    verified,
    verify,
)
from doorstep.web.routes import APART, PUBLIC, SIGNED_IN, Route

_BOTH = ("GET", "POST")
_RESIDENT = ("resident",)

ROUTES: tuple[Route, ...] = (
    Route("", home.home, "home", PUBLIC),
    Route("help", home.help_me, "help", PUBLIC),
    Route("find", find.find, "find", PUBLIC),
    Route("find/hits", find.hits, "find.hits", PUBLIC),
    Route("points", points.points, "points", PUBLIC),
    Route("point/<str:point_code>", point.point, "point", PUBLIC),
    Route("map", map.page, "map", PUBLIC),
    Route("map/tiles/<str:stamp>/<int:z>/<int:x>/<int:y>", map.tile, "map.tile", PUBLIC),
    Route("map/lines/<str:stamp>", map.lines, "map.lines", PUBLIC),
    Route("map/areas/<str:kind>", map.areas, "map.areas", PUBLIC),
    Route("item/<str:code>", item.item, "item", PUBLIC),
    Route("item/<str:code>/checklist.pdf", printed.checklist, "item.checklist.pdf", PUBLIC),
    Route("item/<str:code>/form.pdf", printed.form, "item.form.pdf", PUBLIC),
    Route("v", verify.ask, "verify.ask", PUBLIC),
    Route("v/<str:code>", verify.verify, "verify", PUBLIC, methods=_BOTH),
    Route("login", account.login, "login", PUBLIC, methods=_BOTH),
    Route("logout", account.logout, "logout", SIGNED_IN, methods=("POST",), kinds=("resident", "officer", *APART)),
    Route("apply/<str:code>", apply.start, "apply", "apply", kinds=_RESIDENT),
    Route(
        "apply/<str:code>/<slug:page_id>", apply.page, "apply.page", "apply",
        methods=_BOTH, kinds=_RESIDENT, receives=True,
    ),
    Route("send/<str:code>", apply.review, "apply.review", "apply", methods=_BOTH, kinds=_RESIDENT),
    Route("for/<uuid:mandate_id>/apply/<str:code>", apply.start, "for.apply", "apply", kinds=_RESIDENT),
    Route(
        "for/<uuid:mandate_id>/apply/<str:code>/<slug:page_id>", apply.page, "for.apply.page", "apply",
        methods=_BOTH, kinds=_RESIDENT, receives=True,
    ),
    Route("for/<uuid:mandate_id>/send/<str:code>", apply.review, "for.apply.review", "apply", methods=_BOTH, kinds=_RESIDENT),
    Route("mine", matter.mine, "mine", SIGNED_IN, kinds=_RESIDENT),
    Route("matter/<uuid:matter_id>", matter.one, "matter", SIGNED_IN, kinds=_RESIDENT),
    Route("matter/<uuid:matter_id>/receipt", matter.receipt, "matter.receipt", SIGNED_IN, kinds=_RESIDENT),
    Route("matter/<uuid:matter_id>/receipt.pdf", matter.receipt_pdf, "matter.receipt.pdf", SIGNED_IN),
    Route("matter/<uuid:matter_id>/to-correct.pdf", matter.to_correct_pdf, "matter.to_correct.pdf", SIGNED_IN),
    Route(
        "matter/<uuid:matter_id>/correct", correct.correct, "matter.correct", "apply",
        methods=_BOTH, kinds=_RESIDENT, receives=True,
    ),
    Route("matter/<uuid:matter_id>/sign", sign.sign, "matter.sign", "apply", methods=_BOTH, kinds=_RESIDENT),
    Route("matter/<uuid:matter_id>/add", matter.add, "matter.add", "apply", methods=_BOTH, kinds=_RESIDENT),
    Route("matter/<uuid:matter_id>/withdraw", matter.withdraw, "matter.withdraw", "apply", methods=_BOTH, kinds=_RESIDENT),
    Route("paper/<str:number>.pdf", matter.download, "paper", SIGNED_IN),
    Route("file/<uuid:file_id>", matter.show_file, "file", SIGNED_IN),
    Route("account", verified.show, "account", SIGNED_IN, kinds=_RESIDENT),
    Route("readers", matter.readers, "readers", SIGNED_IN, kinds=_RESIDENT),
    Route("notices", matter.notices, "notices", SIGNED_IN, kinds=_RESIDENT),
)  # fmt: skip
