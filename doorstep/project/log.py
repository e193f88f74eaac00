"""`doorstep log verify`: prove the whole log of the running system, against its seals and a witness's copy of them."""

from __future__ import annotations

import argparse
import os
import sys


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments of `doorstep log`."""
    parser.add_argument(
        "what", choices=["verify"], help="verify: 验证事件链和封签 · prove every chain and seal"
    )
    told = "见证人手里的一份：文件或地址 · the copy of the witness: a file, or its address"
    parser.add_argument("--witness", default="", metavar="FILE|URL", help=told)


def run(args: argparse.Namespace) -> int:
    """0 when everything holds, 1 with a line for each fault. What cannot be proved is named and is no fault."""
    os.environ["DOORSTEP_DB_ROLE"] = "worker"
    import django

    django.setup()
    from doorstep.kernel.proof import verify_log
    from doorstep.run import seal

    proof = verify_log()
    try:
        sealed = seal.verify(args.witness)
    except (OSError, ValueError) as why:
        sys.stderr.write(
            f"家门口：见证人的那份读不到：{why}\ndoorstep: the copy of the witness cannot be read: {why}\n"
        )
        return 1
    faults = proof.faults + sealed.faults
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    sys.stdout.writelines(f"不能证明 / not proved: {one}\n" for one in sealed.open_)
    sys.stdout.write(
        f"{proof.matters} 件事 / matters, {proof.events} 个事件 / events, {proof.erased} 件已销毁 / erased, "
        f"{sealed.seals} 道封签 / seals, {len(faults)} 处不符 / faults\n"
    )
    return 1 if faults else 0
