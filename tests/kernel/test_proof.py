"""The log proves itself, and a fault has a name."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.cast import Cast


def _verify() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "doorstep", "log", "verify"]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)


def test_every_chain_holds_and_the_command_says_how_many(cast: Cast) -> None:
    opened = cast.apply()
    cast.act("clerk", opened.matter_id, "intake")
    told = _verify()
    assert told.returncode == 0, told.stdout + told.stderr
    assert "0 处不符" in told.stdout


def test_a_row_changed_behind_the_verbs_is_named(cast: Cast) -> None:
    from doorstep.kernel.models import Step

    opened = cast.apply()
    with cast.enter("clerk"):
        Step.objects.filter(matter_id=opened.matter_id).update(name="review")
    told = _verify()
    with cast.enter("clerk"):
        Step.objects.filter(matter_id=opened.matter_id).update(name="intake")
    assert told.returncode == 1 and opened.number in told.stdout
