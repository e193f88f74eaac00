"""A request repeated is answered, not done again; the same id with other content is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from doorstep.kernel.event import canonical
from doorstep.kernel.models import RequestKey
from doorstep.kernel.trust import Viewer, keys
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb answers: the matter as it stands, and whether this was a repeat."""

    matter_id: UUID
    number: str
    state: str
    version: int
    replayed: bool = False
    made: str = ""


def once(
    viewer: Viewer,
    verb: str,
    request_id: str,
    content: Mapping[str, Any],
    do: Callable[[], Done],
    answer: Callable[[UUID], Done],
) -> Done:
    """Do ``do`` unless (account, verb, request id) was done before; then give the first answer again,
    with the state and version of then; ``answer(matter_id)`` checks that the viewer may still see it.

    Refused: "request-reused" (409) when the id came with other content; a refused verb stores nothing.
    """
    if not request_id or len(request_id) > 80:
        raise Refused(
            "no-request-id",
            Words(
                "请求缺少编号（1 至 80 个字符），请刷新页面再提交。",
                "The request has no id (1-80 characters). Reload and submit again.",
            ),
        )  # fmt: skip
    digest = keys().fingerprint(verb, canonical(content))
    with transaction.atomic(), connection.cursor() as cursor:  # a refusal leaves nothing, whoever catches it
        cursor.execute(
            """insert into request_key (account_id, verb, request_id, digest, result, at)
            values (%s, %s, %s, %s, '{}', %s) on conflict do nothing""",
            [viewer.account_id, verb, request_id, digest, clock.now()],
        )
        if cursor.rowcount == 0:
            return _again(viewer, verb, request_id, digest, answer)
        done = do()
        first = {"made": done.made, "state": done.state, "version": done.version}
        cursor.execute(
            """update request_key set matter_id = %s, result = %s
            where account_id = %s and verb = %s and request_id = %s""",
            [done.matter_id, orjson.dumps(first).decode(), viewer.account_id, verb, request_id],
        )
    return done


def first_of(viewer: Viewer, verb: str, request_id: str) -> UUID | None:
    """The matter that this request of the viewer made or changed when it first came; None if it never did."""
    return (
        RequestKey.objects.filter(account_id=viewer.account_id, verb=verb, request_id=request_id)
        .values_list("matter_id", flat=True)
        .first()
    )


def _again(viewer: Viewer, verb: str, request_id: str, digest: bytes, answer: Callable[[UUID], Done]) -> Done:
    row = RequestKey.objects.get(account_id=viewer.account_id, verb=verb, request_id=request_id)
    if bytes(row.digest) != digest or row.matter_id is None:
        raise Refused(
            "request-reused",
            Words(
                "这个请求编号已经用过，当时的内容和这次不同。上一次已经收到并生效；这次什么都没有改动，"
                "您填的内容还在，请刷新后再提交。",
                "This request id was used before with other content. The first one was received and stands; nothing was "
                "changed now and what you typed is kept. Reload, then submit again.",
            ),
            status=409,
        )
    done, first = answer(row.matter_id), row.result
    return Done(done.matter_id, done.number, first["state"], first["version"], True, first["made"])
