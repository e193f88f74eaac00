"""Two clerks at the same moment, over HTTP, on a running Doorstep: one does it, the other is told, nothing happens twice."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.journeys.examples import Hand, make_examples
from tests.running import Doorstep

pytestmark = pytest.mark.slow


def test_of_ten_requests_at_once_for_one_step_one_is_done(live_town: Doorstep) -> None:
    logins = {one["role"]: one for one in json.loads((live_town.data / "demo.json").read_text())}
    examples = make_examples(live_town)
    resident = next(g for g in examples.guests if g.role == "resident")
    hand = Hand(live_town.url, {g.role: g.token for g in examples.guests})
    matter = resident.parts["<uuid:matter_id>"][0]
    told: list[Any] = []

    def act() -> None:
        try:
            told.append(
                hand.ask("clerk", "POST", f"/matters/{matter}/act", {"step": "intake", "outcome": "done"})
            )
        except AssertionError as refused:
            told.append(str(refused))

    threads = [threading.Thread(target=act) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [t for t in told if isinstance(t, dict)]
    assert len(done) == 1 and all(": 409 " in t for t in told if isinstance(t, str)), told
    events = hand.ask("resident", "GET", f"/matters/{matter}/events")["results"]
    assert [e["step"] for e in events].count("intake") == 1 and logins
