"""Pages that say no, or that something broke: what happened, what is kept, what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel import trust
from doorstep.rulebook.words import Refused, Words

_TITLES = {
    400: Words("这个请求看不懂", "We could not read that request"),
    401: Words("请先登录", "Please sign in first"),
    403: Words("这里您进不去", "You cannot open this"),
    404: Words("没有找到这一页", "We could not find this page"),
    409: Words("情况变了，先别急", "Something changed in the meantime"),
    410: Words("内容已经销毁", "Its content was erased"),
    413: Words("文件太大了", "That file is too large"),
    415: Words("这种文件收不了", "We cannot take that kind of file"),
    422: Words("还差一点", "Not quite yet"),
    429: Words("太快了，歇一歇", "Too fast, wait a moment"),
    500: Words("我们这边出了毛病", "Something broke on our side"),
    503: Words("我们正在恢复", "We are getting back on our feet"),
}


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """The refusal as a page in the reader's language; what was typed is listed so that nothing is lost."""
    title = _TITLES.get(refusal.status, _TITLES[422])
    context = {
        "title": title,
        "words": refusal.words,
        "faults": [words for _, words in refusal.faults],
        "typed": _typed(request),
        "code": refusal.code,
    }
    return render(request, "web/error.html", context, status=refusal.status)


def _typed(request: HttpRequest) -> list[str]:
    """Longer texts of the form that was just sent; short choices are quickly made again."""
    if request.method != "POST":
        return []
    hidden = {"csrfmiddlewaretoken", "password", "request_id"}
    return [str(value) for key, value in request.POST.items() if key not in hidden and len(str(value)) > 7]


def not_found(request: HttpRequest) -> HttpResponse:
    """404, without saying whether something is there for somebody else."""
    return refused(request, trust.not_found())


def broken(request: HttpRequest) -> HttpResponse:
    """500. Nothing half-done stays: every change is one transaction."""
    words = Words(
        "刚才这一步没有办成，也没有留下一半。请再试一次；急的话打窗口电话。",
        "That step did not go through, and nothing was left half-done. Please try again.",
    )
    return refused(request, Refused("broken", words, status=500))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was open too long, or came from another page."""
    words = Words(
        "这一页开得太久了，为了安全没有收下。请退回上一页，刷新后再交；您写的字在下面，可以复制。",
        "This page was open too long, so for safety we did not take it. Go back, reload and send again; "
        "your text is below.",
    )
    return refused(request, Refused("form-expired", words, status=403))
