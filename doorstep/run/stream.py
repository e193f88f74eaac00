"""`doorstep stream`: keeps live connections to many viewers (server-sent events) and tells each what it may
hear.

Only ids and states travel; the page then asks for the rest through the guard. The process's database role
can read no table: one function says what a session may hear of, another whom a committed event concerns.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

import psycopg
import uvicorn
from psycopg.rows import dict_row

from doorstep.run.picture import Picture, Scope
from doorstep.run.port import share_port
from doorstep.run.presence import AGAIN, CHANNEL, be_present
from doorstep.run.roles import dsn

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

COOKIE: Final = "doorstep_session"
_RECHECK: Final = 3.0
"""Seconds between looks at whether every viewer's session still stands: a revoked one ends within five."""
_SECOND: Final = 1.0
_SILENCE: Final = 15.0
_MOST_VIEWERS: Final = 4000
_MOST_OF_ONE: Final = 8
_BACKLOG: Final = 200

_AUDIENCES: Final = "select h, trust.audience(h) as audience from unnest(%s::bytea[]) as h"
_TOLD: Final = "select * from trust.outbox_told(%s)"
_SCOPES: Final = "select h, trust.command_scope(h) as scope from unnest(%s::bytea[]) as h"
_UNITS: Final = "select unit_id, told from trust.command_units()"
_CALLS: Final = "select unit_id, told from trust.command_calls()"


@dataclass(eq=False)
class Viewer:
    """One open connection: whose (by the hash of its token), what it may hear of, and what waits to be
    sent.
    """

    token_hash: bytes
    audience: dict[str, Any]
    scope: Scope | None = None
    """Whose calls and duty units it sees on the command map; None for a page without one."""
    fresh: bool = True
    """Whether it has not been told the whole picture yet."""
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(_BACKLOG))

    def tell(self, frame: bytes) -> None:
        """Queues a frame; a viewer that reads too slowly is cut off and comes back with a fresh page."""
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        while self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


def may_hear(audience: dict[str, Any], row: dict[str, Any]) -> bool:
    """Is this matter in the viewer's scope (place and branch), or shared with its party or unit?"""
    if audience["party"] is not None and audience["party"] in map(str, row["parties"] or ()):
        return True
    if audience["unit"] is not None and audience["unit"] in (row["units"] or ()):
        return True
    branches = audience["branches"] or []
    if branches and str(row["branch"]) not in map(str, branches):
        return False
    return any(audience[k] is not None and audience[k] == row[k] for k in ("station", "county", "city"))


class Stream:
    """The ASGI application: GET / with a session opens a stream of `event: matter`."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._conn = await _connect()
        self._asking = asyncio.Lock()
        self._tasks = [
            asyncio.create_task(self._again(work)) for work in (self._listen, self._recheck, self._move)
        ]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for viewer in self.viewers:
            viewer.end()
        for task in self._tasks:
            task.cancel()
        await self._conn.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _ask(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """Asks, and waits for the server to come back if it is gone."""
        async with self._asking:
            while True:
                try:
                    if self._conn.closed:
                        self._conn = await _connect()
                    cursor = await self._conn.execute(query, None if values is None else [values])
                    rows: list[dict[str, Any]] = await cursor.fetchall()
                    return rows
                except psycopg.OperationalError:
                    await asyncio.sleep(AGAIN)

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        """Works for ever. When its server is gone viewers may have missed something: they are sent away and come back."""
        while True:
            try:
                await work()
            except psycopg.Error:
                for viewer in self.viewers:
                    viewer.end()
                await asyncio.sleep(AGAIN)

    async def _listen(self) -> None:
        """Hands every committed event to those who may hear of it, serialised once."""
        async with await _connect() as conn:
            await conn.execute(f"listen {CHANNEL}")
            async for note in conn.notifies():
                ids = json.loads(note.payload)
                if not self.viewers:
                    continue
                for row in await self._ask(_TOLD, ids):
                    frame = _frame(row)
                    for viewer in self.viewers:
                        if may_hear(viewer.audience, row):
                            viewer.tell(frame)

    async def _move(self) -> None:
        """Once a second what moved on the command map, serialised once for a scope."""
        picture = Picture()
        while True:
            await asyncio.sleep(_SECOND - time.time() % _SECOND)
            watching = [viewer for viewer in self.viewers if viewer.scope is not None]
            if not watching:
                continue
            units, calls = await self._ask(_UNITS), await self._ask(_CALLS)
            picture.turn(time.time(), *([(r["unit_id"], r["told"]) for r in rows] for rows in (units, calls)))
            for viewer in watching:
                frame = picture.frame(viewer.scope or frozenset(), viewer.fresh)
                viewer.fresh = False
                if frame:
                    viewer.tell(frame)

    async def _scopes(self, hashes: list[bytes]) -> dict[bytes, Scope | None]:
        found = await self._ask(_SCOPES, hashes)
        return {bytes(row["h"]): None if row["scope"] is None else frozenset(row["scope"]) for row in found}

    async def _recheck(self) -> None:
        """Ends viewers whose session was revoked or ran out, and takes over scopes that changed."""
        while True:
            await asyncio.sleep(_RECHECK)
            hashes = list({viewer.token_hash for viewer in self.viewers})
            if not hashes:
                continue
            found = {bytes(row["h"]): row["audience"] for row in await self._ask(_AUDIENCES, hashes)}
            for viewer in list(self.viewers):
                audience = found.get(viewer.token_hash)
                if audience is None:
                    viewer.end()
                else:
                    viewer.audience = audience
            await self._recheck_scopes()

    async def _recheck_scopes(self) -> None:
        """Whoever lost the right to the command map is sent away; whose scope changed is told everything anew."""
        watching = [viewer for viewer in self.viewers if viewer.scope is not None]
        scopes = await self._scopes(list({viewer.token_hash for viewer in watching})) if watching else {}
        for viewer in watching:
            scope = scopes.get(viewer.token_hash)
            if scope is None:
                viewer.end()
            elif scope != viewer.scope:
                viewer.scope, viewer.fresh = scope, True

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        if scope["method"] != "GET" or scope["path"] not in ("/", "/stream"):
            return await _answer(send, 404, headers)
        if len(self.viewers) >= _MOST_VIEWERS:
            return await _answer(send, 503, headers)
        token = _token(headers)
        token_hash = hashlib.sha256(token.encode()).digest()
        found = await self._ask(_AUDIENCES, [token_hash]) if token else []
        if not found or found[0]["audience"] is None:
            return await _answer(send, 401, headers)
        if sum(viewer.token_hash == token_hash for viewer in self.viewers) >= _MOST_OF_ONE:
            return await _answer(send, 429, headers)
        viewer = Viewer(token_hash, found[0]["audience"])
        if b"command" in scope.get("query_string", b""):
            viewer.scope = (await self._scopes([token_hash])).get(token_hash)
            if viewer.scope is None:
                return await _answer(send, 403, headers)
        return await self._watch(viewer, headers, receive, send)

    async def _watch(self, viewer: Viewer, headers: dict[str, str], receive: Receive, send: Send) -> None:
        self.viewers.add(viewer)
        gone = asyncio.create_task(_gone(receive, viewer))
        try:
            await send(_start(200, headers, "text/event-stream; charset=utf-8"))
            await send(_body(b"retry: 2000\n: welcome\n\n"))
            while True:
                frame: bytes | None = b": still here\n\n"
                with contextlib.suppress(TimeoutError):
                    frame = await asyncio.wait_for(viewer.queue.get(), _SILENCE)
                if frame is None:
                    break
                await send(_body(frame))
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.viewers.discard(viewer)
            gone.cancel()


async def _connect() -> psycopg.AsyncConnection[dict[str, Any]]:
    params = dsn("stream") | {"application_name": "doorstep-stream-ear"}
    return await psycopg.AsyncConnection.connect(autocommit=True, row_factory=dict_row, **params)  # type: ignore[arg-type]


async def _gone(receive: Receive, viewer: Viewer) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    viewer.end()


def _token(headers: dict[str, str]) -> str:
    """The session token of the cookie, else of the Authorization header, else empty."""
    with contextlib.suppress(CookieError):
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        if cookie and cookie.value:
            return cookie.value
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _frame(row: dict[str, Any]) -> bytes:
    data = json.dumps({"matter": str(row["matter_id"]), "kind": row["kind"], "state": row["state"]})
    return f"id: {row['id']}\nevent: matter\ndata: {data}\n\n".encode()


def _start(status: int, headers: dict[str, str], kind: str) -> Message:
    answer = [(b"content-type", kind.encode()), (b"cache-control", b"no-store"), (b"vary", b"origin")]
    origin = headers.get("origin", "")
    if origin and origin in _origins():
        answer.append((b"access-control-allow-origin", origin.encode("latin-1")))
        answer.append((b"access-control-allow-credentials", b"true"))
    return {"type": "http.response.start", "status": status, "headers": answer}


def _origins() -> Iterable[str]:
    """Whose pages may listen: our own, as the supervisor was told they are reached."""
    return os.environ.get("DOORSTEP_ORIGINS", "").split(",")


def _body(content: bytes) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": True}


async def _answer(send: Send, status: int, headers: dict[str, str]) -> None:
    await send(_start(status, headers, "application/problem+json"))
    await send({"type": "http.response.body", "body": json.dumps({"status": status}).encode()})


app = Stream()


def run(host: str, port: int) -> None:
    """Serves until SIGTERM."""
    be_present("stream", "stream")
    serving = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=5
    )
    uvicorn.Server(serving).run([share_port(host, port)])
