"""The counter: one window for every item, and the desk behind it."""

from __future__ import annotations

from doorstep.domains.counter import (
    absence,
    aside,
    correction,
    desk,
    devices,
    erasure,
    load,
    matter,
    originals,
    oversee,
    pass_on,
    results,
    sampling,
    sign,
    ties,
    versions,
    window,
)
from doorstep.domains.counter.frame import STAFF, nav
from doorstep.kernel.plug import Domain, Slot, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import SIGNED_IN, Route

_BOTH = ("GET", "POST")
_MATTER = "counter/matter/<uuid:matter_id>"
_VISIT = "counter/visit/<uuid:visit_id>"

DOMAIN = Domain(
    name="counter",
    title=Words("窗口与审批", "Counter and approval"),
    tiles=(
        Tile(Words("窗口", "Counter"), Words("收件、发证", "Take in and hand out"), "/counter/", "receive", "user-plus"),
        Tile(Words("审批台", "Approval desk"), Words("按期限办", "By due time"), "/counter/desk/", "decide", "gavel"),
        Tile(Words("依法销毁", "Erasing"), Words("要两个人", "Takes two"), "/counter/erasures", "erase", "eraser"),
        Tile(Words("督办", "Oversee"), Words("超期、快到期的", "Late and soon due"), "/counter/oversee", "supervise", "eye",
             "public"),
        Tile(Words("抽查", "Second looks"), Words("办过的，再看一遍", "Decisions looked at again"),
             "/counter/samples", "supervise", "zoom-check"),
        Tile(Words("换到新版本", "Newer versions"), Words("按哪版办", "Which apply"), "/counter/versions", "repin", "versions"),
        Tile(Words("桌上的设备", "Devices"), Words("读卡器、打印机", "Reader, printer"),
             "/counter/devices", "receive", "plug-connected"),
        Tile(Words("本单位的事", "Our matters"), Words("收、批、发", "All of them"), "/counter/matters", "read", "list-details"),
        Tile(Words("问我们的", "Asked of us"), Words("别的单位的问题", "Questions of other units"), "/counter/asked/",
             "assist", "message-question"),
        Tile(Words("代办和交接", "Away and hand over"), Words("请假、交给同事", "Leave, and what one holds"),
             "/counter/mine", "assist", "user-share"),
    ),
    slots=(Slot("staff.nav", "counter/_nav.html", nav),),
    routes=(
        Route("counter/", window.start, "counter", "receive", "staff", _BOTH, STAFF, receives=True),
        Route(_VISIT, window.go_on, "counter_visit", "receive", "staff", _BOTH, STAFF, receives=True),
        Route(f"{_VISIT}/keep", window.autosave, "counter_keep", "receive", "staff", ("POST",), STAFF),
        Route(f"{_VISIT}/notice", window.notice, "counter_notice", "receive", "staff", kinds=STAFF),
        Route(f"{_VISIT}/receipt", window.receipt, "counter_receipt", "receive", "staff", kinds=STAFF),
        Route(f"{_VISIT}/take-back", window.take_back, "counter_take_back", "receive", "staff", ("POST",), STAFF),
        Route("counter/correct", correction.correct, "counter_correct", "receive", "staff", _BOTH, STAFF),
        Route(f"{_VISIT}/pass-on", pass_on.pass_on, "counter_pass_on", "receive", "staff", _BOTH, STAFF),
        Route("counter/offer/<uuid:offer_id>", pass_on.accept, "counter_take", "receive", "staff", ("POST",), STAFF),
        Route("counter/originals", originals.listing, "counter_originals", "receive", "staff", _BOTH, STAFF),
        Route("counter/results", results.results, "counter_results", "hand_out", "staff", _BOTH, STAFF, receives=True),
        Route("counter/results/<uuid:slip_id>", results.slip, "counter_results_slip", "hand_out", "staff", kinds=STAFF),
        *desk.routes(desk.APPROVALS),
        *desk.routes(desk.INTAKE),
        *desk.routes(desk.HAND_OUT),
        Route("counter/asked/file/<uuid:file_id>", matter.show_file, "counter_asked_file", "assist", "staff", kinds=STAFF),
        *desk.routes(desk.ASKED),
        Route("counter/mine", absence.mine, "counter_mine", "assist", "staff", _BOTH, STAFF),
        Route("counter/sign", sign.sign, "counter_sign", "receive", "staff", _BOTH, STAFF),
        Route("counter/devices", devices.devices, "counter_devices", "receive", "staff", kinds=STAFF, tier="public"),
        Route("counter/oversee", oversee.oversee, "counter_oversee", "supervise", "staff", _BOTH, STAFF, tier="public"),
        Route("counter/load", load.load, "counter_load", "supervise", "staff", kinds=STAFF, tier="public"),
        Route("counter/samples", sampling.samples, "counter_samples", "supervise", "staff", _BOTH, STAFF),
        Route("counter/versions", versions.versions, "counter_versions", "repin", "staff", _BOTH, STAFF),
        Route("counter/matters", matter.listing, "counter_matters", "read", "staff", kinds=STAFF),
        Route("counter/search", matter.find, "counter_search", "search", "staff", kinds=STAFF),
        Route(_MATTER, matter.show, "counter_matter", "read", "staff", _BOTH, STAFF),
        Route(f"{_MATTER}/note", matter.add_note, "counter_note", "note", "staff", ("POST",), STAFF),
        Route(f"{_MATTER}/hand-over", matter.move, "counter_hand_over", "hand_over", "staff", ("POST",), STAFF),
        Route("counter/erasures", erasure.orders, "counter_erasures", "erase", "staff", _BOTH, STAFF),
        Route(f"{_MATTER}/add", matter.add, "counter_add", SIGNED_IN, "staff", ("POST",), STAFF),
        *ties.routes(),
        *aside.routes(),
        Route("counter/file/<uuid:file_id>", matter.show_file, "counter_file", "read", "staff", kinds=STAFF),
        Route("counter/file/<uuid:file_id>/look", matter.look, "counter_look", "read", "staff", kinds=STAFF),
        Route("counter/paper/<str:number>", matter.show_paper, "counter_paper", "read", "staff", kinds=STAFF),
    ),
)  # fmt: skip
