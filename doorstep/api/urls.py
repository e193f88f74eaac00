"""The API at its addresses. Every answer that is no success leaves as a problem, also for a wrong path or method."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import Any, NoReturn

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.parser import Parser

from doorstep.api import document, drafts, files, items, matters, problem, session, verbs
from doorstep.rulebook.words import Refused, Words

ROUTERS = (session.router, items.router, drafts.router, matters.router, verbs.router, files.router)


class _Json(Parser):
    """Bodies by orjson, which takes no NaN, no lone surrogate and no bottomless nesting."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return orjson.loads(request.body or b"{}")
        except orjson.JSONDecodeError as error:
            raise Refused(
                "not-json",
                Words(
                    f"请求内容不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 列）。",
                    f"The body is not valid JSON (line {error.lineno}, column {error.colno}).",
                ),
                status=400,
            ) from None


class _Api(NinjaAPI):
    """Errors are the guard's, which ends the transaction first."""

    def on_exception(self, request: HttpRequest, exc: Any) -> NoReturn:
        raise exc


def _made() -> _Api:
    api = _Api(
        title="Doorstep", description="家门口 · Doorstep: everything somebody brings is a matter.", openapi_url=None,
        docs_url=None, parser=_Json(), urls_namespace="api",
    )  # fmt: skip
    for router in ROUTERS:
        api.add_router("", router)
    return api


api = _made()


@cache
def openapi() -> bytes:
    """The OpenAPI 3.1 document."""
    return orjson.dumps(document.complete(dict(api.get_openapi_schema(path_prefix="/api/v1/"))))


def openapi_json(_request: HttpRequest) -> HttpResponse:
    """The document at /openapi.json and /api/v1/openapi.json; open to anybody."""
    return HttpResponse(openapi(), content_type="application/json")


@csrf_exempt
def no_such_path(request: HttpRequest, **_kw: Any) -> HttpResponse:
    """404 for every other address under /api/."""
    return problem.of(request, problem.no_such_path())


def _as_problem(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @csrf_exempt
    @wraps(view)
    def shown(request: HttpRequest, **kw: Any) -> HttpResponseBase:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return problem.of(request, problem.no_such_path())
        if request.method == "HEAD":
            request.method = "GET"  # the server drops the body
        try:
            response = view(request, **kw)
        except Exception as fault:
            return problem.of(request, fault)
        if isinstance(response, HttpResponseNotAllowed):
            return problem.method_not_allowed(request, response)
        return response

    return shown


def mount(routers: Iterable[Any]) -> list[URLPattern | URLResolver]:
    """Every address of the API, with those of the domains' routers."""
    for router in routers:
        api.add_router("", router)
    return [
        path("openapi.json", openapi_json, name="openapi"),
        path("api/v1/openapi.json", openapi_json, name="openapi-v1"),
        path("api/v1/", include((_patterns(), "api"))),
        path("api/<path:rest>", no_such_path),
    ]


def _patterns() -> list[URLPattern | URLResolver]:
    found: list[URLPattern | URLResolver] = []
    for pattern in api.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            pattern.callback = _as_problem(pattern.callback)
            found.append(pattern)
    return found
