"""What somebody may do with the account they have: everything once verified, little before that, and how to get there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Words
from doorstep.web.places import counters

_VERIFIED = 2
_NEAR = 4
_ANYBODY = (
    ("search", Words("查一件事怎么办、要带什么", "Look up how something is done and what it takes"), "/find"),
    ("pencil", Words("先在网上填好，填的都存着", "Fill in applications; what you type is kept"), "/mine"),
    ("building", Words("到窗口办任何一件事", "Have anything done at a window"), "/points"),
    ("shield-check", Words("核对一份证明是不是真的", "Check whether a paper is genuine"), "/v"),
    ("star", Words("凭评价码评一评", "Rate with a code"), "/ratings/with"),
)
_THEIRS = (
    ("folder-open", Words("看我的事办到哪了", "See how my matters stand"), "/mine"),
    ("search", Words("在网上办新的事", "Apply for something online"), "/find"),
    ("eye", Words("看谁看过我的信息", "See who looked at my data"), "/readers"),
    ("shield-check", Words("核对一份证明是不是真的", "Check whether a paper is genuine"), "/v"),
)
_THEN = (
    ("send", Words("在网上提交，不用再跑窗口", "Send applications online without coming again")),
    ("folder-open", Words("看自己的事办到哪了，下载证明", "See how your matters stand and download papers")),
    ("eye", Words("看谁看过您的信息", "See who looked at your data")),
    ("signature", Words("替家里人的申请在网上签字", "Sign online for a relative's application")),
)


def show(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Who I am here, what I may do, and what is missing."""
    verified = viewer.assurance >= _VERIFIED
    context = {
        "verified": verified, "now": _THEIRS if verified else _ANYBODY, "then": _THEN, "points": counters()[:_NEAR],
    }  # fmt: skip
    return render(request, "web/portal/account.html", context)
