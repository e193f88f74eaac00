"""The API and the cast that asks it."""

from __future__ import annotations

import pytest

from tests.api.calls import Calls
from tests.cast import Cast


@pytest.fixture(scope="session")
def calls(cast: Cast) -> Calls:
    return Calls(cast)
