"""`doorstep backup` and `doorstep restore`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from doorstep.rulebook import clock
from doorstep.rulebook.words import Words
from doorstep.run import backup
from doorstep.run.halt import USAGE, Halt
from doorstep.run.place import Place


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments of `doorstep backup`."""
    what = "make: 备份一次 · copy once; check: 核对一份 · prove a copy; forget: 清理密钥备份 · thin out the copies of keys"
    parser.add_argument("what", choices=["make", "check", "forget"], help=what)
    parser.add_argument(
        "folder", type=Path, nargs="?", help="备份放在哪里，或哪一份 · where copies go, or which copy"
    )
    parser.add_argument("--keys", type=Path, help="密钥的备份放在哪里 · where the copies of keys go")


def run(args: argparse.Namespace) -> int:
    """0 when it is done and whole, 1 with a line for each fault."""
    if (args.folder is None) != (args.what == "forget") or (args.keys is None) != (args.what == "check"):
        raise Halt(USAGE, _HOW)
    if args.what == "check":
        faults = backup.check(args.folder)
        sys.stdout.writelines(f"{fault}\n" for fault in faults)
        sys.stdout.write(f"{len(faults)} 处不对 / faults\n")
        return 1 if faults else 0
    place, now = Place.from_env(), clock.now()
    if args.what == "make":
        made = backup.make(place, args.folder, args.keys, now)
        rows, files = made.told["rows"], made.told["files"]
        sys.stdout.write(f"{made.folder}\n{rows['matter']} 件事 / matters, {files['count']} 个文件 / files\n")
    gone = backup.forget(place, args.keys, now)
    sys.stdout.write(
        f"密钥备份里去掉 {gone.keys} 把，过期 {gone.copies} 份 / keys taken out, old copies removed\n"
    )
    return 0


def add_restore(parser: argparse.ArgumentParser) -> None:
    """The arguments of `doorstep restore`."""
    parser.add_argument("folder", type=Path, help="哪一份备份 · which copy")
    parser.add_argument("--keys", type=Path, required=True, help="密钥的备份 · the copies of keys")
    parser.add_argument("--secrets", type=Path, required=True, help="secrets 目录的备份 · a copy of secrets/")


def restore(args: argparse.Namespace) -> int:
    """0 when everything is back; matters whose keys are gone are counted, not a fault."""
    from doorstep.run.restore import restore as bring_back

    told = bring_back(Place.from_env(), args.folder, args.keys, args.secrets)
    sys.stdout.write(
        f"{told.matters} 件事回来了，其中 {told.closed} 件的内容已经打不开（备份之后销毁的） / matters are back; of "
        f"{told.closed} the contents cannot be opened (erased since). doorstep up\n"
    )
    return 0


_HOW = Words(
    "用法：doorstep backup make 目录 --keys 另一个目录；doorstep backup check 某一份；doorstep backup forget --keys 目录。",
    "Use: doorstep backup make FOLDER --keys ANOTHER; doorstep backup check COPY; doorstep backup forget --keys FOLDER.",
)
