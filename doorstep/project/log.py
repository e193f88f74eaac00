"""`doorstep log verify`: prove the whole log of the running system."""

from __future__ import annotations

import argparse
import os
import sys


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments of `doorstep log`."""
    parser.add_argument("what", choices=["verify"], help="verify: 验证事件链 · prove every chain")


def run(_args: argparse.Namespace) -> int:
    """0 when everything holds, 1 with a line for each fault."""
    os.environ["DOORSTEP_DB_ROLE"] = "worker"
    import django

    django.setup()
    from doorstep.kernel.proof import verify_log

    proof = verify_log()
    sys.stdout.writelines(f"{fault}\n" for fault in proof.faults)
    sys.stdout.write(
        f"{proof.matters} 件事 / matters, {proof.events} 个事件 / events, {proof.erased} 件已销毁 / erased, "
        f"{len(proof.faults)} 处不符 / faults\n"
    )
    return 1 if proof.faults else 0
