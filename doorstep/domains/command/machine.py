"""What moves the matters of this domain; imports no table, so that the examples of their packs run anywhere."""

from __future__ import annotations

from typing import Final

from doorstep.domains.command.calls.machine import MACHINES as CALLS

MACHINES: Final = {**CALLS}
