"""The short version of `make chaos`: six kills while people are served."""

from __future__ import annotations

import pytest

from tests.chaos.__main__ import EVERY_DAY, run
from tests.running import Doorstep, quiet_port


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_was_acknowledged_survives_six_kills_and_happens_once() -> None:
    doorstep = Doorstep("demo", env=EVERY_DAY | {"DOORSTEP_PORT": quiet_port()})
    try:
        found = run(doorstep, kills=6, seed=2, seconds=600)
    finally:
        doorstep.remove()
    assert (found["kills"], found["lost"], found["doubled"], found["faults"]) == (6, 0, 0, []), found["told"]
    assert found["acked"] > 50 and found["in_flight"] > 0
