"""What moves on the command map, second by second: each unit and call as text once, and for each scope one frame.

A scope is the set of organisational units whose calls and duty units somebody sees. Whoever comes new gets everything, the
others what changed; a second in which nothing changed is told every few seconds, so that a page knows that the line holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

Scope = frozenset[int]
_QUIET: Final = 5


@dataclass(slots=True)
class Kept:
    """Texts by id, each with the unit it belongs to."""

    now: dict[str, tuple[int, str]] = field(default_factory=dict)
    changed: dict[str, tuple[int, str]] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)

    def turn(self, rows: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """The next second."""
        new = {
            str(told["id"]): (of, json.dumps(told, ensure_ascii=False, separators=(",", ":")))
            for of, told in rows
        }
        self.changed = {key: one for key, one in new.items() if self.now.get(key) != one}
        self.gone = {key: of for key, (of, _) in self.now.items() if key not in new}
        self.gone |= {key: of for key, (of, _) in self.now.items() if key in new and new[key][0] != of}
        self.now = new


@dataclass(slots=True)
class Picture:
    """The units and calls of this second. `whole` and `change` are made once for a scope."""

    units: Kept = field(default_factory=Kept)
    calls: Kept = field(default_factory=Kept)
    at: float = 0.0
    _second: int = 0
    _made: dict[tuple[bool, Scope], bytes | None] = field(default_factory=dict)

    def turn(
        self,
        at: float,
        units: Iterable[tuple[int, dict[str, Any]]],
        calls: Iterable[tuple[int, dict[str, Any]]],
    ) -> None:
        """The next second, and when it is."""
        self.at, self._second, self._made = at, self._second + 1, {}
        self.units.turn(units)
        self.calls.turn(calls)

    def frame(self, scope: Scope, whole: bool) -> bytes | None:
        """What this scope is told: everything, or what changed; None if that is nothing."""
        key = (whole, scope)
        if key not in self._made:
            self._made[key] = self._frame(scope, whole)
        return self._made[key]

    def _frame(self, scope: Scope, whole: bool) -> bytes | None:
        parts, some = [f'"at":{self.at:.1f}', f'"whole":{"true" if whole else "false"}'], whole
        for name, kept in (("units", self.units), ("calls", self.calls)):
            shown = [text for of, text in (kept.now if whole else kept.changed).values() if of in scope]
            gone = [] if whole else [key for key, of in kept.gone.items() if of in scope]
            some = some or bool(shown or gone)
            parts.append(f'"{name}":[{",".join(shown)}],"{name}_gone":{json.dumps(gone)}')
        if not some and self._second % _QUIET:
            return None
        return f"event: command\ndata: {{{','.join(parts)}}}\n\n".encode()
