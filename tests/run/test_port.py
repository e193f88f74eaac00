"""A port that was chosen stays ours until our server listens on it."""

from __future__ import annotations

import socket

import pytest

from doorstep.run.halt import PORT_IN_USE, Halt
from doorstep.run.port import hold_port, share_port

HERE = "127.0.0.1"


def test_nobody_else_gets_a_port_that_is_held() -> None:
    with hold_port(HERE, 0) as held, socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError):
            stranger.bind((HERE, held.getsockname()[1]))


def test_our_server_listens_beside_the_holder_and_gets_every_caller() -> None:
    with hold_port(HERE, 0) as held, share_port(HERE, held.getsockname()[1]) as server:
        server.listen()
        for _ in range(20):
            with socket.create_connection(server.getsockname(), timeout=5):
                server.accept()[0].close()


def test_a_port_on_which_somebody_listens_is_refused_even_to_one_who_would_share_it() -> None:
    with share_port(HERE, 0) as other:
        other.listen()
        with pytest.raises(Halt) as refused:
            hold_port(HERE, other.getsockname()[1])
    assert refused.value.code == PORT_IN_USE
