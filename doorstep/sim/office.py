"""The personnel office of a demo town: makes and ends accounts. A process of its own, with the migrator's role.

Reads one JSON object a line from standard input, ``{"make": {…}}``, ``{"end": "account id"}`` or ``{"fact": [name, value]}``,
and answers each with one line: the account's id or null.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID


def ask(orders: Sequence[dict[str, Any]]) -> list[str | None]:
    """Have the office carry ``orders`` out; the answers in their order. Raises RuntimeError if it could not."""
    child = os.environ | {"DOORSTEP_DB_ROLE": "migrator"}
    text = "".join(json.dumps(order) + "\n" for order in orders)
    ran = subprocess.run(
        [sys.executable, "-m", "doorstep.sim.office"], input=text, capture_output=True, text=True, env=child, check=False
    )  # fmt: skip
    if ran.returncode:
        raise RuntimeError(f"the personnel office failed: {ran.stderr[-2000:]}")
    return [json.loads(line) for line in ran.stdout.splitlines()]


def main() -> None:
    """Carry out what comes in on standard input, in one transaction."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
    import django

    django.setup()
    from django.db import transaction

    from doorstep.kernel.found import is_founded_as_demo

    if is_founded_as_demo() is not True:
        sys.exit("这不是演示数据库 / not a demo database")
    with transaction.atomic():
        answers = [_carry_out(json.loads(line)) for line in sys.stdin]
    sys.stdout.writelines(json.dumps(answer) + "\n" for answer in answers)


def _carry_out(order: dict[str, Any]) -> str | None:
    from doorstep.kernel import trust
    from doorstep.kernel.found import set_fact
    from doorstep.kernel.words import Words

    if "make" in order:
        raw = order["make"]
        made = trust.create_account(
            login=raw["login"], password=raw["password"], kind=raw["kind"], role=raw["role"], rights=raw["rights"],
            name=Words(*raw["name"]), party_id=UUID(raw["party"]) if raw.get("party") else None,
            unit_id=raw.get("unit"), assurance=raw.get("assurance", 2),
        )  # fmt: skip
        return str(made)
    if "end" in order:
        trust.end_account(UUID(order["end"]))
    if "fact" in order:
        set_fact(*order["fact"])
    return None


if __name__ == "__main__":
    main()
