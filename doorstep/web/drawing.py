"""Papers that a page shows at once are drawn beside the web process, in one of its own.

The typesetter and its faces take forty megabytes and keep them. The process beside begins with the first paper that is asked for
and ends when nothing was for a while, or when we end: it reads what to draw from its standard input and writes the paper to its
output. `python -m doorstep.web.drawing` is that process; it has no secret, no database and no address.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any, Final

from doorstep.kernel.paper import PaperBroken
from doorstep.kernel.paper import render as draw
from doorstep.rulebook.words import Refused

_IDLE: Final = 120.0
"""Seconds without a paper after which it ends."""
_PATIENCE: Final = 30.0
_HEAD: Final = struct.Struct(">Q")
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "HOME", "TMPDIR")
_one_by_one = threading.Lock()
_beside: list[subprocess.Popen[bytes]] = []


def render(template: str, data: Mapping[str, Any], *, lang: str, picture: bool = False) -> bytes:
    """As `kernel.paper.render`, with the same refusals, drawn by the process beside. Raises PaperBroken if it does not answer."""
    asked = pickle.dumps((template, dict(data), lang, picture))
    with _one_by_one:
        answer = _told(asked) or _told(asked)  # it may have ended a moment ago
    if answer is None:
        raise PaperBroken(f"{template}: who draws it does not answer")
    kind, told = pickle.loads(answer)  # noqa: S301  (our own child's)
    if kind == "paper":
        return bytes(told)
    if kind == "refused":
        code, words, status, faults = told
        raise Refused(code, words, status=status, faults=faults)
    raise PaperBroken(told)


def _told(asked: bytes) -> bytes | None:
    """The answer of the process beside, which is begun if there is none; None if it is gone."""
    child, answer = _beside[0] if _beside and _beside[0].poll() is None else _begun(), None
    with contextlib.suppress(OSError):
        if child.stdin and child.stdout:
            _send(child.stdin, asked)
            answer = _receive(child.stdout) if select.select([child.stdout], [], [], _PATIENCE)[0] else None
    if answer is None:
        end()
    return answer


def _begun() -> subprocess.Popen[bytes]:
    end()
    env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"MALLOC_ARENA_MAX": "2"}
    command = [sys.executable, "-m", "doorstep.web.drawing"]
    _beside[:] = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)]
    return _beside[0]


def end() -> None:
    """End the process beside; the next paper begins another."""
    for child in _beside:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
    _beside.clear()


def _send(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(_HEAD.pack(len(content)) + content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(_HEAD.size)
    return pipe.read(_HEAD.unpack(head)[0]) if len(head) == _HEAD.size else None


def _answer(asked: bytes) -> tuple[str, Any]:
    template, data, lang, picture = pickle.loads(asked)  # noqa: S301  (our own parent's)
    try:
        return "paper", draw(template, data, lang=lang, picture=picture)
    except Refused as no:
        return "refused", (no.code, no.words, no.status, no.faults)
    except Exception as fault:
        return "broken", str(fault)


def main() -> None:
    """Draws what it is told until nothing is to be drawn for a while, or nobody is there any more."""
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    while select.select([inward], [], [], _IDLE)[0] and (asked := _receive(inward)) is not None:
        _send(outward, pickle.dumps(_answer(asked)))


if __name__ == "__main__":
    main()
