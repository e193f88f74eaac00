"""The personnel office of a demo town: makes and ends accounts. A process of its own, with the migrator's role.

Reads one JSON list of orders a line from standard input: ``{"make": {…}}``, ``{"end": "account id"}`` or
``{"fact": [name, value]}``. Each list is one transaction, answered by one line: the list of account ids or nulls.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID


@dataclass(frozen=True)
class Office:
    """The office while its door is open."""

    orders: IO[str]
    answers: IO[str]

    def ask(self, orders: Sequence[dict[str, Any]]) -> list[str | None]:
        """Have it carry ``orders`` out, all or none; the answers in their order. Raises RuntimeError if it could not."""
        self.orders.write(json.dumps(list(orders)) + "\n")
        self.orders.flush()
        line = self.answers.readline()
        if not line:
            raise RuntimeError("the personnel office failed; its reason is on standard error")
        answers: list[str | None] = json.loads(line)
        return answers


@contextmanager
def open_office() -> Iterator[Office]:
    """An office that is closed at the end. A demo database only."""
    child = os.environ | {"DOORSTEP_DB_ROLE": "migrator"}
    line = [sys.executable, "-m", "doorstep.sim.office"]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True, env=child) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the personnel office has no door")
        yield Office(process.stdin, process.stdout)


def main() -> None:
    """Carry out what comes in on standard input."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
    import django

    django.setup()
    from django.db import transaction

    from doorstep.kernel.found import is_founded_as_demo

    if is_founded_as_demo() is not True:
        sys.exit("这不是演示数据库 / not a demo database")
    for line in sys.stdin:
        with transaction.atomic():
            answers = [_carry_out(order) for order in json.loads(line)]
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


def _carry_out(order: dict[str, Any]) -> str | None:
    from doorstep.kernel import trust
    from doorstep.kernel.found import set_fact
    from doorstep.kernel.row import fetch
    from doorstep.rulebook.words import Words

    if "make" in order:
        raw = order["make"]
        made = trust.create_account(
            login=raw["login"], password=raw.get("password") or bytes.fromhex(raw["key"]), kind=raw["kind"],
            role=raw["role"], rights=raw["rights"],
            name=Words(*raw["name"]), party_id=UUID(raw["party"]) if raw.get("party") else None,
            unit_id=raw.get("unit"), assurance=raw.get("assurance", 2),
            account_id=UUID(raw["id"]) if raw.get("id") else None,
        )  # fmt: skip
        if raw.get("point"):
            fetch("select trust.post_at(%s, %s)", made, raw["point"])
        return str(made)
    if "end" in order:
        trust.end_account(UUID(order["end"]))
    if "fact" in order:
        set_fact(*order["fact"])
    return None


if __name__ == "__main__":
    main()
