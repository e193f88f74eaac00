"""Pictures from a document camera that gives its present picture over HTTP: one GET, one JPEG."""

from __future__ import annotations

import http.client
from typing import Final
from urllib.parse import urlsplit

from doorstep.bridge.device import Trouble

MOST: Final = 8 * 2**20
_SECONDS: Final = 5.0


class Camera:
    """At ``http://host:port/path``."""

    def probe(self, address: str) -> None:
        """Whatever it answers to HEAD, it is there."""
        self._get(address, "HEAD")

    def picture(self, address: str) -> bytes:
        """A whole JPEG. Refused: "half" for one that was cut off, "garbled" for what is none, "gone", "slow"."""
        found = self._get(address, "GET")
        if found[:3] != b"\xff\xd8\xff":
            raise Trouble("garbled")
        if found.rstrip(b"\0")[-2:] != b"\xff\xd9":
            raise Trouble("half")
        return found

    def _get(self, address: str, method: str) -> bytes:
        parts = urlsplit(address)
        link = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_SECONDS)
        try:
            link.request(method, parts.path or "/")
            answer = link.getresponse()
            found = answer.read(MOST + 1)
        except TimeoutError as error:
            raise Trouble("slow") from error
        except http.client.IncompleteRead as error:
            raise Trouble("half") from error
        except (OSError, http.client.HTTPException) as error:
            raise Trouble("gone") from error
        finally:
            link.close()
        if method == "GET" and (answer.status != 200 or len(found) > MOST):
            raise Trouble("garbled")
        length = answer.headers.get("Content-Length", "")
        if method == "GET" and length.isdecimal() and len(found) < int(length):
            raise Trouble("half")
        return found
