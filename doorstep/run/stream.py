"""`doorstep stream`: a small ASGI process that keeps live connections to many viewers (server-sent
events).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from doorstep.run.presence import be_present

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Stream:
    """The ASGI application."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


app = Stream()


def run(host: str, port: int) -> None:
    """Serves until SIGTERM."""
    be_present("stream", "stream")
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, lifespan="on")
