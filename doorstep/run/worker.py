"""`doorstep worker`: what takes too long for a request. Queued jobs carry ids only; chores find their work
in rows.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import django
import psycopg
from django.conf import settings
from django.db import DatabaseError, connection, connections

from doorstep.kernel.plug import Domain, register
from doorstep.run.leash import session_nice
from doorstep.run.presence import AGAIN, be_present

_log = logging.getLogger(__name__)
_STALLED: Final = 30
"""Seconds without a heartbeat after which a job's worker counts as dead; longer than a worker takes to
stop.
"""
_SWEEP: Final = 20.0
SPARING: Final = 1.5


@dataclass
class Chore:
    """Something done again and again. It returns how much it did; then it is asked again at once."""

    work: Callable[[], int]
    every: float
    next_at: float = 0.0
    slow: Callable[[], int] | None = None
    """What is done instead, once in ``SPARING``, while the town of a demonstration is being lived."""

    def run_if_due(self) -> bool:
        """True when it did something. An error is logged and tried again at the usual time."""
        if time.monotonic() < self.next_at:
            return False
        did = 0
        try:
            did = self.work()
        except Exception:
            _log.exception("chore %s failed and will be tried again", self.work.__name__)
            connection.close()  # it may be one to a server that is no more
        self.next_at = time.monotonic() + (0 if did else self.every)
        return bool(did)


def run(concurrency: int = 4) -> None:
    """Runs jobs and chores until SIGTERM, then lets those under way finish."""
    django.setup()
    domains = register(settings.DOMAINS)  # their machines move what is late
    be_present("worker", "worker")
    stop = threading.Event()
    threads = [
        threading.Thread(target=_tend, args=(stop, _chores()), name="chores"),
        # Apart: a system that answers slowly must not keep papers and due times waiting.
        threading.Thread(target=_tend, args=(stop, _calls(domains)), name="calls"),
    ]
    for thread in threads:
        thread.start()
    try:
        while not _worked(concurrency):
            time.sleep(AGAIN)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)


def _chores() -> tuple[Chore, ...]:
    from doorstep.kernel import chore
    from doorstep.run.seal import Sealer

    return (
        Chore(chore.make_papers, 0.2, slow=_a_paper_or_two),
        Chore(chore.mark_due, 2.0),
        Chore(chore.recount, 600.0),
        Chore(chore.sweep_files, 600.0),
        Chore(chore.erase_outlived, 3600.0),
        Chore(Sealer().tend, 5.0),
        Chore(chore.purge_outbox, 600.0),
        Chore(chore.purge_requests, 600.0),
        Chore(chore.remind, 30.0),
    )


def _calls(domains: Mapping[str, Domain]) -> tuple[Chore, ...]:
    from doorstep.run.ask import Asker

    theirs = (Chore(work, every) for one in domains.values() for work, every in one.chores)
    return (Chore(Asker(settings.CONNECTORS).tend, 0.5), *theirs)


def _tend(stop: threading.Event, todo: tuple[Chore, ...]) -> None:
    """Do these until asked to stop; while the town of a demonstration is being lived, with what that leaves of the processor."""
    if _growing():
        grown = threading.Event()
        beside = threading.Thread(target=_gently, args=(grown, todo))
        beside.start()
        while _growing() and not stop.wait(1):
            pass
        grown.set()
        beside.join()
    _do_chores(stop, todo)


def _growing() -> bool:
    from doorstep.kernel import trust

    with contextlib.suppress(DatabaseError):
        return trust.is_demo() and trust.demo_fact("demo_lives") is None
    return False


def _gently(stop: threading.Event, todo: tuple[Chore, ...]) -> None:
    os.nice(19)  # of this thread, and those it starts
    session_nice(10)
    _do_chores(stop, tuple(Chore(one.slow, SPARING) if one.slow else one for one in todo))
    session_nice(0)
    connections.close_all()


def _a_paper_or_two() -> int:
    """The newest, for which a visitor may be waiting, and the oldest. Not asked again at once, however many are left."""
    from doorstep.kernel import chore

    chore.make_papers(2)
    return 0


def _do_chores(stop: threading.Event, todo: tuple[Chore, ...]) -> None:
    while not stop.is_set():
        if not any([each.run_if_due() for each in todo]):  # noqa: C419 - each gets its turn
            stop.wait(0.1)


def _worked(concurrency: int) -> bool:
    """Work until asked to stop. False: the server went away, work again; starting anew would take far longer."""
    from procrastinate.exceptions import ConnectorException

    try:
        asyncio.run(_work(concurrency))
    except (ConnectorException, psycopg.Error) as gone:
        _log.warning("the queue lost its server and looks for it again: %s", gone)
        return False
    return True


async def _work(concurrency: int) -> None:
    from procrastinate.contrib.django import app

    with app.replace_connector(app.connector.get_worker_connector()) as real:
        async with real.open_async():
            sweep = asyncio.create_task(_revive_stalled(real))
            await real.run_worker_async(
                name="doorstep",
                concurrency=concurrency,
                shutdown_graceful_timeout=15,
                delete_jobs="successful",
            )
            sweep.cancel()


async def _revive_stalled(app: Any) -> None:
    """A job whose worker was killed stays `doing` for ever unless somebody looks."""
    while True:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED):
            _log.warning("job %s lost its worker and is queued again", job.id)
            await app.job_manager.retry_job(job)
        await asyncio.sleep(_SWEEP)
