"""`doorstep bridge`: runs on the counter's machine, beside the browser."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from doorstep.bridge.device import KINDS
from doorstep.bridge.pairing import Pairing, new_code
from doorstep.bridge.server import PORT, Bridge
from doorstep.bridge.table import Table

_COUNTER = "窗口页面的网址，可写几个，第一个收评价 · where the counter's pages are; several may be named, ratings go to the first"
_DEVICE = "KIND=ADDRESS，如 card=serial:/dev/ttyUSB0、printer=tcp:10.0.0.9:9100、camera=http://127.0.0.1:8081/ · a device"
_SHOWN = """
配对码 · pairing code   {code}
在窗口的“设备”页输入，{minutes} 分钟内有效，用一次就作废。只在这里显示。
Type it into the counter's page "Devices" within {minutes} minutes. It works once and is shown only here.

"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped; ``READY http://127.0.0.1:PORT`` on standard output, the pairing code on standard error."""
    args = _parser().parse_args(argv)
    pairing = _pairing(args)
    if args.forget:
        pairing.forget()
        return 0
    with contextlib.ExitStack() as stack:
        addresses = _addresses(args.device)
        if args.standin:
            addresses = _standins(stack, args.standin_port)
        bridge = Bridge(args.port, args.counter, pairing, Table(addresses, args.counter[0], args.columns))
        sys.stdout.write(f"READY http://127.0.0.1:{bridge.server_address[1]}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            bridge.serve_forever()
    return 0


def _parser() -> argparse.ArgumentParser:
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    parser = argparse.ArgumentParser(
        prog="doorstep bridge",
        description="窗口电脑上的设备桥 · the devices of a counter, for its pages alone",
    )
    parser.add_argument(
        "--counter", action="append", required=True, metavar="ORIGIN", type=_origin, help=_COUNTER
    )
    parser.add_argument(
        "--device", action="append", default=[], metavar="KIND=ADDRESS", type=_device, help=_DEVICE
    )
    parser.add_argument("--port", type=int, default=PORT, help="0: 任选 · any free one")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(home) / "doorstep-bridge",
        help="钥匙放哪里 · where the keys are kept",
    )
    parser.add_argument(
        "--columns", type=int, default=48, help="小票一行几个半角字 · half-width characters in a line"
    )
    parser.add_argument(
        "--pair", action="store_true", help="再配一个浏览器 · show a code for one more browser"
    )
    parser.add_argument(
        "--forget", action="store_true", help="忘掉配过的浏览器 · forget every paired browser"
    )
    parser.add_argument("--standin", action="store_true", help="设备由替身演 · stand-ins play the devices")
    parser.add_argument(
        "--standin-port", type=int, default=0, help="替身的操作页 · where the stand-ins are handled"
    )
    parser.add_argument(
        "--code-file",
        type=Path,
        help="演示用：配对码写在这个文件里 · with --standin: the code is in this file",
    )
    return parser


def _origin(text: str) -> str:
    """An origin, as browsers write it."""
    if not text.startswith(("http://", "https://")) or text.count("/") != 2:
        raise argparse.ArgumentTypeError("https://counter.example")
    return text.lower()


def _device(text: str) -> tuple[str, str]:
    kind, _, address = text.partition("=")
    if kind not in KINDS or not address:
        raise argparse.ArgumentTypeError(f"{', '.join(KINDS)} = ADDRESS")
    return kind, address


def _addresses(told: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, address in told:
        found.setdefault(kind, []).append(address)
    return found


def _pairing(args: argparse.Namespace) -> Pairing:
    """The keys; a code is shown if there are none yet, or if it is asked for."""
    keys = args.data / "keys.json"
    held = Pairing(keys)
    if args.standin and args.code_file:
        return Pairing(keys, args.code_file.read_text(), stays=True)
    if args.forget or (held.paired and not args.pair):
        return held
    code = new_code()
    sys.stderr.write(_SHOWN.format(code=code, minutes=10))
    return Pairing(keys, code)


def _standins(stack: contextlib.ExitStack, port: int) -> dict[str, list[str]]:
    """The stand-ins as one program that ends when its standard input closes, so with us whatever happens."""
    command = [sys.executable, "-m", "doorstep.standin.device", "--port", str(port), "--leash"]
    program = stack.enter_context(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    )
    stack.callback(program.kill)
    assert program.stdout  # noqa: S101 - asked for a pipe
    found: dict[str, list[str]] = {}
    for line in program.stdout:
        kind, _, address = line.strip().partition(" ")
        if kind == "READY":
            break
        found.setdefault(kind, []).append(address)
    return found


if __name__ == "__main__":
    sys.exit(main())
