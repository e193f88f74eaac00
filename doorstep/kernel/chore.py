"""What the worker does again and again: due steps, promised papers, forgotten uploads, ended retention, old news.

Rows are the queue.
"""

from __future__ import annotations

import itertools
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from doorstep.kernel import change, due, erase, file, issue, matter
from doorstep.kernel.trust import enter_system
from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused

_log = logging.getLogger(__name__)
PENDING_KEPT = timedelta(hours=24)
_turns = itertools.count()


def make_papers(most: int = 40) -> int:
    """Make papers that were promised, two at a time; returns how many. One that fails is logged and tried again next time.

    The newest come first, and the oldest with them: who waits at a page has waited for seconds, and none waits for ever.
    Drawing is most of a paper and needs no interpreter, so that the second thread has the other core. Whoever comes second
    to the same paper finds it made.
    """
    todo = deque(dict.fromkeys(_ids("select id, matter_id from trust.making_papers(%s)", [most])))
    if len(todo) < 2:
        return _made_of(todo)
    with ThreadPoolExecutor(1) as other:
        helped = other.submit(copy_context().run, _made_beside, todo)
        return _made_of(todo) + helped.result()


def _made_of(todo: deque[tuple[Any, ...]]) -> int:
    made = 0
    while todo:
        with suppress(IndexError):  # the other one took the last
            paper_id, matter_id = todo.popleft()
            try:
                made += issue.make(paper_id, matter_id)
            except Exception:
                _log.exception("paper %s could not be made", paper_id)
    return made


def _made_beside(todo: deque[tuple[Any, ...]]) -> int:
    """The same in a thread of its own, which gives its connection back."""
    try:
        return _made_of(todo)
    finally:
        connection.close()


def mark_due(most: int = 200) -> int:
    """Say in the chain which steps are past their due time; returns how many."""
    marked = 0
    rows = _ids("select matter_id, name from trust.due_steps(%s, %s)", [clock.now(), most])
    for matter_id, step in rows:
        try:
            with enter_system(matter_id) as system:
                marked += matter.mark_late(system, matter_id, str(step))
        except Refused as no:
            _log.warning("step %s of %s: %s", step, matter_id, no.code)
    return marked


def remind(most: int = 200) -> int:
    """Tell people what is due soon; returns how many steps were looked at."""
    told = 0
    rows = _ids("select matter_id, name from trust.steps_to_remind(%s, %s)", [clock.now(), most])
    for matter_id, step in rows:
        with enter_system(matter_id) as system:
            told += matter.remind(system, matter_id, str(step))
    return told


def recount(most: int = 200) -> int:
    """Count anew the open matters that were counted into a year whose calendar has landed since; returns how many."""
    counted = 0
    known = datetime(max(calendar().years, default=1) + 1, 1, 1, tzinfo=calendar().zone)
    for matter_id in due.provisional(known, most):
        with enter_system(matter_id):
            opened = change.lock(matter_id)
            counted += due.recount(opened.row, opened.pack, opened.at)
    return counted


def erase_outlived(most: int = 200) -> int:
    """Destroy the contents of matters whose retention has ended; returns how many."""
    erased = 0
    for matter_id in erase.outlived(most):
        try:
            with enter_system(matter_id) as system:
                erase.end_of_retention(system, matter_id)
                erased += 1
        except Refused as no:
            _log.warning("%s could not be erased: %s", matter_id, no.code)
    return erased


def sweep_files() -> int:
    """Remove stored content that no row knows and uploads that nothing claimed for a day, a sixteenth of the store each time."""
    first = next(_turns) * 16
    return sum(file.sweep(clock.now() - PENDING_KEPT, part % 256) for part in range(first, first + 16))


def purge_outbox(most: int = 1000) -> int:
    """Forget what everybody was told more than seven days ago, a batch at a time; returns how many rows went."""
    return int(_ids("select trust.purge_outbox(%s)", [most])[0][0])


def purge_requests(most: int = 1000) -> int:
    """Forget request ids of more than seven days ago, a batch at a time; returns how many went."""
    return int(_ids("select trust.purge_requests(%s)", [most])[0][0])


def _ids(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
