"""Ports that stay ours from the moment they are chosen until the server that needs them listens."""

from __future__ import annotations

import errno
import socket

from doorstep.rulebook.words import Words
from doorstep.run.halt import FAILED, PORT_IN_USE, Halt


def hold_port(bind: str, wish: int) -> socket.socket:
    """A socket on ``wish``, or on any free port for 0, that keeps others off; it never listens, so it takes no caller.

    A server of ours comes in beside it with SO_REUSEPORT, as ``share_port`` and granian do. Refuses a port in use.
    """
    try:
        if wish:
            with _socket(bind) as probe:  # alone: another Doorstep on this port is in the way
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((bind, wish))
                probe.listen(1)
        return share_port(bind, wish)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Halt(PORT_IN_USE, _TAKEN.format(port=wish)) from error
        raise Halt(FAILED, _BIND.format(bind=bind, port=wish, why=error.strerror)) from error


def share_port(bind: str, port: int) -> socket.socket:
    """A socket on a port that we hold already, or on a free one for 0."""
    shared = _socket(bind)
    try:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind((bind, port))
    except OSError:
        shared.close()
        raise
    return shared


def _socket(bind: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET)


_TAKEN = Words(
    "端口 {port} 已被占用。请停止占用它的程序，或设置 DOORSTEP_PORT（0 表示任选空闲端口）。",
    "Port {port} is in use. Stop the program that uses it, or set DOORSTEP_PORT (0 takes any free port).",
)
_BIND = Words(
    "无法在 {bind}:{port} 上监听：{why}。请检查 DOORSTEP_BIND 和 DOORSTEP_PORT。",
    "Cannot listen on {bind}:{port}: {why}. Check DOORSTEP_BIND and DOORSTEP_PORT.",
)
