"""`doorstep worker`: runs queued jobs, which are slow outside effects and carry ids only."""

from __future__ import annotations

import asyncio

import django

from doorstep.run.presence import be_present


def run(concurrency: int = 4) -> None:
    """Runs jobs until SIGTERM, then lets those under way finish."""
    django.setup()
    be_present("worker", "worker")
    from procrastinate.contrib.django import app

    with app.replace_connector(app.connector.get_worker_connector()) as real:
        asyncio.run(_work(real, concurrency))


async def _work(app: object, concurrency: int) -> None:
    async with app.open_async():  # type: ignore[attr-defined]
        await app.run_worker_async(  # type: ignore[attr-defined]
            name="doorstep", concurrency=concurrency, shutdown_graceful_timeout=15, delete_jobs="successful"
        )
