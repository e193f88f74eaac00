"""Examples of every pack, end to end: through the verbs, by whoever a step is given to, in the database.

`packs test` runs all of them without a database; here people sign in, rows are locked, rights are asked, papers are ordered
and everything is chained. What an example says must come of it is read from the rows. At every run each pack is lived by one
example that ends well and one more, drawn by its code; by all of them with HYPOTHESIS_PROFILE=long.
"""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused

if TYPE_CHECKING:
    from doorstep.sim.staff import Staff
    from tests.sim.told import Told

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
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
def test_examples_of_every_pack_come_out_through_verbs_and_database(code: str, at_work: Staff) -> None:
    from doorstep.sim import town
    from tests.sim.told import Told

    of = pack.current(code)
    if of.part_of:
        pytest.skip("begins as a part of another matter")
    for number, told in _drawn(code, of.raw["examples"]):
        named = (
            zlib.crc32(code.encode()) * 100 + number
        )  # by the code, so that no other pack moves who and where
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


def _drawn(code: str, examples: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """By their place, which says who lives them."""
    told = list(enumerate(examples))
    well = next(
        (one for one in told if one[1]["course"] == "granted" and "faults" not in one[1]["expect"]), told[0]
    )
    others = [one for one in told if one is not well]
    return told if LONG else [well, *random.Random(code).sample(others, min(1, len(others)))]


def _faulty(life: Told) -> None:
    """Refused with every fault told at once, but for questions that a layer leaves out where it is lived."""
    from doorstep.kernel.org import reach, town

    with pytest.raises(Refused) as no:
        life.live()
    there = pack.current(life.of.code, reach(town().units[life.x.unit_id]))
    left_out = {one.pointer for one in life.of.form.fields} - {one.pointer for one in there.form.fields}
    told = [at for at in life.told["expect"]["faults"] if at not in left_out]
    assert sorted(at for at, _ in no.value.faults) == sorted(told), str(no.value)
