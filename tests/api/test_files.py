"""Files are streamed, judged by their bytes, and refused before they are read if they are too large."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calls import Calls, fresh, is_problem, photo


class Untouchable:
    """A body that must not be read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def test_a_picture_comes_back_to_its_uploader_alone(calls: Calls) -> None:
    sent = calls.resident.upload(photo(11)).json()
    got = calls.resident.get(f"files/{sent['id']}")
    assert got.headers["Content-Type"] == "image/jpeg" and got.content[:3] == b"\xff\xd8\xff"
    assert is_problem(calls.neighbour.get(f"files/{sent['id']}"), 404)


def test_a_form_with_a_file_does_as_well(calls: Calls) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    body = encode_multipart(
        BOUNDARY, {"note": "x", "file": SimpleUploadedFile("p.jpg", photo(12), "image/jpeg")}
    )
    answer = calls.resident.post("files", body, headers={"Content-Type": MULTIPART_CONTENT})
    assert answer.status_code == 201 and answer.json()["media"] == "image/jpeg"


@pytest.mark.parametrize("media", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_form_without_a_file_is_told_so(calls: Calls, media: str) -> None:
    assert is_problem(
        calls.resident.post("files", b"--x--\r\n", headers={"Content-Type": media}), 400, "no-file"
    )


def test_the_bytes_tell_the_type_not_the_header(calls: Calls) -> None:
    assert is_problem(calls.resident.upload(b"MZ\x90\x00 a program", "image/jpeg"), 415, "file.type")


@pytest.mark.parametrize("size", [21_000_000, 50_000_000])
def test_a_large_upload_is_refused_before_it_is_read(calls: Calls, size: int) -> None:
    from django.test import Client

    headers = {"Authorization": f"Bearer {calls.resident.token}", "Idempotency-Key": fresh()}
    extra: dict[str, Any] = {"wsgi.input": Untouchable(), "CONTENT_LENGTH": str(size)}
    answer = Client(SERVER_NAME="localhost").generic(
        "POST", "/api/v1/files", b"x", content_type="application/pdf", headers=headers, **extra
    )
    assert is_problem(answer, 413, "file.size")


def test_nobody_uploads_nothing_is_read(calls: Calls) -> None:
    from django.test import Client

    extra: dict[str, Any] = {"wsgi.input": Untouchable(), "CONTENT_LENGTH": "1000"}
    answer = Client(SERVER_NAME="localhost").generic(
        "POST", "/api/v1/files", b"x", content_type="image/png", **extra
    )
    assert is_problem(answer, 401)


def test_the_same_upload_again_is_the_same_file(calls: Calls) -> None:
    key, content = fresh(), photo(13)
    first, again = calls.resident.upload(content, key=key), calls.resident.upload(content, key=key)
    assert again.json() == first.json() and again.status_code == 201
    assert again.headers["Idempotent-Replay"] == "true"
    assert is_problem(calls.resident.upload(photo(14), key=key), 409, "request-reused")


def test_a_file_of_somebody_else_cannot_be_brought_along(calls: Calls) -> None:
    card = calls.card("resident")
    card["data"]["photo"] = calls.neighbour.upload(photo(15)).json()["id"]
    assert is_problem(calls.resident.post("matters", card), 422, "file-unknown")


def test_a_paper_not_made_yet_says_when_to_come_back(calls: Calls) -> None:
    made = calls.granted(handed_out=False)
    paper = calls.resident.get(f"matters/{made['id']}").json()["papers"][0]
    answer = calls.resident.get(f"papers/{paper['number']}.pdf")
    assert is_problem(answer, 425, "not-ready") and answer.headers["Retry-After"]


def test_a_file_that_came_without_a_name_is_the_paper_its_question_asks_for(calls: Calls) -> None:
    plain = calls.resident.upload(photo(33)).json()["id"]
    made = calls.opened(photo=plain)
    seen = calls.clerk.get(f"matters/{made['id']}").json()
    assert [one["material"] for one in seen["files"] if one["id"] == plain] == ["PHO"]
