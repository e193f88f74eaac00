"""Files that people bring and papers that they get: streamed in, checked and sealed; out only through the guard."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import FILE, ChunkIter, LazyStream, MultiPartParserError, Parser
from ninja import Router

from doorstep.api.answer import Out, done
from doorstep.api.guard import Asked, operation
from doorstep.kernel import file, issue, trust
from doorstep.kernel.file import Stored
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.store import LIMIT_BYTES, TOO_LARGE
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused, Words
from doorstep.web.routes import SIGNED_IN, token_of

router = Router(tags=["files"])

_CHUNK = 64 * 1024
_ENVELOPE = 16 * 1024  # what multipart puts around a file
_BODY = {"schema": {"type": "string", "format": "binary"}}
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
            "image/jpeg": _BODY,
            "image/png": _BODY,
            "application/pdf": _BODY,
        },
    }
}


class Uploaded(Out):
    """A file taken in. Name its ``id`` in the data of a matter; unclaimed it is removed after a day."""

    id: UUID
    media: str
    size: int


@operation(
    router,
    "POST",
    "/files",
    right=SIGNED_IN,
    answer=Uploaded,
    status=201,
    entered=False,
    body="",
    extra=_UPLOAD,
)
def upload(request: Asked, material: str = "") -> HttpResponse:
    """Send one picture or PDF of at most 20 MB: as the body itself, or as multipart field `file`.

    The type is told from the first bytes, whatever the request says; more than 20 MB is refused (413) before it is read.
    """
    _refuse_large(request)
    stored = file.receive(_content(request))
    try:
        with trust.enter(token_of(request)) as viewer:
            made = _row_once(viewer, stored, material, request.request_id)
            row = file.pending(viewer, [made.matter_id]).get(made.matter_id)
            if row is None:
                raise trust.not_found()
            body = Uploaded(id=row.id, media=row.media, size=row.size)
    except Refused:
        file.forget(stored)
        raise
    if made.replayed:
        file.forget(stored)
    return done(body, replayed=made.replayed, location=f"/api/v1/files/{body.id}")


def _row_once(viewer: Viewer, stored: Stored, material: str, request_id: str) -> Done:
    """The row of this upload, or of the same upload before: its id is what the answer names."""

    def do() -> Done:
        return Done(file.add(viewer, stored, material), "", "pending", 1)

    content = {"sha256": stored.sha256.hex(), "material": material}
    return once(viewer, "upload", request_id, content, do, lambda of: Done(of, "", "pending", 1))


@operation(router, "GET", "/files/{file_id}", right=SIGNED_IN)
def download(request: Asked, file_id: UUID) -> HttpResponse:
    """A file in clear, if one may see its matter or has just uploaded it; the applicant sees that it was looked at."""
    content, media = file.read_file(request.viewer, file_id)
    return _bytes(content, media, f"{file_id}.{media.rpartition('/')[2]}")


@operation(router, "GET", "/papers/{number}.pdf", right=SIGNED_IN)
def read_paper(request: Asked, number: str) -> HttpResponse:
    """The signed PDF of a paper; 425 in the second or two before it is made."""
    content, name = issue.download(request.viewer, number)
    return _bytes(content, "application/pdf", name)


def _bytes(content: bytes, media: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=media,
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"},
    )


def _refuse_large(request: HttpRequest) -> None:
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise Refused(
            "length",
            Words(
                "请在 Content-Length 头里写明文件长度。",
                "Give the length of the file in the header Content-Length.",
            ),
            status=411,
        )
    if int(length) > LIMIT_BYTES + _ENVELOPE:
        raise Refused("file.size", TOO_LARGE.format(limit=LIMIT_BYTES // 1_000_000), status=413)


def _content(request: HttpRequest) -> Iterator[bytes]:
    """The bytes of the file as they arrive, out of a multipart form or from the bare body."""
    if request.content_type != "multipart/form-data":
        yield from iter(lambda: request.read(_CHUNK), b"")
        return
    boundary = (request.content_params or {}).get("boundary", "").encode("ascii", "replace")
    if not boundary:
        raise _no_file()
    try:
        for kind, _meta, stream in Parser(LazyStream(ChunkIter(request, _CHUNK)), boundary):
            if kind == FILE:
                yield from stream
                return
    except MultiPartParserError:
        raise _no_file() from None
    raise _no_file()


def _no_file() -> Refused:
    return Refused(
        "no-file",
        Words("表单里没有名为 file 的文件。", "The form has no file in its field `file`."),
        status=400,
        faults=(("/file", Words("必填", "Required")),),
    )
