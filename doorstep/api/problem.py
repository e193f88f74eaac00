"""Every error as a problem (RFC 9457), in the reader's language: what happened, what is kept, what to do next."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import Error, InterfaceError, OperationalError, ProgrammingError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from ninja.errors import HttpError, ValidationError

from doorstep.kernel import trust
from doorstep.rulebook.words import Refused, Words
from doorstep.web import language

MEDIA = "application/problem+json"
_log = logging.getLogger(__name__)

_TITLES = {
    400: Words("请求有误", "Bad request"),
    401: Words("需要登录", "Sign in needed"),
    403: Words("没有权限", "Not allowed"),
    404: Words("没有找到", "Not found"),
    405: Words("方法不对", "Method not allowed"),
    409: Words("情况已变", "Conflict"),
    410: Words("已经销毁", "Gone"),
    411: Words("需要长度", "Length required"),
    413: Words("内容过大", "Too large"),
    415: Words("类型不收", "Unsupported type"),
    422: Words("内容需要修改", "Needs a change"),
    425: Words("还没好", "Not ready yet"),
    429: Words("尝试太多", "Too many attempts"),
    500: Words("系统出错", "Something broke"),
    503: Words("正在恢复", "Recovering"),
    507: Words("空间不足", "No room"),
}

_FIELD = {
    "missing": Words("必填", "Required"),
    "extra_forbidden": Words("没有这个字段，请删去或核对拼写", "There is no such field; remove it or check its name"),
    "literal_error": Words("请用 {expected} 之一", "Use one of {expected}"),
    "greater_than_equal": Words("不能小于 {ge}", "Must be at least {ge}"),
    "less_than_equal": Words("不能大于 {le}", "Must be at most {le}"),
    "string_too_long": Words("最多 {max_length} 个字符", "At most {max_length} characters"),
    "string_too_short": Words("至少 {min_length} 个字符", "At least {min_length} characters"),
    "string_type": Words("应为文字", "Must be text"),
    "int_type": Words("应为整数", "Must be a whole number"),
    "int_parsing": Words("应为整数", "Must be a whole number"),
    "bool_parsing": Words("应为 true 或 false", "Must be true or false"),
    "dict_type": Words("应为对象", "Must be an object"),
    "list_type": Words("应为列表", "Must be a list"),
    "uuid_parsing": Words("不是有效的编号", "Not a valid id"),
}  # fmt: skip


def of(request: HttpRequest, fault: Exception) -> HttpResponse:
    """The problem that tells a caller about ``fault``. What nobody expected is logged and becomes a 500."""
    if isinstance(fault, ValidationError):
        return _invalid(request, fault)
    if isinstance(fault, HttpError) and isinstance(fault.__cause__, Refused):
        fault = fault.__cause__  # ninja wraps what our parser says
    refusal = fault if isinstance(fault, Refused) else _refusal(fault)
    if refusal.status >= 500:
        _log.error("%s %s: %s", request.method, request.path, refusal.code, exc_info=fault)
    if refusal.code == "purpose":
        choices = [{"value": value, "label": words.as_dict()} for value, words in refusal.faults]
        return _answer(request, Refused("purpose", refusal.words, status=refusal.status), choices=choices)
    return _answer(request, refusal)


def _refusal(fault: Exception) -> Refused:
    """What an error that is not ours means for the caller."""
    if isinstance(fault, Http404):
        return no_such_path()
    if isinstance(fault, RequestDataTooBig):
        return too_large()
    if isinstance(fault, SuspiciousOperation | UnreadablePostError):
        return Refused("unreadable", _UNREADABLE, status=400)
    if isinstance(fault, ProgrammingError) and getattr(fault.__cause__, "sqlstate", "") == "42501":
        return trust.refuse_right()
    if isinstance(fault, OperationalError | InterfaceError):
        return Refused("recovering", _RECOVERING, status=503)
    return Refused("broken", _BROKEN_DATABASE if isinstance(fault, Error) else _BROKEN, status=500)


def _invalid(request: HttpRequest, fault: ValidationError) -> HttpResponse:
    found = [_field_fault(error) for error in fault.errors]
    unreadable = all(pointer == "" for pointer, _ in found) and not request.GET
    words = Words(
        f"有 {len(found)} 处要改；什么都没有改动。",
        f"{len(found)} values need a change; nothing was changed.",
    )
    code = "invalid-body" if unreadable else "invalid-request"
    return _answer(request, Refused(code, words, faults=tuple(found)))


def _field_fault(error: dict[str, Any]) -> tuple[str, Words]:
    source, *path = error["loc"]
    if source == "body":
        path = path[1:]  # the name of the parameter in our own signature
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    known = _FIELD.get(error["type"])
    words = known.format(**error.get("ctx", {})) if known else Words("格式不对", "Not in the right form")
    return (pointer if source == "body" else f"?{path[0]}" if path else ""), words


def _answer(request: HttpRequest, refusal: Refused, **more: object) -> HttpResponse:
    lang = language.wish_of(request).lang
    title = _TITLES.get(refusal.status)
    body: dict[str, object] = {
        "type": f"urn:doorstep:problem:{refusal.code}",
        "title": title.in_(lang) if title else HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.words.in_(lang),
        "instance": request.path,
        "code": refusal.code,
        "errors": _errors(refusal.faults, lang),
        **more,
    }
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        status=refusal.status,
        content_type=MEDIA,
    )
    response.headers["Content-Language"] = language.HTML_LANG[lang]
    response.headers["Cache-Control"] = "no-store"
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="doorstep"'
    if refusal.status in (425, 503):
        response.headers["Retry-After"] = "2"
    return response


def _errors(faults: Iterable[tuple[str, Words]], lang: str) -> list[dict[str, str]]:
    """``pointer`` is a JSON pointer into the body; a query parameter is named by ``parameter`` instead."""
    return [
        {"pointer": "", "parameter": where[1:], "detail": words.in_(lang)}
        if where.startswith("?")
        else {"pointer": where, "detail": words.in_(lang)}
        for where, words in faults
    ]


def method_not_allowed(request: HttpRequest, refused: HttpResponseNotAllowed) -> HttpResponse:
    """405, naming the methods that are."""
    allowed = refused.headers["Allow"]
    response = _answer(
        request,
        Refused(
            "method",
            Words(f"这个地址只接受 {allowed}。", f"This address accepts {allowed} only."),
            status=405,
        ),
    )
    response.headers["Allow"] = allowed
    return response


def no_such_path() -> Refused:
    return Refused(
        "no-such-path",
        Words(
            "接口里没有这个地址，请对照 /api/v1/openapi.json。",
            "The API has no such address; see /api/v1/openapi.json.",
        ),
        status=404,
    )


def too_large() -> Refused:
    return Refused(
        "too-large",
        Words(
            "请求内容超过 2 MB，没有收下。文件请另用 POST /files 上传。",
            "The request is larger than 2 MB and was not taken. Send files by POST /files.",
        ),
        status=413,
    )


_UNREADABLE = Words(
    "请求没有读完整，什么都没有改动，请再发一次。",
    "The request could not be read; nothing was changed. Send it again.",
)
_RECOVERING = Words(
    "系统正在恢复，这一次没有办成，也没有留下一半。请稍后用同一个 Idempotency-Key 再发一次，不会重复。",
    "We are recovering; this request did not go through and nothing was left half-done. "
    "Send it again with the same Idempotency-Key; it cannot happen twice.",
)
_BROKEN = Words(
    "这一步出了错，没有办成，也没有留下一半。请再试一次；还不行请联系我们。",
    "Something broke; this did not go through and nothing was left half-done. Try again, and tell us if it stays.",
)
_BROKEN_DATABASE = Words(
    "这一步数据没有存进去，也没有留下一半。请核对内容后再试。",
    "The data could not be stored and nothing was left half-done. Check the values and try again.",
)
