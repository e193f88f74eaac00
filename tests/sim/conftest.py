"""What tests of the town ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from doorstep.run.place import Place
from tests.cast import Cast
from tests.conftest import as_role

if TYPE_CHECKING:
    from doorstep.sim.staff import Staff


@pytest.fixture(scope="module")
def staff(cast: Cast, database: Place) -> Iterator[Staff]:
    """The town's people with their office open, in the town's own role."""
    from doorstep.sim import town
    from doorstep.sim.office import open_office

    for _ in as_role("town", database):
        with open_office() as office:
            made = town.people(office)
            made.fill_posts()
            yield made
