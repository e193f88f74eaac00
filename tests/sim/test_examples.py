"""Every example of every pack, end to end: through the verbs, by whoever a step is given to, in the database.

`packs test` runs the same examples without a database; here people sign in, rows are locked, rights are asked, papers are ordered
and everything is chained. What an example says must come of it is read from the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused

if TYPE_CHECKING:
    from doorstep.sim.staff import Staff
    from tests.sim.told import Told

CODES = [path.stem for path in pack.pack_files()]


@pytest.fixture(scope="module")
def at_work(staff: Staff) -> Staff:
    """The town's people, signed in for all of this."""
    desks = (login for (_, post), login in staff.posts.items() if post in ("clerk", "approver", "colleague"))
    for login in {*desks, *(staff.account(number) for number in range(30, 50))}:
        with staff.enter(login):
            pass
    return staff


@pytest.mark.parametrize("code", CODES)
def test_every_example_of_every_pack_comes_out_through_verbs_and_database(code: str, at_work: Staff) -> None:
    from doorstep.sim import town
    from tests.sim.told import Told

    of = pack.current(code)
    if of.part_of:
        pytest.skip("begins as a part of another matter")
    for number, told in enumerate(of.raw["examples"]):
        named = 9_000_000 + CODES.index(code) * 100 + number
        signed_in = dict(at_work.tokens)
        life = Told(at_work, at_work.seed, named, town.horizon(), of_pack=of, told=told)
        try:
            with transaction.atomic():
                _faulty(life) if "faults" in told["expect"] else life.live()
                transaction.set_rollback(True)
        except BaseException as fault:
            fault.add_note(f"{code}, example {number + 1}: {told['name']['en']}")
            raise
        finally:
            at_work.tokens = signed_in  # who signed in meanwhile was taken back as well


def _faulty(life: Told) -> None:
    """Refused with every fault told at once."""
    with pytest.raises(Refused) as no:
        life.live()
    assert sorted(at for at, _ in no.value.faults) == sorted(life.told["expect"]["faults"]), str(no.value)
