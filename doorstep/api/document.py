"""The OpenAPI document: what ninja collects, and what every operation of ours has in common."""

from __future__ import annotations

from typing import Any

from doorstep import __version__
from doorstep.api import problem
from doorstep.api.guard import KEY_HEADER
from doorstep.web.routes import PUBLIC, SESSION_COOKIE

_METHODS = ("get", "post", "patch", "put", "delete")
_TEXT = {"type": "string"}

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `code` is stable; `title` and `detail` are in the reader's language "
    "(Accept-Language or ?lang=zh|en).",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "code": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body that was sent"},
                    "parameter": {"type": "string", "description": "the query parameter, if it is one"},
                    "detail": _TEXT,
                },
            },
        },
        "choices": {
            "type": "array",
            "description": "with code `purpose`: what may be sent as ?purpose=",
            "items": {
                "type": "object",
                "properties": {"value": _TEXT, "label": {"$ref": "#/components/schemas/Text"}},
            },
        },
    },
}
_KEY = {
    "in": "header",
    "name": KEY_HEADER,
    "required": True,
    "description": "An id of this request, 1-80 characters. Sent again with the same body it gets the first answer and "
    "`Idempotent-Replay: true`; with another body 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 80},
}
_LANG = {
    "in": "query",
    "name": "lang",
    "required": False,
    "description": "language of problems",
    "schema": {"type": "string", "enum": ["zh", "en"]},
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILES = {
    "download": dict.fromkeys(("image/jpeg", "image/png", "application/pdf"), _BINARY),
    "read_paper": {"application/pdf": _BINARY},
}


def complete(raw: dict[str, Any]) -> dict[str, Any]:
    """``raw`` from ninja with problems, sessions and request ids added to every operation."""
    raw["info"]["version"] = __version__
    raw["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    raw["servers"] = [{"url": "/"}]
    components = raw["components"]
    components["schemas"]["Problem"] = _PROBLEM
    components["responses"] = {
        "Problem": {
            "description": "What went wrong, what is kept, what to do next",
            "content": {problem.MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "`token` of POST /session"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "changes need X-CSRFToken"},
    }  # fmt: skip
    for methods in raw["paths"].values():
        for method in _METHODS:
            if method in methods:
                _complete(methods[method])
    return raw


def _complete(operation: dict[str, Any]) -> None:
    operation["parameters"] = [*operation.get("parameters", []), _LANG]
    if operation["x-keyed"]:
        operation["parameters"].append(_KEY)
    operation["security"] = [{"bearer": []}, {"cookie": []}] if operation["x-right"] != PUBLIC else []
    responses = {str(status): said for status, said in operation["responses"].items()}
    if operation["operationId"] in _FILES:
        responses["200"]["content"] = _FILES[operation["operationId"]]
    for status in ("4XX", "5XX"):
        responses[status] = {"$ref": "#/components/responses/Problem"}
    operation["responses"] = responses
