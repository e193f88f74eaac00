"""What was asked, what was answered: the clients' own memory, which the database is held against."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Asked:
    """One request with its key. ``answer`` is the first acknowledgement.

    ``tries``: how often it was sent, ``unanswered``: how often it went out and the line broke or the answer was an error.
    """

    key: str
    login: str
    verb: str
    path: str
    matter: str = ""
    step: str = ""
    outcome: str = ""
    tries: int = 0
    unanswered: int = 0
    status: int = 0
    replayed: bool = False
    abandoned: bool = False
    answer: dict[str, Any] | None = None
    told: str = ""

    @property
    def acked(self) -> bool:
        return self.answer is not None


@dataclass
class Ledger:
    """Every request of a run, and which of them are under way at this moment."""

    asked: list[Asked] = field(default_factory=list)
    under_way: dict[str, float] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def new(self, one: Asked) -> Asked:
        with self.lock:
            self.asked.append(one)
        return one

    def begins(self, one: Asked) -> None:
        with self.lock:
            one.tries += 1
            self.under_way[one.key] = time.monotonic()

    def ends(self, one: Asked) -> None:
        with self.lock:
            self.under_way.pop(one.key, None)

    def count_under_way(self) -> int:
        with self.lock:
            return len(self.under_way)

    def as_json(self) -> list[dict[str, Any]]:
        with self.lock:
            return [asdict(one) for one in self.asked]
