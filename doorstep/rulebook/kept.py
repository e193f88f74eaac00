"""What is dear to make and stays the same until something is published: kept in a file, back in hundredths of a second.

Plain values alone (texts, numbers, bytes, lists and mappings of them). What was one and the same text is so again.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

_folder: list[Path] = []


def keep_in(folder: Path) -> None:
    """Where it is kept from now on: a folder that nobody else can write. Until then everything is made anew."""
    _folder[:] = [folder]


def kept(name: str, made_of: bytes, make: Callable[[], Any]) -> Any:
    """What ``make`` makes, kept under ``name`` until it is asked for something that is ``made_of`` something else.

    A file that is broken, or was written by another Python, is no file.
    """
    mark = hashlib.sha256(sys.version.encode() + made_of).digest()
    path = _folder[0] / name if _folder else None
    if path is not None and (found := _read(path, mark)) is not None:
        return found
    made = make()
    if path is not None:
        told = marshal.dumps(made)
        _write(path, mark + hashlib.sha256(told).digest() + told)
    return made


def _read(path: Path, mark: bytes) -> Any:
    with suppress(OSError, ValueError, EOFError, TypeError):
        whole = memoryview(path.read_bytes())
        if whole[:32] == mark and whole[32:64] == hashlib.sha256(whole[64:]).digest():
            return marshal.loads(whole[64:])  # noqa: S302 - our own file, in a folder of ours alone
    return None


def _write(path: Path, whole: bytes) -> None:
    """Wholly or not at all; a full disk is no reason to serve nobody."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh.write_bytes(whole)
        fresh.replace(path)
