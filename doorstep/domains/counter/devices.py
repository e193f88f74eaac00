"""The devices on a counter's table: the page on which a browser is paired with the bridge of its machine (docs/bridge.md)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from doorstep.domains.counter import frame
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Words

KINDS = (
    ("card", Words("身份证读卡器", "Identity card reader")),
    ("zone", Words("护照阅读器", "Passport reader")),
    ("camera", Words("高拍仪", "Document camera")),
    ("sign", Words("签字板", "Signature pad")),
    ("printer", Words("小票打印机", "Slip printer")),
    ("call", Words("叫号屏", "Call terminal")),
    ("speaker", Words("音箱", "Speaker")),
    ("rating", Words("评价器", "Rating pad")),
)


def devices(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What of the table works; which it is, the browser asks the bridge itself."""
    words = {
        "there": Words("能用", "Works"), "gone": Words("没有连上", "Not connected"), "none": Words("没有装", "None here"),
    }  # fmt: skip
    return frame.show(request, viewer, "devices", {"kinds": KINDS, **words})
