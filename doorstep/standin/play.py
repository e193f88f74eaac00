"""How every stand-in of ours is started: on loopback alone, with its own file, and with the fault that it is to play."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from http.server import HTTPServer
from pathlib import Path


def play(
    argv: Sequence[str] | None,
    name: str,
    says: str,
    faults: Sequence[str],
    make: Callable[..., HTTPServer],
    *,
    keyed: bool = False,
) -> int:
    """Run the stand-in ``name`` until stopped; ``READY http://127.0.0.1:PORT`` on standard output.

    ``make(port, file, fault)`` makes its server, ``make(port, file, key, fault)`` where it is ``keyed``: signs with a key that
    both sides have.
    """
    parser = argparse.ArgumentParser(prog=f"doorstep standin {name}", description=says)
    parser.add_argument("--port", type=int, default=0, help="0: 任选 · any free one")
    parser.add_argument("--db", default=f"{name}.sqlite3", help="它自己的文件 · its own file")
    if keyed:
        parser.add_argument(
            "--key", required=True, help="两边共有的密钥文件 · the file with the key that both sides have"
        )
    parser.add_argument("--fault", choices=faults, default="", help="演什么毛病 · what goes wrong")
    args = parser.parse_args(argv)
    key = (Path(args.key).read_text().strip().encode(),) if keyed else ()
    server = make(args.port, args.db, *key, args.fault)
    sys.stdout.write(f"READY http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0
