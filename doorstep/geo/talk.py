"""One connection a thread to a service on this machine that is asked in JSON; a broken one is made anew once."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any


class Away(Exception):
    """The service does not answer."""


class Talk:
    """A service at ``host``:``port``; an answer may take ``timeout_s``."""

    def __init__(self, host: str, port: int, timeout_s: float = 5.0) -> None:
        self.host, self.port, self.timeout_s = host, port, timeout_s
        self._local = threading.local()

    def ask(self, path: str, asked: Any) -> tuple[int, bytes]:
        """Status and body. Raises Away if nobody is there."""
        body = json.dumps(asked).encode()
        try:
            return self._once(path, body)
        except (OSError, http.client.HTTPException):
            self._local.connection = None
        try:
            return self._once(path, body)
        except (OSError, http.client.HTTPException) as why:
            self._local.connection = None
            raise Away(f"{self.host}:{self.port}") from why

    def _once(self, path: str, body: bytes) -> tuple[int, bytes]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)
            self._local.connection = connection
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
