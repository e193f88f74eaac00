"""A parent acts for a child that the household register shows, or an officer found in its papers: item ZN-001.

The matter asks and waits; here its last step is taken: the authority is entered and the matter ends, in one transaction. What
waits is a row, so nothing is lost if a worker dies, and nothing is entered twice.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Final
from uuid import UUID

from doorstep.domains.family.mandate import enter_parent, of_age
from doorstep.kernel.change import check_name, lock
from doorstep.kernel.matter import hear
from doorstep.kernel.party import Person, find_or_add
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, enter_system
from doorstep.rulebook import clock, document
from doorstep.rulebook.words import Refused, Words

ITEM: Final = "ZN-001"
STEP, MESSAGE = "enter", "parent"
_MOST = 20
_PAUSE_SECONDS = 300.0
_log = logging.getLogger(__name__)
_later: dict[UUID, float] = {}


def enter_parents() -> int:
    """Enter the authority of each parent whose matter waits for it (worker). How many were entered.

    One that is refused, because the child is grown or on record under another name, is left alone for a while; its step lapses.
    """
    found = [one for (one,) in fetch("select * from trust.parents_due(%s)", _MOST)]
    return sum(_enter(one) for one in found if _later.get(one, 0.0) <= time.monotonic())


def _enter(matter_id: UUID) -> bool:
    try:
        with enter_system(matter_id) as system:
            entered(system, matter_id)
    except Refused as no:
        _later[matter_id] = time.monotonic() + _PAUSE_SECONDS
        _log.warning("authority of a parent by %s: %s", matter_id, no.code)
        return False
    _later.pop(matter_id, None)
    return True


def entered(system: Viewer, matter_id: UUID) -> None:
    """Enter the authority that this matter waits for, and end it. Refused: "of-age", "same-person", "name-differs" (409)."""
    opened = lock(matter_id)
    row, said = opened.row, opened.data["child"]
    if row.applicant_id is None:
        return
    child = Person(str(said["name"]), str(said["id_no"]))
    party_id = find_or_add(system, child, purpose="mandate")
    enter_parent(system, row.applicant_id, party_id, until=_until(child), proof=row.number)
    check_name(party_id, child)
    hear(system, matter_id, step=STEP, said="done", message=MESSAGE)


def _until(child: Person) -> datetime:
    born = document.born(child.id_no)
    until = of_age(born) if born else None
    if until is None or until <= clock.now():
        words = Words("孩子已经满十八周岁。", "The child is eighteen already.")
        raise Refused("of-age", words, faults=(("/child/id_no", words),))
    return until
