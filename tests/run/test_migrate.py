"""A start that changes nothing does not migrate; one of another version does."""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.run import migrate
from doorstep.run.place import Place


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The processes that would have been started."""
    found: list[Any] = []

    class Done:
        def wait(self) -> int:
            return 0

    def begin(_nursery: Any, command: Any, *_: Any) -> Done:
        found.append(command)
        return Done()

    monkeypatch.setattr(migrate, "begin", begin)
    return found


def test_the_same_version_migrates_once(database: Place, ran: list[Any]) -> None:
    migrate.migrate_apart()
    assert ran == []


def test_another_region_or_version_migrates_again(
    database: Place, ran: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_REGION", "elsewhere")
    migrate.migrate_apart()
    assert len(ran) == 1
